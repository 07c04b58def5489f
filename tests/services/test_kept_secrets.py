"""What is stored of a delivery holds no secret, and all that is needed to read it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

import pytest
from sqlalchemy import select

from app.db.models import DELIVERIES
from app.providers.bigbluebutton.provider import BigBlueButton
from app.services.deliveries import without_secrets
from tests.clocks import MovedClock
from tests.providers.bigbluebutton.captured import captured
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.running import Running

FIELDS = {"moderator-pass", "pin"}


@pytest.mark.parametrize("secret", ["mp", "", 'a"b\\c', "50 % & more", "Zoë \n", '\\"', "%22"])
def test_secrets_in_a_form_are_masked(secret: str) -> None:
    told = [{"name": "Weekly & sync", "moderator-pass": secret, "list": [{"pin": secret}], "viewers": 'a"b'}]
    body = urlencode({"domain": "x", "event": json.dumps(told), "timestamp": "7"}).encode()
    masked = {"name": "Weekly & sync", "moderator-pass": "***", "list": [{"pin": "***"}], "viewers": 'a"b'}
    kept = parse_qs(without_secrets(body, FIELDS).decode())
    assert json.loads(kept["event"][0]) == [masked]
    assert (kept["domain"], kept["timestamp"]) == (["x"], ["7"])


def test_a_form_without_secrets_stays_as_it_is() -> None:
    body = urlencode({"event": '[{"name": "moderator-pass", "pins": "1"}]'}).encode()
    assert without_secrets(body, FIELDS) == body


def test_the_passwords_of_a_meeting_at_bigbluebutton_are_masked() -> None:
    created = captured()[0].body
    kept = without_secrets(created, BigBlueButton.secret_fields)
    [told] = json.loads(parse_qs(kept.decode())["event"][0])
    meeting = told["data"]["attributes"]["meeting"]
    assert {meeting[name] for name in ("moderator-pass", "viewer-pass", "voice-conf")} == {"***"}
    assert meeting["external-meeting-id"] == "random-9019868"


SECRET_HEADERS = {
    "X-Api-Key": "key-1",
    "Cookie": "cookie-1",
    "X-Auth-Request-User": "user-1",
    "Cf-Access-Jwt-Assertion": "jwt-1",
    "X-Amzn-Oidc-Data": "oidc-1",
}


def test_of_the_headers_only_the_harmless_are_stored(run_app: Callable[..., Running], clock: MovedClock) -> None:
    with ReferenceServer() as server:
        app = run_app(**server.settings())
        body = webhook("meeting.started", clock.now(), "m-1")
        headers = {**delivered(body, clock.now()), **SECRET_HEADERS}
        assert app.http.post("/webhooks/standard", content=body, headers=headers).text == "unmatched"
    with app.switchboard.database.reading() as connection:
        kept = connection.execute(select(DELIVERIES.c.headers)).scalar_one()
    assert kept["webhook-id"] == headers["webhook-id"]
    assert kept.keys().isdisjoint({name.lower() for name in SECRET_HEADERS} | {"webhook-signature"})
