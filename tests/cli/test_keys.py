"""``python -m app db key`` and ``db rotate``: keys are made, changed and lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet

from app.cli.checks import check_everything
from app.db.session import Database
from app.errors import StoredUnreadable
from tests.cli.saying import Say
from tests.db.given import found, given_account, given_call, given_installation

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def given_calls(url: str, *keys: str, ids: tuple[str, ...] = ("call-1",)) -> None:
    database = Database(url, keys=keys)
    for call_id in ids:
        given_call(database, call_id)
    database.close()


def title(url: str, *keys: str) -> str:
    database = Database(url, keys=keys)
    try:
        return found(database).snapshot.title.value
    finally:
        database.close()


def test_a_key_is_made(say: Say) -> None:
    keys = {say("db", "key").out.strip() for _ in range(2)}
    assert len(keys) == 2
    for key in keys:
        Fernet(key)  # raises when it is none


def test_a_key_is_changed(say: Say, database_url: str) -> None:
    given_calls(database_url, OLD)
    said = say("db", "rotate", ENCRYPTION_KEYS=f"{NEW},{OLD}")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("1 rows were written anew")
    assert title(database_url, NEW) == "Weekly sync"
    assert say("db", "rotate").out.startswith("0 rows were written anew")


def test_without_keys_there_is_nothing_to_rotate(say: Say) -> None:
    said = say("db", "rotate")
    assert said.code == 2
    assert "ENCRYPTION_KEYS: is missing" in said.err


def test_what_no_key_opens_is_named_and_can_be_forgotten(say: Say, database_url: str) -> None:
    given_calls(database_url, OLD, ids=("call-lost",))
    given_calls(database_url, NEW)
    said = say("db", "rotate", ENCRYPTION_KEYS=NEW)
    assert said.code == 1
    assert "1 rows are encrypted with none of ENCRYPTION_KEYS:\n  calls call-lost\n" in said.err
    assert say("db", "rotate", "--forget").code == 0
    assert say("db", "rotate").code == 0
    assert title(database_url, NEW) == "Weekly sync"


@pytest.mark.parametrize("command", [("calls", "list"), ("calls", "show", "call-1"), ("serve",), ("work",)])
def test_a_missing_key_is_said_in_one_message(say: Say, database_url: str, command: tuple[str, ...]) -> None:
    given_calls(database_url, OLD)
    env = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "PUBLIC_URL": "https://x.example"}
    said = say(*command, ENCRYPTION_KEYS=NEW, LINK_TEMPLATE="https://meet.example.com/{slug}", **env)
    assert (said.code, said.out) == (2, "")
    assert said.err.strip().endswith("It is encrypted with a key that is not among ENCRYPTION_KEYS.")
    assert not [key for key in (OLD, NEW) if key in said.err]


@pytest.mark.parametrize("enter", [given_installation, given_account])
def test_nothing_starts_without_the_key_of_what_workspaces_have_entered(
    database_url: str, enter: Callable[[Database], object]
) -> None:
    database = Database(database_url, keys=[OLD])
    enter(database)
    database.close()
    client = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "c", "SLACK_SIGNING_SECRET": "s"}
    env = {**client, "PUBLIC_URL": "https://x.example", "DATABASE_URL": database_url}
    with pytest.raises(StoredUnreadable, match="a key that is not among ENCRYPTION_KEYS"):
        check_everything({**env, "ENCRYPTION_KEYS": NEW})
    check_everything({**env, "ENCRYPTION_KEYS": f"{NEW},{OLD}"})


def test_commands_read_what_is_encrypted(say: Say, database_url: str) -> None:
    given_calls(database_url, OLD)
    assert "Weekly sync" in say("calls", "list", ENCRYPTION_KEYS=OLD).out
