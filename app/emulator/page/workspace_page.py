"""The page at `/`: a conversation, the app's Home, and the sidebar around them."""

from __future__ import annotations

from dataclasses import asdict

from flask import Flask, Response, render_template, request

from app.emulator.errors import JsonObject
from app.emulator.page.commands import Offer, offer
from app.emulator.page.faces import cast, user_face
from app.emulator.page.panes import home, modal
from app.emulator.page.places import place_name, sidebar
from app.emulator.page.reader import Reader, read_reader
from app.emulator.page.timeline import timeline
from app.emulator.slack import Slack
from app.emulator.stream import stream


def add_workspace(app: Flask, slack: Slack) -> None:
    """Serve the workspace, and the stream of news for every page."""

    @app.get("/")
    def workspace() -> str:
        # The revision is read first: what changes while the page is made is then news.
        revision = slack.journal.revision
        reader = read_reader(slack, request.args)
        with reader.workspace.lock:
            return render_template("workspace.html", revision=revision, **_view(slack, reader))

    @app.get("/stream")
    def news() -> Response:
        return stream(slack.journal)


def _view(slack: Slack, reader: Reader) -> JsonObject:
    workspace, user, channel = reader.workspace, reader.user, reader.channel
    offered = offer(slack)
    return {
        "reader": reader,
        "me": user_face(workspace, user.id),
        "people": [user_face(workspace, each.id) for each in cast(workspace)],
        "sidebar": sidebar(reader),
        "name": place_name(workspace, channel, user) if channel else workspace.app.name,
        "members": [user_face(workspace, each) for each in channel.members] if channel else [],
        "timeline": timeline(reader, channel) if channel else None,
        "home": None if channel else home(workspace, user),
        "home_face": user_face(workspace, "U0BOT"),
        "modal": modal(workspace, user),
        "offer": offered,
        "commands": _completions(offered),
        "connected": slack.app_link.is_connected,
    }


def _completions(offered: Offer) -> list[JsonObject]:
    """What the composer completes: each command, and each word that its usage hint says may follow."""
    return [asdict(command) | {"subcommands": command.subcommands} for command in offered.commands]
