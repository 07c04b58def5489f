"""What browsers say to each other through the room."""

from __future__ import annotations

from typing import Any

import pytest

from tests.room.tab import Browser, Tab

OFFER = {"description": {"type": "offer", "sdp": "v=0 …"}}


def signals(tab: Tab) -> list[dict[str, Any]]:
    return [message for message in tab.messages if message["kind"] == "signal"]


def test_it_comes_to_the_one_it_is_for(meeting_id: str, ada: Browser, grace: Browser) -> None:
    one, two, three = ada.join(meeting_id), grace.join(meeting_id), grace.join(meeting_id)
    assert two.say("signal", number=1, to=one.id, **OFFER).status_code == 204
    assert one.wait_for_kind("signal") == {"kind": "signal", "from": two.id, **OFFER}
    assert signals(three) == []


def test_sent_again_it_counts_once(meeting_id: str, ada: Browser, grace: Browser) -> None:
    one, two = ada.join(meeting_id), grace.join(meeting_id)
    for number in (1, 1, 2, 1, 2):
        two.say("signal", number=number, to=one.id, candidate={"candidate": str(number)})
    one.wait_for(lambda message: message.get("candidate") == {"candidate": "2"})
    assert [signal["candidate"]["candidate"] for signal in signals(one)] == ["1", "2"]


def test_to_somebody_who_has_left_it_is_lost(meeting_id: str, ada: Browser, grace: Browser) -> None:
    one, two = ada.join(meeting_id), grace.join(meeting_id)
    one.say("leave")
    assert two.say("signal", number=1, to=one.id, **OFFER).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"number": 1, "to": "c-1"},
        {"number": 1, "to": "c-1", "description": "text"},
        {"number": 1, "to": "c-1", "description": {}, "candidate": {}},
        {"number": 1, "to": "c-1", "description": {"sdp": ["nested"]}},
        {"number": 1, "description": {}},
        {"number": 1, "to": "c" * 100, "description": {}},
        {"number": 1, "to": 7, "description": {}},
        {"number": "1", "to": "c-1", "description": {}},
        {"number": True, "to": "c-1", "description": {}},
        {"number": -1, "to": "c-1", "description": {}},
    ],
)
def test_nonsense_is_refused(meeting_id: str, ada: Browser, body: dict[str, Any]) -> None:
    assert ada.join(meeting_id).say("signal", **body).status_code == 400


def test_whoever_falls_far_behind_is_put_out(
    meeting_id: str, ada: Browser, grace: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.room.outbox.LONGEST_OUTBOX", 20)
    stays, behind = ada.join(meeting_id), grace.join(meeting_id)
    stays.wait_for_kind("joined")
    behind.hang_up()
    for number in range(25):
        stays.say("signal", number=number + 1, to=behind.id, candidate={})
    ada.room.look_around()
    assert stays.wait_for_kind("left")["connection_id"] == behind.id
