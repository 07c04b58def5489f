"""Modals and App Homes: views.open, push, update and publish."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.views import home_of, views_of
from tests.emulator.slack_side import Clock, error_of, refusal

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def modal(title: str = "Call", **more: Any) -> Json:
    return {"type": "modal", "title": plain(title), "blocks": [{"type": "divider"}], **more}


def with_input(block_id: str = "title", **element: Any) -> Json:
    typed = {"type": "plain_text_input", "action_id": "typed", **element}
    block = {"type": "input", "block_id": block_id, "label": plain("Title"), "element": typed}
    return modal(submit=plain("Go"), blocks=[block])


HOME = {"type": "home", "blocks": [{"type": "divider"}]}


@pytest.fixture
def trigger(emulator: Emulator) -> str:
    return emulator.workspace().triggers.mint("U0ADA")


def new_trigger(emulator: Emulator, *, in_modal: bool = True) -> str:
    return emulator.workspace().triggers.mint("U0ADA", in_modal=in_modal)


def titles(emulator: Emulator) -> list[str]:
    return [view["title"]["text"] for view in views_of(emulator.workspace(), "U0ADA")]


def test_an_opened_modal_is_described_with_every_documented_field(client: WebClient, trigger: str) -> None:
    view = client.views_open(trigger_id=trigger, view=modal(callback_id="start", private_metadata="m"))["view"]
    assert set(view) == {
        "app_id", "app_installed_team_id", "blocks", "bot_id", "callback_id", "clear_on_close", "close", "external_id",
        "hash", "id", "notify_on_close", "previous_view_id", "private_metadata", "root_view_id", "state", "submit",
        "submit_disabled", "team_id", "title", "type",
    }  # fmt: skip
    assert (view["type"], view["callback_id"], view["private_metadata"]) == ("modal", "start", "m")
    assert (view["root_view_id"], view["previous_view_id"], view["bot_id"]) == (view["id"], None, "B0BOT")
    assert view["blocks"][0]["block_id"]


def test_the_person_sees_the_modal(client: WebClient, emulator: Emulator, trigger: str) -> None:
    opened = client.views_open(trigger_id=trigger, view=modal())["view"]
    assert views_of(emulator.workspace(), "U0ADA") == [opened]
    assert views_of(emulator.workspace(), "U0GRACE") == []


def test_inputs_begin_with_their_initial_values(client: WebClient, trigger: str) -> None:
    view = client.views_open(trigger_id=trigger, view=with_input(initial_value="Weekly"))["view"]
    assert view["state"]["values"] == {"title": {"typed": {"type": "plain_text_input", "value": "Weekly"}}}


def test_a_trigger_works_once(client: WebClient, trigger: str) -> None:
    client.views_open(trigger_id=trigger, view=modal())
    assert error_of(lambda: client.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"


@pytest.mark.parametrize(("seconds", "error"), [(3, None), (3.1, "expired_trigger_id")])
def test_a_trigger_lives_three_seconds(
    client: WebClient, clock: Clock, trigger: str, seconds: float, error: str | None
) -> None:
    clock.forward(seconds)
    if error is None:
        assert client.views_open(trigger_id=trigger, view=modal())["ok"]
    else:
        assert error_of(lambda: client.views_open(trigger_id=trigger, view=modal())) == error


def test_a_refused_view_leaves_the_trigger_unused(client: WebClient, trigger: str) -> None:
    assert error_of(lambda: client.views_open(trigger_id=trigger, view={"type": "modal"})) == "invalid_arguments"
    assert client.views_open(trigger_id=trigger, view=modal())["ok"]


def test_three_modals_lie_on_each_other_and_not_four(client: WebClient, emulator: Emulator, trigger: str) -> None:
    root = client.views_open(trigger_id=trigger, view=modal("1"))["view"]
    second = client.views_push(trigger_id=new_trigger(emulator), view=modal("2"))["view"]
    third = client.views_push(trigger_id=new_trigger(emulator), view=modal("3"))["view"]
    assert (third["root_view_id"], third["previous_view_id"]) == (root["id"], second["id"])
    refused = error_of(lambda: client.views_push(trigger_id=new_trigger(emulator), view=modal("4")))
    assert (refused, titles(emulator)) == ("push_limit_reached", ["1", "2", "3"])


def test_a_modal_is_updated_by_id_or_name(client: WebClient, emulator: Emulator, trigger: str) -> None:
    view = client.views_open(trigger_id=trigger, view=modal("1", external_id="mine"))["view"]
    client.views_update(view_id=view["id"], view=modal("2", external_id="mine"))
    client.views_update(external_id="mine", view=modal("3"))
    assert titles(emulator) == ["3"]


def test_an_update_keeps_what_was_typed_where_the_input_stays(client: WebClient, trigger: str) -> None:
    view = client.views_open(trigger_id=trigger, view=with_input(initial_value="Weekly"))["view"]
    same = client.views_update(view_id=view["id"], view=with_input())["view"]
    other = client.views_update(view_id=view["id"], view=with_input("topic"))["view"]
    assert same["state"]["values"]["title"]["typed"]["value"] == "Weekly"
    assert other["state"]["values"]["topic"]["typed"]["value"] is None


def test_an_old_hash_is_a_conflict(client: WebClient, trigger: str) -> None:
    view = client.views_open(trigger_id=trigger, view=modal())["view"]
    newer = client.views_update(view_id=view["id"], view=modal(), hash=view["hash"])["view"]
    assert newer["hash"] != view["hash"]
    assert error_of(lambda: client.views_update(view_id=view["id"], view=modal(), hash=view["hash"])) == "hash_conflict"


def test_an_external_id_is_unique_in_the_workspace(client: WebClient, emulator: Emulator, trigger: str) -> None:
    client.views_open(trigger_id=trigger, view=modal(external_id="mine"))
    named = modal(external_id="mine")
    assert error_of(lambda: client.views_push(trigger_id=new_trigger(emulator), view=named)) == "duplicate_external_id"


def test_a_home_is_published_and_published_again(client: WebClient, emulator: Emulator) -> None:
    assert home_of(emulator.workspace(), "U0ADA") is None
    first = client.views_publish(user_id="U0ADA", view=HOME)["view"]
    second = client.views_publish(user_id="U0ADA", view=HOME, hash=first["hash"])["view"]
    assert (first["id"], first["type"]) == (second["id"], "home")
    assert home_of(emulator.workspace(), "U0ADA") == second
    stale = error_of(lambda: client.views_publish(user_id="U0ADA", view=HOME, hash=first["hash"]))
    assert stale == "hash_conflict"


@pytest.mark.parametrize(
    ("method", "args", "error", "message"),
    [
        ("views.open", {"trigger_id": "1.2.3"}, "invalid_arguments", "missing required field: view"),
        ("views.open", {"view": modal()}, "invalid_arguments", "missing required field: trigger_id"),
        ("views.open", {"trigger_id": "1.2.3", "view": modal()}, "invalid_trigger_id", None),
        ("views.open", {"trigger_id": "1.2.3", "view": "{"}, "invalid_arguments", "must provide valid JSON"),
        ("views.open", {"trigger_id": "1.2.3", "view": HOME}, "invalid_arguments", "unsupported type: home"),
        ("views.open", {"trigger_id": "1.2.3", "view": []}, "invalid_arguments", "must provide an object"),
        ("views.push", {"trigger_id": "1.2.3", "view": modal()}, "invalid_trigger_id", None),
        ("views.update", {"view": modal()}, "invalid_arguments", "missing required field: view_id or external_id"),
        ("views.update", {"view": modal(), "view_id": "V0"}, "not_found", None),
        ("views.update", {"view": modal(), "external_id": "x"}, "not_found", None),
        ("views.publish", {"view": HOME}, "invalid_arguments", "missing required field: user_id"),
        ("views.publish", {"view": modal(), "user_id": "U0ADA"}, "invalid_arguments", "unsupported type: modal"),
        ("views.publish", {"view": HOME, "user_id": "U0NOBODY"}, "user_not_found", None),
    ],
)
def test_bad_input_gets_slacks_error(
    client: WebClient, method: str, args: Json, error: str, message: str | None
) -> None:
    body = refusal(lambda: client.api_call(method, json=args))
    assert body["error"] == error
    if message is not None:
        assert message in body["response_metadata"]["messages"][0]


def test_nothing_is_pushed_where_nothing_is_open(client: WebClient, emulator: Emulator) -> None:
    assert error_of(lambda: client.views_push(trigger_id=new_trigger(emulator), view=modal())) == "not_found"


def test_a_view_keeps_its_type(client: WebClient, trigger: str) -> None:
    view = client.views_open(trigger_id=trigger, view=modal())["view"]
    assert error_of(lambda: client.views_update(view_id=view["id"], view=HOME)) == "invalid_arguments"
