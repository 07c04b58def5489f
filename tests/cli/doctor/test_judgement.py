"""What the doctor makes of an answer: tables, without anybody being asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from slack_sdk import WebClient

from app.cli.doctor.address import Answer, judge_answer, judge_host
from app.cli.doctor.findings import State
from app.cli.doctor.slack import Token, judge_client, judge_clock, judge_secret, judge_socket, judge_token
from app.cli.doctor.stored import Work, judge_keys, judge_tables, judge_work
from app.cli.doctor.vendors import judge_arrival, of_settings
from app.db import migrate
from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.registry import load_providers
from app.slack.scopes import BOT_SCOPES
from app.slack.tokens import Introduction
from tests.clocks import MovedClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SLACK = "https://slack.com/api/"
PUBLIC = "https://calls.example.com"
NOBODY = WebClient()
HEX = "0123456789abcdef" * 2
*ALL_BUT_ONE, LAST = BOT_SCOPES


# --- Slack


@pytest.mark.parametrize(
    ("seconds", "state", "says"),
    [
        (0, State.OK, "within 1 s of Slack's"),
        (60, State.OK, "within 60 s of Slack's"),
        (61, State.UNSURE, "61 seconds ahead of Slack's; from 300 on"),
        (-300, State.UNSURE, "300 seconds behind Slack's; from 300 on"),
        (301, State.WRONG, "301 seconds ahead of Slack's: all of Slack's requests are refused"),
        (-4000, State.WRONG, "4000 seconds behind Slack's: all of Slack's requests are refused"),
    ],
)
def test_the_clock(seconds: int, state: State, says: str) -> None:
    finding = judge_clock(NOON + timedelta(seconds=seconds), NOON, of_database=False)
    assert (finding.id, finding.state) == ("clock", state)
    assert says in finding.says
    assert bool(finding.fix) == (state is not State.OK)


def test_the_clock_that_is_to_be_set_is_the_one_that_the_app_goes_by() -> None:
    late = NOON + timedelta(hours=1)
    assert "of this machine" in judge_clock(late, NOON, of_database=False).fix
    assert "of the database server" in judge_clock(late, NOON, of_database=True).fix
    assert judge_clock(NOON, None, of_database=True).state is State.UNSURE


def introduction(*scopes: str, is_bot: bool = True, says_scopes: bool = True) -> Introduction:
    told = frozenset(scopes) if says_scopes else None
    return Introduction(team_id="T1", team="Analytical Engines", is_bot=is_bot, scopes=told)


@pytest.mark.parametrize(
    ("answer", "token", "scopes", "says"),
    [
        (introduction(*BOT_SCOPES), State.OK, State.OK, "all the scopes that are needed, and no others"),
        (introduction(*ALL_BUT_ONE), State.OK, State.WRONG, f"lacks {LAST}."),
        (introduction(), State.OK, State.WRONG, f"lacks {', '.join(BOT_SCOPES)}"),
        (introduction(*BOT_SCOPES, "c"), State.OK, State.UNSURE, "and c as well, which nothing needs"),
        (introduction(says_scopes=False), State.OK, State.UNSURE, "does not tell the scopes"),
        (introduction(*BOT_SCOPES, is_bot=False), State.WRONG, State.SKIPPED, "the token of a person"),
        (PermanentFailure("invalid_auth"), State.WRONG, State.SKIPPED, "Slack refuses it (invalid_auth)"),
        (PermanentFailure("token_revoked"), State.WRONG, State.SKIPPED, "Slack refuses it (token_revoked)"),
        (TemporaryFailure("http_503"), State.UNSURE, State.SKIPPED, "has not said what it makes of it (http_503)"),
        (RateLimited(30), State.UNSURE, State.SKIPPED, "has not said what it makes of it (ratelimited)"),
    ],
)
def test_a_token_and_its_scopes(answer: Introduction | RequestFailed, token: State, scopes: State, says: str) -> None:
    found = judge_token(Token("", "it", NOBODY), answer)
    assert [(one.id, one.state) for one in found] == [("token", token), ("scopes", scopes)]
    assert says in " ".join(one.says for one in found)
    assert all(one.fix for one in found if one.state is State.WRONG)


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("account_inactive", "Have the app installed there again: https://calls.example.com/slack/install."),
        ("token_expired", "Start a worker, which exchanges it for a new one, and look into its log. Or have the app"),
    ],
)
def test_the_token_of_a_workspace_is_mended_by_installing_again(code: str, fix: str) -> None:
    token = Token("T1", "T1's token", NOBODY, f"{PUBLIC}/slack/install")
    found = judge_token(token, PermanentFailure(code))
    assert [one.id for one in found] == ["token.T1", "scopes.T1"]
    assert found[0].fix.startswith(fix)
    [_, scopes] = judge_token(token, introduction())
    assert f"install the app again, at {PUBLIC}/slack/install." in scopes.fix


@pytest.mark.parametrize(
    ("secret", "age", "by_socket", "state", "says"),
    [
        (HEX, None, False, State.UNSURE, "Whether it is the right one cannot be found out from here"),
        (HEX, timedelta(days=2), False, State.UNSURE, "cannot be found out"),
        (HEX, timedelta(minutes=5), False, State.OK, "A call was asked for 5 minutes ago"),
        (HEX, None, True, State.OK, "come through the socket"),
        ("something-else", None, False, State.UNSURE, "is not 32 of 0–9 and a–f"),
        ("the-client-secret", None, False, State.WRONG, "is the same as SLACK_CLIENT_SECRET"),
        ("xoxb-1-2", None, False, State.WRONG, "is a token"),
        ("xapp-1-2", timedelta(minutes=5), True, State.WRONG, "is a token"),
    ],
)
def test_the_signing_secret(secret: str, age: timedelta | None, by_socket: bool, state: State, says: str) -> None:
    last = None if age is None else NOON - age
    others = {"SLACK_CLIENT_SECRET": "the-client-secret", "ANOTHER": ""}
    finding = judge_secret(secret, others, last, NOON, by_socket=by_socket)
    assert finding.state is state
    assert says in finding.says
    assert secret not in finding.says + finding.fix


@pytest.mark.parametrize(
    ("outcome", "state", "fix"),
    [
        (None, State.OK, ""),
        ("wss://example.com", State.OK, ""),
        (PermanentFailure("invalid_auth"), State.WRONG, "Copy the app-level token"),
        (PermanentFailure("missing_scope"), State.WRONG, "Make an app-level token with the scope connections:write"),
        (PermanentFailure("socket_mode_not_enabled"), State.WRONG, "Switch Socket Mode on"),
        (TemporaryFailure("http_503"), State.UNSURE, "Ask again"),
        (RateLimited(30), State.UNSURE, "Ask again"),
    ],
)
def test_socket_mode(outcome: str | RequestFailed | None, state: State, fix: str) -> None:
    finding = judge_socket(outcome)
    assert finding.state is state
    assert finding.fix.startswith(fix)
    assert "wss://" not in finding.says


def test_the_client_is_judged_by_what_slack_dislikes() -> None:
    assert judge_client(None).state is State.OK
    assert judge_client(PermanentFailure("invalid_code")).state is State.OK
    assert judge_client(PermanentFailure("bad_client_secret")).state is State.WRONG
    assert judge_client(TemporaryFailure("http_503")).state is State.UNSURE


# --- The address


@pytest.mark.parametrize(
    ("url", "state", "says"),
    [
        (PUBLIC, State.OK, "can be reached from anywhere"),
        ("https://192.0.2.7:8443", State.WRONG, "within a private network"),
        ("https://8.8.8.8", State.OK, "can be reached from anywhere"),
        ("http://calls.example.com", State.WRONG, "is not https"),
        ("http://localhost:8000", State.WRONG, "leads nowhere for others than this machine"),
        ("https://app.localhost", State.WRONG, "leads nowhere for others than this machine"),
        ("http://127.0.0.1:8000", State.WRONG, "leads nowhere for others than this machine"),
        ("http://[::1]:8000", State.WRONG, "leads nowhere for others than this machine"),
        ("http://0.0.0.0:8000", State.WRONG, "leads nowhere for others than this machine"),
        ("https://10.0.0.7", State.WRONG, "within a private network"),
        ("https://192.168.1.7", State.WRONG, "within a private network"),
        ("https://calls.internal", State.WRONG, "within a private network"),
        ("https://calls", State.WRONG, "within a private network"),
    ],
)
def test_an_address_that_slack_can_reach_or_not(url: str, state: State, says: str) -> None:
    finding = judge_host(url, SLACK, by_socket=False)
    assert (finding.id, finding.state) == ("public_url", state)
    assert says in finding.says
    assert ("SLACK_APP_TOKEN" in finding.fix) == (state is State.WRONG)
    by_socket = judge_host(url, SLACK, by_socket=True)
    assert by_socket.state is (State.OK if state is State.OK else State.UNSURE)
    assert judge_host(url, "http://127.0.0.1:4010/api/", by_socket=False).state is State.OK


@pytest.mark.parametrize(
    ("answer", "says", "fix"),
    [
        (Answer(200, False), "with another SECRET_KEY or SLACK_SIGNING_SECRET", "settings of this check"),
        (Answer(200, None), "but not as this app does", "where the proxy leads"),
        (Answer(308, None), "neither Slack nor providers follow", "to where it leads"),
        (Answer(401, None), "asks for credentials before the app is reached (401)", "through without"),
        (Answer(403, None), "is closed before the app is reached (403)", "through"),
        (Answer(404, None), "something else than this app (404)", "Look at PUBLIC_URL"),
        (Answer(500, None), "answers with an error (500)", "Look into the log"),
        (Answer(502, None), "a proxy that cannot reach the app (502)", "Start the app"),
        (Answer(504, None), "waits for the app in vain (504)", "Start the app again"),
        (httpx.ConnectError("refused"), "cannot be reached from this machine (ConnectError)", "python -m app serve"),
        (httpx.ConnectError("CERTIFICATE_VERIFY_FAILED"), "a certificate that is not trusted", "a known authority"),
        (httpx.ConnectTimeout(""), "cannot be reached from this machine", "python -m app serve"),
        (httpx.ReadTimeout(""), "did not answer in time", "whether the app is busy"),
        (httpx.RemoteProtocolError(""), "cannot be reached from this machine", "python -m app serve"),
    ],
)
def test_whatever_else_answers(answer: Answer | httpx.TransportError, says: str, fix: str) -> None:
    finding = judge_answer(PUBLIC, answer)
    assert (finding.id, finding.state) == ("public_url_answers", State.WRONG)
    assert says in finding.says
    assert fix in finding.fix


def test_whoever_proves_to_know_our_secret_is_us() -> None:
    assert judge_answer(PUBLIC, Answer(200, True)).state is State.OK


# --- What is stored


def test_the_tables() -> None:
    reached, tables = judge_tables(None, is_sqlite=True)
    assert (reached.state, tables.state) == (State.OK, State.OK)
    reached, tables = judge_tables("The database is not up to date.", is_sqlite=True)
    assert (reached.state, tables.state) == (State.OK, State.WRONG)
    assert tables.fix == "Run `python -m app db upgrade`."
    reached, tables = judge_tables(migrate.NOT_REACHED, is_sqlite=False)
    assert (reached.state, tables.state) == (State.WRONG, State.SKIPPED)
    assert "whether its server runs" in reached.fix


def test_the_keys() -> None:
    assert judge_keys(None, has_keys=True).state is State.OK
    assert "python -m app db key" in judge_keys(None, has_keys=False).fix
    lost = judge_keys("It is encrypted, and ENCRYPTION_KEYS is not set.", has_keys=False)
    assert (lost.state, "the key that is missing" in lost.fix) == (State.WRONG, True)


@pytest.mark.parametrize(
    ("work", "state", "says"),
    [
        (Work(True, 0.0), State.OK, "nothing that is due waits"),
        (Work(True, 60.0), State.OK, "nothing that is due waits"),
        (Work(True, 61.0), State.WRONG, "due for 61 seconds, and no worker takes it up"),
        (Work(False, 0.0), State.WRONG, "No process of the app is running"),
    ],
)
def test_the_work(work: Work, state: State, says: str) -> None:
    finding = judge_work(work)
    assert finding.state is state
    assert says in finding.says


# --- Providers


@pytest.mark.parametrize(
    ("age", "state", "says"),
    [
        (None, State.UNSURE, "None of the provider's own about a call has come yet"),
        (timedelta(seconds=0), State.OK, "came a minute ago"),
        (timedelta(seconds=119), State.OK, "came a minute ago"),
        (timedelta(minutes=119), State.OK, "came 119 minutes ago"),
        (timedelta(hours=3), State.OK, "came 3 hours ago"),
        (timedelta(days=5), State.OK, "came 5 days ago"),
    ],
)
def test_when_the_last_webhook_came(age: timedelta | None, state: State, says: str) -> None:
    env = {"LIVEKIT_URL": "https://lk.example.com", "LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32}
    provider = load_providers(env, MovedClock(), public_url=PUBLIC)["livekit"]
    account = of_settings(provider, None if age is None else NOON - age)
    finding = judge_arrival(account, "One arrived.", NOON)
    assert (finding.id, finding.state) == ("webhooks.livekit", state)
    assert finding.says.startswith("LiveKit: One arrived. ")
    assert says in finding.says
    assert ("python -m app providers setup livekit" in finding.fix) == (state is State.UNSURE)
