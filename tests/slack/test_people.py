"""Who somebody is in Slack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from slack_sdk import WebClient

from app.domain.permissions import Role
from app.emulator import Emulator
from app.errors import TemporaryFailure
from app.slack.people import find_by_email, role_of


def my_role(client: WebClient, user_id: str) -> Role:
    return role_of(client, user_id, "T0LOCAL", None)


@pytest.mark.parametrize(("method", "ask"), [("users.info", my_role), ("users.lookupByEmail", find_by_email)])
def test_an_answer_without_a_person_does_not_mean_nobody(
    slack: Emulator, client: WebClient, method: str, ask: Callable[[WebClient, str], object]
) -> None:
    slack.faults.add(method, "malformed", body='{"ok": true}')
    with pytest.raises(TemporaryFailure, match="malformed_answer"):
        ask(client, "ada@example.com")


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ({}, Role.MEMBER),
        ({"is_admin": True}, Role.ADMIN),
        ({"is_owner": True}, Role.ADMIN),
        ({"is_primary_owner": True}, Role.ADMIN),
        ({"is_restricted": True}, Role.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, Role.GUEST),
        ({"is_stranger": True, "is_admin": True}, Role.STRANGER),
        ({"deleted": True, "is_admin": True}, Role.STRANGER),
        ({"team_id": "T0OTHER", "is_admin": True}, Role.STRANGER),
        ({"team_id": None}, Role.STRANGER),
        ({"team_id": "E0ORG"}, Role.MEMBER),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER", "T0LOCAL"]}}, Role.MEMBER),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER"]}}, Role.STRANGER),
    ],
)
def test_slack_says_what_somebody_is(
    slack: Emulator, client: WebClient, told: Mapping[str, object], role: Role
) -> None:
    body = json.dumps({"ok": True, "user": {"id": "U0GRACE", "team_id": "T0LOCAL", **told}})
    slack.faults.add("users.info", "malformed", body=body)
    assert role_of(client, "U0GRACE", "T0LOCAL", "E0ORG") is role


def test_no_organisation_is_no_team_of_anybodys(slack: Emulator, client: WebClient) -> None:
    slack.faults.add("users.info", "malformed", body='{"ok": true, "user": {"id": "U0GRACE"}}')
    assert my_role(client, "U0GRACE") is Role.STRANGER
