"""What each answer of Slack means for what we do next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from slack_sdk import WebClient

from app.clock import SystemClock
from app.emulator import Emulator
from app.emulator.faults import FaultKind
from app.errors import OutOfStep, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.slack.clients import RenewingClient
from app.slack.oauth import SlackOAuth
from app.slack.web_api import KINDS, make_client, send
from tests.providers.standin import HANG_UP, Reply, StandIn, nobody_there
from tests.slack.documented_codes import DOCUMENTED

NEWS = {"bad_users", "inactive_call", "invalid_call_id", "user_not_found"}


@pytest.fixture
def wire() -> Iterator[StandIn]:
    """Something that is not quite Slack."""
    with StandIn() as standing:
        yield standing


def failure_of(client: WebClient) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        send(client.calls_info, id="R1")
    return caught.value


def failure_from(wire: StandIn, reply: Reply) -> RequestFailed:
    wire.next_reply(reply)
    return failure_of(make_client("xoxb-local", f"{wire.url}/"))


def said(body: object, status: int = 200, retry_after: str | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(status, raw, headers if retry_after is None else {**headers, "retry-after": retry_after})


def is_temporary(failure: RequestFailed, *, effect_unknown: bool) -> bool:
    return isinstance(failure, TemporaryFailure) and failure.effect_unknown is effect_unknown


# --- The table -------------------------------------------------------------------------------------------------------


def test_every_documented_code_has_a_decided_kind() -> None:
    assert set(KINDS) == frozenset().union(*DOCUMENTED.values())


def test_what_slack_knows_better_is_news() -> None:
    assert {code for code, kind in KINDS.items() if kind is OutOfStep} == NEWS


@pytest.mark.parametrize("code", sorted(KINDS))
@pytest.mark.parametrize("ok", [False, True])
def test_a_code_has_its_kind_wherever_it_stands(wire: StandIn, code: str, ok: bool) -> None:
    """Slack's own examples print errors inside ``ok: true``."""
    failure = failure_from(wire, said({"ok": ok, "error": code}))
    assert type(failure) is KINDS[code]
    assert failure.code == ("ratelimited" if KINDS[code] is RateLimited else code)


def test_a_code_that_nobody_documents_is_permanent(wire: StandIn) -> None:
    failure = failure_from(wire, said({"ok": False, "error": "brand_new_error"}))
    assert isinstance(failure, PermanentFailure)
    assert failure.code == "brand_new_error"


@pytest.mark.parametrize("code", ["internal_error", "fatal_error"])
def test_an_error_on_their_side_may_come_after_the_effect(wire: StandIn, code: str) -> None:
    assert is_temporary(failure_from(wire, said({"ok": False, "error": code})), effect_unknown=True)


@pytest.mark.parametrize("code", ["service_unavailable", "request_timeout", "team_added_to_org"])
def test_a_refusal_for_now_has_had_no_effect(wire: StandIn, code: str) -> None:
    assert is_temporary(failure_from(wire, said({"ok": False, "error": code})), effect_unknown=False)


def test_what_slack_adds_to_a_code_is_kept_for_the_log(wire: StandIn) -> None:
    scope = failure_from(wire, said({"ok": False, "error": "missing_scope", "needed": "calls:read", "provided": "x"}))
    assert "needed: calls:read" in str(scope)
    details = {"messages": ["[ERROR] must provide an array [json-pointer:/users]"]}
    argument = failure_from(wire, said({"ok": False, "error": "invalid_arguments", "response_metadata": details}))
    assert "must provide an array" in str(argument)


# --- Too many requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17), ("0", 1), ("-5", 1), ("nan", 1), ("soon", 30), ("999999999", 3600), ("inf", 3600)],
)
def test_429_says_how_long_to_wait(wire: StandIn, header: str, seconds: float) -> None:
    reply = said({"ok": False, "error": "ratelimited"}, 429, retry_after=header)
    failure = failure_from(wire, reply)
    assert isinstance(failure, RateLimited)
    assert failure.retry_after_seconds == seconds


@pytest.mark.parametrize("body", [b"", b"<html>slow down</html>", b'{"ok":false,"error":"ratelimited"}'])
def test_429_without_a_header_or_a_body_waits_half_a_minute(wire: StandIn, body: bytes) -> None:
    failure = failure_from(wire, said(body, 429))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after_seconds == 30


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited", "message_limit_exceeded"])
def test_a_limit_may_also_be_told_with_200(wire: StandIn, code: str) -> None:
    failure = failure_from(wire, said({"ok": False, "error": code}, retry_after="4"))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after_seconds == 4


def test_the_emulators_429_is_read(slack: Emulator, client: WebClient) -> None:
    slack.faults.add("calls.info", "status", status=429, retry_after=12)
    failure = failure_of(client)
    assert isinstance(failure, RateLimited)
    assert failure.retry_after_seconds == 12


# --- Answers that are none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"ok":false,"error":"what_is_this"}'])
def test_a_server_error_may_have_had_its_effect(wire: StandIn, status: int, body: bytes) -> None:
    assert is_temporary(failure_from(wire, said(body, status)), effect_unknown=True)


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"{", b"null", b"[]", b'"ok"', b"17", b"{}", b"\xff\xfe"])
def test_an_answer_that_cannot_be_read_may_have_had_its_effect(wire: StandIn, body: bytes) -> None:
    failure = failure_from(wire, said(body))
    assert is_temporary(failure, effect_unknown=True)
    assert failure.code == "malformed_answer"


def test_an_answer_of_another_type_may_have_had_its_effect(wire: StandIn) -> None:
    packed = Reply(200, b"\x1f\x8b", {"Content-Type": "application/gzip"})
    strange = Reply(200, b"{}", {"Content-Type": "application/json; charset=klingon"})
    assert is_temporary(failure_from(wire, packed), effect_unknown=True)
    assert is_temporary(failure_from(wire, strange), effect_unknown=True)


def test_nobody_there_means_that_nothing_happened() -> None:
    client = make_client("xoxb-local", f"{nobody_there()}/")
    assert is_temporary(failure_of(client), effect_unknown=False)


def test_an_address_that_does_not_exist_means_that_nothing_happened() -> None:
    client = make_client("xoxb-local", "http://slack.invalid/api/")
    assert is_temporary(failure_of(client), effect_unknown=False)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "timeout_before", "timeout_after"])
def test_a_lost_answer_may_have_had_its_effect(slack: Emulator, impatient_client: WebClient, kind: FaultKind) -> None:
    slack.faults.add("calls.info", kind)
    assert is_temporary(failure_of(impatient_client), effect_unknown=True)
    assert slack.wait_until(slack.requests)
    assert len(slack.requests()) == 1


def test_a_dropped_connection_is_not_tried_again(wire: StandIn) -> None:
    """The SDK repeats a POST by default when the connection drops, also one that has had its effect."""
    assert is_temporary(failure_from(wire, HANG_UP), effect_unknown=True)
    assert len(wire.asked) == 1


# --- Where a token goes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_is_not_taken_along_to_another_host(wire: StandIn, status: int) -> None:
    with StandIn(lambda _: said({"ok": True})) as elsewhere:
        oauth = SlackOAuth(f"{wire.url}/", "1.2", "client-secret", "https://calls.example.com/back", SystemClock())
        renewing = RenewingClient("xoxb-secret", f"{wire.url}/", lambda _token, _code: None, team_id=None)
        clients = [make_client("xoxb-secret", f"{wire.url}/"), renewing]
        wire.always = Reply(status, b"", {"Location": f"{elsewhere.url}/api/"})
        for client in clients:
            with suppress(RequestFailed):
                send(client.auth_test)
        with suppress(RequestFailed):
            oauth.exchange("xoxe-1-a")
        assert len(wire.asked) == 3
        assert all("authorization" in each.headers for each in wire.asked)
        for each in elsewhere.asked:
            assert "authorization" not in each.headers
            assert (each.body, "xox" in each.path) == (b"", False)
