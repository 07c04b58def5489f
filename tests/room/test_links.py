"""Links that let one person in, as docs/standard-provider.md describes them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from app.room import LocalRoom
from tests.room.tab import App, Browser
from tests.room.test_api import example

ADA = {"key": "slack-1", "name": "Ada Lovelace"}


def secret_for(api: httpx.Client, meeting_id: str, person: dict[str, Any]) -> str:
    answer = api.post(f"/meetings/{meeting_id}/links", json={"person": person})
    assert answer.status_code == 201, answer.text
    return str(httpx.URL(answer.json()["url"]).params["as"])


def participants(api: httpx.Client, meeting_id: str) -> list[tuple[str, str]]:
    return [(one["id"], one["name"]) for one in api.get(f"/meetings/{meeting_id}").json()["participants"]]


def test_the_documented_request_is_answered_as_documented(api: httpx.Client, room: LocalRoom, meeting_id: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.post(f"/meetings/{meeting_id}/links", content=example("link-request"), headers=headers)
    assert answer.status_code == 201
    assert answer.json().keys() == json.loads(example("link-answer")).keys()
    assert answer.json()["url"].startswith(f"{room.url}/r/{meeting_id}?as=")


def test_whoever_comes_by_it_is_that_person_whatever_they_say(
    api: httpx.Client, meeting_id: str, ada: Browser, app: App, room: LocalRoom
) -> None:
    ada.join(meeting_id, "Somebody else", invitation=secret_for(api, meeting_id, ADA))
    assert participants(api, meeting_id) == [("slack-1", "Ada Lovelace")]
    assert room.wait_until_told()
    assert app.told()[-1]["data"]["participant"]["id"] == "slack-1"


def test_in_two_browsers_they_are_one_person(api: httpx.Client, meeting_id: str, ada: Browser, grace: Browser) -> None:
    secret = secret_for(api, meeting_id, ADA)
    tabs = [browser.join(meeting_id, invitation=secret) for browser in (ada, grace)]
    assert participants(api, meeting_id) == [("slack-1", "Ada Lovelace")] * 2
    assert tabs[0].id != tabs[1].id


def test_asked_for_again_it_is_the_same_link(api: httpx.Client, meeting_id: str) -> None:
    first, again = (secret_for(api, meeting_id, ADA) for _ in range(2))
    assert first == again
    assert secret_for(api, meeting_id, {**ADA, "key": "slack-2"}) != first


def test_it_is_of_one_meeting(api: httpx.Client, meeting_id: str, ada: Browser) -> None:
    other = str(api.post("/meetings", json={"key": "key-2"}).json()["id"])
    ada.join(other, "Ada", invitation=secret_for(api, meeting_id, ADA))
    [(person, _)] = participants(api, other)
    assert person != "slack-1"


def test_a_host_is_one_also_when_others_came_first(
    api: httpx.Client, meeting_id: str, ada: Browser, grace: Browser
) -> None:
    grace.join(meeting_id, invitation=secret_for(api, meeting_id, {"key": "slack-2", "name": "Grace Hopper"}))
    host = ada.join(meeting_id, invitation=secret_for(api, meeting_id, {**ADA, "is_host": True}))
    assert host.wait_for_kind("welcome")["you"]["is_host"]
    guest = grace.join(meeting_id, invitation=secret_for(api, meeting_id, {"key": "slack-3", "name": "Alan"}))
    assert not guest.wait_for_kind("welcome")["you"]["is_host"]


@pytest.mark.parametrize("secret", ["", "x", "ключ", "slack-1"])
def test_what_is_no_link_of_ours_is_everybodys(api: httpx.Client, meeting_id: str, ada: Browser, secret: str) -> None:
    secret_for(api, meeting_id, ADA)
    ada.join(meeting_id, "Ada", invitation=secret)
    [(person, name)] = participants(api, meeting_id)
    assert person.startswith("p-")
    assert name == "Ada"
    for page in ("", "/left"):
        seen = ada.http.get(f"/r/{meeting_id}{page}", params={"as": secret}, headers={"Accept": "text/html"})
        assert seen.status_code == 200
        assert "readonly" not in seen.text
        assert "?as=" not in seen.text


def test_the_page_knows_who_comes(api: httpx.Client, meeting_id: str, ada: Browser) -> None:
    secret = secret_for(api, meeting_id, {**ADA, "name": "Ada <b>"})
    room = ada.http.get(f"/r/{meeting_id}", params={"as": secret}, headers={"Accept": "text/html"}).text
    assert 'value="Ada &lt;b&gt;" readonly' in room
    left = ada.http.get(f"/r/{meeting_id}/left", params={"as": secret}, headers={"Accept": "text/html"}).text
    assert f"/r/{meeting_id}?as={secret}" in left


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "person must be a JSON object"),
        ({"person": []}, "person must be a JSON object"),
        ({"person": {"name": "Ada"}}, "key is missing"),
        ({"person": {"key": "slack-1"}}, "name is missing"),
        ({"person": {"key": "k" * 201, "name": "Ada"}}, "key must not be longer"),
    ],
)
def test_bad_bodies_are_refused_with_words(api: httpx.Client, meeting_id: str, body: object, words: str) -> None:
    answer = api.post(f"/meetings/{meeting_id}/links", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_a_long_name_is_cut(api: httpx.Client, meeting_id: str, ada: Browser) -> None:
    ada.join(meeting_id, invitation=secret_for(api, meeting_id, {**ADA, "name": "x" * 80}))
    assert participants(api, meeting_id) == [("slack-1", "x" * 60)]


def test_there_are_no_links_into_what_is_not_there(api: httpx.Client, room: LocalRoom, meeting_id: str) -> None:
    body = {"person": ADA}
    assert httpx.post(f"{room.url}/meetings/{meeting_id}/links", json=body, trust_env=False).status_code == 401
    assert api.post("/meetings/none/links", json=body).status_code == 404
    api.post(f"/meetings/{meeting_id}/end")
    assert api.post(f"/meetings/{meeting_id}/links", json=body).status_code == 410


def test_there_is_an_end_to_links(api: httpx.Client, meeting_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.room.meeting.MOST_INVITATIONS", 2)
    for number in range(2):
        secret_for(api, meeting_id, {**ADA, "key": f"slack-{number}"})
    full = api.post(f"/meetings/{meeting_id}/links", json={"person": {**ADA, "key": "slack-9"}})
    assert (full.status_code, "No more than 2 people" in full.text) == (409, True)
    secret_for(api, meeting_id, {**ADA, "key": "slack-0"})
