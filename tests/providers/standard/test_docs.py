"""docs/standard-provider.md is the contract: its examples are read by the code that will read the real thing."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from standardwebhooks import Webhook

from app.domain.meetings import MeetingRequest
from app.errors import PermanentFailure
from app.providers.base import WebhookRequest
from app.providers.registry import load_providers
from app.providers.standard.contract import CreatedLink, CreatedMeeting, CreateLink, CreateMeeting, MeetingState
from app.providers.standard.webhooks import MEETING_EVENTS, PERSON_EVENTS, TITLE_CHANGED, parse_events, verify
from tests.clocks import NOON, MovedClock
from tests.providers.standard.reference_server import ReferenceServer, delivered
from tests.providers.standard.signing import signed
from tests.providers.standin import Reply

PAGE = (Path(__file__).parents[3] / "docs" / "standard-provider.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"<!-- example: ([a-z-]+) -->\n```[a-z]+\n(.*?)\n```", re.DOTALL)


def examples() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for label, text in EXAMPLE.findall(PAGE):
        found[label].append(text)
    return found


def only(label: str) -> str:
    (text,) = examples()[label]
    return text


def test_every_json_example_is_tried_here() -> None:
    labels = set(examples())
    assert PAGE.count("```json") == len(re.findall(r"<!-- example: [a-z-]+ -->\n```json", PAGE))
    assert labels == {
        "create-request",
        "create-answer",
        "link-request",
        "link-answer",
        "state-answer",
        "error-answer",
        "webhook",
        "signing-secret",
        "signing-body",
        "signing-signature",
    }


def test_the_request_is_what_we_send() -> None:
    told = CreateMeeting.model_validate_json(only("create-request"))
    assert json.loads(told.model_dump_json()) == json.loads(only("create-request"))


def test_the_answer_is_what_we_read() -> None:
    meeting = CreatedMeeting.model_validate_json(only("create-answer")).to_meeting()
    assert None not in (meeting.id, meeting.join_url, meeting.desktop_app_join_url, meeting.display_id)


def test_the_request_for_a_link_is_what_we_send() -> None:
    told = CreateLink.model_validate_json(only("link-request"))
    assert json.loads(told.model_dump_json()) == json.loads(only("link-request"))
    assert len(told.person.key) == 36


def test_the_link_is_what_we_read() -> None:
    link = CreatedLink.model_validate_json(only("link-answer"))
    assert link.url == json.loads(only("link-answer"))["url"]


def test_the_state_is_what_we_read() -> None:
    roster = MeetingState.model_validate_json(only("state-answer")).to_roster()
    assert roster is not None
    assert [(person.key, person.connection_id) for person in roster.people] == [
        ("u-7", "c-1502"),
        ("u-7", "c-1519"),
        ("guest-3", "guest-3"),
    ]
    assert roster.title == "Weekly sync"


def test_all_states_are_documented() -> None:
    states = TypeAdapter(MeetingState).json_schema()["properties"]["state"]["enum"]
    assert [state for state in states if f"| `{state}` |" not in PAGE] == []


def test_the_words_of_an_error_are_told() -> None:
    with ReferenceServer() as server:
        standard = load_providers(server.settings(), MovedClock(NOON))["standard"]
        server.next_reply(Reply(422, only("error-answer").encode()))
        with pytest.raises(PermanentFailure, match="No more than 50 meetings at a time"):
            standard.create_meeting(MeetingRequest(key="weekly-1", title="Weekly sync"))


def test_every_webhook_is_an_event() -> None:
    for text in examples()["webhook"]:
        body = text.encode()
        (event,) = parse_events(WebhookRequest.of(body=body, headers=delivered(body, NOON)))
        assert event.meeting_id == "m-81"


def test_every_type_is_shown_and_listed() -> None:
    types = {*MEETING_EVENTS, *PERSON_EVENTS, TITLE_CHANGED}
    assert {json.loads(text)["type"] for text in examples()["webhook"]} == types
    assert [word for word in types if f"| `{word}` |" not in PAGE] == []


def test_nothing_of_a_documented_person_is_dropped() -> None:
    (body,) = [text.encode() for text in examples()["webhook"] if "slack_id" in text]
    (event,) = parse_events(WebhookRequest.of(body=body, headers=delivered(body, NOON)))
    assert "None" not in repr(event)


def test_the_signing_example_comes_out_right() -> None:
    body, secret = only("signing-body").encode(), only("signing-secret")
    headers = signed(body, secret, datetime.fromtimestamp(1795176001, UTC), message_id="msg_4f2a")
    assert headers["webhook-signature"] == only("signing-signature")
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert f"{name}: {headers[name]}\n" in PAGE
    verify(WebhookRequest.of(body=body, headers=headers), [Webhook(secret)], NOON)
