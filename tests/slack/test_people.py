"""Who somebody is in Slack."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.errors import TemporaryFailure
from app.slack.people import find_by_email, is_admin


@pytest.mark.parametrize(("method", "ask"), [("users.info", is_admin), ("users.lookupByEmail", find_by_email)])
def test_an_answer_without_a_person_does_not_mean_nobody(
    slack: Emulator, client: WebClient, method: str, ask: Callable[[WebClient, str], object]
) -> None:
    slack.faults.add(method, "malformed", body='{"ok": true}')
    with pytest.raises(TemporaryFailure, match="malformed_answer"):
        ask(client, "ada@example.com")
