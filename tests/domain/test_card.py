"""What Slack is told of a person."""

from __future__ import annotations

from dataclasses import replace

from app.domain.calls import CallSnapshot, Confidence, Connection, Fact, Participant, SlackIdentity
from app.domain.card import CardUser, call_card, never_shown
from app.domain.meetings import Meeting
from tests.domain.histories import moment, wanted

ADA = Participant(
    key="p-ada",
    name=Fact(moment(0), "Ada"),
    avatar_url=Fact(moment(0), "https://pictures.example/ada.png"),
    first_joined_at=moment(0),
    connections={"c-1": Connection(joined=Fact(moment(0), ""))},
)


def with_people(*people: Participant) -> CallSnapshot:
    return replace(wanted(), participants={person.key: person for person in people})


def linked(person: Participant, slack_id: str) -> Participant:
    return replace(person, slack=SlackIdentity(Confidence.VOUCHED, moment(1), slack_id))


def test_a_stranger_is_shown_by_name_and_picture() -> None:
    shown = CardUser(external_id="p-ada", display_name="Ada", avatar_url="https://pictures.example/ada.png")
    assert call_card(with_people(ADA)).present == {shown}


def test_somebody_known_in_slack_is_shown_by_their_slack_id_alone() -> None:
    assert call_card(with_people(linked(ADA, "U7"))).present == {CardUser(slack_id="U7")}


def test_an_id_that_slack_refused_falls_back_to_the_name() -> None:
    card = call_card(with_people(linked(ADA, "U7")), unknown_slack_ids=frozenset({"U7"}))
    assert [user.display_name for user in card.present] == ["Ada"]


def test_two_identities_of_one_slack_user_are_counted_once() -> None:
    other = replace(ADA, key="p-countess")
    assert len(call_card(with_people(linked(ADA, "U7"), linked(other, "U7"))).present) == 1


def test_the_links_come_from_the_call_and_its_meeting() -> None:
    meeting = Meeting(id="m-1", desktop_app_join_url="meet://m-1")
    card = call_card(replace(wanted(), meeting=meeting, join_url="https://rooms.example/1"))
    assert (card.join_url, card.desktop_app_join_url) == ("https://rooms.example/1", "meet://m-1")


def test_who_stood_there_under_any_identity_was_shown() -> None:
    by_name = call_card(with_people(ADA))
    by_id = call_card(with_people(linked(ADA, "U7")))
    assert never_shown(with_people(linked(ADA, "U7")), by_name) == frozenset()
    assert never_shown(with_people(linked(ADA, "U7")), by_id, unknown_slack_ids=frozenset({"U7"})) == frozenset()


def test_who_stood_there_as_somebody_with_the_same_slack_id_was_shown() -> None:
    other = replace(ADA, key="p-countess")
    assert never_shown(with_people(linked(ADA, "U7"), linked(other, "U7")), call_card(with_people(ADA))) == frozenset()
