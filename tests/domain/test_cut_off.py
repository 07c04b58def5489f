"""The app is taken out of a workspace while a call runs there: Slack is told nothing more of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.card import call_card
from app.domain.meetings import Capabilities
from app.domain.operations import AddCall, AddParticipants, CreateMeeting, EndCall, EndMeeting, Operation, PostCall
from app.domain.plan import Shown, after, plan
from tests.domain.histories import MEETING, moment, wanted

CUT_OFF = replace(wanted(), ended_at=moment(60), is_closed=True, is_cut_off=True)
SHOWN = Shown(slack_call_id="R1", posted=True, card=call_card(wanted()))


@pytest.mark.parametrize("doubt", [None, AddCall, PostCall, AddParticipants, EndCall])
@pytest.mark.parametrize("shown", [Shown(), SHOWN])
def test_only_its_meeting_is_ended(doubt: type[Operation] | None, shown: Shown) -> None:
    planned = plan(replace(CUT_OFF, meeting=MEETING), shown, Capabilities(ends_meetings=True), doubt)
    assert planned == [EndMeeting()]
    ended = after(shown, EndMeeting())
    assert plan(replace(CUT_OFF, meeting=MEETING), ended, Capabilities(ends_meetings=True), doubt) == []


def test_a_meeting_that_may_be_there_is_looked_for_to_end_it() -> None:
    can = Capabilities(ends_meetings=True)
    unmade = replace(CUT_OFF, meeting=None)
    assert plan(unmade, Shown(), can) == []
    assert plan(unmade, Shown(), can, CreateMeeting) == [CreateMeeting()]


def test_a_provider_that_cannot_end_it_is_not_asked_to() -> None:
    assert plan(replace(CUT_OFF, meeting=MEETING), SHOWN, Capabilities()) == []


def test_whoever_waits_for_a_start_that_failed_is_not_told_any_more() -> None:
    failed = replace(wanted(), failure="It did not work.", is_closed=True, is_cut_off=True)
    assert plan(failed, Shown(), Capabilities()) == []
