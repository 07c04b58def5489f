"""What can come of a request, and which kind of error it becomes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

import httpx
import pytest
from pydantic import BaseModel

from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.http import ANSWER_WITHIN, LARGEST_ANSWER, TIMEOUT, Answer, Http
from tests.clocks import NOON, MovedClock
from tests.providers.standin import HANG_UP, SAY_NOTHING, Reply, StandIn, nobody_there

TOKEN = "token-that-must-not-be-seen"
BODY = b"body-that-must-not-be-seen"


class Shape(BaseModel):
    count: int


@pytest.fixture
def vendor() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOON)


@pytest.fixture
def http(vendor: StandIn, clock: MovedClock) -> Http:
    return http_to(vendor.url, clock)


def http_to(url: str, clock: MovedClock, *, patience_seconds: float = 20.0) -> Http:
    """Patient, because a busy machine is slow: only who is told to wait in vain is not."""
    timeout = httpx.Timeout(20.0, read=patience_seconds)
    return Http(
        url, clock, vendor="Example", check=("EXAMPLE_KEY", "EXAMPLE_SECRET"), only_public=False, timeout=timeout
    )


def ask(http: Http, *, expected: frozenset[int] = frozenset()) -> Answer:
    return http.request("POST", "/path?x=1", authorization=f"Bearer {TOKEN}", content=BODY, expected=expected)


def failure(http: Http) -> RequestFailed:
    with pytest.raises(RequestFailed) as raised:
        ask(http)
    return raised.value


def test_the_vendor_gets_what_we_send(http: Http, vendor: StandIn) -> None:
    ask(http)
    asked = vendor.asked[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/path?x=1", BODY)
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


def test_the_answer_comes_whole(http: Http, vendor: StandIn) -> None:
    vendor.next_reply(Reply(201, b"made"))
    assert ask(http) == Answer(201, b"made")


def test_an_expected_status_is_an_answer(http: Http, vendor: StandIn) -> None:
    vendor.next_reply(Reply(404))
    assert ask(http, expected=frozenset({404})).status == 404


def test_the_connection_is_kept(http: Http, vendor: StandIn) -> None:
    ask(http)
    ask(http)
    assert len({asked.connection for asked in vendor.asked}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_a_refusal_is_for_good(http: Http, vendor: StandIn, status: int) -> None:
    vendor.next_reply(Reply(status))
    error = failure(http)
    assert isinstance(error, PermanentFailure)
    assert error.code == f"http_{status}"


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_the_settings(http: Http, vendor: StandIn, status: int) -> None:
    vendor.next_reply(Reply(status))
    assert "Check EXAMPLE_KEY and EXAMPLE_SECRET." in str(failure(http))


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"code": 3001, "message": "Meeting does not exist."}, "3001"),
        ({"code": "not_found"}, "not_found"),
        ({"code": ""}, "http_404"),
        ({"code": None}, "http_404"),
        ({"code": "two words"}, "http_404"),
        ({"code": f"x{TOKEN.replace('-', '_')}"}, "http_404"),
        ({"message": "no code"}, "http_404"),
        ([3001], "http_404"),
    ],
)
def test_a_vendors_own_word_for_it_is_the_code(vendor: StandIn, clock: MovedClock, told: object, code: str) -> None:
    secrets = [TOKEN.replace("-", "_")]
    http = Http(vendor.url, clock, vendor="Example", check=(), only_public=False, secrets=secrets, code_field="code")
    vendor.next_reply(Reply(404, json.dumps(told).encode()))
    assert failure(http).code == code


@pytest.mark.parametrize("status", [408, 425])
def test_a_vendor_in_trouble_may_recover(http: Http, vendor: StandIn, status: int) -> None:
    vendor.next_reply(Reply(status))
    error = failure(http)
    assert isinstance(error, TemporaryFailure)
    assert not error.effect_unknown


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_a_server_error_nobody_knows_what_was_done(http: Http, vendor: StandIn, status: int) -> None:
    vendor.next_reply(Reply(status))
    error = failure(http)
    assert isinstance(error, TemporaryFailure)
    assert error.effect_unknown


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("2026-11-20T12:00:30Z", 30),
        ("2026-11-20T12:00:30", 5),
        ("86400", 600),
        ("9" * 400, 600),
        ("Fri, 20 Nov 9999 12:00:30 GMT", 600),
        ("Fri, 20 Nov 2026 12:00:30", 5),
        ("soon", 5),
        ("-3", 5),
        ("", 5),
    ],
)
def test_a_vendor_says_when_to_come_back(http: Http, vendor: StandIn, header: str, seconds: float) -> None:
    vendor.next_reply(Reply(429, headers={"Retry-After": header}))
    error = failure(http)
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == seconds


def test_redirects_are_not_followed(http: Http, vendor: StandIn) -> None:
    vendor.next_reply(Reply(302, headers={"Location": f"{vendor.url}/elsewhere"}))
    error = failure(http)
    assert isinstance(error, PermanentFailure)
    assert "Redirects are not followed" in str(error)
    assert len(vendor.asked) == 1


def test_an_unreachable_vendor_has_done_nothing(clock: MovedClock) -> None:
    error = failure(http_to(nobody_there(), clock))
    assert isinstance(error, TemporaryFailure)
    assert error.code == "unreachable"
    assert not error.effect_unknown


def test_a_silent_vendor_may_have_done_it(vendor: StandIn, clock: MovedClock) -> None:
    vendor.next_reply(SAY_NOTHING)
    error = failure(http_to(vendor.url, clock, patience_seconds=0.05))
    assert isinstance(error, TemporaryFailure)
    assert error.code == "timeout"
    assert error.effect_unknown


def test_a_vendor_that_hangs_up_may_have_done_it(http: Http, vendor: StandIn) -> None:
    vendor.next_reply(HANG_UP)
    error = failure(http)
    assert isinstance(error, TemporaryFailure)
    assert error.code == "dropped"
    assert error.effect_unknown


def test_a_half_answer_counts_as_none(http: Http, vendor: StandIn) -> None:
    vendor.next_reply(Reply(200, b"half", {"Content-Length": "1000", "Connection": "close"}))
    assert failure(http).code in {"dropped", "timeout"}


def test_nothing_is_sent_twice(http: Http, vendor: StandIn) -> None:
    vendor.next_reply(HANG_UP)
    failure(http)
    assert len(vendor.asked) == 1


def test_an_endless_answer_is_cut_off(http: Http, vendor: StandIn) -> None:
    vendor.next_reply(Reply(200, b"x" * (LARGEST_ANSWER + 1)))
    assert failure(http).code == "answer_too_large"


class HurriedClock(MovedClock):
    """Eleven seconds go by between one look and the next."""

    def now(self) -> datetime:
        self.move(11)
        return super().now()


def test_a_dripping_answer_is_cut_off(vendor: StandIn) -> None:
    vendor.next_reply(Reply(200, b"drop"))
    assert failure(http_to(vendor.url, HurriedClock())).code == "timeout"


def test_a_request_is_over_before_another_worker_may_take_the_call_over() -> None:
    before_the_body = sum(seconds or 0 for seconds in TIMEOUT.as_dict().values())
    assert max(before_the_body, ANSWER_WITHIN.total_seconds() + (TIMEOUT.read or 0)) < 15


def test_an_answer_that_begins_late_is_not_read(vendor: StandIn) -> None:
    vendor.next_reply(Reply(204))
    assert failure(http_to(vendor.url, HurriedClock())).code == "timeout"


def test_a_packed_answer_is_not_unpacked(http: Http, vendor: StandIn) -> None:
    packed = gzip.compress(b"0" * 100_000)
    vendor.next_reply(Reply(200, packed, {"Content-Encoding": "gzip"}))
    assert ask(http).body == packed


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "Too few seats"},
        {"error": {"message": "Too few seats"}},
        {"code": "x", "msg": "Too few seats"},
        {"error": "conflict", "info": "Too few seats"},
        {"error": "conflict", "reason": "Too few seats"},
        {"error": "Too few seats"},
    ],
)
def test_the_vendors_own_words_are_told(http: Http, vendor: StandIn, answer: object) -> None:
    vendor.next_reply(Reply(409, json.dumps(answer).encode()))
    assert "Example answered 409 (Too few seats)." in str(failure(http))


@pytest.mark.parametrize(
    "body",
    [
        b"<html>secret page</html>",
        b"\xff",
        b"[" * 5000,
        b'["secret"]',
        b'{"message": {"secret": 1}}',
        json.dumps({"message": f"secret: bad token {TOKEN}"}).encode(),
        json.dumps({"message": "x" * 190 + TOKEN}).encode(),
    ],
)
def test_words_that_may_hold_anything_are_not(http: Http, vendor: StandIn, body: bytes) -> None:
    vendor.next_reply(Reply(400, body))
    assert str(failure(http)).endswith("Example answered 400.")


@pytest.mark.parametrize("reply", [Reply(400), Reply(401), Reply(429), Reply(500), Reply(302), HANG_UP])
def test_no_error_holds_our_token_or_body(http: Http, vendor: StandIn, reply: Reply) -> None:
    vendor.next_reply(reply)
    error = failure(http)
    assert TOKEN not in f"{error!r} {error.__cause__!r}"
    assert BODY.decode() not in f"{error!r} {error.__cause__!r}"


def test_a_secret_that_was_not_sent_as_authorization_is_not_told_either(vendor: StandIn, clock: MovedClock) -> None:
    http = Http(vendor.url, clock, vendor="Example", check=(), only_public=False, secrets=("another", TOKEN))
    vendor.next_reply(Reply(400, json.dumps({"message": f"{TOKEN} is no checksum"}).encode()))
    with pytest.raises(PermanentFailure) as raised:
        http.request("GET", f"/path?checksum={TOKEN}")
    assert str(raised.value).endswith("Example answered 400.")


def test_words_without_a_secret_are_told_beside_one(vendor: StandIn, clock: MovedClock) -> None:
    http = Http(vendor.url, clock, vendor="Example", check=(), only_public=False, secrets=(TOKEN,))
    vendor.next_reply(Reply(400, b'{"message": "Too few seats"}'))
    with pytest.raises(PermanentFailure, match="Too few seats"):
        http.request("GET", f"/path?checksum={TOKEN}")


def test_where_the_path_proves_who_we_are_there_is_no_authorization(http: Http, vendor: StandIn) -> None:
    http.request("GET", "/path?checksum=1")
    assert "authorization" not in vendor.asked[0].headers


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_clocks_within_a_minute_agree(http: Http, vendor: StandIn, clock: MovedClock, seconds: float) -> None:
    vendor.next_reply(Reply(headers={"Date": format_datetime(NOON, usegmt=True)}))
    clock.move(seconds)
    assert http.compare_clocks(ask(http)) == "Our clock agrees with Example's."


@pytest.mark.parametrize("seconds", [-61, 61, 86400])
def test_clocks_that_are_further_apart_are_to_be_mended(
    http: Http, vendor: StandIn, clock: MovedClock, seconds: float
) -> None:
    vendor.next_reply(Reply(headers={"Date": format_datetime(NOON, usegmt=True)}))
    clock.move(seconds)
    with pytest.raises(PermanentFailure, match=f"are {abs(seconds)} seconds apart: set this machine's clock") as raised:
        http.compare_clocks(ask(http))
    assert raised.value.code == "clock"


@pytest.mark.parametrize("headers", [{}, {"Date": "today"}, {"Date": "Fri, 20 Nov 2026 12:00:00"}, {"Date": ""}])
def test_a_vendor_that_does_not_tell_its_time_is_not_compared(
    http: Http, vendor: StandIn, headers: dict[str, str]
) -> None:
    vendor.next_reply(Reply(headers=headers))
    assert http.compare_clocks(ask(http)) == "Example does not tell its time."


def test_an_answer_of_the_expected_shape_is_read() -> None:
    assert Answer(200, b'{"count": 3}').read(Shape).count == 3


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"{"])
def test_what_is_no_json_may_pass(body: bytes) -> None:
    with pytest.raises(TemporaryFailure) as raised:
        Answer(200, body).read(Shape)
    assert raised.value.effect_unknown


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"deleted": true}'])
def test_a_success_may_tell_anything_or_nothing(body: bytes) -> None:
    Answer(200, body).read_nothing()


def test_a_page_in_the_place_of_a_success_may_pass() -> None:
    with pytest.raises(TemporaryFailure) as raised:
        Answer(200, b"<html>We'll be right back</html>").read_nothing()
    assert raised.value.effect_unknown


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'{"count": "many"}'])
def test_json_of_another_shape_is_for_good(body: bytes) -> None:
    with pytest.raises(PermanentFailure, match="bad_answer"):
        Answer(200, body).read(Shape)
