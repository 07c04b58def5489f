"""The card in its channel, and words for one person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient

from app.domain.card import CallCard
from app.emulator import Emulator
from app.emulator.faults import FaultKind
from app.errors import PermanentFailure, RateLimited, TemporaryFailure
from app.slack.calls import CallsApi, NewSlackCall
from app.slack.messages import MessagesApi
from tests.clocks import START, MovedClock

TEXT = "Weekly sync: join at <https://meet.example.com/1>"


@pytest.fixture
def call_id(calls: CallsApi) -> str:
    card = CallCard(title="Weekly sync", join_url="https://meet.example.com/1")
    new = NewSlackCall(external_unique_id="call-1", created_by="U0ADA", started_at=START, display_id=None, card=card)
    return calls.add(new)


def counted(slack: Emulator) -> tuple[int, int, int]:
    """Messages, ephemeral ones, uses of response_urls."""
    methods = ("chat.postMessage", "chat.postEphemeral", "response_url")
    posted, ephemeral, responded = (len(slack.requests(method)) for method in methods)
    return posted, ephemeral, responded


# --- The card --------------------------------------------------------------------------------------------------------


def test_the_card_is_a_message_with_the_link_in_its_text(slack: Emulator, messages: MessagesApi, call_id: str) -> None:
    ts = messages.post_card("C0GENERAL", call_id, TEXT, None)

    [message] = slack.messages("C0GENERAL")
    assert (message["ts"], message["text"]) == (ts, TEXT)
    assert [block["call_id"] for block in message["blocks"]] == [call_id]
    assert counted(slack) == (1, 0, 0)


def test_slack_does_not_unfurl_the_link(slack: Emulator, messages: MessagesApi, call_id: str) -> None:
    messages.post_card("C0GENERAL", call_id, TEXT, None)
    [request] = slack.requests("chat.postMessage")
    assert (request.args["unfurl_links"], request.args["unfurl_media"]) == (False, False)


@pytest.mark.parametrize("channel", ["G0SECRET", "D0ADAGRACE"])
def test_where_we_may_not_post_the_card_goes_through_the_response_url(
    slack: Emulator, messages: MessagesApi, call_id: str, response_url: Callable[[str], str], channel: str
) -> None:
    assert messages.post_card(channel, call_id, TEXT, response_url(channel)) is None

    [card] = slack.cards(channel)
    assert card["id"] == call_id
    [request] = slack.requests("response_url")
    assert (request.args["response_type"], request.args["text"]) == ("in_channel", TEXT)
    assert counted(slack) == (1, 0, 1)


def test_without_a_response_url_a_private_channel_is_closed(
    slack: Emulator, messages: MessagesApi, call_id: str
) -> None:
    with pytest.raises(PermanentFailure, match="channel_not_found"):
        messages.post_card("G0SECRET", call_id, TEXT, None)
    assert slack.cards("G0SECRET") == []


def test_a_worn_out_response_url_leaves_what_the_channel_said(
    slack: Emulator,
    messages: MessagesApi,
    call_id: str,
    response_url: Callable[[str], str],
    clock: MovedClock,
) -> None:
    url = response_url("G0SECRET")
    clock.move(1801)
    with pytest.raises(PermanentFailure) as caught:
        messages.post_card("G0SECRET", call_id, TEXT, url)
    assert caught.value.code == "channel_not_found"
    assert slack.cards("G0SECRET") == []


def test_an_archived_channel_takes_nothing(
    slack: Emulator, messages: MessagesApi, call_id: str, response_url: Callable[[str], str]
) -> None:
    with pytest.raises(PermanentFailure, match="is_archived"):
        messages.post_card("C0ARCHIVED", call_id, TEXT, response_url("C0ARCHIVED"))
    assert counted(slack) == (1, 0, 0)


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format"])
def test_a_place_that_cannot_show_cards_still_shows_the_link(
    slack: Emulator, messages: MessagesApi, call_id: str, code: str
) -> None:
    slack.faults.add("chat.postMessage", "error", error=code, times=1)
    messages.post_card("C0GENERAL", call_id, TEXT, None)

    [message] = slack.messages("C0GENERAL")
    assert message["text"] == TEXT
    assert "blocks" not in message


def test_a_closed_place_that_cannot_show_cards_is_not_asked_a_third_time(
    slack: Emulator, messages: MessagesApi, response_url: Callable[[str], str]
) -> None:
    with pytest.raises(PermanentFailure, match="channel_not_found"):
        messages.post_card("G0SECRET", "R404", TEXT, response_url("G0SECRET"))
    assert slack.messages("G0SECRET") == []
    assert counted(slack) == (1, 0, 1)


def test_words_alone_are_not_asked_for_a_third_time_either(
    slack: Emulator, messages: MessagesApi, call_id: str, response_url: Callable[[str], str]
) -> None:
    slack.faults.add("chat.postMessage", "error", error="invalid_blocks")
    with pytest.raises(PermanentFailure, match="invalid_blocks"):
        messages.post_card("C0GENERAL", call_id, TEXT, response_url("C0GENERAL"))
    assert counted(slack) == (2, 0, 0)


@pytest.mark.parametrize("kind", ["drop_after", "timeout_after"])
def test_a_lost_answer_of_a_response_url_may_have_had_its_effect(
    slack: Emulator, impatient_client: WebClient, call_id: str, response_url: Callable[[str], str], kind: FaultKind
) -> None:
    slack.faults.add("response_url", kind)
    with pytest.raises(TemporaryFailure) as caught:
        MessagesApi(impatient_client).post_card("G0SECRET", call_id, TEXT, response_url("G0SECRET"))
    assert caught.value.effect_unknown
    assert counted(slack) == (1, 0, 1)


@pytest.mark.parametrize(("status", "effect_unknown"), [(500, True), (503, True), (429, False)])
def test_a_response_url_may_work_later(
    slack: Emulator,
    messages: MessagesApi,
    call_id: str,
    response_url: Callable[[str], str],
    status: int,
    effect_unknown: bool,
) -> None:
    slack.faults.add("response_url", "status", status=status)
    with pytest.raises(TemporaryFailure) as caught:
        messages.post_card("G0SECRET", call_id, TEXT, response_url("G0SECRET"))
    assert caught.value.effect_unknown is effect_unknown


@pytest.mark.parametrize("body", ['{"ok": false, "error": "no_text"}', '{"ok": true, "error": "no_text"}'])
def test_a_response_url_that_refuses_in_json_refuses(
    slack: Emulator, messages: MessagesApi, call_id: str, response_url: Callable[[str], str], body: str
) -> None:
    slack.faults.add("response_url", "malformed", body=body)
    with pytest.raises(PermanentFailure, match=r"not_in_channel|channel_not_found"):
        messages.post_card("G0SECRET", call_id, TEXT, response_url("G0SECRET"))


@pytest.mark.parametrize("body", ["<html></html>", "{", "[]", "{}"])
def test_an_answer_of_a_response_url_that_is_not_slacks_may_have_had_its_effect(
    slack: Emulator, messages: MessagesApi, call_id: str, response_url: Callable[[str], str], body: str
) -> None:
    slack.faults.add("response_url", "malformed", body=body)
    with pytest.raises(TemporaryFailure) as caught:
        messages.post_card("G0SECRET", call_id, TEXT, response_url("G0SECRET"))
    assert caught.value.effect_unknown


@pytest.mark.parametrize("body", ["ok", "", '{"ok": true}'])
def test_a_response_url_says_ok_in_more_than_one_way(
    slack: Emulator, messages: MessagesApi, call_id: str, response_url: Callable[[str], str], body: str
) -> None:
    slack.faults.add("response_url", "malformed", body=body, has_effect=True)
    messages.post_card("G0SECRET", call_id, TEXT, response_url("G0SECRET"))
    assert len(slack.cards("G0SECRET")) == 1


def test_a_message_without_its_ts_may_stand_in_the_channel(
    slack: Emulator, messages: MessagesApi, call_id: str
) -> None:
    slack.faults.add("chat.postMessage", "malformed", body='{"ok": true}')
    with pytest.raises(TemporaryFailure) as caught:
        messages.post_card("C0GENERAL", call_id, TEXT, None)
    assert caught.value.effect_unknown


def test_a_channel_that_takes_no_more_for_now_is_not_gone_round(
    slack: Emulator, messages: MessagesApi, call_id: str, response_url: Callable[[str], str]
) -> None:
    slack.faults.add("chat.postMessage", "status", status=429, retry_after=3)
    with pytest.raises(RateLimited):
        messages.post_card("C0GENERAL", call_id, TEXT, response_url("C0GENERAL"))
    assert counted(slack) == (1, 0, 0)


# --- Words for one person --------------------------------------------------------------------------------------------


def test_a_person_is_told_through_the_response_url(
    slack: Emulator, messages: MessagesApi, response_url: Callable[[str], str]
) -> None:
    messages.tell("G0SECRET", "U0GRACE", "Only you see this.", response_url("G0SECRET"))

    assert [message["text"] for message in slack.ephemerals("U0GRACE")] == ["Only you see this."]
    assert slack.messages("G0SECRET") == []
    assert counted(slack) == (0, 0, 1)


def test_without_a_response_url_slack_is_asked_to_tell(slack: Emulator, messages: MessagesApi) -> None:
    messages.tell("C0GENERAL", "U0GRACE", "Only you see this.", None)

    assert [message["text"] for message in slack.ephemerals("U0GRACE")] == ["Only you see this."]
    assert counted(slack) == (0, 1, 0)


def test_a_worn_out_response_url_does_not_keep_a_person_from_being_told(
    slack: Emulator, messages: MessagesApi, response_url: Callable[[str], str], clock: MovedClock
) -> None:
    url = response_url("C0GENERAL")
    clock.move(1801)
    messages.tell("C0GENERAL", "U0GRACE", "Only you see this.", url)

    assert [message["text"] for message in slack.ephemerals("U0GRACE")] == ["Only you see this."]
    assert counted(slack) == (0, 1, 1)


def test_a_lost_answer_is_not_told_a_second_way(
    slack: Emulator, messages: MessagesApi, response_url: Callable[[str], str]
) -> None:
    slack.faults.add("response_url", "drop_after")
    with pytest.raises(TemporaryFailure):
        messages.tell("C0GENERAL", "U0GRACE", "Only you see this.", response_url("C0GENERAL"))
    assert counted(slack) == (0, 0, 1)
