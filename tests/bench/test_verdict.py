"""The soak's verdict finds what is lost and what is doubled; else its zero would say nothing."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from bench.soak.truth import Person, Slot, Truth
from bench.soak.verdict import judge

CHANNEL = "C0GENERAL"
ADA = {"external_id": "person-1", "display_name": "Ada Lovelace"}
GRACE = {"external_id": "person-2", "display_name": "Grace Hopper"}


class Scene:
    """A call with Ada in it and Grace gone, as it should be; each test spoils something."""

    def __init__(self, slack: Emulator) -> None:
        self.slack = slack
        self.client = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        self.slot = Slot(1, "T0LOCAL", CHANNEL, "standard")
        self.truth = Truth([self.slot], now=lambda: 0.0)
        self.truth.meetings["Soak 1-0"] = {"meeting/1"}
        self.run = self.truth.begin(self.slot, "meeting/1", 300)
        self.run.present["person-1"] = Person("person-1", 0)
        self.run.attended |= {"person-1", "person-2"}
        self.id = self.add_call()
        self.client.calls_participants_add(id=self.id, users=[ADA, GRACE])
        self.client.calls_participants_remove(id=self.id, users=[GRACE])

    def add_call(self) -> str:
        answer = self.client.calls_add(
            external_unique_id="call-1", join_url="https://meet.example.com/1", created_by="U0ADA"
        )
        self.post(answer["call"]["id"])
        return str(answer["call"]["id"])

    def post(self, call_id: str) -> None:
        self.client.chat_postMessage(channel=CHANNEL, text="Call", blocks=[{"type": "call", "call_id": call_id}])

    def found(self) -> tuple[int, int]:
        """How much is lost, and how much doubled."""
        verdict = judge(self.truth, self.slack)
        return len(verdict.lost), len(verdict.doubled)


@pytest.fixture
def scene(slack: Emulator) -> Scene:
    return Scene(slack)


def test_nothing_is_wrong_with_a_card_that_is_true(scene: Scene) -> None:
    assert scene.found() == (0, 0)


def test_who_is_in_and_not_shown_is_lost(scene: Scene) -> None:
    scene.run.present["person-2"] = Person("person-2", 0)
    assert scene.found() == (1, 0)


def test_who_has_gone_and_is_shown_is_lost(scene: Scene) -> None:
    scene.client.calls_participants_add(id=scene.id, users=[GRACE])
    assert scene.found() == (1, 0)


def test_who_was_never_shown_is_lost(scene: Scene) -> None:
    scene.run.attended.add("person-3")
    assert scene.found() == (1, 0)


def test_who_looked_in_for_seconds_is_counted_apart(scene: Scene) -> None:
    scene.run.attended.add("person-3")
    scene.run.glimpsed.add("person-3")
    scene.truth.end(scene.run)
    scene.client.calls_end(id=scene.id)
    assert scene.found() == (0, 0)
    assert judge(scene.truth, scene.slack).unseen == 1


def test_a_card_that_goes_on_after_the_end_is_lost(scene: Scene) -> None:
    scene.truth.end(scene.run)
    assert scene.found()[0] > 0


def test_a_call_without_a_card_is_lost(scene: Scene) -> None:
    scene.truth.end(scene.run)
    scene.client.calls_end(id=scene.id)
    scene.truth.begin(scene.slot, "meeting/2", 300)
    assert scene.found() == (1, 0)


def test_somebody_who_was_never_there_is_too_many(scene: Scene) -> None:
    scene.run.attended.remove("person-2")
    assert scene.found() == (0, 1)


def test_two_messages_are_one_too_many(scene: Scene) -> None:
    scene.post(scene.id)
    assert scene.found() == (0, 1)


def test_two_calls_under_one_id_are_one_too_many(scene: Scene) -> None:
    scene.client.calls_add(external_unique_id="call-1", join_url="https://meet.example.com/1", created_by="U0ADA")
    assert scene.found()[1] > 0


def test_two_meetings_are_one_too_many(scene: Scene) -> None:
    scene.truth.meetings["Soak 1-0"].add("meeting/2")
    assert scene.found() == (0, 1)
