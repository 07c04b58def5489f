"""Many calls share what Slack allows: nobody is left behind, and what is urgent does not wait."""

from __future__ import annotations

from typing import Any

from tests.reconciler.busy import BusyWorkspace
from tests.reconciler.stage import GENERAL, Stage, names

CALLS = 15
ALLOWED = 10
LEAST_SECONDS = 60 * CALLS / ALLOWED
"""Each card needs a request of the same method, so the last one of them waits for so long, whatever we do."""
MOST_REFUSED_LATER = 3
"""In three minutes of two lanes that have learned. One that learns nothing is refused in each minute."""


def test_no_card_is_more_than_twice_as_far_behind_as_it_must_be(stage: Stage) -> None:
    workspace = BusyWorkspace(stage=stage, count=CALLS, every_seconds=30, stay_seconds=210)
    workspace.open()
    workspace.allow(ALLOWED)
    workspace.run(minutes=8)
    learned = len(workspace.refused)
    workspace.run(minutes=3)
    assert LEAST_SECONDS < workspace.worst() <= 2 * LEAST_SECONDS
    assert workspace.wrong_cards() == 0
    assert len(workspace.refused) - learned <= MOST_REFUSED_LATER < learned


# --- A lane that is short --------------------------------------------------------------------------------------------


def crowd(stage: Stage, count: int = 12) -> None:
    """So many calls into which somebody comes at the same moment: too many for a lane."""
    stage.slack.limits.off()
    for number in range(count):
        stage.start(f"Call {number}")
    stage.settle()
    stage.clock.move(60)
    for number in range(count):
        stage.join("Ada", meeting=meeting_of(stage, f"Call {number}"))
    stage.work()


def card(stage: Stage, title: str) -> dict[str, Any]:
    [found] = [card for card in stage.slack.cards(GENERAL) if card["name"] == title]
    return found


def waiting(stage: Stage) -> list[str]:
    """The meetings of the calls whose cards do not show Ada yet."""
    shown = {card["name"] for card in stage.slack.cards(GENERAL) if card["active_participants"]}
    calls = sorted(
        stage.all_stored(), key=lambda call: call.booked.get("calls.participants.add", call.snapshot.started_at)
    )
    return [call.snapshot.title.value for call in calls if call.snapshot.title.value not in shown]


def meeting_of(stage: Stage, title: str) -> str:
    [meeting] = [call.snapshot.meeting for call in stage.all_stored() if call.snapshot.title.value == title]
    assert meeting is not None
    return meeting.id


def test_a_busy_team_does_not_delay_a_quiet_one(stage: Stage) -> None:
    stage.start("Quiet", team="T0QUIET")
    crowd(stage)
    assert len(waiting(stage)) == 1 + 7
    stage.join("Grace", meeting=meeting_of(stage, "Quiet"))
    stage.work()
    assert names(card(stage, "Quiet")["active_participants"]) == ["Grace"]


def test_an_end_goes_before_the_rosters_that_wait(stage: Stage) -> None:
    crowd(stage)
    last = waiting(stage)[-1]
    stage.hear("meeting.ended", meeting=meeting_of(stage, last))
    stage.work()
    assert card(stage, last)["has_ended"]


def test_a_new_call_goes_before_the_rosters_that_wait(stage: Stage) -> None:
    crowd(stage)
    stage.start("Urgent")
    stage.work()
    assert not card(stage, "Urgent")["has_ended"]
    assert len(waiting(stage)) == 7 + 1


def test_what_changes_while_a_call_waits_goes_out_as_one_request(stage: Stage) -> None:
    crowd(stage)
    last = waiting(stage)[-1]
    before = len(stage.slack.requests("calls.participants.add"))
    stage.join("Grace", meeting=meeting_of(stage, last))
    stage.settle(within_seconds=20)
    assert names(card(stage, last)["active_participants"]) == ["Ada", "Grace"]
    assert len(stage.slack.requests("calls.participants.add")) - before == 7
