"""Who somebody is in Slack: known from several sides, of which the surest counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from app.domain.calls import CallSnapshot, Confidence, SlackIdentity
from app.domain.card import CardUser, call_card
from app.domain.events import Event, ParticipantJoined, ParticipantLeft
from app.domain.fold import fold, recognise
from app.domain.meetings import Person
from tests.domain.histories import MEETING, moment, wanted

identities = st.builds(
    SlackIdentity, st.sampled_from(Confidence), st.integers(0, 9).map(moment), st.sampled_from(["U1", "U2"])
)


def joined(key: str, at: float = 1, *, slack_id: str | None = None, device: str = "") -> ParticipantJoined:
    person = Person(key=key, connection_id=f"{key}{device}", name="Ada", slack_id=slack_id)
    return ParticipantJoined(meeting_id=MEETING.id, at=moment(at), dedupe_key=f"{key}{at}", person=person)


def left(key: str, at: float, *, device: str = "") -> ParticipantLeft:
    person = Person(key=key, connection_id=f"{key}{device}")
    return ParticipantLeft(meeting_id=MEETING.id, at=moment(at), dedupe_key=f"{key}{at}-left", person=person)


def known_as(user_id: str, confidence: Confidence = Confidence.LINK, at: float = 0) -> SlackIdentity:
    return SlackIdentity(confidence, moment(at), user_id)


def shown(snapshot: CallSnapshot) -> set[str]:
    return {user.slack_id or user.display_name for user in call_card(snapshot).present}


def test_somebody_with_a_link_who_has_not_come_is_not_on_the_card() -> None:
    card = call_card(recognise(wanted(), "v-1", known_as("U1")))
    assert card.present == card.attended == frozenset()


def test_whoever_comes_by_their_link_is_shown_as_themselves() -> None:
    assert shown(fold(recognise(wanted(), "v-1", known_as("U1")), joined("v-1"))) == {"U1"}


def test_whoever_is_recognised_later_is_shown_once() -> None:
    snapshot = recognise(fold(wanted(), joined("ada")), "ada", known_as("U1", Confidence.EMAIL, at=5))
    assert call_card(snapshot).present == {CardUser(slack_id="U1")}


def test_one_person_on_two_devices_is_one() -> None:
    snapshot = fold(fold(recognise(wanted(), "v-1", known_as("U1")), joined("v-1")), joined("ada@phone", slack_id="U1"))
    assert call_card(snapshot).present == {CardUser(slack_id="U1")}


def test_they_are_in_while_one_of_their_devices_is() -> None:
    story: list[Event] = [joined("v-1", slack_id="U1"), joined("phone", 2, slack_id="U1"), left("v-1", 3)]
    snapshot = reduce(fold, story, wanted())
    assert shown(snapshot) == {"U1"}
    assert shown(fold(snapshot, left("phone", 4))) == set()


def test_the_surest_counts_however_old_it_is() -> None:
    snapshot = fold(recognise(wanted(), "v-1", known_as("U1", at=0)), joined("v-1", 9, slack_id="U2"))
    assert shown(snapshot) == {"U1"}


def test_of_two_equally_sure_the_newer_counts() -> None:
    events: list[Event] = [joined("ada", 1, slack_id="U1"), joined("ada", 5, slack_id="U2")]
    assert shown(reduce(fold, events, wanted())) == shown(reduce(fold, reversed(events), wanted())) == {"U2"}


@given(st.data(), st.lists(identities, min_size=1))
def test_the_order_in_which_we_learn_it_does_not_matter(data: st.DataObject, told: list[SlackIdentity]) -> None:
    def after(order: Sequence[SlackIdentity]) -> CallSnapshot:
        return reduce(lambda known, identity: recognise(known, "ada", identity), order, wanted())

    shuffled = data.draw(st.permutations(told))
    assert after(shuffled) == after(told) == after([*told, *shuffled])
