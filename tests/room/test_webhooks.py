"""What the app is told: when, in which order, how signed, how often."""

from __future__ import annotations

import json
from datetime import datetime

import httpx
import pytest
from standardwebhooks import Webhook

from app.room import LocalRoom
from app.room.local_room import WEBHOOK_SECRET
from app.room.posting import Poster
from app.room.webhooks import RETRY_SECONDS
from tests.clocks import MovedClock
from tests.providers.standin import HANG_UP, Reply, nobody_there
from tests.room.tab import App, Browser

NO_ADDRESSES = [
    "http://127.0.0.1:abc/webhooks",
    "http://127.0.0.1:99999/",
    "http://[::1/",
    "http://:80/",
    "http://a b/",
    "http://a/é",
    "ftp://a/",
    "elsewhere",
    "",
]


def start_and_end(api: httpx.Client, room: LocalRoom) -> None:
    """Something to tell: one webhook."""
    created = api.post("/meetings", json={"key": "only"}).json()
    api.post(f"/meetings/{created['id']}/end")
    assert room.wait_until_told()


def move(clock: MovedClock, room: LocalRoom, seconds: float) -> None:
    clock.move(seconds)
    room.look_around()
    assert room.wait_until_told()


def test_a_whole_call(app: App, room: LocalRoom, meeting_id: str, ada: Browser, grace: Browser) -> None:
    first = ada.join(meeting_id, "Ada")
    second = grace.join(meeting_id, "Grace")
    first.say("title", title="Weekly sync, with guests")
    second.say("leave")
    first.say("end")
    assert room.wait_until_told()
    assert app.story() == [
        "meeting.started",
        "participant.joined Ada",
        "participant.joined Grace",
        "meeting.title_changed Weekly sync, with guests",
        "participant.left Grace",
        "meeting.ended",
    ]


def test_what_a_webhook_says(app: App, room: LocalRoom, meeting_id: str, ada: Browser) -> None:
    tab = ada.join(meeting_id, "Zoë")
    assert room.wait_until_told()
    started, joined = app.told()
    person = joined["data"]["participant"]
    assert set(joined) == {"type", "timestamp", "data"}
    assert joined["data"]["meeting_id"] == meeting_id
    assert joined["data"]["occurrence_id"] == started["data"]["occurrence_id"]
    assert {**person, "id": ""} == {"id": "", "connection_id": tab.id, "name": "Zoë"}
    assert started["timestamp"] == "2026-11-20T09:00:00.000Z"


def test_nothing_happens_at_the_same_moment(app: App, room: LocalRoom, meeting_id: str, ada: Browser) -> None:
    ada.join(meeting_id).say("leave")
    ada.join(meeting_id).say("leave")
    assert room.wait_until_told()
    times = [datetime.fromisoformat(told["timestamp"]) for told in app.told()]
    assert len(times) == 5
    assert times == sorted(set(times))


def test_a_library_of_the_standard_accepts_them(app: App) -> None:
    with LocalRoom(app.webhook_url) as room, Browser(room) as browser:
        with httpx.Client(base_url=room.url, headers={"Authorization": f"Bearer {room.api_key}"}, verify=False) as api:
            browser.join(api.post("/meetings", json={"key": "k"}).json()["id"])
        assert room.wait_until_told()
    for asked in app.receiver.asked:
        assert Webhook(WEBHOOK_SECRET).verify(asked.body, dict(asked.headers)) == json.loads(asked.body)


def test_each_has_an_id_of_its_own(app: App, room: LocalRoom, meeting_id: str, ada: Browser) -> None:
    ada.join(meeting_id)
    assert room.wait_until_told()
    ids = [asked.headers["webhook-id"] for asked in app.receiver.asked]
    assert len(set(ids)) == len(ids) == 2


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), Reply(429), HANG_UP])
def test_it_tries_again_as_documented(
    app: App, room: LocalRoom, api: httpx.Client, clock: MovedClock, reply: Reply
) -> None:
    for _ in range(10):
        app.receiver.next_reply(reply)
    start_and_end(api, room)
    counts = [len(app.receiver.asked)]
    for pause in RETRY_SECONDS:
        move(clock, room, pause - 0.1)
        assert len(app.receiver.asked) == counts[-1]
        move(clock, room, 0.1)
        counts.append(len(app.receiver.asked))
    move(clock, room, 100_000)
    assert counts == [1, 2, 3, 4, 5, 6, 7]
    assert len(app.receiver.asked) == 7


def test_every_attempt_is_the_same_with_a_new_signature(
    app: App, room: LocalRoom, api: httpx.Client, clock: MovedClock
) -> None:
    app.receiver.next_reply(Reply(503))
    start_and_end(api, room)
    move(clock, room, 5)
    first, second = app.receiver.asked
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) == int(first.headers["webhook-timestamp"]) + 5
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_one_that_failed_holds_nobody_up(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, clock: MovedClock
) -> None:
    app.receiver.next_reply(Reply(500))
    ada.join(meeting_id)
    assert room.wait_until_told()
    move(clock, room, 5)
    assert app.story() == ["meeting.started", "participant.joined Ada", "meeting.started"]


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 413])
def test_a_final_answer_is_final(app: App, room: LocalRoom, api: httpx.Client, clock: MovedClock, status: int) -> None:
    app.receiver.next_reply(Reply(status))
    start_and_end(api, room)
    move(clock, room, 100_000)
    assert len(app.receiver.asked) == 1


def test_gone_means_no_more(app: App, room: LocalRoom, meeting_id: str, ada: Browser) -> None:
    app.receiver.next_reply(Reply(410))
    tab = ada.join(meeting_id)
    assert room.wait_until_told()
    assert app.story()[:1] == ["meeting.started"]
    so_far = len(app.receiver.asked)
    tab.say("leave")
    assert room.wait_until_told()
    assert len(app.receiver.asked) == so_far
    room.connect_app(app.webhook_url)
    ada.join(meeting_id)
    assert room.wait_until_told()
    assert app.story()[-1] == "participant.joined Ada"


def test_an_app_that_starts_later_gets_what_it_missed(
    app: App, room: LocalRoom, meeting_id: str, ada: Browser, clock: MovedClock
) -> None:
    room.connect_app(nobody_there())
    ada.join(meeting_id)
    assert room.wait_until_told()
    room.connect_app(app.webhook_url)
    move(clock, room, 5)
    assert app.story() == ["meeting.started", "participant.joined Ada"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_refused(room: LocalRoom, address: str) -> None:
    with pytest.raises(ValueError, match="is no address to send webhooks to"):
        room.connect_app(address)
    with pytest.raises(ValueError, match="is no address to send webhooks to"):
        LocalRoom(address).start()


def test_an_address_that_was_refused_changes_nothing(app: App, room: LocalRoom, meeting_id: str, ada: Browser) -> None:
    with pytest.raises(ValueError, match="is no address"):
        room.connect_app("http://127.0.0.1:abc/webhooks")
    ada.join(meeting_id)
    assert room.wait_until_told()
    assert app.story() == ["meeting.started", "participant.joined Ada"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_cannot_be_sent_is_no_answer(address: str) -> None:
    assert Poster().post(address, {}, b"{}") is None


def test_without_an_app_it_is_quiet(room: LocalRoom, app: App, meeting_id: str, ada: Browser) -> None:
    room.connect_app(None)
    ada.join(meeting_id)
    assert room.wait_until_told()
    assert app.told() == []
