"""Fifty workspaces with accounts of their own hold calls at once, and none sees anything of the others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import httpx
import pytest

from app.db import overview
from app.emulator import Emulator
from app.services.account_settings import AccountView
from tests.providers.livekit.server import KEY, LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_accounts import add_account, key_of, tell
from tests.services.installed import Installed
from tests.services.settings_of_teams import actor
from tests.web.installers import INSTALLABLE

TEAMS = 50
CHANNEL = "C0GENERAL"


@dataclass(frozen=True)
class Team:
    """``number`` stands in all its names."""

    number: int
    app: Running
    account: AccountView

    @property
    def id(self) -> str:
        return f"T0TEAM{self.number:02}"

    @property
    def room(self) -> str:
        """Of the team's only call."""
        with self.app.switchboard.database.reading() as connection:
            [call] = overview.list_calls(connection, most=TEAMS, team_id=self.id)
        return call.id

    def shown(self) -> tuple[str, list[str], bool]:
        """The title, the people and the end of the team's only card."""
        [card] = self.app.slack.cards(CHANNEL, team=self.id)
        return card["name"], [user["display_name"] for user in card["active_participants"]], card["has_ended"]

    def tell(self, event: str, room: str, *, to: Team | None = None) -> httpx.Response:
        """This team's vendor tells of a room; ``to`` whose address."""
        return tell(self.app, self.id, (to or self).account.webhook_url, event, room, f"Ada of {self.number}")


AddTeams: TypeAlias = Callable[[int], list[Team]]


@pytest.fixture
def add_teams(run_app: Callable[..., Running], slack: Emulator, livekit: LiveKitServer) -> AddTeams:
    """So many workspaces that have installed the app, each with an account of its own."""
    app = run_app(**INSTALLABLE, ALLOW_PRIVATE_ADDRESSES="true")
    installed = Installed.of(slack, app.switchboard.database, app.clock)

    def add(number: int) -> Team:
        id_ = f"T0TEAM{number:02}"
        slack.add_team(id_, f"Team {number}", token=None)
        installed.install(id_)
        return Team(number, app, add_account(app, livekit, id_, f"Server {number}"))

    return lambda teams: [add(number) for number in range(teams)]


def test_each_card_shows_only_its_own(add_teams: AddTeams, slack: Emulator, livekit: LiveKitServer) -> None:
    teams = add_teams(TEAMS)
    app = teams[0].app
    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(lambda team: slack.slash("/ring", f"Call {team.number}", team=team.id), teams))
    assert {answer.status for answer in answers} == {200}
    app.settle(within_seconds=5)
    rooms = {team.id: team.room for team in teams}
    assert set(livekit.rooms) == set(rooms.values())
    assert len(livekit.rooms) == TEAMS

    with ThreadPoolExecutor(8) as vendors:
        told = vendors.map(lambda team: team.tell("participant_joined", rooms[team.id]).text, teams)
        assert set(told) == {"applied"}
    app.settle()
    assert [team.shown() for team in teams] == [
        (f"Call {team.number}", [f"Ada of {team.number}"], False) for team in teams
    ]

    # Nobody reaches the next one's call: not by its address, nor by its room.
    for team, other in pairwise(teams):
        assert team.tell("participant_left", rooms[other.id], to=other).status_code == 401
        assert team.tell("participant_left", rooms[other.id]).text == "unmatched"
    app.settle()
    assert [people for _, people, _ in map(Team.shown, teams)] == [[f"Ada of {team.number}"] for team in teams]

    for team in teams[::2]:
        assert "Ending" in slack.slash("/ring", "end", team=team.id).text
    app.settle()
    assert [team.shown()[2] for team in teams] == [team.number % 2 == 0 for team in teams]
    assert set(livekit.rooms) == {rooms[team.id] for team in teams[1::2]}


def test_secrets_of_a_workspace_that_leaves_go_when_its_meeting_is_ended(
    add_teams: AddTeams, slack: Emulator, livekit: LiveKitServer
) -> None:
    leaving, staying = add_teams(2)
    app = leaving.app
    for team in (leaving, staying):
        slack.slash("/ring", "Weekly sync", team=team.id)
    app.settle(within_seconds=5)
    rooms = {team.id: team.room for team in (leaving, staying)}
    slack.uninstall(leaving.id)
    app.settle(within_seconds=5)
    app.switchboard.sweep.sweep_one()
    assert set(livekit.rooms) == {rooms[staying.id]}
    app.clock.move(1)
    assert leaving.tell("participant_joined", rooms[leaving.id]).status_code == 404
    assert staying.tell("participant_joined", rooms[staying.id]).text == "applied"


def test_an_account_that_does_not_answer_delays_no_other_workspace(add_teams: AddTeams, slack: Emulator) -> None:
    failing, *others = add_teams(10)
    app = failing.app
    moved = {"url": "ws://127.0.0.1:1", "api_key": KEY, "previous_api_key": key_of(failing.id)}
    app.switchboard.account_service.change(actor(team_id=failing.id), failing.account.key.account_id, "Away", moved)
    for team in (failing, *others):
        assert "Starting" in slack.slash("/ring", f"Call {team.number}", team=team.id).text
    app.settle(within_seconds=1)
    assert slack.cards(CHANNEL, team=failing.id) == []
    assert [team.shown()[0] for team in others] == [f"Call {team.number}" for team in others]
