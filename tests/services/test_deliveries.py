"""Deliveries that come at once: all are taken in, each once, whatever else is in the same transaction."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.db import calls, models
from app.db.models import DELIVERIES
from app.db.session import Database
from app.domain.meetings import Meeting
from app.providers.base import Provider, WebhookRequest
from app.providers.registry import load_providers
from app.services.deliveries import DeliveryService, Receipt, apply_early
from tests.clocks import MovedClock
from tests.db.given import given_call, known
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook

CALLS = 3


@pytest.fixture
def standard(clock: MovedClock) -> Provider:
    with ReferenceServer() as server:
        return load_providers(server.settings(), clock)["standard"]


@pytest.fixture
def service(database: Database, clock: MovedClock) -> DeliveryService:
    for number in range(CALLS):
        given_call(database, f"call-{number}", meeting_id=f"m-{number}", provider="standard")
    return DeliveryService(database, clock, lambda: None)


def joined(clock: MovedClock, person: str, *, meeting: str = "m-0") -> WebhookRequest:
    body = webhook("participant.joined", clock.now(), meeting, participant={"id": person, "name": person.title()})
    headers = delivered(body, clock.now())
    return WebhookRequest.of(body=body, headers=headers)


def receive_at_once(service: DeliveryService, provider: Provider, requests: Sequence[WebhookRequest]) -> list[Receipt]:
    gate = threading.Barrier(len(requests))

    def receive(request: WebhookRequest) -> Receipt:
        gate.wait(20)
        return service.receive(provider, request)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(receive, requests))


def outcomes(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.execute(select(DELIVERIES.c.outcome)).scalars())


def test_all_who_come_at_once_are_known(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    requests = [joined(clock, f"p-{number}", meeting=f"m-{number % CALLS}") for number in range(24)]
    assert receive_at_once(service, standard, requests) == [Receipt.APPLIED] * 24
    for number in range(CALLS):
        people = known(database, f"call-{number}").participants
        assert set(people) == {f"p-{one}" for one in range(24) if one % CALLS == number}
    assert outcomes(database) == ["applied"] * 24


def test_the_same_delivery_many_times_at_once_counts_once(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    receipts = receive_at_once(service, standard, [joined(clock, "ada")] * 8)
    assert sorted(receipts) == [Receipt.APPLIED, *[Receipt.DUPLICATE] * 7]
    assert outcomes(database) == ["applied"]


def test_one_person_on_many_devices_at_once_keeps_every_connection(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    bodies = [
        webhook("participant.joined", clock.now(), "m-0", participant={"id": "ada", "connection_id": f"c-{number}"})
        for number in range(8)
    ]
    requests = [WebhookRequest.of(body=body, headers=delivered(body, clock.now())) for body in bodies]
    receive_at_once(service, standard, requests)
    assert len(known(database, "call-0").participants["ada"].connections) == 8


def test_what_is_not_ours_does_not_hold_up_what_is(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    requests = [joined(clock, f"p-{number}", meeting=f"m-{number}") for number in range(6)]
    assert receive_at_once(service, standard, requests) == [Receipt.APPLIED] * 3 + [Receipt.UNMATCHED] * 3
    assert outcomes(database) == ["applied"] * 3 + ["unmatched"] * 3


def test_those_who_come_together_are_each_told_what_became_of_theirs(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    forged = replace(joined(clock, "mallory"), headers={})
    ada = joined(clock, "ada")
    requests = [ada, forged, joined(clock, "grace", meeting="elsewhere"), ada, joined(clock, "grace", meeting="m-1")]
    came_to = service.receive_all([(standard, request) for request in requests])
    told = [each if isinstance(each, Receipt) else type(each).__name__ for each in came_to]
    assert told == ["applied", "WebhookRejected", "unmatched", "duplicate", "applied"]
    assert [set(known(database, f"call-{number}").participants) for number in (0, 1)] == [{"ada"}, {"grace"}]


def test_one_that_cannot_be_taken_in_takes_no_other_along(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    with database.transaction() as connection:
        # Whoever reads what stands there now stumbles.
        connection.execute(update(models.CALLS).where(models.CALLS.c.id == "call-1").values(status="nonsense"))
    requests = [joined(clock, f"p-{number}", meeting=f"m-{number % CALLS}") for number in range(6)]
    came_to = service.receive_all([(standard, request) for request in requests])
    assert [isinstance(each, Exception) for each in came_to] == [False, True, False] * 2
    assert outcomes(database) == ["applied"] * 4 + ["failed"] * 2


def test_an_older_call_of_the_same_meeting_hears_nothing(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    later = clock.now() + timedelta(minutes=1)
    given_call(database, "call-newer", meeting_id="m-0", provider="standard", at=later)
    service.receive(standard, joined(clock, "ada"))
    assert (set(known(database, "call-newer").participants), set(known(database, "call-0").participants)) == (
        {"ada"},
        set(),
    )


def test_a_meeting_that_becomes_ours_just_then_is_told_all(
    service: DeliveryService, standard: Provider, database: Database, clock: MovedClock
) -> None:
    service.receive(standard, joined(clock, "ada", meeting="m-new"))
    given_call(database, "call-new", provider="standard")
    with database.transaction() as connection:
        call = calls.lock_call(connection, "call-new")
        assert call is not None
        calls.save_known(connection, call.snapshot, replace(call.snapshot, meeting=Meeting(id="m-new")))
        apply_early(connection, standard, "m-new", clock.now())
    assert set(known(database, "call-new").participants) == {"ada"}
    assert outcomes(database) == ["applied"]
