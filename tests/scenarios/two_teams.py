"""Two teams in one app: ours has all that a team can have, and somebody of the other tries to get at it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import select

from app.db import overview
from app.db.models import CALLS
from app.db.schema import METADATA
from app.domain.workspaces import Enders, Preferences, WorkspaceSettings
from app.emulator import Emulator
from app.emulator.interaction_payloads import envelope
from app.services.account_settings import AccountService, AccountView
from app.services.calls import CallService
from app.services.visits import VisitService
from app.services.workspaces import WorkspaceService
from app.slack.openid import Member
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_accounts import add_account, key_of, secret_of, tell
from tests.services.installed import Installed
from tests.services.settings_of_teams import OURS, THEIRS, actor

CHANNEL = "C0GENERAL"
MARK = "of ours"
"""Stands in every name and title of our team's."""
PERSON = f"Grace {MARK}"
STRANGER = actor(team_id=THEIRS)
"""An admin of the other team. The ids of people and channels are the same in both."""
MEMBER = Member(team_id=THEIRS, user_id=STRANGER.user_id, name="Ada Lovelace")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class TwoTeams:
    """``account`` is ours, ``theirs`` is theirs; ``call_id`` is our only call that runs, ``join_token`` leads in."""

    app: Running
    slack: Emulator
    account: AccountView
    theirs: AccountView
    call_id: str
    join_token: str
    calls: CallService
    visits: VisitService

    @property
    def accounts(self) -> AccountService:
        return self.app.switchboard.account_service

    @property
    def workspaces(self) -> WorkspaceService:
        return self.app.switchboard.workspace_service

    # --- What somebody of the other team sends

    def slash(self, text: str) -> str:
        return self.slack.slash("/ring", text, team=THEIRS).text

    def press(self, action_id: str, value: str = "") -> str:
        """A button with a value that nothing of theirs has held."""
        pressed: Json = {"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "1.0"}
        return self._interact("block_actions", actions=[pressed], container={"type": "view", "view_id": "V1"})

    def choose(self, action_id: str, value: str) -> str:
        """The same of a menu."""
        option = {"text": {"type": "plain_text", "text": "x"}, "value": value}
        chosen: Json = {"type": "overflow", "action_id": action_id, "block_id": "b", "selected_option": option}
        return self._interact("block_actions", actions=[chosen], container={"type": "view", "view_id": "V1"})

    def send_form(self, callback_id: str, about: str = "", **entered: str) -> str:
        """A form about what no form of theirs was about, with what none has offered."""
        values = {name: {"entered": {"type": "plain_text_input", "value": value}} for name, value in entered.items()}
        view: Json = {"id": "V1", "type": "modal", "callback_id": callback_id, "private_metadata": about}
        return self._interact("view_submission", view={**view, "state": {"values": values}})

    def send_event(self, kind: str, **more: object) -> str:
        answered = self.slack.send_event({"type": kind, **more}, team=THEIRS)
        assert answered.status == 200, answered.body
        return answered.body

    def deliver(self, address: str) -> httpx.Response:
        """Their vendor tells of our meeting, with their secret."""
        return tell(self.app, THEIRS, address, "participant_left", self.call_id, PERSON)

    def _interact(self, kind: str, **more: object) -> str:
        workspace = self.slack.workspace(THEIRS)
        with workspace.lock:
            trigger_id = workspace.triggers.mint(STRANGER.user_id)
            payload = envelope(self.slack, workspace, STRANGER.user_id, kind) | {"trigger_id": trigger_id, **more}
            workspace.views.clear(STRANGER.user_id)
        body = urlencode({"payload": json.dumps(payload)}).encode()
        answer = self.app.http.post("/slack/events", content=body, headers=FORM | self.slack.signed_headers(body))
        assert answer.status_code == 200, answer.text
        return answer.text

    # --- What became of it

    def all_of_ours(self) -> Mapping[str, list[str]]:
        """All rows about our team, as they are stored, by table."""
        found: dict[str, list[str]] = {}
        with self.app.switchboard.database.reading() as connection:
            own = connection.execute(select(CALLS.c.id).where(CALLS.c.team_id == OURS)).scalars().all()
            whose = {"team_id": [OURS], "account": [self.account.key.account_id], "call_id": own}
            for table in METADATA.sorted_tables:
                column = next((name for name in whose if name in table.c), None)
                if column is not None:
                    rows = connection.execute(select(table).where(table.c[column].in_(whose[column])))
                    found[table.name] = sorted(map(repr, rows))
        return found

    def told_since(self, number: int) -> str:
        """What Slack was told since its request of that number."""
        return "\n".join(f"{each.team_id} {each.args} {each.answer}" for each in self.slack.requests()[number:])

    def is_ours(self, said: str) -> list[str]:
        """What of ours stands in there."""
        secrets = [self.account.key.account_id, self.call_id, self.join_token, key_of(OURS), secret_of(OURS)]
        return [each for each in (MARK, OURS, *secrets) if each in said]


def two_teams(app: Running, slack: Emulator, livekit: LiveKitServer) -> TwoTeams:
    """With a call of ours that runs and one that is over, and everything chosen that can be."""
    switchboard = app.switchboard
    slack.add_team(THEIRS, "Other", token=None)
    installed = Installed.of(slack, switchboard.database, app.clock)
    installed.install(OURS)
    installed.install(THEIRS)
    ours = add_account(app, livekit, OURS, f"Server {MARK}")
    theirs = add_account(app, livekit, THEIRS, "Server")
    _choose_all(app, ours)
    call_id = _hold_calls(app, ours)
    with switchboard.database.reading() as connection:
        token = connection.execute(select(CALLS.c.join_secret).where(CALLS.c.id == call_id)).scalar_one()
    parts = switchboard.database, app.clock, switchboard.accounts, switchboard.nudge
    return TwoTeams(
        app=app,
        slack=slack,
        account=ours,
        theirs=theirs,
        call_id=call_id,
        join_token=token or "",
        calls=CallService(*parts),
        visits=VisitService(*parts, key=b"k" * 32),
    )


def _choose_all(app: Running, account: AccountView) -> None:
    """In both teams everybody may end any call: whoever is refused is refused for being of another team."""
    admin, workspaces = actor(team_id=OURS), app.switchboard.workspace_service
    chosen = WorkspaceSettings(
        default_account=account.key, who_may_end=Enders.EVERYBODY, allows_guests=False, title_template=f"Call {MARK}"
    )
    workspaces.change(admin, chosen)
    workspaces.choose_for_channel(admin, CHANNEL, account.key)
    workspaces.prefer(admin, Preferences(title_template=f"Mine {MARK}"))
    workspaces.change(STRANGER, WorkspaceSettings(who_may_end=Enders.EVERYBODY, allows_guests=True))


def _hold_calls(app: Running, account: AccountView) -> str:
    """Returns the one that runs."""
    for text in (f"Over {MARK}", "end", f"Plans {MARK}"):
        app.slack.slash("/ring", text, team=OURS)
        app.settle(within_seconds=5)
    with app.switchboard.database.reading() as connection:
        [running] = overview.list_calls(connection, most=9, running=True)
    assert tell(app, OURS, account.webhook_url, "participant_joined", running.id, PERSON).text == "applied"
    app.settle(within_seconds=5)
    return running.id
