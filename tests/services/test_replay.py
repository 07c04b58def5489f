"""A delivery that our code could not take in is not lost: it is read again after the mend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.db.deliveries import Outcome
from app.db.models import DELIVERIES
from app.db.session import Database
from app.domain.events import Event
from app.domain.meetings import Meeting
from app.errors import WebhookMalformed
from app.providers.base import Provider, WebhookRequest
from app.providers.registry import load_providers
from app.providers.standard.provider import Standard
from app.services.accounts import SettingsAccounts
from app.services.deliveries import DeliveryService, Receipt, apply_early
from app.services.replay import ProviderMissing, Replayed, ReplayService
from tests.clocks import MovedClock
from tests.db.given import at_once, given_call, known, told
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook


class OfYesterday(Standard):
    """The same provider with a parser that trips over everything."""

    def parse_events(self, _request: WebhookRequest) -> Sequence[Event]:
        raise KeyError("Ada Lovelace")


def accounts(*providers: Provider) -> SettingsAccounts:
    return SettingsAccounts({provider.name: provider for provider in providers}, "standard")


@pytest.fixture
def server() -> Iterator[ReferenceServer]:
    with ReferenceServer() as server:
        yield server


@pytest.fixture
def standard(server: ReferenceServer, clock: MovedClock) -> Provider:
    return load_providers(server.settings(), clock)["standard"]


@pytest.fixture
def of_yesterday(standard: Provider, clock: MovedClock) -> Provider:
    account = standard.account
    assert isinstance(account, Standard.Account)
    return OfYesterday(account, clock)


@pytest.fixture
def nudges() -> list[str]:
    return []


@pytest.fixture
def service(database: Database, clock: MovedClock) -> DeliveryService:
    return DeliveryService(database, clock, lambda: None)


@pytest.fixture
def replays(database: Database, clock: MovedClock, standard: Provider, nudges: list[str]) -> ReplayService:
    return ReplayService(database, clock, accounts(standard), lambda: nudges.append("nudge"))


def request(clock: MovedClock, word: str = "participant.joined", meeting: str = "m-1", **data: Any) -> WebhookRequest:
    body = webhook(word, clock.now(), meeting, **data)
    return WebhookRequest.of(body=body, headers=delivered(body, clock.now()))


def joined(clock: MovedClock) -> WebhookRequest:
    return request(clock, participant={"id": "ada", "name": "Ada Lovelace"})


def fail(service: DeliveryService, provider: Provider, what: WebhookRequest) -> None:
    with pytest.raises((KeyError, WebhookMalformed)):
        service.receive(provider, what)


def stored(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(DELIVERIES).order_by(DELIVERIES.c.received_at)))


def replay_only_one(replays: ReplayService, database: Database) -> Replayed:
    [row] = stored(database)
    replayed = replays.replay(row.id)
    assert replayed is not None
    return replayed


def test_what_failed_is_taken_in_after_the_mend(
    service: DeliveryService,
    replays: ReplayService,
    of_yesterday: Provider,
    database: Database,
    clock: MovedClock,
    nudges: list[str],
) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    fail(service, of_yesterday, joined(clock))
    assert known(database).participants == {}

    replayed = replay_only_one(replays, database)
    assert (replayed.outcome, replayed.events, replayed.call_id) == (Outcome.APPLIED, 1, "call-1")
    name = known(database).participants["ada"].name
    assert name is not None
    assert name.value == "Ada Lovelace"
    [row] = stored(database)
    assert (row.outcome, row.error, row.call_id) == ("applied", None, "call-1")
    assert nudges == ["nudge"]


def test_doing_it_twice_changes_nothing(
    service: DeliveryService, replays: ReplayService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    service.receive(standard, joined(clock))
    before = known(database)
    clock.move(60)
    assert [replay_only_one(replays, database).outcome for _ in range(2)] == [Outcome.APPLIED] * 2
    assert known(database) == before


def test_what_was_sent_again_meanwhile_counts_once(
    service: DeliveryService,
    replays: ReplayService,
    standard: Provider,
    of_yesterday: Provider,
    database: Database,
    clock: MovedClock,
) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    again = joined(clock)
    fail(service, of_yesterday, again)
    assert service.receive(standard, again) is Receipt.APPLIED
    before = known(database)
    for row in stored(database):
        replays.replay(row.id)
    assert known(database) == before
    assert {row.outcome for row in stored(database)} == {"applied"}


def test_what_still_fails_says_what_is_wrong_and_quotes_nothing(
    service: DeliveryService, replays: ReplayService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    fail(service, standard, request(clock, participant={"name": "Ada Lovelace"}))
    replayed = replay_only_one(replays, database)
    assert replayed.outcome is Outcome.FAILED
    assert replayed.why is not None
    assert "participant.id" in replayed.why
    assert "Ada" not in repr(replayed)
    [row] = stored(database)
    assert (row.outcome, row.error) == ("failed", "WebhookMalformed")


def test_what_was_taken_in_once_stays_so(
    service: DeliveryService,
    standard: Provider,
    of_yesterday: Provider,
    database: Database,
    clock: MovedClock,
) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    service.receive(standard, joined(clock))
    back = ReplayService(database, clock, accounts(of_yesterday), lambda: None)
    replayed = replay_only_one(back, database)
    assert (replayed.outcome, replayed.why) == (Outcome.FAILED, "KeyError")
    assert [row.outcome for row in stored(database)] == ["applied"]


def test_one_about_a_meeting_that_becomes_ours_later_is_found_then(
    service: DeliveryService,
    replays: ReplayService,
    standard: Provider,
    of_yesterday: Provider,
    database: Database,
    clock: MovedClock,
) -> None:
    fail(service, of_yesterday, joined(clock))
    replayed = replay_only_one(replays, database)
    assert (replayed.outcome, replayed.events, replayed.call_id) == (Outcome.UNMATCHED, 1, None)

    given_call(database, provider="standard")
    told(database, meeting=Meeting(id="m-1"))
    with database.transaction() as connection:
        apply_early(connection, standard, "m-1", clock.now())
    assert set(known(database).participants) == {"ada"}


def test_what_is_not_followed_any_more_is_no_failure(
    service: DeliveryService, replays: ReplayService, of_yesterday: Provider, database: Database, clock: MovedClock
) -> None:
    fail(service, of_yesterday, request(clock, "recording.started"))
    replayed = replay_only_one(replays, database)
    assert (replayed.outcome, replayed.events) == (Outcome.UNMATCHED, 0)


def test_there_is_no_such_delivery(replays: ReplayService) -> None:
    assert replays.replay("d-none") is None


def test_a_provider_that_is_gone_is_named(
    service: DeliveryService, of_yesterday: Provider, database: Database, clock: MovedClock
) -> None:
    fail(service, of_yesterday, joined(clock))
    with pytest.raises(ProviderMissing, match="standard"):
        replay_only_one(ReplayService(database, clock, accounts(), lambda: None), database)
    assert [row.outcome for row in stored(database)] == ["failed"]


def test_a_failed_delivery_is_named_in_the_log_without_its_content(
    service: DeliveryService,
    standard: Provider,
    of_yesterday: Provider,
    database: Database,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fail(service, of_yesterday, joined(clock))
    clock.move(1)
    fail(service, standard, request(clock, participant={"name": "Grace Hopper"}))
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    for row, line, why in zip(stored(database), lines, ("KeyError", "participant.id"), strict=True):
        assert row.id in line
        assert why in line
        assert "Ada" not in line
        assert "Grace" not in line


def test_two_at_once_do_not_wait_for_each_other(
    service: DeliveryService, replays: ReplayService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    again = joined(clock)
    service.receive(standard, again)
    [row] = stored(database)

    def either(number: int) -> object:
        return replays.replay(row.id) if number % 2 else service.receive(standard, replace(again))

    at_once(8, either)
    assert len(known(database).participants["ada"].connections) == 1
