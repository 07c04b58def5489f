"""Webhooks of accounts that teams have added: each has an address and a secret of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import event, text

from app.services.account_settings import AccountService, AccountView
from app.services.callers import Actor
from tests.clocks import MovedClock
from tests.db.given import given_call, known
from tests.db.sealed import NEW
from tests.providers.jitsi import captured as jitsi
from tests.providers.livekit.captured import MAIN_ROOM, captured
from tests.providers.livekit.signing import signed
from tests.running import Running
from tests.services.settings_of_teams import ADA, EVE, LIVEKIT

JOINED = captured(MAIN_ROOM)[1].body
OUR_SECRET, THEIR_SECRET, SHARED_SECRET = "o" * 32, "t" * 32, "s" * 32
UNKNOWN = "acc-0123456789abcdef0123"


@pytest.fixture
def app(run_app: Callable[..., Running]) -> Running:
    """With an account in the settings as well."""
    of_settings = {"LIVEKIT_URL": "wss://livekit.example.com", "LIVEKIT_API_KEY": "key"}
    return run_app(**of_settings, LIVEKIT_API_SECRET=SHARED_SECRET, ENCRYPTION_KEYS=NEW)


@dataclass(frozen=True)
class Teams:
    """``ours`` and ``theirs`` are accounts of two teams at one provider."""

    app: Running
    service: AccountService
    ours: AccountView
    theirs: AccountView

    def post(self, address: str, secret: str, body: bytes = JOINED) -> httpx.Response:
        headers = signed(body, "key", secret, self.app.clock.now())
        return self.app.http.post(address, content=body, headers=headers)

    def to_us(self, secret: str = OUR_SECRET) -> httpx.Response:
        return self.post(self.ours.webhook_url, secret)

    def last_delivery(self, who: Actor = ADA) -> object:
        return self.service.list(who)[0].last_delivery_at

    def calls_with_people(self) -> set[str]:
        database = self.app.switchboard.database
        return {call_id for call_id in ("ours", "theirs", "shared") if known(database, call_id).participants}


@pytest.fixture
def teams(app: Running) -> Teams:
    switchboard = app.switchboard
    service = switchboard.account_service
    ours = service.add(ADA, "livekit", "Ours", {**LIVEKIT, "api_secret": OUR_SECRET})
    theirs = service.add(EVE, "livekit", "Theirs", {**LIVEKIT, "api_secret": THEIR_SECRET})
    return Teams(app, service, ours, theirs)


@pytest.fixture
def one_meeting_each(teams: Teams) -> None:
    """The same id of a meeting, in every account."""
    database = teams.app.switchboard.database
    for call_id, account_id in (
        ("ours", teams.ours.key.account_id),
        ("theirs", teams.theirs.key.account_id),
        ("shared", "default"),
    ):
        given_call(database, call_id, provider="livekit", account_id=account_id, meeting_id=MAIN_ROOM)


@pytest.mark.usefixtures("one_meeting_each")
def test_the_same_meeting_id_in_two_accounts_does_not_mix(teams: Teams) -> None:
    assert teams.to_us().text == "applied"
    assert teams.calls_with_people() == {"ours"}
    assert teams.post(teams.theirs.webhook_url, THEIR_SECRET).text == "applied"
    assert teams.calls_with_people() == {"ours", "theirs"}
    assert teams.post("/webhooks/livekit", SHARED_SECRET).text == "applied"
    assert teams.calls_with_people() == {"ours", "theirs", "shared"}


@pytest.mark.usefixtures("one_meeting_each")
def test_what_is_signed_for_one_account_is_rejected_by_the_others(teams: Teams) -> None:
    addresses = {
        OUR_SECRET: teams.ours.webhook_url,
        THEIR_SECRET: teams.theirs.webhook_url,
        SHARED_SECRET: "/webhooks/livekit",
    }
    for secret in addresses:
        for other, address in addresses.items():
            if other != secret:
                assert teams.post(address, secret).status_code == 401
    assert teams.calls_with_people() == set()
    with teams.app.switchboard.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM deliveries")).scalar() == 0


@pytest.mark.usefixtures("one_meeting_each")
def test_a_duplicate_is_one_of_its_own_account(teams: Teams) -> None:
    assert [teams.to_us().text, teams.to_us().text] == ["applied", "duplicate"]
    assert teams.post(teams.theirs.webhook_url, THEIR_SECRET).text == "applied"


@pytest.mark.parametrize(
    "path",
    [
        f"/webhooks/livekit/{UNKNOWN}",
        f"/webhooks/livekit/{UNKNOWN}/",
        f"/webhooks/livekit/{UNKNOWN.upper()}",
        f"/webhooks/nonsense/{UNKNOWN}",
        "/webhooks/livekit/acc-",
        "/webhooks/livekit/default",
        "/webhooks/livekit/acc-0123456789abcdef01234",
        f"/webhooks/livekit//{UNKNOWN}",
    ],
)
def test_an_unknown_account_is_answered_like_an_unknown_provider(teams: Teams, path: str) -> None:
    unknown, nonsense = teams.post(path, OUR_SECRET), teams.post("/webhooks/nonsense", OUR_SECRET)
    assert (unknown.status_code, unknown.content) == (nonsense.status_code, nonsense.content) == (404, nonsense.content)


def test_an_account_is_found_at_its_own_provider_and_path_alone(teams: Teams) -> None:
    account_id = teams.ours.key.account_id
    for path in (f"/webhooks/zoom/{account_id}", f"/webhooks/livekit/{account_id}/x", f"/webhooks/{account_id}"):
        assert teams.post(path, OUR_SECRET).status_code == 404


def test_paths_of_the_providers_own_come_behind_the_account(teams: Teams) -> None:
    settings = {"url": "https://meet.example.com", "webhook_token": "our-token", "muc_domain": "muc.example.com"}
    view = teams.service.add(ADA, "jitsi", "Jitsi", settings)
    [one, *_] = jitsi.captured()
    for token, status in (("our-token", 200), ("another", 401)):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        assert (
            teams.app.http.post(f"{view.webhook_url}{one.path}", content=one.body, headers=headers).status_code
            == status
        )


def test_one_sees_that_webhooks_arrive(teams: Teams, clock: MovedClock) -> None:
    teams.to_us(THEIR_SECRET)
    assert teams.last_delivery() is None
    teams.to_us()
    assert teams.last_delivery() == clock.now()
    assert teams.last_delivery(EVE) is None


def test_deliveries_are_noted_once_a_minute(teams: Teams, clock: MovedClock) -> None:
    written: list[str] = []
    engine = teams.app.switchboard.database.engine
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _u, statement, *_: written.append(statement) if "UPDATE accounts" in statement else None,
    )
    for _ in range(5):
        teams.to_us()
        clock.move(10)
    assert len(written) == 1
    clock.move(10)
    teams.to_us()
    assert len(written) == 2


def test_webhooks_of_the_settings_account_look_at_no_account(teams: Teams) -> None:
    asked: list[str] = []
    engine = teams.app.switchboard.database.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    assert teams.post("/webhooks/livekit", SHARED_SECRET).status_code == 200
    assert asked
    assert [statement for statement in asked if "accounts" in statement] == []


def test_a_removed_account_takes_no_more_webhooks(teams: Teams, clock: MovedClock) -> None:
    assert teams.to_us().status_code == 200
    teams.service.remove(ADA, teams.ours.key.account_id)
    assert teams.to_us().status_code == 404
    clock.move(60)
    assert teams.to_us().status_code == 404
    assert teams.post(teams.theirs.webhook_url, THEIR_SECRET).status_code == 200


@pytest.mark.usefixtures("one_meeting_each")
def test_a_removed_account_takes_them_while_a_call_there_goes_on(teams: Teams) -> None:
    teams.service.remove(ADA, teams.ours.key.account_id)
    assert teams.to_us().text == "applied"
    assert teams.calls_with_people() == {"ours"}


def test_a_secret_that_is_replaced_counts_no_more(teams: Teams) -> None:
    teams.service.change(ADA, teams.ours.key.account_id, "Ours", {**LIVEKIT, "api_secret": "n" * 32})
    assert teams.to_us().status_code == 401
    assert teams.to_us("n" * 32).status_code == 200
