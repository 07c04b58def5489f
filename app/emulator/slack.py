"""Everything one pretended Slack knows: its workspaces, its one app, its limits, faults, switches and journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.emulator import events, local_team
from app.emulator.app_link import AppLink
from app.emulator.call_shapes import card
from app.emulator.deliveries import Deliveries
from app.emulator.errors import JsonObject, SlackError
from app.emulator.faults import Faults
from app.emulator.ids import Ids
from app.emulator.installs import Installs
from app.emulator.journal import Journal
from app.emulator.manifest import Manifest, ManifestSource, read_manifest
from app.emulator.rate_limits import RateLimits
from app.emulator.socket_mode import SocketMode
from app.emulator.switches import Switches
from app.emulator.web_api import METHODS
from app.emulator.web_api.answer import Caller
from app.emulator.workspace import AppIdentity, Enterprise, Workspace


class Slack:
    """The state behind the HTTP surface; all of it can be used without HTTP too."""

    def __init__(self, now: Callable[[], float], manifest: ManifestSource | None = None) -> None:
        self.now = now
        self.base_url = ""
        self.manifest = read_manifest(manifest) if manifest is not None else None
        self.app = _identity(self.manifest)
        self.ids = Ids(start=int(now() * 1000))
        self.switches = Switches()
        self.faults = Faults()
        self.journal = Journal()
        self.limits = RateLimits(_tier_limits(), now)
        self.socket_mode = SocketMode(self.app.app_id, now)
        self.app_link = AppLink(self.app.signing_secret, now, self.journal, self.socket_mode)
        self.deliveries = Deliveries(lambda delivery: events.post(self, delivery), now)
        self.workspaces: dict[str, Workspace] = {}
        self.app_tokens = {local_team.APP_TOKEN: frozenset({"authorizations:read", "connections:write"})}
        self.installs = Installs(self)
        self._add_local_team()

    def add_team(self, team_id: str, name: str, token: str | None, scopes: Iterable[str] | None = None) -> Workspace:
        """One more workspace with the usual cast, where the app is installed unless there is no token.

        The scopes are those of the manifest, or the usual ones.
        """
        if scopes is None:
            scopes = self.manifest.bot_scopes if self.manifest else local_team.BOT_SCOPES
        workspace = Workspace(team_id, name, self.app, self.ids, self.now, self.switches)
        self.workspaces[team_id] = local_team.settle(workspace, token, scopes)
        return workspace

    def add_enterprise(self, enterprise_id: str, name: str, teams: Iterable[str]) -> Enterprise:
        """An organisation of some workspaces that are there already."""
        enterprise = Enterprise(enterprise_id, name)
        for team_id in teams:
            self.workspace(team_id).enterprise = enterprise
        return enterprise

    def seed(self, manifest: ManifestSource) -> None:
        """Start over with an app that asks for what its manifest says, and is refused everything else."""
        self.manifest = read_manifest(manifest)
        self.app = _identity(self.manifest)
        self.reset()

    def offers_command(self, workspace: Workspace, command: str) -> bool:
        """Whether people can use this slash command there."""
        if workspace.bot_id is None:
            return False
        return self.manifest is None or command in self.manifest.commands

    @property
    def is_interactive(self) -> bool:
        """Whether the app takes interactions."""
        return self.manifest is None or self.manifest.interactivity

    def workspace(self, team_id: str | None = None) -> Workspace:
        """A workspace by its team id; the local one if none is given."""
        workspace = self.workspaces.get(team_id or local_team.TEAM_ID)
        if workspace is None:
            raise SlackError("team_not_found")
        return workspace

    def caller(self, token: str | None, team_id: str | None = None) -> Caller | None:
        """Whom a token stands for and where, if anybody gave it out.

        An organisation's token works in many workspaces; `team_id` says in which.
        """
        places = [each for each in list(self.workspaces.values()) if (token or "") in each.grants]
        if not places:
            return None
        place = next((each for each in places if each.team_id == team_id), places[0])
        return Caller(place, place.grants[token or ""])

    def reset(self) -> None:
        """Start over with one untouched workspace; the app stays connected."""
        self.faults.clear()
        self.switches.reset()
        self.limits.reset()
        self.deliveries.clear()
        self.journal.clear()
        self.workspaces.clear()
        self.installs.clear()
        self._add_local_team()

    def _add_local_team(self) -> None:
        self.add_team(local_team.TEAM_ID, local_team.TEAM_NAME, local_team.BOT_TOKEN)

    def messages(self, channel: str, team: str | None = None) -> list[JsonObject]:
        """What everybody in a channel sees, newest last, with the cards as they are now."""
        workspace = self.workspace(team)
        with workspace.lock:
            book = workspace.messages
            return [book.shown(message) for message in book.in_channel(workspace.channel(channel).id)]

    def ephemerals(self, user: str, team: str | None = None) -> list[JsonObject]:
        """What only one person sees, newest last, in whatever channel."""
        workspace = self.workspace(team)
        with workspace.lock:
            return [workspace.messages.shown(message) for message in workspace.messages.only_for(user)]

    def cards(self, channel: str, team: str | None = None) -> list[JsonObject]:
        """The `call.v1` of every call card standing in a channel."""
        workspace = self.workspace(team)
        with workspace.lock:
            return workspace.messages.cards(workspace.channel(channel).id)

    def call(self, call_id: str) -> JsonObject:
        """The `call.v1` of a call, posted or not; call ids are unique over all teams."""
        for workspace in list(self.workspaces.values()):
            with workspace.lock:
                if call_id in workspace.calls:
                    return card(workspace.calls.get(call_id), self.app.app_id)
        raise SlackError("invalid_call_id")


def _identity(manifest: Manifest | None) -> AppIdentity:
    return AppIdentity(name=manifest.name) if manifest else AppIdentity()


def _tier_limits() -> dict[str, int]:
    return {name: method.per_minute for name, method in METHODS.items()}
