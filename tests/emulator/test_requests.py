"""How a request may be made: methods, encodings, tokens, scopes; and what Slack says of each."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.emulator import Emulator
from app.emulator.block_kit.blocks import BLOCKS
from app.emulator.block_kit.elements import ELEMENTS
from app.emulator.web_api import METHODS
from app.emulator.workspace import Grant

FORM = "application/x-www-form-urlencoded"
WITHOUT_SCOPES = {
    "apps.uninstall",
    "auth.revoke",
    "auth.test",
    "chat.getPermalink",
    "functions.completeError",
    "functions.completeSuccess",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
}
NOT_FOR_BOTS = {"apps.connections.open", "openid.connect.userInfo", "users.profile.set"}
ANSWERED_WITHOUT_ARGUMENTS = {"auth.revoke", "auth.test", "bots.info", "users.list"}
BOT_METHODS_WITH_SCOPES = sorted(METHODS.keys() - WITHOUT_SCOPES - NOT_FOR_BOTS)


def ask(http: httpx.Client, body: bytes | str, content_type: str | None, method: str = "auth.test") -> dict[str, Any]:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer: dict[str, Any] = http.post(f"/api/{method}", content=body, headers=headers).json()
    return answer


def test_an_unknown_method_is_named_so(http: httpx.Client) -> None:
    assert http.post("/api/calls.celebrate").json() == {"ok": False, "error": "unknown_method"}


def test_a_token_is_needed(emulator: Emulator) -> None:
    assert httpx.post(emulator.api_url + "auth.test").json() == {"ok": False, "error": "not_authed"}


@pytest.mark.parametrize("header", ["Bearer xoxb-wrong", "bearer xoxb-local-", "Bearer xoxb-local, xoxb-local"])
def test_a_wrong_token_is_refused(emulator: Emulator, header: str) -> None:
    headers = {"Authorization": header}
    assert httpx.post(emulator.api_url + "auth.test", headers=headers).json()["error"] == "invalid_auth"


@pytest.mark.parametrize("header", ["Basic xoxb-local", "xoxb-local", "Bearer", ""])
def test_a_token_is_a_bearer(emulator: Emulator, header: str) -> None:
    answer = httpx.post(emulator.api_url + "auth.test", headers={"Authorization": header})
    assert answer.json()["error"] == "not_authed"


def test_a_form_may_carry_the_token(emulator: Emulator) -> None:
    assert httpx.post(emulator.api_url + "auth.test", data={"token": "xoxb-local"}).json()["ok"]
    assert httpx.post(emulator.api_url + "auth.test", files={"token": (None, "xoxb-local")}).json()["ok"]


def test_json_may_not_carry_the_token(emulator: Emulator) -> None:
    assert httpx.post(emulator.api_url + "auth.test", json={"token": "xoxb-local"}).json()["error"] == "not_authed"


def test_the_query_may_not_carry_the_token(emulator: Emulator) -> None:
    assert httpx.get(emulator.api_url + "auth.test?token=xoxb-local").json()["error"] == "not_authed"


def test_auth_test_says_who_the_bot_is(http: httpx.Client) -> None:
    assert http.post("/api/auth.test").json() == {
        "ok": True,
        "url": "https://local.slack.com/",
        "team": "Local",
        "user": "switchboard",
        "team_id": "T0LOCAL",
        "user_id": "U0BOT",
        "bot_id": "B0BOT",
        "is_enterprise_install": False,
    }


def test_api_test_needs_no_token_and_echoes(emulator: Emulator) -> None:
    assert httpx.post(emulator.api_url + "api.test").json() == {"ok": True}
    assert httpx.post(emulator.api_url + "api.test", data={"foo": "bar"}).json() == {"ok": True, "args": {"foo": "bar"}}


def test_api_test_fails_on_request(emulator: Emulator) -> None:
    answer = httpx.get(emulator.api_url + "api.test", params={"error": "my_error"}).json()
    assert answer == {"ok": False, "error": "my_error"}


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"id=R1", None, "missing_post_type"),
        (b"id=R1", "application/xml", "invalid_post_type"),
        (b"id=R1", f"{FORM}; charset=utf-16", "invalid_charset"),
        (b"\xff=1", f"{FORM}; charset=utf-8", "invalid_form_data"),
        (b"id=%FF", FORM, "invalid_form_data"),
        (b"garbage", "multipart/form-data; boundary=x", "invalid_form_data"),
        (b"{", "application/json; charset=utf-8", "invalid_json"),
        (b"\xff", "application/json; charset=utf-8", "invalid_json"),
        (b'{"a": NaN}', "application/json; charset=utf-8", "invalid_json"),
        (b"[" * 100_000, "application/json; charset=utf-8", "invalid_json"),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", "application/json; charset=utf-8", "invalid_json"),
        (b"[]", "application/json; charset=utf-8", "json_not_object"),
        (b'"text"', "application/json; charset=utf-8", "json_not_object"),
        (b"null", "application/json; charset=utf-8", "json_not_object"),
        (b"users[]=U0ADA", FORM, "invalid_array_arg"),
        (b"users[0]=U0ADA", FORM, "invalid_array_arg"),
        (b"my-arg=1", FORM, "invalid_arg_name"),
        (b'{"my arg": 1}', "application/json; charset=utf-8", "invalid_arg_name"),
        (b"x" * 200 + b"=1", FORM, "invalid_arg_name"),
    ],
)
def test_an_unreadable_body_is_refused(http: httpx.Client, body: bytes, content_type: str | None, code: str) -> None:
    answer = ask(http, body, content_type)
    assert (answer["ok"], answer["error"]) == (False, code)


@pytest.mark.parametrize(
    ("body", "content_type", "warning"),
    [
        ("id=R1", FORM, None),
        ("id=R1", f"{FORM}; charset=utf-8", "superfluous_charset"),
        ("{}", "application/json;charset=utf-8", None),
        ("{}", "application/json", "missing_charset"),
        ("id=R1", "text/plain", "missing_charset"),
        ("id=R1", "text/plain; charset=iso-8859-1", None),
    ],
)
def test_slack_warns_about_charsets(http: httpx.Client, body: str, content_type: str, warning: str | None) -> None:
    answer = ask(http, body, content_type)
    assert answer["ok"]
    assert answer.get("warning") == warning
    assert answer.get("response_metadata", {}).get("warnings") == ([warning] if warning else None)


def test_a_warning_stands_beside_a_refusal_and_its_messages(http: httpx.Client) -> None:
    answer = ask(http, "{}", "application/json", "calls.info")
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"] == {
        "messages": ["[ERROR] missing required field: id"],
        "warnings": ["missing_charset"],
    }


@pytest.mark.parametrize(
    "method", ["auth.test", "calls.info", "users.info", "users.lookupByEmail", "conversations.info"]
)
def test_what_only_reads_may_be_got(http: httpx.Client, method: str) -> None:
    assert http.get(f"/api/{method}").json().get("error") != "invalid_post_type"


@pytest.mark.parametrize("method", ["calls.add", "calls.end", "chat.postMessage", "conversations.open"])
def test_what_writes_has_to_be_posted(http: httpx.Client, method: str) -> None:
    assert http.get(f"/api/{method}", params={"id": "R1"}).json()["error"] == "invalid_post_type"


def test_a_get_carries_its_arguments_in_the_query(http: httpx.Client) -> None:
    assert http.get("/api/users.info", params={"user": "U0ADA"}).json()["user"]["id"] == "U0ADA"


def test_the_body_wins_over_the_query(http: httpx.Client) -> None:
    answer = http.post("/api/users.info?user=U0ADA", data={"user": "U0GRACE"}).json()
    assert answer["user"]["id"] == "U0GRACE"


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"auth.revoke"}))
def test_a_team_id_disturbs_no_method(http: httpx.Client, method: str) -> None:
    without = http.post(f"/api/{method}", data={}).json()
    assert http.post(f"/api/{method}", data={"team_id": "T0LOCAL"}).json() == without


@pytest.mark.parametrize("method", BOT_METHODS_WITH_SCOPES)
def test_a_method_needs_its_scope(emulator: Emulator, method: str) -> None:
    emulator.workspace().add_grant(Grant("xoxb-bare", "U0BOT", frozenset({"commands"}), "B0BOT"))
    answer = httpx.post(emulator.api_url + method, headers={"Authorization": "Bearer xoxb-bare"}).json()
    assert (answer["error"], answer["provided"]) == ("missing_scope", "commands")
    assert set(answer["needed"].split(",")) == set(METHODS[method].scopes)


def test_the_headers_tell_scopes_and_a_request_id(http: httpx.Client) -> None:
    one, other = (http.post("/api/calls.info", data={"id": "R1"}).headers for _ in range(2))
    assert "calls:read" in one["X-OAuth-Scopes"].split(",")
    assert one["X-Accepted-OAuth-Scopes"] == "calls:read"
    assert one["X-Slack-Req-Id"] != other["X-Slack-Req-Id"]
    assert one["Content-Type"] == "application/json; charset=utf-8"


def test_a_refusal_is_http_200(http: httpx.Client) -> None:
    assert http.post("/api/calls.info", data={"id": "R1"}).status_code == 200


def test_all_others_need_scopes() -> None:
    assert {name for name, method in METHODS.items() if not method.scopes} == WITHOUT_SCOPES


@pytest.mark.parametrize("method", sorted(NOT_FOR_BOTS))
def test_some_methods_are_not_for_bots(http: httpx.Client, method: str) -> None:
    assert http.post(f"/api/{method}").json() == {"ok": False, "error": "not_allowed_token_type"}


def test_an_app_level_token_is_for_sockets_only(emulator: Emulator) -> None:
    headers = {"Authorization": "Bearer xapp-local"}
    assert httpx.post(emulator.api_url + "auth.test", headers=headers).json()["error"] == "not_allowed_token_type"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    body=st.binary(max_size=200),
    content_type=st.sampled_from(["application/json", FORM, "multipart/form-data; boundary=b", "text/plain", "x"]),
    method=st.sampled_from(sorted(METHODS.keys() - ANSWERED_WITHOUT_ARGUMENTS)),
)
def test_garbage_is_always_answered_with_a_refusal(
    http: httpx.Client, emulator: Emulator, body: bytes, content_type: str, method: str
) -> None:
    emulator.limits.off()
    answer = http.post(f"/api/{method}", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 200
    assert answer.json()["ok"] is False


LONG_NUMBER = "9" * 5000
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.just(LONG_NUMBER),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ANY_PART = st.fixed_dictionaries({"type": st.sampled_from(sorted(ELEMENTS)) | ANY_JSON}) | ANY_JSON
ANY_BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(BLOCKS)) | ANY_JSON},
    optional={
        "text": ANY_PART,
        "element": ANY_PART,
        "accessory": ANY_PART,
        "elements": st.lists(ANY_PART, max_size=2) | ANY_JSON,
        "block_id": ANY_JSON,
    },
)
ANY_BLOCKS = st.lists(ANY_BLOCK, max_size=2)
NAMES = (
    "attachments blocks channel cursor date_start duration external_unique_id id join_url limit metadata ts users view"
)


@pytest.mark.parametrize(
    ("method", "name", "code"),
    [
        ("calls.add", "date_start", "invalid_start_time"),
        ("users.list", "limit", "invalid_limit"),
        ("users.list", "cursor", "invalid_cursor"),
    ],
)
def test_a_number_without_end_is_refused(http: httpx.Client, method: str, name: str, code: str) -> None:
    number = base64.b64encode(f"next:{LONG_NUMBER}".encode()).decode() if name == "cursor" else LONG_NUMBER
    sent = {"external_unique_id": "u", "join_url": "https://example.com", name: number}
    assert http.post(f"/api/{method}", json=sent).json()["error"] == code


@pytest.mark.parametrize("kind", [["button"], {}, None, 5])
def test_an_element_whose_type_is_no_word_is_refused(http: httpx.Client, kind: object) -> None:
    blocks = [{"type": "actions", "elements": [{"type": kind}]}]
    answer = http.post("/api/chat.postMessage", json={"channel": "C0GENERAL", "blocks": blocks}).json()
    assert answer["error"] == "invalid_blocks"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    value=ANY_JSON | ANY_BLOCKS | st.lists(st.fixed_dictionaries({"blocks": ANY_BLOCKS}), max_size=2),
    name=st.sampled_from(NAMES.split()),
    method=st.sampled_from(sorted(METHODS.keys() - {"auth.revoke"})),
)
def test_json_of_any_shape_is_answered(
    http: httpx.Client, emulator: Emulator, value: object, name: str, method: str
) -> None:
    emulator.limits.off()
    right = {
        "id": "R1",
        "external_unique_id": "u",
        "join_url": "https://example.com",
        "channel": "C0GENERAL",
        "text": "x",
    }
    answer = http.post(f"/api/{method}", json={**right, name: value})
    assert answer.status_code == 200
    assert isinstance(answer.json()["ok"], bool)
