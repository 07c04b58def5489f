"""What a Jitsi server is asked, and the links into its rooms."""

from __future__ import annotations

import json
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

from app.domain.meetings import Meeting, MeetingRequest, Roster, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, TemporaryFailure
from app.providers.base import Provider
from app.providers.jitsi.web_app import muc_domain_in
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.jitsi.server import APP_ID, APP_SECRET, DOMAIN, MUC, TOKEN, JitsiServer, end_key, end_pem
from tests.providers.standin import HANG_UP, Reply, nobody_there

WEEKLY = MeetingRequest(key="weekly-1", title="Weekly sync")
ROOM = f"weekly-1@{MUC}"
ADA = Visitor(
    key="slack-T1-U1",
    name="Ada Lovelace",
    is_host=True,
    email="ada@example.com",
    avatar_url="https://example.com/a.png",
)
GUEST = Visitor(key="guest-1", name="Grace")
TIMELESS: Options = {"verify_exp": False, "verify_nbf": False}
VECTORS = Path("/work/shared/samples/providers/jitsi_event_sync/signature.json")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOON)


@pytest.fixture
def server(clock: MovedClock) -> Iterator[JitsiServer]:
    with JitsiServer(clock) as running:
        yield running


@pytest.fixture
def jitsi(server: JitsiServer, clock: MovedClock) -> Provider:
    return provider(server.settings_for_everything(), clock)


def provider(env: dict[str, str], clock: MovedClock | None = None) -> Provider:
    return load_providers(env, clock or MovedClock(NOON))["jitsi"]


# --- Rooms ------------------------------------------------------------------------------------------------------


def test_a_meeting_is_a_room_named_by_our_key(jitsi: Provider) -> None:
    assert jitsi.create_meeting(WEEKLY) == Meeting(id=ROOM)


def test_nobody_is_asked_for_it(jitsi: Provider, server: JitsiServer) -> None:
    jitsi.create_meeting(WEEKLY)
    assert server.asked == []


def test_without_tokens_all_get_the_same_link(server: JitsiServer) -> None:
    plain = provider(server.settings())
    assert plain.create_meeting(WEEKLY) == Meeting(id=ROOM, join_url=f"{server.url}/weekly-1")
    assert not plain.capabilities.personal_links
    with pytest.raises(NotImplementedError):
        plain.personal_link(Meeting(id=ROOM), ADA)


def test_meetings_are_at_conference_where_nothing_else_is_set() -> None:
    plain = provider({"JITSI_URL": "https://Meet.Example.com:8443/", "JITSI_WEBHOOK_TOKEN": TOKEN})
    expected = Meeting(id="weekly-1@conference.meet.example.com", join_url="https://Meet.Example.com:8443/weekly-1")
    assert plain.create_meeting(WEEKLY) == expected


def test_a_tenant_stands_in_the_address_as_events_have_it(server: JitsiServer) -> None:
    plain = provider({**server.settings(), "JITSI_TENANT": "Acme"})
    assert plain.create_meeting(WEEKLY) == Meeting(id=f"[acme]weekly-1@{MUC}", join_url=f"{server.url}/acme/weekly-1")


# --- Personal links ---------------------------------------------------------------------------------------------


def claims_in(link: str) -> dict[str, Any]:
    (token,) = parse_qs(urlsplit(link).query)["jwt"]
    claims: dict[str, Any] = jwt.decode(token, APP_SECRET, ["HS256"], TIMELESS, audience="jitsi", issuer=APP_ID)
    return claims


def test_a_personal_link_lets_one_person_into_one_room(jitsi: Provider, server: JitsiServer) -> None:
    link = jitsi.personal_link(Meeting(id=ROOM), ADA)
    assert (link.person_key, link.is_proof) == ("slack-T1-U1", True)
    assert link.url.startswith(f"{server.url}/weekly-1?jwt=")
    claims = claims_in(link.url)
    assert (claims["room"], claims["sub"]) == ("weekly-1", DOMAIN)
    assert claims["context"]["user"] == {
        "id": "slack-T1-U1",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "avatar": "https://example.com/a.png",
        "moderator": "true",
    }


def test_a_guest_is_no_moderator_and_has_no_nulls(jitsi: Provider) -> None:
    """Prosody's identity module fails on anything but texts."""
    user = claims_in(jitsi.personal_link(Meeting(id=ROOM), GUEST).url)["context"]["user"]
    assert user == {"id": "guest-1", "name": "Grace", "moderator": "false"}


def test_a_tenants_link_is_of_that_tenant(jitsi: Provider, server: JitsiServer) -> None:
    link = jitsi.personal_link(Meeting(id=f"[acme]weekly-1@{MUC}"), ADA).url
    assert link.startswith(f"{server.url}/acme/weekly-1?jwt=")
    assert (claims_in(link)["room"], claims_in(link)["sub"]) == ("weekly-1", "acme")


def test_a_personal_link_is_good_for_six_hours_and_for_clocks_a_minute_behind(jitsi: Provider) -> None:
    claims = claims_in(jitsi.personal_link(Meeting(id=ROOM), ADA).url)
    now = NOON.timestamp()
    assert (claims["nbf"] - now, claims["exp"] - now) == (-60, timedelta(hours=6).total_seconds())


@pytest.mark.skipif(not VECTORS.exists(), reason="the collected vectors are not on this machine")
def test_our_link_says_what_the_collected_one_says() -> None:
    vector = json.loads(VECTORS.read_text(encoding="utf-8"))["join_jwt"]
    theirs = vector["claims"]
    user = theirs["context"]["user"]
    visitor = Visitor(key=user["id"], name=user["name"], email=user["email"], avatar_url=user["avatar"])
    env = {"JITSI_URL": "https://meet.example.com", "JITSI_WEBHOOK_TOKEN": TOKEN}
    env |= {"JITSI_APP_ID": theirs["iss"], "JITSI_APP_SECRET": vector["app_secret"]}
    link = provider(env).personal_link(Meeting(id="catchup@conference.meet.example.com"), visitor).url
    address, _, token = link.partition("?jwt=")
    ours = jwt.decode(token, vector["app_secret"], ["HS256"], TIMELESS, audience=theirs["aud"], issuer=theirs["iss"])
    assert address == vector["join_url"].partition("?jwt=")[0]
    assert (ours["sub"], ours["room"]) == (theirs["sub"], theirs["room"])
    assert user.items() <= ours["context"]["user"].items()


# --- Whether it runs ---------------------------------------------------------------------------------------------


def test_where_it_can_be_asked_time_ends_no_call(jitsi: Provider) -> None:
    assert (jitsi.limit_seconds, jitsi.idle_seconds) == (None, None)


def test_a_room_that_runs_does_not_tell_who_is_in_it(jitsi: Provider, server: JitsiServer) -> None:
    server.rooms.add(ROOM)
    assert jitsi.look(Meeting(id=ROOM)) == Roster((), is_complete=False)


def test_a_room_that_nobody_has_come_to_is_empty(jitsi: Provider) -> None:
    assert jitsi.look(jitsi.create_meeting(WEEKLY)) == Roster((), has_begun=False)


def test_for_an_hour(jitsi: Provider, clock: MovedClock) -> None:
    meeting = jitsi.create_meeting(WEEKLY)
    jitsi.look(meeting)
    clock.move(3599)
    assert jitsi.look(meeting) == Roster((), has_begun=False)
    clock.move(1)
    assert jitsi.look(meeting) is None


def test_a_room_that_has_run_and_is_gone_is_over(jitsi: Provider, server: JitsiServer) -> None:
    server.rooms.add(ROOM)
    jitsi.look(Meeting(id=ROOM))
    server.rooms.clear()
    assert jitsi.look(Meeting(id=ROOM)) is None


def test_a_room_that_begins_late_is_not_over(jitsi: Provider, server: JitsiServer, clock: MovedClock) -> None:
    meeting = jitsi.create_meeting(WEEKLY)
    jitsi.look(meeting)
    clock.move(3599)
    server.rooms.add(ROOM)
    clock.move(2)
    assert jitsi.look(meeting) == Roster((), is_complete=False)


def test_a_tenants_room_is_asked_for_with_its_tenant(jitsi: Provider, server: JitsiServer) -> None:
    server.rooms.add(f"[acme]weekly-1@{MUC}")
    assert jitsi.look(Meeting(id=f"[acme]weekly-1@{MUC}")) == Roster((), is_complete=False)
    assert jitsi.look(Meeting(id=ROOM)) == Roster((), has_begun=False)


def test_a_missing_module_ends_no_call(jitsi: Provider, server: JitsiServer) -> None:
    """It answers 404 to everything, as the module does for a room that is gone."""
    server.next_reply(Reply(404))
    server.next_reply(Reply(404))
    with pytest.raises(PermanentFailure, match="mod_muc_size is not behind JITSI_SIZE_URL"):
        jitsi.look(Meeting(id=ROOM))


def test_without_the_module_time_ends_a_call(server: JitsiServer) -> None:
    plain = provider({**server.settings(), "JITSI_LIMIT_HOURS": "2"})
    assert not plain.capabilities.looks
    assert plain.limit_seconds == 7200
    assert provider(server.settings()).limit_seconds == 12 * 3600
    assert plain.idle_seconds == 7200
    with pytest.raises(NotImplementedError):
        plain.look(Meeting(id=ROOM))


def test_a_room_is_asked_for_without_a_token_where_there_are_none(server: JitsiServer) -> None:
    plain = provider({**server.settings(), "JITSI_SIZE_URL": server.url})
    plain.look(Meeting(id=ROOM))
    assert server.asked[0].path == f"/room-size?room=weekly-1&domain={DOMAIN}"


# --- The end ----------------------------------------------------------------------------------------------------


def test_an_ended_meeting_has_no_room(jitsi: Provider, server: JitsiServer) -> None:
    server.rooms |= {ROOM, f"other@{MUC}"}
    jitsi.end_meeting(Meeting(id=ROOM))
    assert server.rooms == {f"other@{MUC}"}


def test_a_tenants_room_is_ended_by_its_address(jitsi: Provider, server: JitsiServer) -> None:
    server.rooms.add(f"[acme]weekly-1@{MUC}")
    jitsi.end_meeting(Meeting(id=f"[acme]weekly-1@{MUC}"))
    assert server.rooms == set()


def test_a_room_that_is_gone_is_ended(jitsi: Provider) -> None:
    jitsi.end_meeting(Meeting(id=ROOM))


def test_a_module_that_is_gone_has_ended_nothing(jitsi: Provider, server: JitsiServer) -> None:
    server.rooms.add(ROOM)
    server.next_reply(Reply(404))
    server.next_reply(Reply(404))
    with pytest.raises(PermanentFailure, match="mod_muc_end_meeting is not behind JITSI_END_URL"):
        jitsi.end_meeting(Meeting(id=ROOM))
    assert jitsi.look(Meeting(id=ROOM)) == Roster((), is_complete=False)


def test_without_the_module_no_meeting_is_ended(server: JitsiServer) -> None:
    plain = provider(server.settings())
    assert not plain.capabilities.ends_meetings
    with pytest.raises(NotImplementedError):
        plain.end_meeting(Meeting(id=ROOM))


def test_the_token_that_ends_meetings_is_short_lived(jitsi: Provider, server: JitsiServer) -> None:
    jitsi.end_meeting(Meeting(id=ROOM))
    token = server.asked[0].headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, end_key().public_key(), ["RS256"], TIMELESS, audience="jitsi", issuer=APP_ID)
    assert claims["exp"] - NOON.timestamp() == 120


# --- When something is wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_names_its_settings(jitsi: Provider, server: JitsiServer, status: int) -> None:
    server.next_reply(Reply(status))
    with pytest.raises(PermanentFailure, match="Check JITSI_END_PRIVATE_KEY and JITSI_END_KEY_ID and JITSI_APP_ID"):
        jitsi.end_meeting(Meeting(id=ROOM))
    server.next_reply(Reply(status))
    with pytest.raises(PermanentFailure, match="Check JITSI_SIZE_URL and JITSI_APP_SECRET"):
        jitsi.look(Meeting(id=ROOM))


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(jitsi: Provider, server: JitsiServer) -> None:
    server.next_reply(Reply(429, headers={"Retry-After": "17"}))
    with pytest.raises(RateLimited) as raised:
        jitsi.end_meeting(Meeting(id=ROOM))
    assert raised.value.retry_after_seconds == 17


@pytest.mark.parametrize("reply", [Reply(500), Reply(502), Reply(503), HANG_UP, Reply(200, b"<html>")])
def test_trouble_with_the_server_may_pass(jitsi: Provider, server: JitsiServer, reply: Reply) -> None:
    server.next_reply(reply)
    with pytest.raises(TemporaryFailure):
        jitsi.look(Meeting(id=ROOM))


def test_an_answer_of_another_kind_is_told(jitsi: Provider, server: JitsiServer) -> None:
    server.next_reply(Reply(200, b'{"size":1}'))
    with pytest.raises(PermanentFailure, match="participants"):
        jitsi.look(Meeting(id=ROOM))


def test_a_server_that_is_not_there_may_come_back(server: JitsiServer) -> None:
    gone = {**server.settings_for_everything(), "JITSI_END_URL": nobody_there()}
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        provider(gone).end_meeting(Meeting(id=ROOM))


# --- Checks -----------------------------------------------------------------------------------------------------


def test_a_check_tells_what_is_proven(jitsi: Provider) -> None:
    assert jitsi.check() == [
        f"It answers, and its meetings are at {MUC}.",
        "Jitsi Meet does not tell its time.",
        "mod_muc_size tells which rooms there are.",
        "mod_muc_end_meeting answers, and accepts JITSI_END_PRIVATE_KEY.",
    ]


def test_a_check_changes_nothing(jitsi: Provider, server: JitsiServer) -> None:
    server.rooms.add(ROOM)
    jitsi.check()
    assert server.rooms == {ROOM}


def test_a_wrong_domain_of_meetings_is_found(jitsi: Provider, server: JitsiServer) -> None:
    """No event would ever be about a call of ours."""
    server.config = "var config = { hosts: { muc: 'conference.meet.example.com' } };"
    with pytest.raises(
        PermanentFailure, match=r"JITSI_MUC_DOMAIN is muc\.meet\.jitsi, but the web app says conference"
    ):
        jitsi.check()


@pytest.mark.parametrize("config", [Reply(404), Reply(200, b"var config = {};"), Reply(200, b"\xff\xfe")])
def test_a_web_app_that_does_not_tell_its_domain_proves_less(server: JitsiServer, config: Reply) -> None:
    server.next_reply(config)
    assert provider(server.settings()).check()[0].startswith("It answers. Its config.js does not tell")


@pytest.mark.parametrize(
    ("module", "position"),
    [("mod_muc_size is not behind JITSI_SIZE_URL", 1), ("mod_muc_end_meeting is not behind JITSI_END_URL", 3)],
)
def test_a_check_finds_a_missing_module(jitsi: Provider, server: JitsiServer, module: str, position: int) -> None:
    expected = [Reply(200, server.config.encode()), Reply(404), Reply(400), Reply(404)]
    for reply in [*expected[:position], Reply(404), Reply(404)]:
        server.next_reply(reply)
    with pytest.raises(PermanentFailure, match=module):
        jitsi.check()


def test_a_check_finds_a_foreign_key(server: JitsiServer, clock: MovedClock) -> None:
    foreign = {**server.settings_for_everything(), "JITSI_END_KEY_ID": "another"}
    with pytest.raises(PermanentFailure, match="JITSI_END_KEY_ID"):
        provider(foreign, clock).check()


@pytest.mark.parametrize(
    "config",
    [
        "config.hosts.muc = 'muc.meet.jitsi';",
        "config.hosts.muc = 'muc.' + subdomain + 'meet.jitsi';",
        "    hosts: {\n        domain: 'meet.jitsi',\n        muc: 'muc.' + subdomain + 'meet.jitsi',\n    },",
        "    hosts: { domain: 'meet.jitsi', muc: `muc.${subdomain}meet.jitsi` },",
        """var config = {hosts: {"domain": "meet.jitsi", "muc": "muc.<!--# echo var="subdomain" -->Meet.Jitsi"}};""",
        "    // muc: 'conference.example.com'\n    muc: 'muc.meet.jitsi'\n",
        "    muc: 'conference.example.com',\n};\nconfig.hosts.muc = 'muc.meet.jitsi';",
    ],
)
def test_where_meetings_are_is_read_from_what_web_apps_say(config: str) -> None:
    assert muc_domain_in(config) == "muc.meet.jitsi"


@pytest.mark.parametrize("config", ["", "var config = {};", "config.hosts.muc = domain;", "mucks: 'x'", "// muc: 'x'"])
def test_and_is_not_made_up(config: str) -> None:
    assert muc_domain_in(config) is None


# --- Settings ---------------------------------------------------------------------------------------------------


def test_a_key_may_come_in_one_line(server: JitsiServer, clock: MovedClock) -> None:
    env = server.settings_for_everything()
    one_line = provider({**env, "JITSI_END_PRIVATE_KEY": env["JITSI_END_PRIVATE_KEY"].replace("\n", "\\n")}, clock)
    server.rooms.add(ROOM)
    one_line.end_meeting(Meeting(id=ROOM))
    assert server.rooms == set()


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


WRONG_KEYS = [
    "secret-words",
    pem(ec.generate_private_key(ec.SECP256R1())),
    pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    pem(end_key(), b"password"),
    end_pem()[:-200],
]


@pytest.mark.parametrize("wrong", WRONG_KEYS, ids=["no key", "not RSA", "short", "with a password", "cut"])
def test_a_key_that_is_none_is_told_at_the_start(server: JitsiServer, wrong: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings_for_everything(), "JITSI_END_PRIVATE_KEY": wrong})
    assert "JITSI_END_PRIVATE_KEY: must be an RSA private key" in str(raised.value)
    assert not [line for line in wrong.splitlines() if line in str(raised.value)]


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("JITSI_URL", "meet.example.com", "JITSI_URL: must be an address"),
        ("JITSI_URL", "https://meet.example.com/?x=1", "JITSI_URL: must be an address"),
        ("JITSI_WEBHOOK_TOKEN", "", "JITSI_WEBHOOK_TOKEN: is missing"),
        ("JITSI_WEBHOOK_TOKEN", "Bearer x", "JITSI_WEBHOOK_TOKEN: must be printable ASCII"),
        ("JITSI_APP_SECRET", "", "JITSI_APP_SECRET: must be given together with JITSI_APP_ID"),
        ("JITSI_APP_ID", "", "JITSI_APP_SECRET: must be given together with JITSI_APP_ID"),
        ("JITSI_END_URL", "", "JITSI_END_KEY_ID: must be given together with JITSI_END_URL"),
        ("JITSI_END_PRIVATE_KEY", "", "JITSI_END_PRIVATE_KEY: must be given together with JITSI_END_URL"),
        ("JITSI_MUC_DOMAIN", "meet", "JITSI_MUC_DOMAIN: "),
        ("JITSI_MUC_DOMAIN", "x" * 60 + "." + "x" * 60, "JITSI_MUC_DOMAIN: "),
        ("JITSI_TENANT", "a/b", "JITSI_TENANT: "),
        ("JITSI_LIMIT_HOURS", "0", "JITSI_LIMIT_HOURS: "),
    ],
)
def test_wrong_settings_are_told(server: JitsiServer, setting: str, value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings_for_everything(), setting: value})
    assert complaint in str(raised.value)
