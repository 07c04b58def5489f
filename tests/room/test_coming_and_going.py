"""Who is in: tabs that are closed, networks that die, people who come back."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from app.room import LocalRoom
from app.room.limits import EMPTY_SECONDS, GRACE_SECONDS, MOST_CONNECTIONS, SILENCE_SECONDS
from tests.clocks import MovedClock
from tests.room.tab import App, Browser, Tab


def later(clock: MovedClock, room: LocalRoom, seconds: float) -> None:
    clock.move(seconds)
    room.look_around()
    assert room.wait_until_told()


def people_in(api: httpx.Client, meeting_id: str) -> list[str]:
    return [person["connection_id"] for person in api.get(f"/meetings/{meeting_id}").json().get("participants", [])]


def is_away(tab: Tab) -> Callable[[dict[str, object]], bool]:
    def said(message: dict[str, object]) -> bool:
        person = message.get("person")
        return isinstance(person, dict) and person["connection_id"] == tab.id and bool(person["is_away"])

    return said


def test_the_newcomer_learns_who_is_there_and_the_others_of_the_newcomer(
    meeting_id: str, ada: Browser, grace: Browser
) -> None:
    first = ada.join(meeting_id, "Ada", audio=True, video=True)
    second = grace.join(meeting_id, "Grace", audio=True)
    welcome = second.wait_for_kind("welcome")
    assert welcome["title"] == "Weekly sync"
    assert [(person["name"], person["audio"], person["video"]) for person in welcome["others"]] == [("Ada", True, True)]
    assert welcome["you"] == first.wait_for_kind("joined")["person"]
    assert (welcome["you"]["connection_id"], welcome["you"]["video"]) == (second.id, False)


def test_whoever_does_not_listen_is_not_in(
    app: App, room: LocalRoom, api: httpx.Client, meeting_id: str, ada: Browser, clock: MovedClock
) -> None:
    tab = ada.knock(meeting_id)
    assert people_in(api, meeting_id) == []
    later(clock, room, SILENCE_SECONDS + 1)
    assert tab.say("alive", seen=0).status_code == 410
    assert app.told() == []


def test_a_closed_tab_is_out_at_once(app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser) -> None:
    stays, goes = ada.join(meeting_id), grace.join(meeting_id, "Grace")
    beacon = ada.room.url + goes._address + "/leave"
    assert grace.http.post(beacon).status_code == 204
    assert stays.wait_for_kind("left")["connection_id"] == goes.id
    goes.wait_until_deaf()
    assert room.wait_until_told()
    assert app.story()[-1] == "participant.left Grace"
    assert goes.say("alive", seen=0).status_code == 410


def test_a_broken_stream_is_shown_and_then_a_leave(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser, clock: MovedClock
) -> None:
    stays, goes = ada.join(meeting_id), grace.join(meeting_id, "Grace")
    goes.hang_up()
    stays.wait_for(is_away(goes))
    stays.say("alive", seen=0)
    later(clock, room, GRACE_SECONDS - 0.1)
    stays.say("alive", seen=0)
    assert "participant.left Grace" not in app.story()
    later(clock, room, 0.2)
    assert app.story()[-1] == "participant.left Grace"
    stays.wait_for_kind("left")


def test_coming_back_in_time_is_no_leave(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser, clock: MovedClock
) -> None:
    stays, goes = ada.join(meeting_id), grace.join(meeting_id, "Grace")
    goes.wait_for_kind("welcome")
    goes.hang_up()
    stays.wait_for(is_away(goes))
    stays.say("devices", audio=True)
    goes.listen()
    # What was said in the meantime comes after the return, and what had been heard does not come twice.
    goes.wait_for(lambda message: message["kind"] == "changed" and message["person"]["audio"])
    assert goes.kinds().count("welcome") == 1
    later(clock, room, 1)
    assert app.story() == ["meeting.started", "participant.joined Ada", "participant.joined Grace"]


def test_silence_is_a_leave_even_while_the_stream_is_open(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser, clock: MovedClock
) -> None:
    stays, silent = ada.join(meeting_id), grace.join(meeting_id, "Grace")
    clock.move(SILENCE_SECONDS / 2 + 1)
    stays.say("alive", seen=0)
    room.look_around()
    stays.wait_for(is_away(silent))
    later(clock, room, SILENCE_SECONDS / 2)
    assert app.story()[-1] == "participant.left Grace"
    silent.wait_until_deaf()


def test_the_server_asks_for_signs_of_life(meeting_id: str, ada: Browser) -> None:
    tab = ada.join(meeting_id)
    tab.wait_for_kind("ping")
    assert tab.say("alive", seen=int(tab.last_number)).status_code == 204


def test_a_newer_stream_takes_the_place_of_the_older(meeting_id: str, ada: Browser) -> None:
    tab = ada.join(meeting_id)
    tab.wait_for_kind("welcome")
    first = tab._thread
    tab.listen()
    assert first is not None
    first.join(5)
    assert not first.is_alive()


def test_an_empty_meeting_ends_after_a_while(
    app: App, room: LocalRoom, api: httpx.Client, meeting_id: str, ada: Browser, clock: MovedClock
) -> None:
    ada.join(meeting_id).say("leave")
    later(clock, room, EMPTY_SECONDS - 1)
    assert api.get(f"/meetings/{meeting_id}").json()["state"] == "running"
    back = ada.join(meeting_id)  # somebody who has loaded the page again
    back.say("leave")
    later(clock, room, EMPTY_SECONDS - 1)
    assert api.get(f"/meetings/{meeting_id}").json()["state"] == "running"
    later(clock, room, 2)
    assert api.get(f"/meetings/{meeting_id}").json()["state"] == "ended"
    assert app.story()[-2:] == ["participant.left Ada", "meeting.ended"]


def test_two_tabs_are_two_connections_of_one_person(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser
) -> None:
    one, two, other = ada.join(meeting_id), ada.join(meeting_id), grace.join(meeting_id, "Grace")
    one.say("leave")
    assert room.wait_until_told()
    people = [told["data"]["participant"] for told in app.told()[1:]]
    assert [person["connection_id"] for person in people] == [one.id, two.id, other.id, one.id]
    assert people[0]["id"] == people[1]["id"] != people[2]["id"]


@pytest.mark.parametrize(("name", "people"), [("ADA  lovelace ", 1), ("Grace Hopper", 2)])
def test_a_person_is_a_name_in_a_browser(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, name: str, people: int
) -> None:
    ada.join(meeting_id, "Ada Lovelace")
    ada.join(meeting_id, name)
    assert room.wait_until_told()
    assert len({told["data"]["participant"]["id"] for told in app.told()[1:]}) == people


def test_one_name_in_two_browsers_is_two_people(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser
) -> None:
    ada.join(meeting_id, "Ada")
    grace.join(meeting_id, "Ada")
    assert room.wait_until_told()
    assert len({told["data"]["participant"]["id"] for told in app.told()[1:]}) == 2


def test_an_ended_meeting_lets_nobody_in(api: httpx.Client, meeting_id: str, ada: Browser) -> None:
    ada.visit(meeting_id)
    api.post(f"/meetings/{meeting_id}/end")
    answer = ada.http.post(f"/r/{meeting_id}/join", json={"name": "Ada"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (410, "The call has ended.")


def test_a_meeting_can_be_full(meeting_id: str, ada: Browser) -> None:
    tabs = [ada.knock(meeting_id) for _ in range(MOST_CONNECTIONS)]
    full = ada.http.post(f"/r/{meeting_id}/join", json={"name": "Ada"})
    assert full.status_code == 409
    assert "no more than 12" in full.json()["error"]["message"]
    tabs[0].say("leave")
    assert ada.http.post(f"/r/{meeting_id}/join", json={"name": "Ada"}).status_code == 201
