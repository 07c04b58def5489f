"""``python -m app providers``: what it says of settings that work, and of those that do not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli import main
from app.cli.arrival import try_delivery
from app.clock import SystemClock
from app.errors import PermanentFailure
from app.providers.registry import PROVIDERS, load_providers
from tests.clocks import MovedClock
from tests.processes import ROOT, clean
from tests.providers.bigbluebutton.server import SECRET as BIGBLUEBUTTON_SECRET
from tests.providers.bigbluebutton.server import BigBlueButtonServer
from tests.providers.daily.server import KEY as DAILY_KEY
from tests.providers.daily.server import SECRET as DAILY_SECRET
from tests.providers.daily.server import DailyServer
from tests.providers.jitsi.server import TOKEN, JitsiServer
from tests.providers.livekit.server import SECRET, LiveKitServer
from tests.providers.mirotalk.server import MiroTalkServer
from tests.providers.standard.reference_server import API_KEY, ReferenceServer
from tests.providers.standard.reference_server import SECRET as STANDARD_SECRET
from tests.providers.standin import HANG_UP, SAY_NOTHING, Asked, Reply, StandIn, nobody_there
from tests.running import Running

LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}", "LINK_NAME": "Jitsi Meet"}
SECRETS = (SECRET, API_KEY, STANDARD_SECRET, DAILY_KEY, DAILY_SECRET, TOKEN, BIGBLUEBUTTON_SECRET)


@pytest.fixture
def standard() -> Iterator[ReferenceServer]:
    with ReferenceServer() as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[StandIn]:
    """Whatever answers under PUBLIC_URL instead of the app."""
    with StandIn() as stand_in:
        yield stand_in


Say = Callable[..., tuple[int, str]]


@pytest.fixture
def providers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """``providers("check", env=…)``: the exit code, and all that was printed, in which no secret may be."""

    def say(*arguments: str, env: Mapping[str, str]) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        code = main(["providers", *arguments])
        printed = "".join(capsys.readouterr())
        assert not [secret for secret in SECRETS if secret in printed]
        return code, printed

    return say


def deliveries_of(app: Running) -> list[tuple[str, str]]:
    with app.switchboard.database.reading() as connection:
        return [(row.provider, row.outcome) for row in connection.execute(text("SELECT * FROM deliveries"))]


# --- check ------------------------------------------------------------------------------------------------------


def test_what_works_is_said_to_work(run_app: Callable[..., Running], livekit: LiveKitServer, providers: Say) -> None:
    app = run_app(**livekit.settings())
    code, told = providers("check", "livekit", env={**livekit.settings(), "PUBLIC_URL": app.url})
    assert told == (
        "LiveKit (livekit)\n"
        "  ok: It answers, and accepts LIVEKIT_API_KEY and LIVEKIT_API_SECRET.\n"
        "  ok: LiveKit does not tell its time.\n"
        f"  ok: A signed test delivery arrived at {app.url}/webhooks/livekit.\n"
    )
    assert code == 0
    assert deliveries_of(app) == [("livekit", "unmatched")]


def test_all_are_checked_when_none_is_named(
    run_app: Callable[..., Running], livekit: LiveKitServer, standard: ReferenceServer, providers: Say
) -> None:
    settings = {**livekit.settings(), **standard.settings(), **LINK}
    app = run_app(**settings, DEFAULT_PROVIDER="link")
    code, told = providers("check", env={**settings, "PUBLIC_URL": app.url})
    for sentence in (
        f"A signed test delivery arrived at {app.url}/webhooks/livekit.",
        f"A signed test delivery arrived at {app.url}/webhooks/standard.",
        "Jitsi Meet (link)\n  ok: Links are made from LINK_TEMPLATE",
    ):
        assert sentence in told
    assert code == 0
    assert sorted(deliveries_of(app)) == [("livekit", "unmatched"), ("standard", "unmatched")]


def test_the_command_needs_neither_slack_nor_a_database(
    run_app: Callable[..., Running], livekit: LiveKitServer, tmp_path: Path
) -> None:
    app = run_app(**livekit.settings())
    env = clean({**livekit.settings(), "PUBLIC_URL": app.url})
    command = [sys.executable, "-m", "app", "providers", "check"]
    folder = tmp_path / "empty"
    folder.mkdir()
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "A signed test delivery arrived" in done.stdout
    assert list(folder.iterdir()) == []


def test_refused_credentials_are_told_and_the_webhooks_tried_all_the_same(
    run_app: Callable[..., Running], livekit: LiveKitServer, providers: Say
) -> None:
    app = run_app(**livekit.settings())
    livekit.next_reply(Reply(401))
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": app.url})
    assert "  wrong: LiveKit answered 401. Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET.\n" in told
    assert "  ok: A signed test delivery arrived" in told
    assert code == 1


def test_a_clock_that_is_off_is_told(run_app: Callable[..., Running], livekit: LiveKitServer, providers: Say) -> None:
    app = run_app(**livekit.settings())
    livekit.next_reply(Reply(200, headers={"Date": "Fri, 20 Nov 2020 12:00:00 GMT"}))
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": app.url})
    assert "set this machine's clock" in told
    assert code == 1


def test_an_app_with_another_secret_is_told_apart(
    run_app: Callable[..., Running], livekit: LiveKitServer, providers: Say
) -> None:
    app = run_app(**{**livekit.settings(), "LIVEKIT_API_SECRET": "another-secret-that-the-app-runs-with"})
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": app.url})
    assert f"wrong: {app.url}/webhooks/livekit does not accept the signature" in told
    assert code == 1
    assert deliveries_of(app) == []


def test_an_app_that_does_not_know_the_provider_is_told_apart(
    run_app: Callable[..., Running], livekit: LiveKitServer, providers: Say
) -> None:
    app = run_app(**LINK)
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": app.url})
    assert f"wrong: {app.url}/webhooks/livekit does not know livekit: the app there was started without" in told
    assert code == 1


def test_an_app_that_fails_names_its_log_line(
    run_app: Callable[..., Running], livekit: LiveKitServer, providers: Say, caplog: pytest.LogCaptureFixture
) -> None:
    app = run_app(**livekit.settings())
    with app.switchboard.database.transaction() as connection:
        connection.execute(text("DROP TABLE deliveries"))
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": app.url})
    reference = told.partition("look for ")[2].partition(" ")[0]
    assert len(reference) == 8
    assert reference in caplog.text
    assert code == 1


def test_an_app_that_is_not_there_is_told(livekit: LiveKitServer, providers: Say) -> None:
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": nobody_there()})
    assert "/webhooks/livekit cannot be reached from this machine: is the app running" in told
    assert code == 1


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (Reply(200, b"<html>Welcome!</html>"), "answers 200, but not as this app does"),
        (Reply(200, b"unmatched" * 200), "answers 200, but not as this app does"),
        (Reply(204), "answers 204, but not as this app does"),
        (Reply(400, b"not what the provider documents"), "the app there is of another version"),
        (Reply(400, b"<html>Bad request</html>"), "answers 400, which is not this app"),
        (Reply(401, b"<html>Who are you?</html>"), "asks for credentials before the app is reached"),
        (Reply(403, b"<html>Go away</html>"), "is closed before the app is reached"),
        (Reply(404, b"<html>Not found</html>"), "leads to something else than this app: look at PUBLIC_URL"),
        (Reply(405, b"<html>Do not</html>"), "takes no POST requests"),
        (Reply(429), "answers 429, which is not this app"),
        (Reply(500, b"<html>Oops</html>"), "look into the log of what answers there"),
        (Reply(502, b"<html>Bad gateway</html>"), "a proxy that cannot reach the app"),
        (Reply(503, b"<html>Unavailable</html>"), "a proxy that cannot reach the app"),
        (Reply(504, b"<html>Timeout</html>"), "waits for the app in vain"),
        (
            Reply(308, headers={"Location": "https://calls.example.com:8443/webhooks/livekit"}),
            "redirects to https://calls.example.com:8443, and vendors do not follow",
        ),
        (Reply(302, headers={"Location": "/login"}), "redirects, and vendors do not follow"),
        (Reply(302, headers={"Location": "https://[half"}), "redirects, and vendors do not follow"),
        (HANG_UP, "hung up without an answer"),
    ],
)
def test_whatever_else_answers_is_told_apart(
    livekit: LiveKitServer, proxy: StandIn, providers: Say, reply: Reply, meaning: str
) -> None:
    proxy.next_reply(reply)
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": proxy.url})
    assert f"wrong: {proxy.url}/webhooks/livekit " in told
    assert meaning in told
    assert len(told.splitlines()) == 4
    assert code == 1


def test_whoever_never_answers_is_not_waited_for(livekit: LiveKitServer, proxy: StandIn) -> None:
    proxy.next_reply(SAY_NOTHING)
    provider = load_providers(livekit.settings(), SystemClock(), public_url=proxy.url)["livekit"]
    with pytest.raises(PermanentFailure, match="did not answer in time"):
        try_delivery(provider, patience_seconds=0.2)


def test_http_where_https_is_spoken_is_told(livekit: LiveKitServer, proxy: StandIn, providers: Say) -> None:
    address = proxy.url.replace("http://", "https://")
    code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": address})
    assert f"wrong: {address}/webhooks/livekit cannot be reached" in told
    assert code == 1


def test_what_repeats_the_request_is_not_repeated(livekit: LiveKitServer, providers: Say) -> None:
    """The signature is as good as a secret for some minutes."""

    def echo(asked: Asked) -> Reply:
        told = asked.headers["authorization"]
        return Reply(302, told.encode(), {"Location": f"https://example.com/{told}?{told}"})

    with StandIn(echo) as parrot:
        code, told = providers("check", env={**livekit.settings(), "PUBLIC_URL": parrot.url})
        assert parrot.asked[0].headers["authorization"] not in told
    assert "redirects to https://example.com," in told
    assert code == 1


# --- list and setup ---------------------------------------------------------------------------------------------


def test_the_list_tells_what_each_can_do(livekit: LiveKitServer, providers: Say) -> None:
    env = {**livekit.settings(), **LINK, "PUBLIC_URL": "https://calls.example.com/"}
    code, told = providers("list", env=env)
    assert told == (
        "LiveKit (livekit)\n"
        "  the card shows who is in\n"
        "  it ends by itself\n"
        "  `/ring end` ends it for everybody\n"
        "  we can ask whether it runs\n"
        "  everybody has a link of their own\n"
        "  webhooks come to https://calls.example.com/webhooks/livekit\n"
        "Jitsi Meet (link)\n"
        "  after 4 hours a call is over in any case\n"
    )
    assert code == 0
    assert livekit.asked == []


def test_an_address_to_be_pasted_is_told_with_the_page_that_says_where(livekit: LiveKitServer, providers: Say) -> None:
    env = {**livekit.settings(), "PUBLIC_URL": "https://calls.example.com"}
    code, told = providers("setup", "livekit", env=env)
    assert "  https://calls.example.com/webhooks/livekit\n" in told
    assert "docs/providers/livekit.md says where" in told
    assert code == 0


def test_a_provider_that_can_be_told_is_told(providers: Say) -> None:
    with DailyServer() as server:
        env = {**server.settings(), "PUBLIC_URL": "https://calls.example.com"}
        code, told = providers("setup", "daily", env=env)
        assert [hook["url"] for hook in server.hooks] == ["https://calls.example.com/webhooks/daily"]
    assert told.startswith("  ok: ")
    assert code == 0


def test_a_provider_that_refuses_to_be_told_is_told_of(providers: Say) -> None:
    with DailyServer() as server:
        server.next_reply(Reply(401))
        env = {**server.settings(), "PUBLIC_URL": "https://calls.example.com"}
        code, told = providers("setup", "daily", env=env)
    assert told.startswith("  wrong: Daily answered 401. Check DAILY_API_KEY")
    assert code == 1


def test_what_its_settings_keep_a_provider_from_is_listed_as_well(providers: Say, clock: MovedClock) -> None:
    with JitsiServer(clock) as server:
        code, told = providers("list", env={**server.settings(), "PUBLIC_URL": "https://calls.example.com"})
    assert "  not with these settings: everybody has a link of their own\n" in told
    assert "  the card shows who is in\n" in told
    assert code == 0


def test_where_webhooks_come_to_several_paths_one_of_them_is_tried(
    run_app: Callable[..., Running], clock: MovedClock, providers: Say
) -> None:
    with JitsiServer(clock) as server:
        app = run_app(**server.settings())
        _, told = providers("check", env={**server.settings(), "PUBLIC_URL": app.url})
    assert f"  ok: A signed test delivery arrived at {app.url}/webhooks/jitsi/events/" in told
    assert deliveries_of(app) == [("jitsi", "unmatched")]


def test_a_checksum_in_the_query_arrives_with_it(run_app: Callable[..., Running], providers: Say) -> None:
    with BigBlueButtonServer() as server:
        app = run_app(**server.settings())
        _, told = providers("check", env={**server.settings(), "PUBLIC_URL": app.url})
    assert f"  ok: A signed test delivery arrived at {app.url}/webhooks/bigbluebutton.\n" in told


def test_where_there_are_no_webhooks_nothing_is_to_be_done(providers: Say) -> None:
    with MiroTalkServer() as server:
        env = {**server.settings(), "PUBLIC_URL": "https://calls.example.com"}
        assert providers("setup", "mirotalk", env=env) == (
            0,
            "No webhooks are taken from MiroTalk; docs/providers/mirotalk.md says what follows from that.\n",
        )


# --- Settings ---------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_with_the_settings_is_said_at_once(providers: Say) -> None:
    code, told = providers("check", env={"LIVEKIT_URL": "nowhere", "LINK_TEMPLATE": "https://meet.example.com"})
    for setting in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LINK_TEMPLATE"):
        assert f"\n  {setting}: " in told
    assert "SLACK" not in told
    assert code == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("livekit", "livekit is not set up. It needs LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET."),
        ("nobody", f"There is no provider nobody. These are: {', '.join(one.name for one in PROVIDERS)}."),
    ],
)
@pytest.mark.parametrize("action", ["check", "setup"])
def test_a_provider_that_is_not_set_up_is_told(providers: Say, action: str, name: str, told: str) -> None:
    code, said = providers(action, name, env={**LINK, "PUBLIC_URL": "https://calls.example.com"})
    assert told in said
    assert code == 2


def test_without_a_provider_there_is_nothing_to_check(providers: Say) -> None:
    code, told = providers("list", env={"PUBLIC_URL": "https://calls.example.com"})
    assert "No provider is set up." in told
    assert code == 2


def test_the_command_is_among_the_others() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "--help"], env=clean({}), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "providers" in done.stdout
