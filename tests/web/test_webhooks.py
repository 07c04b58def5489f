"""What a provider is answered, and what becomes of what it sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from app.emulator import Emulator
from app.services.deliveries import without_secrets
from tests.clocks import MovedClock
from tests.providers.daily.server import SECRET as DAILY_SECRET
from tests.providers.daily.server import DailyServer
from tests.providers.daily.signing import signed as signed_by_daily
from tests.providers.jitsi import captured as jitsi
from tests.providers.jitsi.server import TOKEN, JitsiServer
from tests.providers.livekit.captured import MAIN_ROOM, captured
from tests.providers.livekit.server import KEY, SECRET, LiveKitServer
from tests.providers.livekit.signing import signed
from tests.providers.zoom.server import WEBHOOK_SECRET, ZoomServer
from tests.providers.zoom.signing import signed as signed_by_zoom
from tests.providers.zoom.told import told
from tests.running import Running
from tests.scenarios.livekit_history import start_call

JOINED = captured(MAIN_ROOM)[1].body


@pytest.fixture
def app(run_app: Callable[..., Running], livekit: LiveKitServer) -> Running:
    return run_app(**livekit.settings(), LINK_TEMPLATE="https://meet.example.com/{slug}", DEFAULT_PROVIDER="livekit")


@pytest.fixture
def deliver(app: Running, clock: MovedClock) -> Callable[..., httpx.Response]:
    """Post a body as LiveKit would, signed with ``secret`` so many ``seconds_ago``."""

    def post(body: bytes = JOINED, secret: str = SECRET, seconds_ago: float = 0) -> httpx.Response:
        headers = signed(body, KEY, secret, clock.now() - timedelta(seconds=seconds_ago))
        return app.http.post("/webhooks/livekit", content=body, headers=headers)

    return post


def stored(app: Running) -> list[tuple[str, str | None]]:
    """The outcome and the error of each stored delivery."""
    with app.switchboard.database.reading() as connection:
        rows = connection.execute(text("SELECT outcome, error FROM deliveries ORDER BY received_at, id"))
        return [(row.outcome, row.error) for row in rows]


def test_a_genuine_delivery_is_applied_once(
    app: Running, deliver: Callable[..., httpx.Response], livekit: LiveKitServer
) -> None:
    body = JOINED.replace(MAIN_ROOM.encode(), start_call(app, livekit).encode())
    assert [deliver(body).text for _ in range(3)] == ["applied", "duplicate", "duplicate"]
    assert stored(app) == [("applied", None)]


def test_a_meeting_that_is_not_ours_is_no_error(app: Running, deliver: Callable[..., httpx.Response]) -> None:
    answer = deliver()
    assert (answer.status_code, answer.text) == (200, "unmatched")
    assert stored(app) == [("unmatched", None)]


def test_an_event_that_we_do_not_follow_is_no_error(app: Running, deliver: Callable[..., httpx.Response]) -> None:
    answer = deliver(b'{"event":"egress_started","id":"EV_1","createdAt":"1795211352"}')
    assert (answer.status_code, answer.text) == (200, "unmatched")
    assert stored(app) == []


def test_a_wrong_signature_is_refused_and_nothing_is_stored(
    app: Running, deliver: Callable[..., httpx.Response]
) -> None:
    assert deliver(secret="somebody else's secret, just as long as it").status_code == 401
    assert stored(app) == []


def test_a_stale_signature_is_refused(deliver: Callable[..., httpx.Response]) -> None:
    assert deliver(seconds_ago=359).status_code == 200
    assert deliver(seconds_ago=361).status_code == 401


def test_a_missing_signature_is_refused(app: Running) -> None:
    assert app.http.post("/webhooks/livekit", content=JOINED).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"garbage", id="no JSON"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"event":"participant_joined"}', id="an event without a person"),
        pytest.param(
            b'{"event":"participant_joined","id":7,"createdAt":"never","room":[]}', id="fields of wrong types"
        ),
        pytest.param(b"\xff\xfe\x00", id="no text"),
    ],
)
def test_genuine_garbage_is_refused_and_kept(app: Running, deliver: Callable[..., httpx.Response], body: bytes) -> None:
    assert deliver(body).status_code == 400
    assert stored(app) == [("failed", "WebhookMalformed")]


def test_a_body_of_more_than_a_mebibyte_is_refused(app: Running, deliver: Callable[..., httpx.Response]) -> None:
    assert deliver(b"x" * (1024 * 1024 + 1)).status_code == 413
    assert stored(app) == []


def test_what_our_code_trips_over_is_stored_and_asked_for_again(
    app: Running,
    deliver: Callable[..., httpx.Response],
    livekit: LiveKitServer,
    slack: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    body = JOINED.replace(MAIN_ROOM.encode(), start_call(app, livekit).encode())
    with app.switchboard.database.transaction() as connection:
        connection.execute(text("ALTER TABLE participants RENAME TO gone"))
    answer = deliver(body)
    assert answer.status_code == 500
    assert answer.text.rpartition(" ")[2] in caplog.text
    [(outcome, error)] = stored(app)
    assert (outcome, bool(error)) == ("failed", True)

    with app.switchboard.database.transaction() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO participants"))
    assert deliver(body).text == "applied"
    assert stored(app) == [("applied", None)]
    app.settle()
    [card] = slack.cards("C0GENERAL")
    assert [person["external_id"] for person in card["active_participants"]] == ["slack:U0AAAA001"]


def test_an_unknown_provider_is_not_found(app: Running) -> None:
    assert app.http.post("/webhooks/nobody", content=b"{}").status_code == 404


def test_a_provider_that_is_not_set_up_is_not_found(app: Running) -> None:
    assert app.http.post("/webhooks/standard", content=b"{}").status_code == 404


def test_a_provider_without_webhooks_has_no_address_for_them(app: Running) -> None:
    assert app.http.post("/webhooks/link", content=b"{}").status_code == 404


@pytest.mark.parametrize("path", ["livekit/", "livekit/events", "/livekit", "livekit//", "livekit/%2e%2e/standard"])
def test_a_path_that_the_provider_does_not_have_is_not_found(app: Running, path: str) -> None:
    assert app.http.post(f"/webhooks/{path}", content=JOINED).status_code == 404


def test_a_provider_may_tell_different_things_at_different_paths(
    run_app: Callable[..., Running], clock: MovedClock
) -> None:
    with JitsiServer(clock) as server:
        app = run_app(**server.settings())
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for one in jitsi.captured():
        answer = app.http.post(f"/webhooks/jitsi{one.path}", content=one.body, headers=headers)
        assert (answer.status_code, answer.text) == (200, "unmatched")
    assert stored(app) == [("unmatched", None)] * len(jitsi.captured())
    for path in ("", "/events", "/events/room", "/events/room/created/", "/events/room/created/twice"):
        assert app.http.post(f"/webhooks/jitsi{path}", content=b"{}", headers=headers).status_code == 404


@pytest.fixture
def zoom(run_app: Callable[..., Running]) -> Running:
    with ZoomServer() as server:
        return run_app(**server.settings())


CHALLENGE = told("endpoint.url_validation")


def test_whoever_asks_whether_we_are_there_is_answered_at_once(zoom: Running, clock: MovedClock) -> None:
    answer = zoom.http.post(
        "/webhooks/zoom", content=CHALLENGE, headers=signed_by_zoom(CHALLENGE, WEBHOOK_SECRET, clock.now())
    )
    token = json.loads(CHALLENGE)["payload"]["plainToken"]
    digest = hmac.new(WEBHOOK_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"plainToken": token, "encryptedToken": digest}
    assert stored(zoom) == []


def test_nobody_else_has_something_signed_by_us(zoom: Running, clock: MovedClock) -> None:
    """Whoever got an answer could take the token for the signature of a webhook."""
    for headers in ({}, signed_by_zoom(CHALLENGE, "somebody else's secret", clock.now())):
        answer = zoom.http.post("/webhooks/zoom", content=CHALLENGE, headers=headers)
        assert (answer.status_code, answer.text) == (401, "not proven to come from the provider")


def test_a_vendor_that_gives_up_on_a_hook_hears_of_no_malformed_webhook(
    run_app: Callable[..., Running], clock: MovedClock
) -> None:
    with DailyServer() as server:
        app = run_app(**server.settings())
    body = b'{"type": "participant.joined", "payload": 7}'
    answer = app.http.post("/webhooks/daily", content=body, headers=signed_by_daily(body, DAILY_SECRET, clock.now()))
    assert (answer.status_code, answer.text) == (200, "not what the provider documents")
    assert stored(app) == [("failed", "WebhookMalformed")]


def test_only_posts_are_taken(app: Running) -> None:
    assert app.http.get("/webhooks/livekit").status_code == 405


def test_nothing_of_a_request_is_logged(
    deliver: Callable[..., httpx.Response], clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    deliver()
    deliver(b'{"event":"participant_joined","id":"EV_1","room":{"name":"the-secret-room"},"createdAt":"x"}')
    deliver(secret="a-wrong-secret-of-somebody-else-entirely")
    deliver(b"sensitive garbage")

    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("app"))
    token = signed(JOINED, KEY, SECRET, clock.now())["Authorization"]
    for secret in (token, SECRET, "Ada Lovelace", "turnPassword", "the-secret-room", "sensitive garbage"):
        assert secret not in ours
        assert secret not in caplog.text


def test_secrets_are_masked_wherever_they_stand() -> None:
    body = json.dumps({"room": {"turnPassword": 'a"b\\c', "name": "x"}, "list": [{"turnPassword": "d"}]}).encode()
    masked = without_secrets(body, {"turnPassword"})
    assert json.loads(masked) == {"room": {"turnPassword": "***", "name": "x"}, "list": [{"turnPassword": "***"}]}


def test_headers_with_secrets_are_not_stored(app: Running, deliver: Callable[..., httpx.Response]) -> None:
    deliver()
    with app.switchboard.database.reading() as connection:
        headers = json.loads(connection.execute(text("SELECT headers FROM deliveries")).scalar_one())
    assert "authorization" not in headers
    assert headers["content-type"] == "application/webhook+json"
