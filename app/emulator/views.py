"""Views: the modals that stand open before people, and their App Homes.

Rules: https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.emulator.block_kit.interactive import initial_values, with_ids
from app.emulator.errors import JsonObject, SlackError
from app.emulator.ids import Ids

if TYPE_CHECKING:
    from app.emulator.workspace import Workspace

MOST_STACKED = 3


@dataclass
class View:
    """One modal or App Home; `values` is what its inputs say now."""

    id: str
    user_id: str
    definition: JsonObject
    hash: str
    root_id: str
    previous_id: str | None = None
    values: JsonObject = field(default_factory=dict)

    @property
    def external_id(self) -> str:
        """The name that the app gave to the view, if it gave one."""
        return str(self.definition.get("external_id") or "")


class ViewBook:
    """All views of one workspace. The caller holds the workspace's lock."""

    def __init__(self, team_id: str, app_id: str, ids: Ids, now: Callable[[], float]) -> None:
        self._team_id = team_id
        self._app_id = app_id
        self._ids = ids
        self._now = now
        self._modals: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def open(self, user_id: str, definition: JsonObject) -> View:
        """Open a modal; it takes the place of whatever modals the person has open."""
        self._check_external_id(definition)
        view = self._new(user_id, definition)
        self._modals[user_id] = [view]
        return view

    def push(self, user_id: str, definition: JsonObject) -> View:
        """Lay a modal on top of the open one; `push_limit_reached` when three lie there."""
        self._check_external_id(definition)
        stack = self.stack(user_id)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= MOST_STACKED:
            raise SlackError("push_limit_reached")
        view = self._new(user_id, definition)
        view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        return view

    def update(self, view: View, definition: JsonObject, expected_hash: str | None = None) -> View:
        """Show something else in a view; what was typed stays where the inputs keep their ids."""
        if expected_hash not in (None, view.hash):
            raise SlackError("hash_conflict")
        if definition["type"] != view.definition["type"]:
            raise SlackError("invalid_arguments", "view type cannot be changed [json-pointer:/view/type]")
        self._check_external_id(definition, besides=view)
        view.definition = self._finished(definition)
        view.hash = self._new_hash()
        view.values = _kept(initial_values(view.definition["blocks"]), view.values)
        return view

    def publish(self, user_id: str, definition: JsonObject, expected_hash: str | None = None) -> View:
        """Show this on somebody's App Home from now on."""
        home = self._homes.get(user_id)
        if home is not None:
            return self.update(home, definition, expected_hash)
        self._check_external_id(definition)
        self._homes[user_id] = self._new(user_id, definition)
        return self._homes[user_id]

    def close(self, view: View) -> None:
        """Close a modal and whatever lies on it."""
        stack = self.stack(view.user_id)
        if view in stack:
            del stack[stack.index(view) :]

    def clear(self, user_id: str) -> None:
        """Close all modals of a person."""
        self._modals.pop(user_id, None)

    def forget(self) -> None:
        """The app is gone, and with it what it has shown."""
        self._modals.clear()
        self._homes.clear()

    def stack(self, user_id: str) -> list[View]:
        """The open modals of a person, the one on top last."""
        return self._modals.get(user_id, [])

    def home(self, user_id: str) -> View | None:
        """The App Home of a person, once the app has published one."""
        return self._homes.get(user_id)

    def find(self, view_id: str | None = None, external_id: str | None = None) -> View:
        """A view by either of its ids, or `not_found`."""
        for view in self._all():
            if (view_id and view.id == view_id) or (external_id and view.external_id == external_id):
                return view
        raise SlackError("not_found")

    def shown(self, view: View, bot_id: str | None, installed_in: str) -> JsonObject:
        """A view as answers and payloads carry it: https://docs.slack.dev/reference/views. `installed_in` is the team
        or organisation that the app was installed in, which need not be where the view is seen."""
        wanted = view.definition
        return {
            "id": view.id,
            "team_id": self._team_id,
            "type": wanted["type"],
            "blocks": wanted["blocks"],
            "private_metadata": wanted.get("private_metadata") or "",
            "callback_id": wanted.get("callback_id") or "",
            "state": {"values": view.values},
            "hash": view.hash,
            "title": wanted.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
            "clear_on_close": bool(wanted.get("clear_on_close")),
            "notify_on_close": bool(wanted.get("notify_on_close")),
            "close": wanted.get("close"),
            "submit": wanted.get("submit"),
            "submit_disabled": bool(wanted.get("submit_disabled")),
            "previous_view_id": view.previous_id,
            "root_view_id": view.root_id,
            "app_id": self._app_id,
            "external_id": view.external_id,
            "app_installed_team_id": installed_in,
            "bot_id": bot_id,
        }

    def _all(self) -> list[View]:
        return [*self._homes.values(), *(view for stack in self._modals.values() for view in stack)]

    def _new(self, user_id: str, definition: JsonObject) -> View:
        view_id, finished = self._ids.next("V"), self._finished(definition)
        return View(view_id, user_id, finished, self._new_hash(), view_id, values=initial_values(finished["blocks"]))

    def _finished(self, definition: JsonObject) -> JsonObject:
        return definition | {"blocks": with_ids(definition["blocks"], self._ids)}

    def _new_hash(self) -> str:
        return f"{int(self._now())}.{self._ids.secret()[:8]}"

    def _check_external_id(self, definition: JsonObject, besides: View | None = None) -> None:
        wanted = definition.get("external_id")
        if wanted and any(view.external_id == wanted for view in self._all() if view is not besides):
            raise SlackError("duplicate_external_id")


def _kept(fresh: JsonObject, typed: JsonObject) -> JsonObject:
    """Fresh values, overlaid with what was typed into inputs of the same place and type."""
    return {
        block_id: {
            action_id: _old_or_new(typed.get(block_id, {}).get(action_id), new) for action_id, new in actions.items()
        }
        for block_id, actions in fresh.items()
    }


def _old_or_new(old: JsonObject | None, new: JsonObject) -> JsonObject:
    return old if old is not None and old.get("type") == new["type"] else new


def views_of(workspace: Workspace, user: str) -> list[JsonObject]:
    """The modals somebody has open, as Slack describes views; the one on top last."""
    with workspace.lock:
        return [workspace.shown_view(view) for view in workspace.views.stack(user)]


def home_of(workspace: Workspace, user: str) -> JsonObject | None:
    """Somebody's App Home as Slack describes views; None until the app has published one."""
    with workspace.lock:
        home = workspace.views.home(user)
        return None if home is None else workspace.shown_view(home)
