"""Installing the app: the page, the code, the tokens, their rotation, and taking it all back."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import request
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.installs import GRACE_SECONDS
from app.emulator.known_names import SCOPES
from app.emulator.scope_words import SCOPE_WORDS
from app.emulator.workspace import Grant
from tests.emulator.slack_side import Clock, Connect, error_of

Json = dict[str, Any]
CLIENT = {"client_id": "1000000000.2000000000", "client_secret": "local-client-secret"}
REDIRECT = "https://app.example.com/slack/oauth_redirect"
ASKED = {"client_id": CLIENT["client_id"], "scope": "calls:write,chat:write", "redirect_uri": REDIRECT, "state": "s1"}

browser = httpx.Client(verify=False, trust_env=False)


@pytest.fixture
def anybody(emulator: Emulator) -> WebClient:
    """A client without a token."""
    return WebClient(base_url=emulator.api_url, retry_handlers=[])


def agree(emulator: Emulator, path: str = "/oauth/v2/authorize", who: str = "T0LOCAL/U0ADA", **asked: str) -> Json:
    """What the app is told at its redirect URL after somebody agreed."""
    answer = browser.post(
        emulator.url + path, params={**ASKED, **asked}, data={**ASKED, **asked, "who": who, "decision": "allow"}
    )
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(REDIRECT + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def install(emulator: Emulator, anybody: WebClient, **asked: str) -> Json:
    code = agree(emulator, **asked)["code"]
    answer = anybody.oauth_v2_access(**CLIENT, code=code, redirect_uri=REDIRECT)
    assert isinstance(answer.data, dict)
    return answer.data


def refresh(anybody: WebClient, token: str) -> Json:
    answer = anybody.oauth_v2_access(**CLIENT, grant_type="refresh_token", refresh_token=token)
    assert isinstance(answer.data, dict)
    return answer.data


def with_token(emulator: Emulator, token: str) -> WebClient:
    return WebClient(token, base_url=emulator.api_url, retry_handlers=[])


def test_the_page_says_who_asks_for_what(emulator: Emulator) -> None:
    answer = browser.get(emulator.url + "/oauth/v2/authorize", params={**ASKED, "user_scope": "users:read"})
    assert answer.status_code == 200
    text = html.unescape(answer.text)
    for words in ("Switchboard wants to be installed", "calls:write", "users:read", "Ada Lovelace", "Allow", "Cancel"):
        assert words in text
    assert "form-action 'self' https://app.example.com" in answer.headers["Content-Security-Policy"]


def test_the_page_escapes_what_it_is_given(emulator: Emulator) -> None:
    answer = browser.get(emulator.url + "/oauth/v2/authorize", params={**ASKED, "state": '"><script>'})
    assert "<script>" not in answer.text
    answer = browser.get(emulator.url + "/oauth/v2/authorize", params={**ASKED, "redirect_uri": "<script>"})
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"redirect_uri": "javascript:alert(1)"}, "bad_redirect_uri"),
        ({"redirect_uri": ""}, "bad_redirect_uri"),
        ({"scope": ""}, "no_scopes"),
        ({"scope": "calls:wirte"}, "invalid_scope"),
        ({"user_scope": "calls:wirte"}, "invalid_scope"),
    ],
)
def test_a_wrong_link_is_explained_and_leads_nowhere(emulator: Emulator, asked: dict[str, str], error: str) -> None:
    for method in ("GET", "POST"):
        answer = browser.request(method, emulator.url + "/oauth/v2/authorize", params={**ASKED, **asked})
        assert (answer.status_code, f"<code>{error}</code>" in answer.text) == (400, True)


def test_whoever_cancels_is_led_back_without_a_code(emulator: Emulator) -> None:
    answer = browser.post(emulator.url + "/oauth/v2/authorize", params=ASKED, data={**ASKED, "decision": "cancel"})
    assert answer.headers["Location"] == REDIRECT + "?error=access_denied&state=s1"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"who": "T0NONE/U0ADA"}, "team_not_found"),
        ({"who": "T0LOCAL/U0NOBODY"}, "user_not_found"),
        ({}, "team_not_found"),
    ],
)
def test_somebody_has_to_agree(emulator: Emulator, form: dict[str, str], error: str) -> None:
    answer = browser.post(emulator.url + "/oauth/v2/authorize", params=ASKED, data={**form, "decision": "allow"})
    assert (answer.status_code, error in answer.text) == (400, True)


def test_other_sites_cannot_agree_for_people(emulator: Emulator) -> None:
    answer = browser.post(
        emulator.url + "/oauth/v2/authorize",
        params=ASKED,
        data={"who": "T0LOCAL/U0ADA", "decision": "allow"},
        headers={"Origin": "https://evil.example.com"},
    )
    assert answer.status_code == 400


def test_the_state_comes_back_with_the_code(emulator: Emulator) -> None:
    assert agree(emulator)["state"] == "s1"


def test_the_answer_has_the_documented_fields(
    emulator: Emulator, anybody: WebClient, sample: Callable[[str], Any]
) -> None:
    answer = install(emulator, anybody, user_scope="users:read")
    recorded = sample("oauth.v2.access.recorded_union.json")
    assert set(answer) <= set(recorded)
    assert set(answer["authed_user"]) <= set(recorded["authed_user"])
    assert answer["team"] == {"id": "T0LOCAL", "name": "Local"}
    assert (answer["token_type"], answer["bot_user_id"], answer["app_id"]) == ("bot", "U0BOT", "A0LOCAL")
    assert (answer["enterprise"], answer["is_enterprise_install"]) == (None, False)
    assert answer["authed_user"]["access_token"].startswith("xoxp-")


def test_installing_again_keeps_the_token_and_adds_the_scopes(emulator: Emulator, anybody: WebClient) -> None:
    answer = install(emulator, anybody, scope="reactions:read")
    assert answer["access_token"] == "xoxb-local"
    assert {"reactions:read", "calls:write"} <= set(answer["scope"].split(","))


def test_a_new_workspace_gets_a_token_of_its_own(emulator: Emulator, anybody: WebClient) -> None:
    emulator.add_team("T0ACME", "Acme", token=None)
    answer = install(emulator, anybody, who="T0ACME/U0GRACE")
    assert (answer["scope"], answer["authed_user"]) == ("calls:write,chat:write", {"id": "U0GRACE"})
    assert with_token(emulator, answer["access_token"]).auth_test()["team_id"] == "T0ACME"


def test_only_a_user_may_be_asked_for(emulator: Emulator, anybody: WebClient) -> None:
    answer = install(emulator, anybody, scope="", user_scope="users:read")
    assert "access_token" not in answer
    assert with_token(emulator, answer["authed_user"]["access_token"]).auth_test()["user_id"] == "U0ADA"


BAD_EXCHANGES: list[tuple[Json, str]] = [
    ({"client_id": "1.2"}, "invalid_client_id"),
    ({"client_secret": "wrong"}, "bad_client_secret"),
    ({"code": "1.2.3"}, "invalid_code"),
    ({"code": None}, "invalid_code"),
    ({"redirect_uri": None}, "bad_redirect_uri"),
    ({"redirect_uri": REDIRECT + "/other"}, "bad_redirect_uri"),
    ({"grant_type": "password"}, "invalid_grant_type"),
    ({"grant_type": "refresh_token"}, "invalid_refresh_token"),
    ({"grant_type": "refresh_token", "refresh_token": "xoxe-1-x"}, "invalid_refresh_token"),
]


@pytest.mark.parametrize(("wrong", "error"), BAD_EXCHANGES)
def test_a_bad_exchange_gets_slacks_error(emulator: Emulator, anybody: WebClient, wrong: Json, error: str) -> None:
    right = {**CLIENT, "code": agree(emulator)["code"], "redirect_uri": REDIRECT}
    args = {name: value for name, value in {**right, **wrong}.items() if value is not None}
    assert error_of(lambda: anybody.api_call("oauth.v2.access", params=args)) == error
    assert anybody.oauth_v2_access(**right)["ok"]


def test_a_code_works_once(emulator: Emulator, anybody: WebClient) -> None:
    code = agree(emulator)["code"]
    anybody.oauth_v2_access(**CLIENT, code=code, redirect_uri=REDIRECT)
    again = error_of(lambda: anybody.oauth_v2_access(**CLIENT, code=code, redirect_uri=REDIRECT))
    assert again == "invalid_code"


def test_a_code_lives_ten_minutes(emulator: Emulator, anybody: WebClient, clock: Clock) -> None:
    code = agree(emulator)["code"]
    clock.forward(601)
    late = error_of(lambda: anybody.oauth_v2_access(**CLIENT, code=code, redirect_uri=REDIRECT))
    assert late == "invalid_code"


def test_secrets_do_not_reach_the_journal(emulator: Emulator, anybody: WebClient) -> None:
    install(emulator, anybody, user_scope="users:read")
    (entry,) = emulator.requests("oauth.v2.access")
    assert entry.args["code"] == "***"
    assert isinstance(entry.answer, dict)
    assert entry.answer["access_token"] == entry.answer["authed_user"]["access_token"] == "***"
    assert entry.headers["Authorization"] == "***"


@pytest.fixture
def rotated(emulator: Emulator, anybody: WebClient) -> Json:
    emulator.installs.rotates = True
    return install(emulator, anybody)


def test_rotating_tokens_have_the_documented_form(rotated: Json, sample: Callable[[str], Any]) -> None:
    assert set(sample("oauth.v2.access.rotated.json")) <= set(rotated)
    assert rotated["access_token"].startswith("xoxe.xoxb-1-")
    assert rotated["refresh_token"].startswith("xoxe-1-")
    assert rotated["expires_in"] == 43200


def test_a_rotating_token_expires_after_twelve_hours(emulator: Emulator, rotated: Json, clock: Clock) -> None:
    client = with_token(emulator, rotated["access_token"])
    clock.forward(43_199)
    assert client.auth_test()["expires_in"] == 1
    clock.forward(1)
    assert error_of(client.auth_test) == "token_expired"


def test_a_refresh_gives_a_new_pair(emulator: Emulator, anybody: WebClient, rotated: Json) -> None:
    answer = refresh(anybody, rotated["refresh_token"])
    assert answer.keys() >= {"access_token", "refresh_token", "expires_in", "team", "bot_user_id", "scope"}
    assert with_token(emulator, answer["access_token"]).auth_test()["ok"]
    assert with_token(emulator, rotated["access_token"]).auth_test()["ok"]


def test_never_more_than_two_tokens_are_alive(emulator: Emulator, anybody: WebClient, rotated: Json) -> None:
    second = refresh(anybody, rotated["refresh_token"])
    third = refresh(anybody, second["refresh_token"])
    assert error_of(with_token(emulator, rotated["access_token"]).auth_test) == "token_revoked"
    assert [with_token(emulator, each["access_token"]).auth_test()["ok"] for each in (second, third)] == [True, True]


def test_a_used_refresh_token_has_a_short_grace(anybody: WebClient, rotated: Json, clock: Clock) -> None:
    refresh(anybody, rotated["refresh_token"])
    clock.forward(GRACE_SECONDS)
    assert refresh(anybody, rotated["refresh_token"])["ok"]
    clock.forward(1)
    assert error_of(lambda: refresh(anybody, rotated["refresh_token"])) == "invalid_refresh_token"


def test_user_tokens_rotate_too(emulator: Emulator, anybody: WebClient) -> None:
    emulator.installs.rotates = True
    person = install(emulator, anybody, scope="", user_scope="users:read")["authed_user"]
    assert person["access_token"].startswith("xoxe.xoxp-1-")
    assert refresh(anybody, person["refresh_token"])["token_type"] == "user"


def test_a_lasting_token_is_exchanged_once(emulator: Emulator, anybody: WebClient) -> None:
    answer = anybody.oauth_v2_exchange(token="xoxb-local", **CLIENT)
    assert answer["access_token"].startswith("xoxe.xoxb-1-")
    assert error_of(with_token(emulator, "xoxb-local").auth_test) == "token_revoked"
    token = answer["access_token"]
    assert error_of(lambda: anybody.oauth_v2_exchange(token=token, **CLIENT)) == "token_already_exchanged"


def test_a_revoked_token_is_dead_and_the_app_hears_of_it(
    emulator: Emulator, client: WebClient, heard: list[Json]
) -> None:
    assert client.auth_revoke(test=True)["revoked"] is False
    assert client.auth_test()["ok"]
    assert client.auth_revoke()["revoked"] is True
    assert error_of(client.auth_test) == "token_revoked"
    emulator.deliver_due()
    assert [each["event"] for each in heard] == [{"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0BOT"]}}]


def test_an_uninstalled_app_hears_of_it_and_then_nothing(
    emulator: Emulator, client: WebClient, heard: list[Json], sample: Callable[[str], Any]
) -> None:
    assert client.apps_uninstall(**CLIENT)["ok"]
    assert error_of(client.auth_test) == "account_inactive"
    emulator.deliver_due()
    assert {each["event"]["type"] for each in heard} == {"tokens_revoked", "app_uninstalled"}
    for each in heard:
        documented = sample(f"{each['event']['type']}.json")
        assert set(documented) <= set(each)
        assert set(documented["event"]) == set(each["event"])
    emulator.say("U0ADA", "C0GENERAL", "Hello")
    assert "is not a valid command" in emulator.slash("/ring").text
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"client_id": "1.2"}, "invalid_client_id"), ({"client_secret": "x"}, "bad_client_secret")],
)
def test_only_the_app_uninstalls_itself(client: WebClient, wrong: dict[str, str], error: str) -> None:
    assert error_of(lambda: client.apps_uninstall(**{**CLIENT, **wrong})) == error


@pytest.fixture
def organisation(emulator: Emulator) -> Emulator:
    emulator.add_team("T0ACME", "Acme", token=None)
    emulator.add_team("T0OTHER", "Other", token=None)
    emulator.add_enterprise("E0ORG", "The Org", ["T0LOCAL", "T0ACME"])
    return emulator


def install_for_all(emulator: Emulator, anybody: WebClient) -> Json:
    form = {**ASKED, "who": "T0ACME/U0ADA", "decision": "allow", "for_enterprise": "yes"}
    location = browser.post(emulator.url + "/oauth/v2/authorize", params=ASKED, data=form).headers["Location"]
    code = parse_qs(urlsplit(location).query)["code"][0]
    answer = anybody.oauth_v2_access(**CLIENT, code=code, redirect_uri=REDIRECT)
    assert isinstance(answer.data, dict)
    return answer.data


def test_an_organisation_has_one_token_for_all_its_workspaces(organisation: Emulator, anybody: WebClient) -> None:
    answer = install_for_all(organisation, anybody)
    assert (answer["team"], answer["enterprise"]) == (None, {"id": "E0ORG", "name": "The Org"})
    assert answer["is_enterprise_install"] is True
    client = with_token(organisation, answer["access_token"])
    for team_id in ("T0LOCAL", "T0ACME"):
        client.chat_postMessage(channel="U0ADA", text="Hi", team_id=team_id)
        assert organisation.requests("chat.postMessage")[-1].team_id == team_id
    assert client.auth_test()["is_enterprise_install"] is True


def test_an_organisations_token_must_say_where(organisation: Emulator, anybody: WebClient) -> None:
    answer = install_for_all(organisation, anybody)
    client = with_token(organisation, answer["access_token"])
    elsewhere = error_of(lambda: client.chat_postMessage(channel="U0ADA", text="Hi", team_id="T0OTHER"))
    assert elsewhere == "team_access_not_granted"
    assert error_of(lambda: client.api_call("users.list")) == "missing_scope"
    grant = Grant("xoxb-wide", "U0BOT", frozenset({"users:read"}), "B0BOT", enterprise_id="E0ORG")
    organisation.workspace("T0ACME").add_grant(grant)
    wide = with_token(organisation, "xoxb-wide")
    assert error_of(wide.users_list) == "missing_argument"
    assert wide.users_list(team_id="T0ACME")["ok"]


def test_requests_of_an_organisation_name_it(organisation: Emulator, anybody: WebClient, connect: Connect) -> None:
    install_for_all(organisation, anybody)
    seen: list[Json] = []

    def keep() -> str:
        seen.append(request.get_json() if request.is_json else request.form.to_dict())
        return ""

    connect(keep)
    organisation.slash("/ring", team="T0ACME")
    organisation.open_home("U0ADA", team="T0ACME")
    command, event = seen
    assert (command["enterprise_id"], command["enterprise_name"]) == ("E0ORG", "The Org")
    assert command["is_enterprise_install"] == "true"
    assert (event["enterprise_id"], event["team_id"]) == ("E0ORG", "T0ACME")
    assert event["authorizations"][0]["is_enterprise_install"] is True


def test_a_view_names_the_organisation_that_installed_the_app(
    organisation: Emulator, anybody: WebClient, connect: Connect
) -> None:
    answer = install_for_all(organisation, anybody)
    connect(lambda: "")
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    view = with_token(organisation, answer["access_token"]).views_publish(user_id="U0ADA", view=home, team_id="T0ACME")[
        "view"
    ]
    assert (view["team_id"], view["app_installed_team_id"]) == ("T0ACME", "E0ORG")


def test_the_install_page_says_in_words_what_is_asked_for(emulator: Emulator, http: httpx.Client) -> None:
    asked = {
        "client_id": emulator.app.client_id,
        "scope": "calls:write,reactions:read",
        "redirect_uri": "https://app.example.com/cb",
    }
    page = http.get("/oauth/v2/authorize", params=asked)
    assert "Start and manage calls" in page.text
    assert "reactions:read" in page.text
    assert "/static/css/consent.css" in page.text
    assert "style-src 'self'; img-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_link_from_elsewhere_leads_to_the_apps_home(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_team("T0ACME", "Acme", token=None)
    answer = http.get("/app_redirect", params={"app": "A0LOCAL", "team": "T0ACME"}, follow_redirects=True)
    assert (answer.url.params["team"], answer.url.params["view"]) == ("T0ACME", "home")
    assert "Acme" in answer.text


def test_only_scopes_that_exist_have_words() -> None:
    assert SCOPE_WORDS.keys() <= SCOPES
