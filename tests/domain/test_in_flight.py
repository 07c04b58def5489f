"""What is noted before it is sent, and when the note is forgotten."""

from __future__ import annotations

import pytest

from app.domain.calls import Fact
from app.domain.card import CallCard
from app.domain.in_flight import AS_ANOTHER, InFlight
from app.domain.operations import (
    AddCall,
    AddParticipants,
    EndCall,
    LookAtCard,
    Operation,
    PostCall,
    RemoveParticipants,
    RenameMeeting,
    TellFailure,
)
from tests.domain.histories import moment

RENAME, TELL = RenameMeeting(Fact(moment(0), "Retro")), TellFailure("no")
ADD, REMOVE = AddParticipants(()), RemoveParticipants(())
ADD_CALL = AddCall(CallCard(title="Weekly sync", join_url="https://meet.example.com/1"))


def test_what_may_be_repeated_is_not_noted() -> None:
    assert InFlight().before(EndCall(1)).text is None
    assert InFlight().before(LookAtCard()).text is None


@pytest.mark.parametrize("operation", [ADD, RENAME, TELL], ids=lambda operation: type(operation).__name__)
def test_a_note_is_read_as_it_was_written(operation: Operation) -> None:
    noted = InFlight().before(operation)
    assert noted.text == type(operation).__name__
    assert InFlight.of(noted.text) == noted
    assert noted.after(operation) == InFlight()


def test_what_is_looked_at_and_what_is_sent_again_stand_side_by_side() -> None:
    both = InFlight().before(ADD).before(RENAME)
    assert (both.doubt, both.repeated) == (AddParticipants, RenameMeeting)
    assert InFlight.of(both.text) == both
    assert both.after(RENAME) == InFlight.of("AddParticipants")
    assert both.after(LookAtCard()) == InFlight.of("RenameMeeting")


def test_other_operations_settle_nothing() -> None:
    both = InFlight().before(PostCall()).before(TELL)
    assert both.after(EndCall(1)) == both


def test_a_call_that_may_have_been_added_before_is_still_looked_at() -> None:
    again = InFlight().before(ADD_CALL).before(ADD_CALL)
    assert again.after(ADD_CALL).doubt is AddCall
    assert InFlight.of(AS_ANOTHER).before(ADD_CALL).after(ADD_CALL) == InFlight()


def test_every_note_fits_into_its_column() -> None:
    assert len(InFlight().before(REMOVE).before(RENAME).text or "") <= 40


def test_a_note_of_another_version_is_nothing() -> None:
    assert InFlight.of("MakeCoffee") == InFlight()
