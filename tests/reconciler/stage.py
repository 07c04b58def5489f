"""A workspace, a provider and a reconciler between them; time and work are in the test's hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.clock import Clock
from app.db import calls, work
from app.db.calls import StoredCall
from app.db.session import Database
from app.domain.permissions import Role
from app.domain.plan import Shown
from app.emulator import Emulator
from app.providers.base import Provider, WebhookRequest
from app.reconciler.apply import Apply
from app.reconciler.bell import Bell
from app.reconciler.worker import Reconciler
from app.services.accounts import SettingsAccounts
from app.services.callers import Caller
from app.services.calls import CallService, Start
from app.services.deliveries import DeliveryService
from app.slack.clients import OneToken
from tests.clocks import MovedClock
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook

LEASE_SECONDS = 15
PATIENCE_SECONDS = 20
"""Nobody is kept waiting for so long; but a busy machine may be slow."""
MOST_UNITS = 500
GENERAL = "C0GENERAL"
SECRET = "G0SECRET"


@dataclass(kw_only=True)
class Stage:
    """``vendor`` is the provider's server of the calls that have events; others are held at ``link``. Slack is given
    ``patience_seconds`` to answer."""

    database: Database
    clock: MovedClock
    slack: Emulator
    vendor: ReferenceServer
    providers: Mapping[str, Provider]
    bell: Bell = field(default_factory=Bell)
    patience_seconds: float = PATIENCE_SECONDS

    # --- What is wanted ----------------------------------------------------------------------------------------------

    def start(
        self,
        title: str = "Weekly sync",
        *,
        by: str = "U0GRACE",
        channel: str = GENERAL,
        at: str = "standard",
        answer_through: str | None = None,
        team: str = "T0LOCAL",
    ) -> None:
        wish = Start(title=title, request_key=None, response_url=answer_through)
        self._service(at).start(self._caller(by, channel, team), wish)

    def end(self, *, by: str = "U0GRACE", channel: str = GENERAL, team: str = "T0LOCAL") -> None:
        self._service("standard").end(self._caller(by, channel, team))

    def rename(self, title: str, *, by: str = "U0GRACE", channel: str = GENERAL, team: str = "T0LOCAL") -> None:
        self._service("standard").rename(self._caller(by, channel, team), title)

    def response_url(self, channel: str = GENERAL, by: str = "U0GRACE") -> str:
        return self.slack.url + self.slack.workspace().response_urls.mint(channel, by).path

    # --- What the provider tells -------------------------------------------------------------------------------------

    def hear(self, word: str, *, meeting: str = "meeting/1", at: datetime | None = None, **data: Any) -> None:
        self.happen(word, meeting=meeting, **data)
        body = webhook(word, at or self.clock.now(), meeting, **data)
        request = WebhookRequest.of(body=body, headers=delivered(body, self.clock.now()))
        DeliveryService(self.database, self.clock, self.bell.ring).receive(self.providers["standard"], request)

    def happen(self, word: str, *, meeting: str = "meeting/1", **data: Any) -> None:
        """At the provider, which may or may not tell of it."""
        held = self.vendor.meetings.get(meeting)
        if held is None:
            return
        who = data.get("participant", {})
        held.participants = [other for other in held.participants if other["id"] != who.get("id")]
        if word == "participant.joined":
            held.state = "running"
            held.participants.append(who)
        if word == "meeting.ended":
            held.state, held.participants = "ended", []

    def join(self, *names: str, meeting: str = "meeting/1", at: datetime | None = None) -> None:
        for name in names:
            self.hear("participant.joined", meeting=meeting, at=at, participant=person(name))

    def leave(self, *names: str, meeting: str = "meeting/1", at: datetime | None = None) -> None:
        for name in names:
            self.hear("participant.left", meeting=meeting, at=at, participant=person(name))

    def leave_as(self, person_id: str) -> None:
        self.hear("participant.left", participant={"id": person_id})

    # --- Work --------------------------------------------------------------------------------------------------------

    def reconciler(self, clock: Clock | None = None, database: Database | None = None) -> Reconciler:
        token = OneToken(self.slack.bot_token, self.slack.api_url, timeout_seconds=self.patience_seconds)
        return Reconciler(
            database or self.database,
            clock or self.clock,
            Apply(token, SettingsAccounts(self.providers, "standard")),
            self.bell,
            public_url="https://calls.example.com",
            lease_seconds=LEASE_SECONDS,
        )

    def work(self, reconciler: Reconciler | None = None) -> None:
        """Do all that can be done at this moment."""
        worker = reconciler or self.reconciler()
        for _ in range(MOST_UNITS):
            if not worker.reconcile_one():
                return
        raise AssertionError("the work never ends")

    def settle(self, within_seconds: float = 120) -> None:
        """Do all there is to do, moving the clock to whatever is waited for, if it comes so soon."""
        last = self.clock.now() + timedelta(seconds=within_seconds)
        for _ in range(MOST_UNITS):
            self.work()
            due = self.next_due_at()
            if due is None or due > last:
                return
            self.clock.move_to(due)
        raise AssertionError("there is always something to wait for")

    # --- What came of it ---------------------------------------------------------------------------------------------

    def sent(self, *methods: str) -> list[int]:
        """How many requests Slack got for each method."""
        return [len(self.slack.requests(method)) for method in methods]

    def started(self) -> list[int]:
        """How many meetings, calls and cards there were asked for."""
        return [len([asked for asked in self.vendor.asked if asked.path.endswith("/meetings")]), *self.sent(*STARTING)]

    def card(self, channel: str = GENERAL) -> dict[str, Any]:
        """The only card in the channel."""
        [card] = self.slack.cards(channel)
        return card

    def present(self, channel: str = GENERAL) -> list[str]:
        return names(self.card(channel)["active_participants"])

    def attended(self, channel: str = GENERAL) -> list[str]:
        return names(self.card(channel)["all_participants"])

    def told(self, user: str = "U0GRACE") -> list[str]:
        """What only this person was told."""
        return [message["text"] for message in self.slack.ephemerals(user)]

    def stored(self) -> StoredCall:
        """The only call."""
        [call] = self.all_stored()
        return call

    def all_stored(self) -> list[StoredCall]:
        with self.database.reading() as connection:
            ids = connection.exec_driver_sql("SELECT id FROM calls ORDER BY started_at, id").scalars().all()
            found = [calls.find_call(connection, call_id) for call_id in ids]
        return [call for call in found if call is not None]

    def shown(self) -> Shown:
        """What we believe that Slack shows of the only call."""
        with self.database.reading() as connection:
            return calls.load_shown(connection, self.stored().id)

    def next_due_at(self) -> datetime | None:
        with self.database.reading() as connection:
            return work.next_due(connection, self.clock.now())

    def _service(self, at: str) -> CallService:
        return CallService(self.database, self.clock, SettingsAccounts(self.providers, at), self.bell.ring)

    def _caller(self, user: str, channel: str, team: str) -> Caller:
        return Caller(team_id=team, enterprise_id=None, channel_id=channel, user_id=user, role=lambda: Role.MEMBER)


STARTING = ("calls.add", "chat.postMessage")


def person(name: str) -> dict[str, str]:
    """As the provider tells it; whoever is called ``U0…`` is known in Slack by that id."""
    told = {"id": f"{name.lower()}-1", "name": name}
    return {**told, "slack_id": name} if name.startswith("U0") else told


def names(users: list[dict[str, str]]) -> list[str]:
    return sorted(user.get("display_name") or user["slack_id"] for user in users)
