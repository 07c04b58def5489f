"""Who comes and goes on a card that stands: nothing is lost, and Slack is not asked more than it allows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.emulator import Emulator
from tests.reconciler.stage import SECRET, Stage

ADD, REMOVE = "calls.participants.add", "calls.participants.remove"


def batches(slack: Emulator, method: str) -> list[list[dict[str, str]]]:
    return [json.loads(request.args["users"]) for request in slack.requests(method)]


def sizes(slack: Emulator, method: str) -> list[int]:
    return [len(batch) for batch in batches(slack, method)]


# --- First at once, then together ------------------------------------------------------------------------------------


def test_the_first_to_come_is_shown_at_once(live: Stage) -> None:
    live.join("Ada")
    live.work()
    assert live.present() == ["Ada"]


def test_who_leaves_is_shown_grey_at_once(live: Stage) -> None:
    live.join("Ada", "Bob")
    live.work()
    live.leave("Ada")
    live.work()

    assert (live.present(), live.attended()) == (["Bob"], ["Ada", "Bob"])


def test_changes_gather_while_the_lane_is_short(live: Stage) -> None:
    for number in range(40):
        live.join(f"Person {number:02}")
        live.work()
        live.clock.move(0.05)
    live.settle()

    assert sizes(live.slack, ADD)[:5] == [1, 1, 1, 1, 1]
    assert sum(sizes(live.slack, ADD)) == 40
    assert len(sizes(live.slack, ADD)) <= 8
    assert len(live.present()) == 40


def test_who_comes_and_goes_before_the_next_request_costs_none(live: Stage) -> None:
    live.join("Ada")
    live.leave("Ada")
    live.settle()
    assert live.sent(ADD, REMOVE) == [0, 0]


def test_whoever_was_there_at_all_stands_on_the_ended_card(live: Stage) -> None:
    live.join("Ada", "Bob")
    live.leave("Ada")
    live.clock.move(1)
    live.hear("meeting.ended")
    live.settle()

    assert (live.present(), live.attended()) == ([], ["Ada", "Bob"])
    assert live.sent("calls.end") == [1]


def test_a_large_arrival_goes_out_in_batches(live: Stage) -> None:
    live.join(*(f"Person {number:03}" for number in range(250)))
    live.settle()

    assert sizes(live.slack, ADD) == [100, 100, 50]
    assert len(live.present()) == 250


def test_another_device_of_the_same_person_changes_nothing(live: Stage) -> None:
    live.hear("participant.joined", participant={"id": "ada-1", "name": "Ada", "connection_id": "phone"})
    live.hear("participant.joined", participant={"id": "ada-1", "name": "Ada", "connection_id": "laptop"})
    live.settle()
    live.hear("participant.left", participant={"id": "ada-1", "name": "Ada", "connection_id": "phone"})
    live.settle()

    assert live.present() == ["Ada"]
    assert live.sent(ADD, REMOVE) == [1, 0]


@pytest.mark.parametrize("seed", range(10))
def test_order_does_not_matter(live: Stage, seed: int) -> None:
    history: list[Callable[[datetime], None]] = [
        lambda at: live.join("Ada", at=at),
        lambda at: live.join("Bob", at=at),
        lambda at: live.join("Cid", at=at),
        lambda at: live.leave("Bob", at=at),
        lambda at: live.join("U0ALAN", at=at),
        lambda at: live.leave("Ada", at=at),
    ]
    moments = [live.clock.now() - timedelta(seconds=30 - number) for number in range(len(history))]
    order = random.Random(seed).sample(range(len(history)), k=len(history))
    for number in order:
        history[number](moments[number])
    live.settle()

    assert live.present() == ["Cid", "U0ALAN"]


# --- The identical object --------------------------------------------------------------------------------------------


def test_a_person_is_removed_as_the_object_that_was_added(live: Stage) -> None:
    """Slack has ignored removals of anything else."""
    live.hear(
        "participant.joined",
        participant={"id": "kim-1", "name": "Kim", "avatar_url": "https://example.com/kim.jpg"},
    )
    live.settle()
    live.clock.move(1)
    live.hear("participant.left", participant={"id": "kim-1", "name": "Kimberley"})
    live.settle()

    assert batches(live.slack, REMOVE) == batches(live.slack, ADD)
    assert live.present() == []


def test_a_new_name_is_a_removal_and_an_arrival(live: Stage) -> None:
    live.hear("participant.joined", participant={"id": "kim-1", "name": "Kim"})
    live.settle()
    live.clock.move(1)
    live.hear("participant.joined", participant={"id": "kim-1", "name": "Kimberley"})
    live.settle()

    assert live.present() == ["Kimberley"]
    assert batches(live.slack, REMOVE) == [[{"external_id": "kim-1", "display_name": "Kim"}]]
    live.clock.move(1)
    live.leave_as("kim-1")
    live.settle()
    assert live.present() == []


# --- Pace ------------------------------------------------------------------------------------------------------------


def test_told_to_wait_slack_is_left_alone_for_so_long(live: Stage) -> None:
    live.slack.faults.add(ADD, "status", status=429, retry_after=30, times=1)
    live.join("Ada")
    live.work()
    live.clock.move(29)
    live.join("Bob")
    live.work()
    assert live.sent(ADD) == [1]

    live.settle(within_seconds=2)
    assert sizes(live.slack, ADD) == [1, 2]
    assert live.present() == ["Ada", "Bob"]


def test_a_parked_lane_is_parked_for_every_call_of_the_team(live: Stage) -> None:
    live.start("Retro", channel="C0RANDOM")
    live.settle()
    live.slack.faults.add(ADD, "status", status=429, retry_after=30, times=1)
    live.join("Ada")
    live.work()
    live.join("Bob", meeting="meeting/2")
    live.work()
    live.clock.move(29)
    live.work()
    assert live.sent(ADD) == [1]

    live.settle(within_seconds=5)
    assert (live.present(), live.present("C0RANDOM")) == (["Ada"], ["Bob"])


def test_a_parked_lane_holds_up_no_other(live: Stage) -> None:
    live.join("Ada", "Bob")
    live.settle()
    live.slack.faults.add(ADD, "status", status=429, retry_after=300, times=1)
    live.join("Cid")
    live.leave("Ada")
    live.rename("Retro")
    live.settle(within_seconds=3)

    assert live.present() == ["Bob"]
    assert live.card()["name"] == "Retro"


def test_who_leaves_is_not_held_up_by_who_comes(live: Stage) -> None:
    live.join("Ada")
    live.settle()
    live.slack.faults.add(ADD, "status", status=429, retry_after=300, times=1)
    live.join("Bob")
    live.work()
    live.leave("Ada")
    live.settle(within_seconds=3)
    assert live.present() == []


def test_a_call_ends_at_once_although_its_people_have_to_wait(live: Stage) -> None:
    live.slack.faults.add(ADD, "status", status=429, retry_after=300, times=1)
    live.join("Ada")
    live.work()
    live.end()
    live.work()

    assert live.card()["has_ended"]
    assert live.sent(ADD, "calls.end") == [1, 1]


def test_a_call_starts_at_once_although_people_elsewhere_have_to_wait(live: Stage) -> None:
    live.slack.faults.add(ADD, "status", status=429, retry_after=300, times=1)
    live.join("Ada")
    live.work()
    live.start("Private", channel=SECRET, answer_through=live.response_url(SECRET))
    live.work()
    assert live.card(SECRET)["name"] == "Private"


def test_another_team_has_lanes_of_its_own(live: Stage) -> None:
    live.start("Elsewhere", team="T0OTHER", channel="C0RANDOM")
    live.settle()
    live.slack.faults.add(ADD, "status", status=429, retry_after=300, times=1)
    live.join("Ada")
    live.work()
    live.join("Bob", meeting="meeting/2")
    live.work()
    assert live.present("C0RANDOM") == ["Bob"]


@pytest.mark.parametrize("per_minute", [50, 20])
def test_slack_is_never_asked_more_than_it_allows(live: Stage, per_minute: int) -> None:
    """Two of Slack's own SDKs take these methods for 20 a minute."""
    for method in (ADD, REMOVE):
        live.slack.limits.set(method, per_minute)
    for number in range(120):
        live.join(f"Person {number}")
        live.work()
        live.clock.move(1)
    live.settle(within_seconds=300)

    assert len(live.present()) == 120
    refused = [request for request in live.slack.requests() if request.status == 429]
    assert len(refused) <= (0 if per_minute == 50 else 6)


def test_two_large_calls_share_the_lane_and_both_are_shown_in_full(live: Stage) -> None:
    live.start("Retro", channel="C0RANDOM")
    live.settle()
    for number in range(100):
        live.join(f"Person {number}")
        live.join(f"Person {number}", meeting="meeting/2")
        live.work()
        live.clock.move(0.1)
    live.settle(within_seconds=5)

    assert (len(live.present()), len(live.present("C0RANDOM"))) == (100, 100)
    assert sum(sizes(live.slack, ADD)) == 200
    assert live.sent(ADD) <= [18]


def test_calls_that_wait_for_one_lane_have_their_turns_in_turn(live: Stage) -> None:
    for title in ("Retro", "Lunch"):
        live.start(title, channel="C0RANDOM")
    live.settle()
    live.clock.move(60)
    for second in range(60):
        for number in range(3):
            live.join(f"Person {second}", meeting=f"meeting/{number + 1}")
        live.work()
        live.clock.move(0.5)

    asked = [request.args["id"] for request in live.slack.requests(ADD)][-15:]
    assert [set(asked[at : at + 3]) for at in range(0, 15, 3)] == [set(asked)] * 5
    assert len(set(asked)) == 3
