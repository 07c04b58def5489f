"""Floods of requests that prove nothing are answered shortly; what is genuine gets through them."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from app.emulator import Emulator
from app.web.limits import BURST, MOST_BUCKETS, Floods
from tests.clocks import MovedClock
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.reconciler.stage import person
from tests.running import Running

FORGED = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}


@pytest.fixture
def app(run_app: Callable[..., Running], vendor: ReferenceServer) -> Running:
    return run_app(**vendor.settings())


def forged(app: Running) -> httpx.Response:
    return app.http.post("/webhooks/standard", content=b"{}", headers=FORGED)


def genuine(app: Running) -> httpx.Response:
    body = webhook("participant.joined", app.clock.now(), participant=person("Ada"))
    return app.http.post("/webhooks/standard", content=body, headers=delivered(body, app.clock.now()))


def flood(app: Running) -> list[int]:
    return [forged(app).status_code for _ in range(BURST + 5)]


def test_a_flood_is_told_to_slow_down(app: Running) -> None:
    assert flood(app) == [401] * BURST + [429] * 5
    assert forged(app).headers["Retry-After"] == "1"


def test_a_genuine_delivery_from_the_address_of_a_flood_is_taken_in(app: Running) -> None:
    flood(app)
    assert genuine(app).status_code == 200


def test_genuine_deliveries_are_never_counted(app: Running) -> None:
    assert {genuine(app).status_code for _ in range(BURST + 5)} == {200}
    assert forged(app).status_code == 401


def test_slack_gets_through_a_flood_of_what_is_not_slack(app: Running, slack: Emulator) -> None:
    statuses = [app.http.post("/slack/events", content=b"{}").status_code for _ in range(BURST + 1)]
    assert statuses[-2:] == [401, 429]
    assert slack.slash("/ring", "Weekly sync").text == "Starting *Weekly sync* …"


def test_a_flood_at_one_door_closes_no_other(app: Running) -> None:
    flood(app)
    assert app.http.post("/slack/events", content=b"{}").status_code == 401
    assert app.http.get("/nowhere").status_code == 404


def test_paths_that_nobody_serves_are_one_door(app: Running) -> None:
    statuses = [app.http.get(f"/wp-admin/{number}").status_code for number in range(BURST + 1)]
    assert statuses[-2:] == [404, 429]


def test_a_flood_that_is_over_is_forgotten(app: Running, clock: MovedClock) -> None:
    flood(app)
    clock.move(1)
    assert [forged(app).status_code for _ in range(2)] == [401, 429]
    clock.move(BURST)
    assert flood(app)[:BURST] == [401] * BURST


def test_a_flood_does_not_fill_the_log(app: Running, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(BURST * 2):
        forged(app)
    assert len([record for record in caplog.records if "webhook rejected" in record.getMessage()]) == BURST


def test_what_is_malformed_but_genuine_is_not_counted(app: Running) -> None:
    body = b"{"
    headers = delivered(body, app.clock.now())
    statuses = {
        app.http.post("/webhooks/standard", content=body, headers=headers).status_code for _ in range(BURST + 5)
    }
    assert statuses == {400}


def test_addresses_beyond_counting_cost_no_memory_beyond_counting(clock: MovedClock) -> None:
    floods = Floods(clock)
    for number in range(MOST_BUCKETS + 500):
        floods.count(f"address {number}")
    assert len(floods._buckets) == MOST_BUCKETS


@pytest.mark.parametrize(("others", "status"), [("2001:db8::", 429), ("2001:db8:0:1::", 401)])
def test_the_addresses_of_one_ipv6_network_are_one(app: Running, others: str, status: int) -> None:
    client = app.switchboard.flask.test_client()
    for number in range(BURST):
        client.post("/slack/events", environ_base={"REMOTE_ADDR": f"2001:db8::{number:x}"})
    assert client.post("/slack/events", environ_base={"REMOTE_ADDR": f"{others}ffff"}).status_code == status
