"""Who may rename and end a call."""

from __future__ import annotations

import httpx

from app.room import LocalRoom
from tests.room.tab import App, Browser, Tab


def is_host(tab: Tab) -> bool:
    return bool(tab.wait_for_kind("welcome")["you"]["is_host"])


def test_the_first_is_host(app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser) -> None:
    host, guest = ada.join(meeting_id), grace.join(meeting_id)
    assert (is_host(host), is_host(guest)) == (True, False)
    assert guest.say("end").json() == {"error": {"message": "Only the host can do that."}}
    assert guest.say("title", title="Mine").status_code == 403
    assert host.say("title", title="Ours").status_code == 204
    assert guest.wait_for_kind("title")["title"] == "Ours"
    assert host.say("end").status_code == 204
    guest.wait_for_kind("ended")
    assert room.wait_until_told()
    assert app.story()[-2:] == ["meeting.title_changed Ours", "meeting.ended"]


def test_the_same_title_is_no_change(app: App, room: LocalRoom, meeting_id: str, ada: Browser) -> None:
    ada.join(meeting_id).say("title", title=" Weekly  sync ")
    assert room.wait_until_told()
    assert app.story() == ["meeting.started", "participant.joined Ada"]


def test_after_the_host_it_is_whoever_has_been_here_longest(meeting_id: str, ada: Browser, grace: Browser) -> None:
    host, guest = ada.join(meeting_id), grace.join(meeting_id)
    host.say("leave")
    guest.wait_for(lambda message: message["kind"] == "changed" and message["person"]["is_host"])
    assert guest.say("title", title="Mine now").status_code == 204


def test_a_host_who_comes_back_is_host_again(meeting_id: str, ada: Browser, grace: Browser) -> None:
    ada.join(meeting_id).say("leave")
    grace.join(meeting_id)
    assert is_host(ada.join(meeting_id))


def test_another_tab_of_the_host_is_host_too(meeting_id: str, ada: Browser) -> None:
    ada.join(meeting_id)
    assert is_host(ada.join(meeting_id))


def test_the_host_link(api: httpx.Client, ada: Browser, grace: Browser) -> None:
    created = api.post("/meetings", json={"key": "k"}).json()
    key = httpx.URL(created["host_url"]).params["host"]
    ada.join(created["id"])
    assert is_host(grace.join(created["id"], host_key=key))


def test_a_wrong_host_key_makes_a_guest(meeting_id: str, ada: Browser, grace: Browser) -> None:
    ada.join(meeting_id)
    assert not is_host(grace.join(meeting_id, host_key="ключ"))
