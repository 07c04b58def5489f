"""``python -m app doctor``, asking over real HTTP: each thing that can be wrong is found, and said how to mend."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text, update

from app.cli import main
from app.cli.doctor.examination import ASKED_OF_SLACK, OF_ALL
from app.cli.manifest import read_manifest
from app.db import deliveries
from app.db.deliveries import Delivery, Outcome, Taken
from app.db.models import CALLS
from app.db.session import Database
from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.db.given import ACCOUNT, ADDED, given_account, given_installation
from tests.processes import clean
from tests.providers.livekit.server import SECRET, LiveKitServer
from tests.providers.standin import Reply, StandIn, nobody_there
from tests.running import Running

KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRETS = ("xoxb-local", "xoxb-other", "xapp-other", "local-secret", "hunter2", SECRET, KEY, OTHER_KEY)
LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}


@dataclass
class Told:
    """What the doctor said, by check."""

    code: int
    states: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    fixes: Mapping[str, str] = field(default_factory=dict)


Doctor = Callable[..., Told]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """Something else than who should be there."""
    with StandIn() as server:
        yield server


@pytest.fixture
def app(run_app: Callable[..., Running], livekit: LiveKitServer) -> Iterator[Running]:
    """A running app of which there is nothing to complain."""
    running = run_app(**livekit.settings())
    running.switchboard.presence.start()
    yield running
    running.switchboard.presence.stop()


@pytest.fixture
def settings(app: Running, slack: Emulator, livekit: LiveKitServer, database_url: str) -> dict[str, str]:
    """Those that the app runs with."""
    return {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_SIGNING_SECRET": "local-secret",
        "SLACK_API_URL": slack.api_url,
        "PUBLIC_URL": app.url,
        "DATABASE_URL": database_url,
        **livekit.settings(),
    }


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """``doctor(env)``: in what is printed no secret may be."""

    def ask(env: Mapping[str, str]) -> Told:
        monkeypatch.chdir(tmp_path)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        code = main(["doctor", "--json"])
        printed = "".join(capsys.readouterr())
        assert not [secret for secret in SECRETS if secret in printed]
        told = json.loads(printed)
        by_name = [{check["id"]: check[name] for check in told["checks"]} for name in ("state", "says", "fix")]
        assert told["ok"] == (code == 0) == ("wrong" not in by_name[0].values())
        assert len(by_name[0]) == len(told["checks"])
        return Told(code, *by_name)

    return ask


def test_where_all_is_well_nothing_is_wrong(doctor: Doctor, settings: dict[str, str], slack: Emulator) -> None:
    told = doctor(settings)
    assert told.code == 0
    assert told.states == {
        "settings": "ok",
        "database": "ok",
        "migrations": "ok",
        "encryption": "unsure",  # there are no keys
        "worker": "ok",
        "slack": "ok",
        "clock": "ok",
        "token": "ok",
        "scopes": "ok",
        "signing_secret": "unsure",  # it is not like Slack's
        "client": "ok",
        "socket_mode": "ok",
        "public_url": "ok",
        "public_url_answers": "ok",
        "provider.livekit": "ok",
        "webhooks.livekit": "unsure",  # none has come
    }
    assert set(told.states) == {"settings", *OF_ALL, "provider.livekit", "webhooks.livekit"}
    assert told.says["token"] == f"SLACK_BOT_TOKEN is the bot's in {slack.workspace().name} (T0LOCAL)."
    assert f"{settings['PUBLIC_URL']}/webhooks/livekit" in told.fixes["webhooks.livekit"]


def test_for_people_it_is_one_line_each_with_what_to_do_beneath(
    settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {**settings, "SLACK_BOT_TOKEN": "xoxb-other"}.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "ok       settings: All that is needed is there.\n" in printed
    assert "wrong    token: Slack refuses SLACK_BOT_TOKEN (invalid_auth).\n         → Copy the bot token" in printed
    assert "skipped  scopes: Not looked at, because nothing is known of SLACK_BOT_TOKEN.\n" in printed


def test_a_program_gets_nothing_but_json(settings: dict[str, str], tmp_path: Path) -> None:
    env = clean({**settings, "SLACK_API_URL": f"{nobody_there()}/api/"})
    command = [sys.executable, "-m", "app", "doctor", "--json"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["checks"][0] == {
        "id": "settings",
        "state": "ok",
        "says": "All that is needed is there.",
        "fix": "",
    }


# --- Settings


def test_without_settings_only_these_are_told(doctor: Doctor) -> None:
    told = doctor({"PUBLIC_URL": "nowhere"})
    assert told.code == 1
    assert told.states == {"settings": "wrong"} | dict.fromkeys(OF_ALL, "skipped")
    for name in ("SLACK_SIGNING_SECRET: is missing", "PUBLIC_URL: must be an address"):
        assert name in told.says["settings"]
    assert "docs/settings.md" in told.fixes["settings"]


def test_an_address_that_is_no_databases_is_one_of_the_settings(doctor: Doctor, settings: dict[str, str]) -> None:
    told = doctor({**settings, "DATABASE_URL": "mysql://me:hunter2@127.0.0.1/calls"})
    assert (told.code, told.states["database"]) == (1, "skipped")
    assert "DATABASE_URL: must begin with sqlite" in told.says["settings"]


def test_settings_of_a_provider_that_are_wrong_keep_nothing_else_from_being_looked_at(
    doctor: Doctor, settings: dict[str, str]
) -> None:
    told = doctor({**settings, "LIVEKIT_API_SECRET": ""})
    assert "LIVEKIT_API_SECRET: is missing" in told.says["settings"]
    assert (told.states["token"], told.states["public_url_answers"]) == ("ok", "ok")
    assert "provider.livekit" not in told.states


# --- Slack


def test_a_slack_that_is_not_there(doctor: Doctor, settings: dict[str, str]) -> None:
    told = doctor({**settings, "SLACK_API_URL": f"{nobody_there()}/api/"})
    assert (told.states["slack"], told.states["clock"]) == ("wrong", "skipped")
    assert [told.states[check] for check in ASKED_OF_SLACK] == ["skipped"] * 4
    assert "look at SLACK_API_URL and HTTPS_PROXY" in told.fixes["slack"]


def test_a_token_that_slack_does_not_know(doctor: Doctor, settings: dict[str, str]) -> None:
    told = doctor({**settings, "SLACK_BOT_TOKEN": "xoxb-other"})
    assert (told.states["token"], told.states["scopes"]) == ("wrong", "skipped")
    assert "OAuth & Permissions" in told.fixes["token"]


def test_a_token_that_was_installed_without_a_scope(doctor: Doctor, settings: dict[str, str]) -> None:
    manifest = read_manifest()
    manifest["oauth_config"]["scopes"]["bot"].remove("calls:read")
    with Emulator(manifest=manifest) as poorer:
        told = doctor({**settings, "SLACK_API_URL": poorer.api_url})
    assert told.states["scopes"] == "wrong"
    assert told.says["scopes"] == "SLACK_BOT_TOKEN lacks calls:read."
    assert "Add calls:read to the Bot Token Scopes" in told.fixes["scopes"]
    assert "install the app again. docs/scopes.md" in told.fixes["scopes"]


def test_a_clock_that_is_off(doctor: Doctor, settings: dict[str, str], stand_in: StandIn) -> None:
    stand_in.always = Reply(200, b'{"ok": true}', {"Date": "Fri, 20 Nov 2020 12:00:00 GMT"})
    told = doctor({**settings, "SLACK_API_URL": f"{stand_in.url}/api/"})
    assert told.states["clock"] == "wrong"
    assert "ahead of Slack's: all of Slack's requests are refused" in told.says["clock"]
    assert "Set the clock of" in told.fixes["clock"]


def test_a_signing_secret_that_is_something_else(doctor: Doctor, settings: dict[str, str]) -> None:
    told = doctor({**settings, "SLACK_SIGNING_SECRET": "xoxb-local"})
    assert told.states["signing_secret"] == "wrong"
    assert "Basic Information" in told.fixes["signing_secret"]


def test_a_command_that_was_taken_shows_that_the_signing_secret_is_right(
    doctor: Doctor, settings: dict[str, str], slack: Emulator
) -> None:
    slack.slash("/ring", "Weekly sync")
    told = doctor(settings)
    assert told.states["signing_secret"] == "ok"
    assert told.says["signing_secret"].startswith("A call was asked for a minute ago")


@pytest.mark.parametrize(
    ("token", "code", "fix"),
    [("xapp-other", "invalid_auth", "Copy the app-level"), ("xapp-local", "socket_mode_not_enabled", "Switch Socket")],
)
def test_sockets_that_slack_does_not_let_us_open(
    doctor: Doctor, settings: dict[str, str], token: str, code: str, fix: str
) -> None:
    told = doctor({**settings, "SLACK_APP_TOKEN": token})
    assert (told.states["socket_mode"], code in told.says["socket_mode"]) == ("wrong", True)
    assert told.fixes["socket_mode"].startswith(fix)


def test_sockets_that_slack_lets_us_open(doctor: Doctor, settings: dict[str, str]) -> None:
    with Emulator(manifest=read_manifest(socket_mode=True)) as slack:
        told = doctor({**settings, "SLACK_API_URL": slack.api_url, "SLACK_APP_TOKEN": slack.app_token})
    assert (told.states["socket_mode"], told.states["signing_secret"]) == ("ok", "ok")


@pytest.mark.parametrize(
    ("changed", "state", "says"),
    [
        ({}, "ok", "Slack knows SLACK_CLIENT_ID and SLACK_CLIENT_SECRET."),
        ({"SLACK_CLIENT_ID": "1.1"}, "wrong", "Slack refuses SLACK_CLIENT_ID (invalid_client_id)."),
        ({"SLACK_CLIENT_SECRET": "another"}, "wrong", "Slack refuses SLACK_CLIENT_SECRET (bad_client_secret)."),
    ],
)
def test_who_people_sign_in_with(
    doctor: Doctor, settings: dict[str, str], slack: Emulator, changed: dict[str, str], state: str, says: str
) -> None:
    client = {"SLACK_CLIENT_ID": slack.app.client_id, "SLACK_CLIENT_SECRET": slack.app.client_secret}
    told = doctor({**settings, **client, **changed})
    assert (told.states["client"], told.says["client"]) == (state, says)
    assert ("Basic Information" in told.fixes["client"]) == (state == "wrong")


# --- The database and the work in it


def test_a_database_that_is_not_there(doctor: Doctor, settings: dict[str, str]) -> None:
    told = doctor({**settings, "DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/calls"})
    assert [told.states[check] for check in OF_ALL[:4]] == ["wrong", "skipped", "skipped", "skipped"]
    assert "whether its server runs" in told.fixes["database"]
    assert told.states["token"] == "ok"


def test_a_file_that_is_not_there_is_not_made(doctor: Doctor, settings: dict[str, str], tmp_path: Path) -> None:
    told = doctor({**settings, "DATABASE_URL": f"sqlite:///{tmp_path}/new.db"})
    assert (told.states["database"], told.states["worker"]) == ("unsure", "skipped")
    assert not (tmp_path / "new.db").exists()
    told = doctor({**settings, "DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/new.db"})
    assert told.states["database"] == "wrong"
    assert told.fixes["database"].startswith(f"Make the folder {tmp_path}/nowhere")


def test_tables_of_another_version(doctor: Doctor, settings: dict[str, str], app: Running) -> None:
    with app.switchboard.database.transaction() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    told = doctor(settings)
    assert (told.states["migrations"], told.states["worker"]) == ("wrong", "skipped")
    assert told.fixes["migrations"] == "Run `python -m app db upgrade`."


def test_what_is_stored_with_another_key(
    doctor: Doctor, settings: dict[str, str], run_app: Callable[..., Running], slack: Emulator
) -> None:
    app = run_app(**LINK, ENCRYPTION_KEYS=KEY)
    slack.slash("/ring", "Weekly sync")
    env = {**settings, "PUBLIC_URL": app.url}
    assert doctor({**env, "ENCRYPTION_KEYS": KEY}).states["encryption"] == "ok"
    told = doctor({**env, "ENCRYPTION_KEYS": OTHER_KEY})
    assert told.states["encryption"] == "wrong"
    assert "the key that is missing" in told.fixes["encryption"]


def test_work_that_nobody_does(
    doctor: Doctor, settings: dict[str, str], app: Running, slack: Emulator, clock: MovedClock
) -> None:
    slack.slash("/ring", "Weekly sync")
    with app.switchboard.database.transaction() as connection:
        connection.execute(update(CALLS).values(reconcile_after=clock.now() - timedelta(minutes=5)))
    told = doctor(settings)
    assert told.states["worker"] == "wrong"
    assert "no worker takes it up" in told.says["worker"]
    assert "WORKERS" in told.fixes["worker"]


def test_nobody_who_could_do_any(doctor: Doctor, settings: dict[str, str], app: Running) -> None:
    app.switchboard.presence.stop()
    told = doctor(settings)
    assert told.states["worker"] == "wrong"
    assert "python -m app serve" in told.fixes["worker"]


# --- The address


def test_an_address_at_which_nobody_answers(doctor: Doctor, settings: dict[str, str]) -> None:
    told = doctor({**settings, "PUBLIC_URL": nobody_there()})
    assert (told.states["public_url_answers"], told.states["webhooks.livekit"]) == ("wrong", "skipped")
    assert "python -m app serve" in told.fixes["public_url_answers"]
    assert told.states["provider.livekit"] == "ok"


def test_an_address_at_which_something_else_answers(
    doctor: Doctor, settings: dict[str, str], stand_in: StandIn
) -> None:
    stand_in.always = Reply(200, b"ok", {"Switchboard-Proof": "0" * 64})
    told = doctor({**settings, "PUBLIC_URL": stand_in.url})
    assert "but with another SECRET_KEY or SLACK_SIGNING_SECRET" in told.says["public_url_answers"]
    stand_in.always = Reply(502)
    told = doctor({**settings, "PUBLIC_URL": stand_in.url})
    assert told.states["public_url_answers"] == "wrong"
    assert "a proxy that cannot reach the app (502)" in told.says["public_url_answers"]
    stand_in.always = Reply(200, b"ok")
    told = doctor({**settings, "PUBLIC_URL": stand_in.url})
    assert "but not as this app does" in told.says["public_url_answers"]


def test_an_app_that_was_started_with_other_settings(doctor: Doctor, settings: dict[str, str]) -> None:
    told = doctor({**settings, "SECRET_KEY": "another-secret-that-the-app-does-not-have"})
    assert told.states["public_url_answers"] == "wrong"
    assert "settings of this check" in told.fixes["public_url_answers"]


# --- Providers


def test_credentials_that_a_provider_refuses(doctor: Doctor, settings: dict[str, str], livekit: LiveKitServer) -> None:
    livekit.next_reply(Reply(401))
    told = doctor(settings)
    assert told.says["provider.livekit"].startswith("LiveKit: LiveKit answered 401. Check LIVEKIT_API_KEY")
    assert "python -m app providers check livekit" in told.fixes["provider.livekit"]
    assert told.states["webhooks.livekit"] == "unsure"


def test_webhooks_that_the_running_app_does_not_take(
    doctor: Doctor, settings: dict[str, str], run_app: Callable[..., Running]
) -> None:
    app = run_app(**LINK)
    told = doctor({**settings, "PUBLIC_URL": app.url})
    assert told.states["public_url_answers"] == "ok"
    assert told.states["webhooks.livekit"] == "wrong"
    assert "does not know livekit" in told.says["webhooks.livekit"]


def test_webhooks_that_have_come(doctor: Doctor, settings: dict[str, str], app: Running, clock: MovedClock) -> None:
    delivery = Delivery(
        provider="livekit",
        account_id=ACCOUNT,
        dedupe_key="k",
        meeting_id=None,
        received_at=clock.now() - timedelta(minutes=5),
        headers={},
        body=b"{}",
    )
    with app.switchboard.database.transaction() as connection:
        deliveries.store(connection, [Taken(delivery=delivery, outcome=Outcome.APPLIED)])
    told = doctor(settings)
    assert told.states["webhooks.livekit"] == "ok"
    assert told.says["webhooks.livekit"].endswith("The last of the provider's own about a call came 5 minutes ago.")


def test_nothing_is_changed_by_looking(doctor: Doctor, settings: dict[str, str], slack: Emulator) -> None:
    doctor(settings)
    assert {asked.method for asked in slack.requests()} == {"api.test", "auth.test"}


# --- Accounts that workspaces have added


def given_livekit(app: Running, settings: Mapping[str, str]) -> None:
    """An account there, of T0LOCAL."""
    given_account(app.switchboard.database, team_id="T0LOCAL", name="Berlin", settings=settings)


def test_the_accounts_of_workspaces_are_checked_as_well(
    doctor: Doctor,
    run_app: Callable[..., Running],
    settings: dict[str, str],
    livekit: LiveKitServer,
) -> None:
    app = run_app(**livekit.settings(), ALLOW_PRIVATE_ADDRESSES="true")
    given_livekit(app, {"url": livekit.url, "api_key": livekit.settings()["LIVEKIT_API_KEY"], "api_secret": SECRET})
    env = {**settings, "PUBLIC_URL": app.url, "ALLOW_PRIVATE_ADDRESSES": "true"}
    told = doctor(env)
    assert told.says[f"provider.{ADDED}"].startswith("LiveKit, account “Berlin” of T0LOCAL: It answers")
    assert f"{app.url}/webhooks/livekit/{ADDED}" in told.says[f"webhooks.{ADDED}"]
    assert told.code == 0

    livekit.always = Reply(401)
    told = doctor(env)
    assert told.states[f"provider.{ADDED}"] == "wrong"
    assert told.fixes[f"provider.{ADDED}"] == "Have an admin of T0LOCAL mend that in the app's Home in Slack."


def test_an_account_that_this_version_does_not_understand(
    doctor: Doctor, settings: dict[str, str], app: Running
) -> None:
    given_livekit(app, {"address": "https://lk.example.com"})
    told = doctor(settings)
    assert told.states[f"provider.{ADDED}"] == "wrong"
    assert "add it anew" in told.fixes[f"provider.{ADDED}"]


# --- Workspaces that have installed the app


@pytest.fixture
def installable(settings: dict[str, str], slack: Emulator) -> dict[str, str]:
    """Settings without a token: each workspace has its own."""
    client = {"SLACK_CLIENT_ID": slack.app.client_id, "SLACK_CLIENT_SECRET": slack.app.client_secret}
    return {name: value for name, value in settings.items() if name != "SLACK_BOT_TOKEN"} | client


def test_the_token_of_each_workspace_is_checked(
    doctor: Doctor, installable: dict[str, str], database_url: str, clock: MovedClock
) -> None:
    env = {**installable, "ENCRYPTION_KEYS": KEY}
    told = doctor(env)
    assert told.states["token"] == "unsure"
    assert told.fixes["token"].endswith("/slack/install.")
    database = Database(database_url, keys=[KEY])
    given_installation(database, "T0LOCAL", "xoxb-local", at=clock.now())
    given_installation(database, "T0OTHER", "xoxb-other", at=clock.now())
    database.close()
    told = doctor(env)
    assert (told.states["token.T0LOCAL"], told.states["scopes.T0LOCAL"]) == ("ok", "ok")
    assert (told.states["token.T0OTHER"], told.states["scopes.T0OTHER"]) == ("wrong", "skipped")
    assert told.fixes["token.T0OTHER"] == f"Have the app installed there again: {env['PUBLIC_URL']}/slack/install."
    assert "token" not in told.states
    assert doctor({**env, "ENCRYPTION_KEYS": OTHER_KEY}).states["encryption"] == "wrong"
