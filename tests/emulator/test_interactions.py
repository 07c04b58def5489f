"""What people do with buttons, modals and shortcuts: what the app receives, and what its answer does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from flask import request
from slack_sdk import WebClient

from app.emulator import Emulator, interactions
from app.emulator.errors import SlackError
from app.emulator.interactions import block_action, close_view, open_home, shortcut, submit_view, suggest
from app.emulator.views import views_of
from tests.emulator.slack_side import Connect
from tests.emulator.test_views import HOME, Json, modal, plain, titles, with_input

BUTTON = {"type": "button", "text": plain("End"), "action_id": "end", "value": "R1"}
MENU = {
    "type": "static_select",
    "action_id": "pick",
    "options": [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}],
}
ACTIONS = [{"type": "actions", "block_id": "row", "elements": [BUTTON, MENU]}]


class Phone:
    """An app that keeps what it receives and gives the answer that was laid out for it."""

    def __init__(self) -> None:
        self.payloads: list[Json] = []
        self.events: list[Json] = []
        self.answer: Callable[[Json], Any] = lambda _payload: ""

    def __call__(self) -> Any:
        if request.is_json:
            self.events.append(request.get_json())
            return ""
        payload = json.loads(request.form["payload"])
        self.payloads.append(payload)
        return self.answer(payload)


@pytest.fixture
def phone(connect: Connect) -> Phone:
    phone = Phone()
    connect(phone)
    return phone


@pytest.fixture
def message(client: WebClient) -> Json:
    posted = client.chat_postMessage(channel="C0GENERAL", text="A call", blocks=ACTIONS)
    return {"channel": "C0GENERAL", "ts": posted["ts"]}


def open_modal(emulator: Emulator, client: WebClient, view: Json) -> str:
    trigger = emulator.workspace().triggers.mint("U0ADA", in_modal=bool(views_of(emulator.workspace(), "U0ADA")))
    method = client.views_push if views_of(emulator.workspace(), "U0ADA") else client.views_open
    return str(method(trigger_id=trigger, view=view)["view"]["id"])


def opening(client: WebClient, title: str) -> Callable[[Json], str]:
    """An app that answers with a modal."""

    def answer(payload: Json) -> str:
        client.views_open(trigger_id=payload["trigger_id"], view=modal(title))
        return ""

    return answer


def test_a_pressed_button_says_who_where_and_what(emulator: Emulator, phone: Phone, message: Json) -> None:
    answer = block_action(emulator, "U0ADA", message, {"action_id": "end", "block_id": "row"})
    assert (answer.status, answer.error) == (200, "")
    (payload,) = phone.payloads
    assert payload["type"] == "block_actions"
    assert payload["user"] == {"id": "U0ADA", "username": "ada", "name": "ada", "team_id": "T0LOCAL"}
    assert payload["team"] == {"id": "T0LOCAL", "domain": "local"}
    assert payload["channel"] == {"id": "C0GENERAL", "name": "general"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": "C0GENERAL",
        "is_ephemeral": False,
    }
    assert payload["message"]["ts"] == message["ts"]
    (action,) = payload["actions"]
    assert action.items() >= {"type": "button", "action_id": "end", "block_id": "row", "value": "R1"}.items()


def test_a_choice_is_found_by_its_value(emulator: Emulator, phone: Phone, message: Json) -> None:
    block_action(emulator, "U0ADA", message, {"action_id": "pick", "chosen": "2"})
    assert phone.payloads[0]["actions"][0]["selected_option"] == MENU["options"][1]


def test_the_response_url_of_a_button_replaces_its_message(
    emulator: Emulator, phone: Phone, message: Json, http: httpx.Client
) -> None:
    block_action(emulator, "U0ADA", message, {"action_id": "end"})
    http.post(phone.payloads[0]["response_url"], json={"replace_original": True, "text": "Ended"})
    assert [each["text"] for each in emulator.messages("C0GENERAL")] == ["Ended"]


def test_a_button_in_an_ephemeral_message_does_not_repeat_the_message(
    emulator: Emulator, client: WebClient, phone: Phone
) -> None:
    ts = client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="Hi", blocks=ACTIONS)["message_ts"]
    block_action(emulator, "U0ADA", {"channel": "C0GENERAL", "ts": ts}, {"action_id": "end"})
    assert phone.payloads[0]["container"]["is_ephemeral"] is True
    assert "message" not in phone.payloads[0]
    with pytest.raises(SlackError, match="message_not_found"):
        block_action(emulator, "U0GRACE", {"channel": "C0GENERAL", "ts": ts}, {"action_id": "end"})


def test_a_button_opens_a_modal_within_three_seconds(
    emulator: Emulator, client: WebClient, phone: Phone, message: Json
) -> None:
    phone.answer = opening(client, "Sure?")
    block_action(emulator, "U0ADA", message, {"action_id": "end"})
    assert titles(emulator) == ["Sure?"]


def test_an_action_in_a_modal_carries_the_view_with_its_state(
    emulator: Emulator, client: WebClient, phone: Phone
) -> None:
    view = with_input()
    view["blocks"].append(ACTIONS[0])
    view_id = open_modal(emulator, client, view)
    typed = {"title": {"typed": {"value": "Weekly"}}}
    block_action(emulator, "U0ADA", {"view_id": view_id, "state": typed}, {"action_id": "pick", "chosen": "1"})
    values = phone.payloads[0]["view"]["state"]["values"]
    assert values["title"]["typed"]["value"] == "Weekly"
    assert values["row"]["pick"]["selected_option"]["value"] == "1"
    assert phone.payloads[0]["container"] == {"type": "view", "view_id": view_id}


def test_options_of_an_external_menu_come_from_the_app(emulator: Emulator, client: WebClient, phone: Phone) -> None:
    menu = {"type": "external_select", "action_id": "who"}
    view = modal(blocks=[{"type": "actions", "block_id": "row", "elements": [menu]}])
    view_id = open_modal(emulator, client, view)
    phone.answer = lambda payload: {"options": [{"text": plain(payload["value"]), "value": "1"}]}
    offered = suggest(emulator, "U0ADA", {"view_id": view_id}, "who", "gra")
    assert offered == [{"text": plain("gra"), "value": "1"}]
    assert phone.payloads[0].items() >= {"type": "block_suggestion", "action_id": "who", "block_id": "row"}.items()


def test_a_required_input_keeps_the_modal_from_being_sent(emulator: Emulator, client: WebClient, phone: Phone) -> None:
    view_id = open_modal(emulator, client, with_input())
    answer = submit_view(emulator, "U0ADA", view_id, {"title": {"typed": {"value": ""}}})
    assert answer.errors == {"title": "Please complete this required field."}
    assert phone.payloads == []


SUBMITTED = {"values": {"title": {"typed": {"value": "Weekly"}}}}


def test_a_submitted_modal_carries_what_was_typed_and_closes(
    emulator: Emulator, client: WebClient, phone: Phone
) -> None:
    view_id = open_modal(emulator, client, with_input())
    assert submit_view(emulator, "U0ADA", view_id, SUBMITTED).error == ""
    (payload,) = phone.payloads
    assert (payload["type"], payload["view"]["id"]) == ("view_submission", view_id)
    assert payload["view"]["state"]["values"]["title"]["typed"] == {"type": "plain_text_input", "value": "Weekly"}
    assert titles(emulator) == []


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("", ["Below"]),
        ({}, ["Below"]),
        ({"response_action": "clear"}, []),
        ({"response_action": "update", "view": modal("New")}, ["Below", "New"]),
        ({"response_action": "push", "view": modal("New")}, ["Below", "Call", "New"]),
        ({"response_action": "errors", "errors": {"title": "Taken"}}, ["Below", "Call"]),
    ],
)
def test_the_answer_decides_what_the_person_sees(
    emulator: Emulator, client: WebClient, phone: Phone, answer: Any, shown: list[str]
) -> None:
    open_modal(emulator, client, modal("Below"))
    view_id = open_modal(emulator, client, with_input())
    phone.answer = lambda _payload: answer
    outcome = submit_view(emulator, "U0ADA", view_id, SUBMITTED)
    assert (titles(emulator), outcome.error) == (shown, "")
    assert outcome.errors == (answer.get("errors", {}) if isinstance(answer, dict) else {})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (("broken", 500), "dispatch_failed"),
        ("not json", "invalid_json"),
        (["list"], "invalid_response"),
        ({"response_action": "dance"}, "invalid_response_action"),
        ({"response_action": "errors", "errors": {"elsewhere": "No"}}, "invalid_errors"),
        ({"response_action": "update", "view": {"type": "modal"}}, "invalid_arguments"),
        ({"response_action": "push", "view": HOME}, "invalid_arguments"),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_and_the_modal_stays(
    emulator: Emulator, client: WebClient, phone: Phone, answer: Any, error: str
) -> None:
    view_id = open_modal(emulator, client, with_input())
    phone.answer = lambda _payload: answer
    assert submit_view(emulator, "U0ADA", view_id, SUBMITTED).error == error
    assert titles(emulator) == ["Call"]


def test_a_closed_modal_is_told_of_only_on_request(emulator: Emulator, client: WebClient, phone: Phone) -> None:
    quiet = open_modal(emulator, client, modal())
    close_view(emulator, "U0ADA", quiet)
    loud = open_modal(emulator, client, modal(notify_on_close=True))
    close_view(emulator, "U0ADA", loud)
    assert [(each["type"], each["view"]["id"], each["is_cleared"]) for each in phone.payloads] == [
        ("view_closed", loud, False)
    ]
    assert titles(emulator) == []


def test_clear_on_close_closes_all(emulator: Emulator, client: WebClient, phone: Phone) -> None:
    open_modal(emulator, client, modal("1", notify_on_close=True))
    top = open_modal(emulator, client, modal("2", clear_on_close=True))
    close_view(emulator, "U0ADA", top)
    assert [each["is_cleared"] for each in phone.payloads] == [True]
    assert titles(emulator) == []


def test_a_global_shortcut_opens_a_modal(emulator: Emulator, client: WebClient, phone: Phone) -> None:
    phone.answer = opening(client, "Start")
    shortcut(emulator, "U0ADA", "start_call")
    assert phone.payloads[0].items() >= {"type": "shortcut", "callback_id": "start_call"}.items()
    assert titles(emulator) == ["Start"]


def test_a_message_shortcut_carries_the_message(emulator: Emulator, phone: Phone, message: Json) -> None:
    shortcut(emulator, "U0GRACE", "call_about_message", message["ts"], "C0GENERAL")
    (payload,) = phone.payloads
    assert (payload["type"], payload["message_ts"]) == ("message_action", message["ts"])
    assert payload["message"]["text"] == "A call"
    assert payload["response_url"].startswith(emulator.url)


def test_looking_at_the_home_is_an_event_with_the_view(emulator: Emulator, client: WebClient, phone: Phone) -> None:
    open_home(emulator, "U0ADA")
    client.views_publish(user_id="U0ADA", view=HOME)
    assert open_home(emulator, "U0ADA").status == 200
    first, second = (each["event"] for each in phone.events)
    assert (first["type"], first["tab"], first["user"], "view" in first) == ("app_home_opened", "home", "U0ADA", False)
    assert (second["view"]["type"], second["channel"]) == ("home", first["channel"])
    assert first["channel"].startswith("D")


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda e, ref: block_action(e, "U0NOBODY", ref, {"action_id": "end"}), "user_not_found"),
        (lambda e, ref: block_action(e, "U0ADA", ref, {"action_id": "other"}), "action_not_found"),
        (lambda e, ref: block_action(e, "U0ADA", ref, {"action_id": "end", "block_id": "x"}), "action_not_found"),
        (lambda e, ref: block_action(e, "U0ADA", ref, {"action_id": "pick", "chosen": "9"}), "option_not_found"),
        (lambda e, ref: block_action(e, "U0ADA", ref | {"ts": "1.000000"}, {"action_id": "end"}), "message_not_found"),
        (
            lambda e, ref: block_action(e, "U0ALAN", ref | {"channel": "G0SECRET"}, {"action_id": "end"}),
            "not_in_channel",
        ),
        (lambda e, _ref: submit_view(e, "U0ADA", "V0", {}), "not_found"),
        (lambda e, _ref: close_view(e, "U0ADA", "V0"), "not_found"),
        (lambda e, _ref: shortcut(e, "U0ADA", "x", "1.000000", "C0GENERAL"), "message_not_found"),
        (lambda e, _ref: open_home(e, "U0NOBODY"), "user_not_found"),
    ],
)
@pytest.mark.usefixtures("phone")
def test_nobody_acts_on_what_is_not_before_them(
    emulator: Emulator, message: Json, act: Callable[[Emulator, Json], object], error: str
) -> None:
    with pytest.raises(SlackError, match=error):
        act(emulator, message)


def test_nobody_submits_the_modal_of_somebody_else(emulator: Emulator, client: WebClient, phone: Phone) -> None:
    view_id = open_modal(emulator, client, with_input())
    with pytest.raises(SlackError, match="not_found"):
        submit_view(emulator, "U0GRACE", view_id, SUBMITTED)
    assert phone.payloads == []


def test_interactions_are_recorded_without_their_secrets(emulator: Emulator, phone: Phone, message: Json) -> None:
    interactions.block_action(emulator, "U0ADA", message, {"action_id": "end"})
    (sent,) = emulator.journal.sent("interaction")
    assert (sent.args["type"], sent.args["token"], sent.status) == ("block_actions", "***", 200)
    assert phone.payloads[0]["token"] == "local-verification-token"
