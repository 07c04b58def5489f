"""A workspace seeded from an app's manifest: whatever that does not ask for is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import request
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.errors import Misused, SlackError
from app.emulator.interactions import block_action, shortcut
from app.emulator.manifest import read_manifest
from tests.emulator.slack_side import Clock, Connect, error_of, refusal

Json = dict[str, Any]
FIXTURE = Path(__file__).parent / "fixtures" / "manifest_v2.json"


@pytest.fixture
def manifest() -> Json:
    value: Json = json.loads(FIXTURE.read_text("utf-8"))
    return value


@pytest.fixture
def emulator(manifest: Json, clock: Clock) -> Iterator[Emulator]:
    with Emulator(now=clock, manifest=manifest) as running:
        yield running


@pytest.fixture
def received(connect: Connect) -> list[Json]:
    kept: list[Json] = []

    def answer() -> str:
        kept.append(request.get_json() if request.is_json else request.form.to_dict())
        return ""

    connect(answer)
    return kept


def test_a_manifest_may_be_a_file_or_a_mapping(manifest: Json) -> None:
    assert read_manifest(FIXTURE) == read_manifest(str(FIXTURE)) == read_manifest(manifest)


def test_what_it_asks_for_is_known(emulator: Emulator) -> None:
    manifest = emulator.manifest
    assert manifest is not None
    assert (manifest.name, emulator.app.name) == ("Call Bridge", "Call Bridge")
    assert manifest.commands["/call"].usage_hint == "[title]"
    assert {each.kind for each in manifest.shortcuts.values()} == {"global", "message"}
    assert (manifest.home_tab, manifest.token_rotation, manifest.socket_mode) == (True, True, False)


def test_the_bot_has_the_scopes_it_asked_for_and_no_others(client: WebClient) -> None:
    assert client.users_info(user="U0ADA")["ok"]
    body = refusal(lambda: client.conversations_open(users="U0ADA"))
    assert body["error"] == "missing_scope"
    assert set(body["provided"].split(",")) >= {"calls:read", "links:write"}


def test_a_command_it_lacks_is_none(emulator: Emulator, received: list[Json]) -> None:
    answer = emulator.slash("/huddle", "now")
    assert (answer.status, "`/huddle` is not a valid command" in answer.text) == (0, True)
    assert (received, emulator.ephemerals("U0ADA")[0]["user"]) == ([], "USLACKBOT")
    assert emulator.slash("/call").status == 200


def test_names_are_escaped_where_the_command_asks_for_it(emulator: Emulator, received: list[Json]) -> None:
    emulator.slash("/call", "with @grace in #general not #secret or ada@example.com")
    expected = "with <@U0GRACE|grace> in <#C0GENERAL|general> not <#G0SECRET|> or ada@example.com"
    assert received[0]["text"] == expected


def test_an_event_it_did_not_subscribe_to_is_not_sent(emulator: Emulator, manifest: Json, received: list[Json]) -> None:
    emulator.open_home("U0ADA")
    assert [each["event"]["type"] for each in received] == ["app_home_opened"]
    manifest["settings"]["event_subscriptions"]["bot_events"].remove("app_home_opened")
    emulator.seed(manifest)
    emulator.open_home("U0ADA")
    assert len(received) == 1


def test_a_home_it_did_not_turn_on_cannot_be_published(emulator: Emulator, client: WebClient, manifest: Json) -> None:
    home = {"type": "home", "blocks": []}
    assert client.views_publish(user_id="U0ADA", view=home)["ok"]
    manifest["features"]["app_home"]["home_tab_enabled"] = False
    emulator.seed(manifest)
    assert error_of(lambda: client.views_publish(user_id="U0ADA", view=home)) == "not_enabled"
    with pytest.raises(SlackError, match="not_enabled"):
        emulator.open_home("U0ADA")


@pytest.mark.usefixtures("received")
def test_a_shortcut_it_lacks_is_not_found(emulator: Emulator) -> None:
    assert shortcut(emulator, "U0ADA", "start_call").status == 200
    for callback_id in ("call_about_message", "stop_call"):
        with pytest.raises(SlackError, match="shortcut_not_found"):
            shortcut(emulator, "U0ADA", callback_id)


@pytest.mark.usefixtures("received")
def test_without_interactivity_buttons_do_nothing(emulator: Emulator, client: WebClient, manifest: Json) -> None:
    manifest["settings"]["interactivity"]["is_enabled"] = False
    manifest["features"]["shortcuts"] = []
    emulator.seed(manifest)
    button = {"type": "button", "action_id": "end", "text": {"type": "plain_text", "text": "End"}}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = client.chat_postMessage(channel="C0GENERAL", text="Hi", blocks=blocks)["ts"]
    with pytest.raises(SlackError, match="interactivity_not_enabled"):
        block_action(emulator, "U0ADA", {"channel": "C0GENERAL", "ts": ts}, {"action_id": "end"})


@pytest.mark.parametrize(
    ("redirect_uri", "status"),
    [
        ("https://example.com/slack/oauth_redirect", 200),
        ("https://example.com/slack/oauth_redirect/deeper", 200),
        ("", 200),
        ("https://example.com/slack/oauth_redirect_not", 400),
        ("https://example.com/slack", 400),
        ("http://example.com/slack/oauth_redirect", 400),
        ("https://evil.example.com/slack/oauth_redirect", 400),
    ],
)
def test_only_listed_addresses_are_led_back_to(
    emulator: Emulator, http: httpx.Client, redirect_uri: str, status: int
) -> None:
    asked = {"client_id": emulator.app.client_id, "scope": "commands", "redirect_uri": redirect_uri}
    answer = http.get("/oauth/v2/authorize", params=asked)
    assert (answer.status_code, "bad_redirect_uri" in answer.text) == (status, status == 400)


def test_a_scope_it_did_not_list_cannot_be_asked_for(emulator: Emulator, http: httpx.Client) -> None:
    asked = {"client_id": emulator.app.client_id, "scope": "commands,files:read"}
    answer = http.get("/oauth/v2/authorize", params=asked)
    assert (answer.status_code, "invalid_scope" in answer.text) == (400, True)


def test_sockets_need_socket_mode(emulator: Emulator, manifest: Json) -> None:
    opener = WebClient(base_url=emulator.api_url, retry_handlers=[])
    assert error_of(lambda: opener.apps_connections_open(app_token="xapp-local")) == "socket_mode_not_enabled"
    manifest["settings"]["socket_mode_enabled"] = True
    emulator.seed(manifest)
    assert opener.apps_connections_open(app_token="xapp-local")["url"].startswith("ws://127.0.0.1:")


Change = Callable[[Json], object]
WRONG: list[tuple[Change, str]] = [
    (lambda m: m.update(colour="red"), "/colour: unknown section"),
    (lambda m: m["display_information"].update(name="x" * 36), "/display_information/name"),
    (lambda m: m["display_information"].update(description="x" * 141), "/display_information/description"),
    (lambda m: m["features"].update(slash_commands={}), "/features/slash_commands: must be a list"),
    (lambda m: m["features"]["slash_commands"][0].update(command="call"), "/features/slash_commands/0/command"),
    (lambda m: m["features"]["slash_commands"][0].update(description=""), "/features/slash_commands/0/description"),
    (lambda m: m["features"]["shortcuts"][0].update(type="any"), "/features/shortcuts/0/type"),
    (lambda m: m["features"]["shortcuts"][0].update(name="x" * 25), "/features/shortcuts/0/name"),
    (lambda m: m["features"].update(unfurl_domains=["localhost"]), "/features/unfurl_domains/0"),
    (lambda m: m["features"].update(unfurl_domains=["example.com"] * 6), "no more than 5 items allowed"),
    (lambda m: m["oauth_config"].update(redirect_urls=["http://example.com"]), "/oauth_config/redirect_urls/0"),
    (lambda m: m["oauth_config"]["scopes"]["bot"].append("chat:wirte"), "there is no scope chat:wirte"),
    (lambda m: m["oauth_config"]["scopes"]["bot"].remove("commands"), "need the scope commands"),
    (lambda m: m["oauth_config"]["scopes"]["bot"].remove("links:read"), "link_shared needs the scope links:read"),
    (lambda m: m["settings"]["event_subscriptions"]["bot_events"].append("call_accepted"), "no event call_accepted"),
    (lambda m: m["settings"]["event_subscriptions"].pop("request_url"), "missing without Socket Mode"),
    (lambda m: m["settings"]["interactivity"].update(is_enabled=False), "shortcuts need interactivity"),
    (lambda m: m["settings"].update(function_runtime="slack"), "functions need the runtime remote"),
    (lambda m: m["settings"].update(org_deploy_enabled=False), "functions need org_deploy_enabled"),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=[words for _, words in WRONG])
def test_a_wrong_manifest_is_refused_with_the_place(manifest: Json, change: Change, words: str) -> None:
    wrong = copy.deepcopy(manifest)
    change(wrong)
    with pytest.raises(Misused) as refused:
        read_manifest(wrong)
    assert words in str(refused.value)


@pytest.mark.parametrize("content", [None, "", "[]", "{"])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misused):
        read_manifest(path)
