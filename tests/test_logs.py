"""What reaches the log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from urllib.error import URLError

import pytest
from slack_sdk import WebClient

from app import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Where the log goes during a test."""
    root, kept = logging.getLogger(), logging.getLogger().handlers[:]
    level = root.level
    stream = io.StringIO()
    logs.set_up("INFO", stream)
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)


def test_a_line_carries_its_fields(written: io.StringIO) -> None:
    logs.get("app.test").info("call started", call_id="call-1", title="two words", nothing=None, empty="")
    assert written.getvalue().endswith("INFO app.test call started call_id=call-1 title='two words' empty=''\n")


def test_foreign_text_cannot_begin_a_line_of_its_own(written: io.StringIO) -> None:
    logs.get("app.test").info("looked", why="x\n2026-01-01 ERROR app forged")
    assert written.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1234567890-abcdefABCDEF",
        "xoxe.xoxb-1-Mi0yLTEyMzQ1Njc4OTA",
        "xapp-1-A0123-4567-89abcdef",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ],
)
def test_secrets_are_blotted_out_whoever_logs_them(written: io.StringIO, secret: str) -> None:
    logging.getLogger("somebody.elses.library").warning("cannot use %s here", secret)
    assert secret not in written.getvalue()
    assert "[redacted]" in written.getvalue()


def test_addresses_that_are_secrets_are_blotted_out() -> None:
    assert logs.redact("POST https://hooks.slack.com/commands/T1/2/3abc failed") == (
        "POST https://hooks.slack.com/[redacted] failed"
    )
    assert logs.redact("at postgresql://me:hunter2@db.example.com/x") == ("at postgresql://[redacted]@db.example.com/x")


def test_secrets_in_the_stack_of_an_exception_are_blotted_out(written: io.StringIO) -> None:
    try:
        raise ValueError("token xoxb-1-2-3 is not valid")
    except ValueError:
        logs.get("app.test").exception("stumbled")
    assert "ValueError" in written.getvalue()
    assert "xoxb-1-2-3" not in written.getvalue()


def test_libraries_do_not_log_addresses(written: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://example.com/secret-room")
    assert written.getvalue() == ""


def test_a_slack_that_is_away_is_told_by_us_alone(written: io.StringIO) -> None:
    with pytest.raises(URLError):
        WebClient("xoxb-1", base_url="http://127.0.0.1:9/", retry_handlers=[]).auth_test()
    assert written.getvalue() == ""


def test_references_are_short_and_differ() -> None:
    references = {logs.new_reference() for _ in range(100)}
    assert len(references) == 100
    assert {len(reference) for reference in references} == {8}
