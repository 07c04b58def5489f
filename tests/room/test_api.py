"""What the app asks, as docs/standard-provider.md describes it."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import httpx
import pytest

from app.room import LocalRoom
from app.room.limits import MEMORY_SECONDS
from tests.clocks import MovedClock
from tests.room.tab import App, Browser

PAGE = (Path(__file__).parents[2] / "docs" / "standard-provider.md").read_text(encoding="utf-8")


def example(label: str) -> str:
    found = re.search(rf"<!-- example: {label} -->\n```[a-z]+\n(.*?)\n```", PAGE, re.DOTALL)
    assert found
    return found[1]


def test_the_documented_request_is_answered_as_documented(api: httpx.Client, room: LocalRoom) -> None:
    answer = api.post("/meetings", content=example("create-request"), headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    told = answer.json()
    assert {"id", "join_url", "display_id"} <= set(told) & set(json.loads(example("create-answer")))
    assert told["join_url"] == f"{room.url}/r/{told['id']}"
    assert re.fullmatch(r"[a-z]{4}-[a-z]{4}-[a-z]{4}", told["id"])


def test_the_same_key_is_the_same_meeting(api: httpx.Client) -> None:
    first = api.post("/meetings", json={"key": "k", "title": "One"})
    again = api.post("/meetings", json={"key": "k", "title": "Two"})
    other = api.post("/meetings", json={"key": "l", "title": "One"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert first.json() == again.json()
    assert other.json()["id"] != first.json()["id"]


def test_the_same_key_at_the_same_moment(api: httpx.Client) -> None:
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(api.post("/meetings", json={"key": "k"}))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_the_key_may_stand_in_the_header_alone(api: httpx.Client) -> None:
    in_header = api.post("/meetings", json={"title": "One"}, headers={"Idempotency-Key": "k"})
    assert in_header.json() == api.post("/meetings", json={"key": "k"}).json()


def test_states(api: httpx.Client, meeting_id: str, ada: Browser) -> None:
    def state() -> dict[str, object]:
        answer: dict[str, object] = api.get(f"/meetings/{meeting_id}").json()
        return answer

    assert state() == {"state": "waiting", "title": "Weekly sync", "participants": []}
    tab = ada.join(meeting_id)
    first, second = state()["participants"], ada.join(meeting_id).id
    assert isinstance(first, list)
    assert [person["connection_id"] for person in first] == [tab.id]
    running = state()
    assert running["state"] == "running"
    assert isinstance(running["participants"], list)
    assert [person["connection_id"] for person in running["participants"]] == [tab.id, second]
    assert {person["id"] for person in running["participants"]} == {first[0]["id"]}
    api.post(f"/meetings/{meeting_id}/end")
    assert state() == {"state": "ended"}


def test_ending_puts_everybody_out(api: httpx.Client, meeting_id: str, ada: Browser, app: App, room: LocalRoom) -> None:
    tab = ada.join(meeting_id)
    answers = [api.post(f"/meetings/{meeting_id}/end").status_code for _ in range(2)]
    tab.wait_until_deaf()
    assert answers == [204, 204]
    assert tab.kinds()[-1] == "ended"
    assert tab.say("devices").status_code == 205
    assert room.wait_until_told()
    assert app.story() == ["meeting.started", "participant.joined Ada", "meeting.ended"]


def test_a_meeting_that_nobody_came_to_can_be_ended(
    api: httpx.Client, meeting_id: str, app: App, room: LocalRoom
) -> None:
    api.post(f"/meetings/{meeting_id}/end")
    assert room.wait_until_told()
    assert app.story() == ["meeting.ended"]


@pytest.mark.parametrize("key", ["", "wrong", "room-local-keyx", "ключ"])
def test_without_the_key_there_is_nothing(room: LocalRoom, meeting_id: str, key: str) -> None:
    headers = {b"Authorization": f"Bearer {key}".encode()} if key else {}
    with httpx.Client(base_url=room.url, headers=headers, trust_env=False, verify=False) as stranger:
        answers = [
            stranger.post("/meetings", json={"key": "k", "title": "t"}),
            stranger.get(f"/meetings/{meeting_id}"),
            stranger.post(f"/meetings/{meeting_id}/end"),
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert answers[0].json() == {"error": {"message": "The API key is not the room's."}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b"\xff", "must be a JSON object"),
        (b"[" * 100_000, "must be a JSON object"),
        (b"{}", "key is missing"),
        (b'{"key": " "}', "key is missing"),
        (b'{"key": 5}', "key must be a text"),
        (b'{"key": "' + b"k" * 201 + b'"}', "key must not be longer"),
        (b'{"key": "k", "title": 5}', "title must be a text"),
        (b'{"key": "k", "title": "' + b"t" * 201 + b'"}', "title must not be longer"),
    ],
)
def test_bad_bodies_are_refused_with_words(api: httpx.Client, body: bytes, words: str) -> None:
    answer = api.post("/meetings", content=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/meetings/none", "/meetings/%2F", "/meetings/none/end", "/elsewhere"])
def test_what_is_not_there(api: httpx.Client, path: str) -> None:
    answer = api.post(path) if path.endswith("/end") else api.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


def test_too_large_a_body(api: httpx.Client) -> None:
    assert api.post("/meetings", content=b" " * 200_000).status_code == 413


def test_titles_are_cleaned(api: httpx.Client) -> None:
    nasty = json.dumps({"key": "k", "title": " A\u0000b\u202ec \n d\ud800 "})
    created = api.post("/meetings", content=nasty).json()
    assert api.get(f"/meetings/{created['id']}").json()["title"] == "A b c d?"
    untitled = api.post("/meetings", json={"key": "l"}).json()
    assert api.get(f"/meetings/{untitled['id']}").json()["title"] == "Call"


def test_there_is_an_end_to_meetings(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.room.meetings.MOST_MEETINGS", 20)
    made = [api.post("/meetings", json={"key": f"key-{number}"}).json()["id"] for number in range(20)]
    full = api.post("/meetings", json={"key": "one-more"})
    assert (full.status_code, full.json()["error"]["message"]) == (409, "No more than 20 meetings at a time.")
    api.post(f"/meetings/{made[7]}/end")
    assert api.post("/meetings", json={"key": "one-more"}).status_code == 201
    assert api.get(f"/meetings/{made[7]}").status_code == 404


def test_keys_are_remembered_for_a_day(api: httpx.Client, room: LocalRoom, clock: MovedClock) -> None:
    created = api.post("/meetings", json={"key": "k"}).json()
    clock.move(24 * 3600)
    room.look_around()
    assert api.post("/meetings", json={"key": "k"}).json() == created
    clock.move(MEMORY_SECONDS)
    room.look_around()
    assert api.get(f"/meetings/{created['id']}").status_code == 404


def test_after_a_restart_nothing_is_known(room: LocalRoom, api: httpx.Client, meeting_id: str) -> None:
    port = int(room.url.rpartition(":")[2])
    room.stop()
    room.start(port)
    assert api.get(f"/meetings/{meeting_id}").status_code == 404
    assert api.post(f"/meetings/{meeting_id}/end").status_code == 404
