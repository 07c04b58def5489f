"""Whose token a request carries, and how tokens that wear out are exchanged without anybody noticing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from app.db import installations
from app.db.installation_models import INSTALLATIONS
from app.db.installations import Place
from app.db.session import Database
from app.emulator import Emulator
from app.errors import PermanentFailure, RequestFailed, TemporaryFailure
from app.metrics import EXCHANGES
from app.slack.web_api import send
from tests.clocks import MovedClock
from tests.services.installed import HOUR, Installed

HERE = Place("T0LOCAL")
ROUNDS = 6
WORKERS = 10


@pytest.fixture
def app(slack: Emulator, database: Database, clock: MovedClock) -> Installed:
    return Installed.rotating(slack, database, clock)


def ask(app: Installed, team_id: str = "T0LOCAL", enterprise_id: str | None = None) -> str:
    """One request to Slack; returns the token that it was answered with."""
    client = app.installations.clients.of(team_id, enterprise_id)
    send(client.auth_test)
    return client.token or ""


def refused(app: Installed, team_id: str = "T0LOCAL", enterprise_id: str | None = None) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        ask(app, team_id, enterprise_id)
    return caught.value


def test_a_team_without_the_app_has_no_client(app: Installed) -> None:
    failure = refused(app, "T0NONE")
    assert isinstance(failure, PermanentFailure)
    assert failure.code == "not_installed"


def test_a_token_that_lasts_is_never_exchanged(app: Installed) -> None:
    app.slack.installs.rotates = False
    app.slack.add_team("T0ACME", "Acme", token=None)
    app.install("T0ACME")
    app.clock.move(1000 * HOUR)
    assert ask(app, "T0ACME").startswith("xoxb-")
    assert app.exchanges() == []


def test_a_token_is_exchanged_two_hours_before_its_end(app: Installed) -> None:
    first = ask(app)
    app.clock.move(10 * HOUR - 1)
    assert (ask(app), app.exchanges()) == (first, [])
    app.clock.move(1)
    second = ask(app)
    assert (second != first, app.exchanges()) == (True, ["ok"])
    assert app.hours_left() == pytest.approx(12, abs=0.01)
    assert ask(app) == second


def test_where_nobody_uses_a_token_it_is_exchanged_all_the_same(app: Installed) -> None:
    [exchange_due] = app.installations.chores
    assert exchange_due() is False
    for number in range(1, 6):
        app.clock.move(10 * HOUR)
        assert exchange_due() is False
        assert app.exchanges() == ["ok"] * number
    assert ask(app)


def test_of_many_that_are_due_each_has_its_turn(app: Installed) -> None:
    for name in ("T0ACME", "T0OTHER"):
        app.slack.add_team(name, name, token=None)
        app.install(name)
    app.clock.move(11 * HOUR)
    [exchange_due] = app.installations.chores
    assert [exchange_due() for _ in range(4)] == [True, True, False, False]
    assert app.exchanges() == ["ok"] * 3


def test_many_workers_exchange_once(app: Installed) -> None:
    app.clock.move(10 * HOUR)
    tokens = together(app)
    # The others used the old token meanwhile; it is still good.
    assert app.exchanges() == ["ok"]
    assert len(set(tokens)) <= 2


def test_a_token_that_has_died_is_waited_for(app: Installed) -> None:
    app.clock.move(13 * HOUR)
    tokens = together(app)
    assert (app.exchanges(), len(set(tokens))) == (["ok"], 1)


def test_no_request_fails_while_tokens_are_exchanged_again_and_again(app: Installed) -> None:
    """In each round a hundred requests at once, from two processes; a tenth of them by clients of the round before."""
    old_clients = [app.installations.clients.of("T0LOCAL") for _ in range(WORKERS)]
    for number in range(1, ROUNDS + 1):
        # Now shortly before the end of a token, now long after it.
        app.clock.move((10.5 if number % 2 else 13) * HOUR)
        with ThreadPoolExecutor(WORKERS) as pool:
            late = [pool.submit(send, client.auth_test) for client in old_clients]
            asked = [pool.submit(ask, process) for process in (app, app.again()) for _ in range(45)]
            assert [each.result()["ok"] for each in late] == [True] * WORKERS
            assert all(each.result() for each in asked)
        old_clients = [app.installations.clients.of("T0LOCAL") for _ in range(WORKERS)]
        # Each refresh token was used once.
        assert app.exchanges() == ["ok"] * number


def together(app: Installed) -> list[str]:
    """The tokens of many requests at the same moment, from two processes."""
    barrier = threading.Barrier(WORKERS)
    processes = [app, app.again()]

    def begin(number: int) -> str:
        barrier.wait()
        return ask(processes[number % 2])

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(begin, range(WORKERS)))


# --- When Slack does not exchange it


def test_while_slack_does_not_answer_the_old_token_is_used(app: Installed) -> None:
    first = ask(app)
    app.clock.move(10 * HOUR)
    app.slack.faults.add("oauth.v2.access", "status", status=503)
    assert [ask(app) for _ in range(5)] == [first] * 5
    # Not at every request: it rests a while, longer each time.
    assert len(app.exchanges()) == 1
    app.clock.move(60)
    assert ask(app) == first
    app.slack.faults.clear()
    app.clock.move(60)
    assert ask(app) != first


def test_a_dead_token_is_a_matter_of_time(app: Installed) -> None:
    app.clock.move(13 * HOUR)
    app.slack.faults.add("oauth.v2.access", "status", status=503)
    failure = refused(app)
    assert isinstance(failure, TemporaryFailure)
    assert failure.effect_unknown is False
    app.slack.faults.clear()
    app.clock.move(60)
    assert ask(app)


def test_a_lane_that_slack_has_closed_is_left_alone(app: Installed) -> None:
    app.clock.move(10 * HOUR)
    app.slack.faults.add("oauth.v2.access", "status", status=429, retry_after=600, times=1)
    first = ask(app)
    app.clock.move(590)
    assert (ask(app), len(app.exchanges())) == (first, 1)
    app.clock.move(11)
    assert ask(app) != first


def test_an_answer_that_got_lost_is_asked_for_again(app: Installed) -> None:
    """Slack has exchanged it, and takes the old refresh token for a moment longer."""
    first = ask(app)
    app.clock.move(10 * HOUR)
    app.slack.faults.add("oauth.v2.access", "drop_after", times=1)
    assert ask(app) == first
    app.clock.move(5)
    assert ask(app) != first
    assert app.hours_left() == pytest.approx(12, abs=0.01)


def test_whoever_dies_in_an_exchange_is_followed_by_the_next(app: Installed, database: Database) -> None:
    app.clock.move(13 * HOUR)
    with database.transaction() as connection:
        claimed = installations.claim_exchange(connection, HERE, app.clock.now(), "dead")
    assert claimed is not None
    assert claimed.tokens is not None
    # Slack has answered; nobody has stored it.
    app.slack.installs.refresh(claimed.tokens.refresh)
    app.clock.move(16)
    assert ask(app)
    # It comes to itself, and its tokens are not those of today any more.
    with database.transaction() as connection:
        assert not installations.save_exchanged(connection, HERE, "dead", claimed.tokens)
    assert app.hours_left() == pytest.approx(12, abs=0.01)


def test_an_installation_that_is_new_is_not_overwritten_by_an_old_exchange(app: Installed, database: Database) -> None:
    app.clock.move(10 * HOUR)
    with database.transaction() as connection:
        claimed = installations.claim_exchange(connection, HERE, app.clock.now(), "slow")
    assert claimed is not None
    assert claimed.tokens is not None
    app.install()
    with database.transaction() as connection:
        assert not installations.save_exchanged(connection, HERE, "slow", claimed.tokens)
    assert ask(app) != claimed.tokens.bot


def test_a_refusal_is_told_and_the_old_token_is_used_to_its_end(
    app: Installed, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    first = ask(app)
    spoil(app)
    before = list(EXCHANGES.lines())
    app.clock.move(10 * HOUR)
    assert ask(app) == first
    assert list(EXCHANGES.lines()) != before
    told = "".join(capsys.readouterr()) + caplog.text
    assert "invalid_refresh_token" in told
    assert "xox" not in told
    app.clock.move(2 * HOUR)
    # There is no way back but to install it again.
    assert refused(app).code == "not_installed"
    row = app.row()._mapping
    assert (row["bot_token"], row["bot_refresh_token"], row["removed_why"]) == (None, None, "invalid_refresh_token")
    app.install()
    assert ask(app)


def spoil(app: Installed) -> None:
    """Slack knows nothing of the refresh token any more."""
    with app.database.transaction() as connection:
        connection.execute(update(INSTALLATIONS).values(bot_refresh_token="xoxe-1-of-before"))


def test_tokens_whose_key_is_lost_hold_up_no_others(app: Installed, database_url: str) -> None:
    lost = Database(database_url, keys=[Fernet.generate_key().decode()])
    app.slack.add_team("T0ACME", "Acme", token=None)
    Installed.of(app.slack, lost, app.clock).install("T0ACME")
    lost.close()
    # The one that nobody can read is the more urgent one.
    app.clock.move(60)
    app.install()
    app.clock.move(11 * HOUR)
    [exchange_due] = app.installations.chores
    assert [exchange_due() for _ in range(3)] == [True, False, False]
    assert app.exchanges() == ["ok"]
    assert ask(app)


# --- When Slack refuses a token


def test_a_token_that_is_refused_before_its_time_is_exchanged(app: Installed) -> None:
    client = app.installations.clients.of("T0LOCAL")
    app.slack.installs.revoke(client.token or "")
    assert send(client.auth_test)["ok"]
    assert app.exchanges() == ["ok"]


def test_a_client_that_was_made_before_an_exchange_goes_on(app: Installed) -> None:
    client = app.installations.clients.of("T0LOCAL")
    app.clock.move(13 * HOUR)
    ask(app)
    assert send(client.auth_test)["ok"]
    assert app.exchanges() == ["ok"]


def test_a_token_without_a_successor_is_gone(app: Installed) -> None:
    app.slack.installs.rotates = False
    app.slack.add_team("T0ACME", "Acme", token=None)
    app.install("T0ACME")
    token = ask(app, "T0ACME")
    app.slack.installs.revoke(token)
    assert refused(app, "T0ACME").code == "token_revoked"
    assert refused(app, "T0ACME").code == "not_installed"
    assert app.row("T0ACME")._mapping["bot_token"] is None
    # Nobody else is concerned.
    assert ask(app)


def test_one_word_of_slacks_is_not_enough_to_delete_a_token(app: Installed) -> None:
    app.slack.installs.rotates = False
    app.slack.add_team("T0ACME", "Acme", token=None)
    app.install("T0ACME")
    app.slack.faults.add("auth.test", "error", error="invalid_auth", times=1)
    assert refused(app, "T0ACME").code == "invalid_auth"
    assert ask(app, "T0ACME")


def test_no_token_goes_to_another_host(app: Installed) -> None:
    """Everything is asked of the one address of the settings; nothing here could reach slack.com at all."""
    app.clock.move(10 * HOUR)
    client = app.installations.clients.of("T0LOCAL")
    assert client.base_url == app.slack.api_url
    assert app.exchanges() == ["ok"]


# --- Organisations


@pytest.fixture
def organisation(slack: Emulator, database: Database, clock: MovedClock) -> Installed:
    slack.installs.rotates = True
    for name in ("T0ACME", "T0OTHER"):
        slack.add_team(name, name, token=None)
    slack.add_enterprise("E0ORG", "The Org", ["T0ACME", "T0OTHER"])
    installed = Installed.of(slack, database, clock)
    installed.install("T0ACME", for_enterprise=True)
    return installed


def test_an_organisation_has_one_token_and_says_where(organisation: Installed) -> None:
    app = organisation
    assert ask(app, "T0ACME", "E0ORG") == ask(app, "T0OTHER", "E0ORG")
    assert [each.args.get("team_id") for each in app.slack.requests("auth.test")] == ["T0ACME", "T0OTHER"]
    assert refused(app, "T0LOCAL").code == "not_installed"
    app.clock.move(13 * HOUR)
    ask(app, "T0ACME", "E0ORG")
    ask(app, "T0OTHER", "E0ORG")
    assert app.exchanges() == ["ok"]
