"""What 8x8 is asked, and the links into its rooms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from jwt.types import Options

from app.domain.meetings import Meeting, MeetingRequest, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.jaas.server import KEY_ID, Eight, pem, private_key
from tests.providers.jaas.told import APP_ID, SECRET
from tests.providers.standin import HANG_UP, Reply, nobody_there

WEEKLY = MeetingRequest(key="weekly-1", title="Weekly sync")
MEETING = Meeting(id=f"{APP_ID}/weekly-1")
RUNNING = f"weekly-1@conference.{APP_ID}.127.0.0.1"
ADA = Visitor(
    key="slack-T1-U1",
    name="Ada Lovelace",
    is_host=True,
    email="ada@example.com",
    avatar_url="https://example.com/a.png",
)
GUEST = Visitor(key="guest-1", name="Grace")
TIMELESS: Options = {"verify_exp": False, "verify_nbf": False}


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOON)


@pytest.fixture
def server(clock: MovedClock) -> Iterator[Eight]:
    with Eight(clock) as running:
        yield running


@pytest.fixture
def jaas(server: Eight, clock: MovedClock) -> Provider:
    return provider(server.settings(), clock)


def provider(env: dict[str, str], clock: MovedClock | None = None) -> Provider:
    return load_providers(env, clock or MovedClock(NOON))["jaas"]


# --- Rooms ------------------------------------------------------------------------------------------------------


def test_a_meeting_is_a_room_of_our_app_named_by_our_key(jaas: Provider) -> None:
    assert jaas.create_meeting(WEEKLY) == MEETING


def test_nobody_is_asked_for_it(jaas: Provider, server: Eight) -> None:
    jaas.create_meeting(WEEKLY)
    assert server.asked == []


def test_an_ended_meeting_has_no_room(jaas: Provider, server: Eight) -> None:
    server.rooms |= {RUNNING, "other"}
    jaas.end_meeting(MEETING)
    assert server.rooms == {"other"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_room_that_is_gone_is_ended(jaas: Provider, server: Eight, status: int) -> None:
    server.next_reply(Reply(status))
    jaas.end_meeting(MEETING)


def test_where_nobody_can_be_asked_time_ends_a_call(server: Eight) -> None:
    assert provider(server.settings()).limit_seconds == 12 * 3600
    assert provider({**server.settings(), "JAAS_LIMIT_HOURS": "2"}).limit_seconds == 7200
    assert provider(server.settings()).idle_seconds == 7200


def test_the_token_of_a_command_is_short_lived(jaas: Provider, server: Eight) -> None:
    jaas.end_meeting(MEETING)
    token = server.asked[0].headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, private_key().public_key(), ["RS256"], TIMELESS, audience="jitsi")
    assert claims["exp"] - NOON.timestamp() == 120


# --- Personal links ---------------------------------------------------------------------------------------------


def claims_in(link: str) -> dict[str, Any]:
    (token,) = parse_qs(urlsplit(link).query)["jwt"]
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
    claims: dict[str, Any] = jwt.decode(
        token, private_key().public_key(), ["RS256"], TIMELESS, audience="jitsi", issuer="chat"
    )
    return claims


def test_a_personal_link_lets_one_person_into_one_room(jaas: Provider, server: Eight) -> None:
    link = jaas.personal_link(MEETING, ADA)
    assert (link.person_key, link.is_proof) == ("slack-T1-U1", True)
    assert link.url.startswith(f"{server.url}/{APP_ID}/weekly-1?jwt=")
    claims = claims_in(link.url)
    assert (claims["room"], claims["sub"]) == ("weekly-1", APP_ID)
    assert claims["context"]["user"] == {
        "id": "slack-T1-U1",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "avatar": "https://example.com/a.png",
        "moderator": "true",
    }


def test_links_lead_to_8x8_where_nothing_else_is_set(server: Eight) -> None:
    env = {name: value for name, value in server.settings().items() if name != "JAAS_URL"}
    assert provider(env).personal_link(MEETING, ADA).url.startswith(f"https://8x8.vc/{APP_ID}/weekly-1?jwt=")


def test_a_guest_is_no_moderator(jaas: Provider) -> None:
    user = claims_in(jaas.personal_link(MEETING, GUEST).url)["context"]["user"]
    assert user == {"id": "guest-1", "name": "Grace", "moderator": "false"}


def test_a_personal_link_gives_no_power_over_other_meetings(jaas: Provider) -> None:
    assert "admin" not in claims_in(jaas.personal_link(MEETING, ADA).url)


def test_a_personal_link_is_good_for_six_hours_and_for_clocks_a_minute_behind(jaas: Provider) -> None:
    claims = claims_in(jaas.personal_link(MEETING, ADA).url)
    now = NOON.timestamp()
    assert (claims["nbf"] - now, claims["exp"] - now) == (-60, timedelta(hours=6).total_seconds())


def features(jaas: Provider, visitor: Visitor) -> set[str]:
    told = claims_in(jaas.personal_link(MEETING, visitor).url)["context"]["features"]
    assert len(told) == 9
    assert set(told.values()) <= {"true", "false"}
    return {name for name, value in told.items() if value == "true"}


def test_what_costs_extra_is_off(jaas: Provider) -> None:
    assert features(jaas, ADA) == set()


@pytest.mark.parametrize("words", ["recording,transcription", "recording, transcription", "transcription recording,"])
def test_a_host_may_use_what_is_set(server: Eight, words: str) -> None:
    generous = provider({**server.settings(), "JAAS_FEATURES": words})
    assert features(generous, ADA) == {"recording", "transcription"}
    assert features(generous, GUEST) == set()


# --- When something is wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_its_settings(jaas: Provider, server: Eight, status: int) -> None:
    server.next_reply(Reply(status))
    with pytest.raises(PermanentFailure, match="Check JAAS_APP_ID and JAAS_KEY_ID and JAAS_PRIVATE_KEY"):
        jaas.end_meeting(MEETING)


def test_a_foreign_key_is_refused(server: Eight, clock: MovedClock) -> None:
    foreign = written(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with pytest.raises(PermanentFailure, match="JAAS_PRIVATE_KEY"):
        provider({**server.settings(), "JAAS_PRIVATE_KEY": foreign}, clock).check()


def test_a_busy_vendor_is_left_alone_for_as_long_as_it_says(jaas: Provider, server: Eight) -> None:
    server.next_reply(Reply(429, headers={"Retry-After": "17"}))
    with pytest.raises(RateLimited) as raised:
        jaas.end_meeting(MEETING)
    assert raised.value.retry_after_seconds == 17


@pytest.mark.parametrize("reply", [Reply(500), Reply(502), Reply(503), HANG_UP])
def test_trouble_at_the_vendors_may_pass(jaas: Provider, server: Eight, reply: Reply) -> None:
    server.next_reply(reply)
    with pytest.raises(TemporaryFailure):
        jaas.end_meeting(MEETING)


def test_a_vendor_that_is_not_there_may_come_back(server: Eight) -> None:
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        provider({**server.settings(), "JAAS_URL": nobody_there()}).end_meeting(MEETING)


def test_a_page_instead_of_an_answer_does_not_matter(jaas: Provider, server: Eight) -> None:
    server.next_reply(Reply(200, b"<html>"))
    jaas.end_meeting(MEETING)


def test_a_check_tells_what_is_proven(jaas: Provider) -> None:
    assert list(jaas.check()) == [
        "It answers, and does not refuse JAAS_PRIVATE_KEY.",
        "Jitsi as a Service does not tell its time.",
    ]


@pytest.mark.parametrize("status", [200, 202, 400, 404])
def test_a_room_that_nobody_has_may_be_answered_with_much(jaas: Provider, server: Eight, status: int) -> None:
    server.next_reply(Reply(status))
    assert jaas.check()


def test_a_check_ends_no_meeting(jaas: Provider, server: Eight) -> None:
    server.rooms.add(RUNNING)
    jaas.check()
    assert server.rooms == {RUNNING}


def test_a_clock_that_is_wrong_is_found(jaas: Provider, server: Eight) -> None:
    server.next_reply(Reply(404, headers={"Date": "Fri, 20 Nov 2026 12:02:00 GMT"}))
    with pytest.raises(PermanentFailure, match="120 seconds apart"):
        jaas.check()


# --- Settings ---------------------------------------------------------------------------------------------------


def written(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


def test_a_key_may_be_in_the_older_spelling(server: Eight, clock: MovedClock) -> None:
    older = private_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    assert older.startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert provider({**server.settings(), "JAAS_PRIVATE_KEY": older}, clock).check()


def test_a_key_may_come_in_one_line(server: Eight, clock: MovedClock) -> None:
    assert provider({**server.settings(), "JAAS_PRIVATE_KEY": pem().replace("\n", "\\n")}, clock).check()


def test_a_key_may_come_from_a_file(server: Eight, clock: MovedClock, tmp_path: Path) -> None:
    file = tmp_path / "jaas.pk"
    file.write_text(pem().replace("\n", "\r\n") + "\r\n", encoding="utf-8", newline="")
    env = {name: value for name, value in server.settings().items() if name != "JAAS_PRIVATE_KEY"}
    assert provider({**env, "JAAS_PRIVATE_KEY_FILE": str(file)}, clock).check()


def test_the_short_id_of_a_key_is_enough(server: Eight, clock: MovedClock) -> None:
    assert provider({**server.settings(), "JAAS_KEY_ID": "4f4910"}, clock).check()


WRONG_KEYS = [
    "secret-words",
    written(ec.generate_private_key(ec.SECP256R1())),
    written(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    written(private_key(), b"password"),
    pem()[:-200],
]


@pytest.mark.parametrize("wrong", WRONG_KEYS, ids=["no key", "not RSA", "short", "with a password", "cut"])
def test_a_key_that_is_none_is_told_at_the_start(server: Eight, wrong: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings(), "JAAS_PRIVATE_KEY": wrong})
    assert "JAAS_PRIVATE_KEY: must be an RSA private key" in str(raised.value)
    assert not [line for line in wrong.splitlines() if line in str(raised.value)]


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("JAAS_APP_ID", "my-app", "JAAS_APP_ID: "),
        ("JAAS_APP_ID", f"{APP_ID}/x", "JAAS_APP_ID: "),
        ("JAAS_KEY_ID", "", "JAAS_KEY_ID: is missing"),
        ("JAAS_WEBHOOK_SECRET", SECRET.removeprefix("whsec_"), "JAAS_WEBHOOK_SECRET: must be the whole secret"),
        ("JAAS_WEBHOOK_SECRET", "", "JAAS_WEBHOOK_SECRET: is missing"),
        ("JAAS_PREVIOUS_WEBHOOK_SECRET", "whsec_two words", "JAAS_PREVIOUS_WEBHOOK_SECRET: must be printable"),
        ("JAAS_FEATURES", "recording,flying", "JAAS_FEATURES: must be words out of file-upload, "),
        ("JAAS_LIMIT_HOURS", "200", "JAAS_LIMIT_HOURS: "),
        ("JAAS_URL", "8x8.vc", "JAAS_URL: must be an address"),
    ],
)
def test_wrong_settings_are_told(server: Eight, setting: str, value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings(), setting: value})
    assert complaint in str(raised.value)
    assert SECRET.removeprefix("whsec_") not in str(raised.value)
