"""What the cards must say when all has been told that will be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain.runs import STRAGGLING
from tests.scenarios.chaos.truth import Happening, Story, What

Card = dict[str, Any]


def judge(story: Story, cards: Sequence[Card]) -> None:
    """``cards`` are those of the story's meeting, oldest first."""
    end = story.end()
    live = [card for card in cards if not card["has_ended"]]
    _nothing_twice(cards)
    _no_card_too_many(story, cards)
    if not end.has_ended:
        assert live or not (end.open or end.run == 0), "the meeting runs, and has no card"
    elif story.is_known:
        assert not live, "the meeting is over, and its card is not"
        _nobody_missing(story, cards)
    for card in live:
        _shows_who_is_in(story, card)
        assert card["name"] == end.title, "the card has another title than the meeting"


def judge_what_is_known(story: Story, cards: Sequence[Card]) -> None:
    """The same where nobody can be asked: what no webhook told is not known, and an end may be guessed too early."""
    end = story.end()
    live = [card for card in cards if not card["has_ended"]]
    _nothing_twice(cards)
    for card in live:
        assert _keys(card["active_participants"]) <= _perhaps_in(story), "somebody is shown who is known to be gone"
    if not story.is_all_told:
        return
    _no_card_too_many(story, cards)
    if not _ends_are_told_in_order(story):
        return
    if end.has_ended:
        assert not live, "the meeting is over, and its card is not"
    if end.open:
        assert [_keys(card["active_participants"]) for card in live] == [end.present], "the card shows other people"


def _ends_are_told_in_order(story: Story) -> bool:
    """A later run is a call once the end before it and a join are told; its own end, told before that, is not kept, and
    known already when it comes again."""
    ends = [one for one in story.happenings if one.what is What.ENDED]
    return all(_is_told_in_order(end, ends[:number], story) for number, end in enumerate(ends) if end.run)


def _is_told_in_order(end: Happening, before: Sequence[Happening], story: Story) -> bool:
    joins = [one for one in story.happenings if one.what is What.JOINED and one.run == end.run]
    first_join = min((one.at + min(one.told_after) for one in joins), default=0)
    ends_before = [one.at + min(one.told_after) for one in before if one.told_after]
    return not end.told_after or end.at + min(end.told_after) >= max([first_join, *ends_before])


def judge_limit(cards: Sequence[Card]) -> None:
    """Where nobody can be asked, all calls are over by then."""
    assert all(card["has_ended"] for card in cards), "a card outlives the limit"


def _nothing_twice(cards: Sequence[Card]) -> None:
    for card in cards:
        for users in (card["active_participants"], card["all_participants"]):
            assert len(_keys(users)) == len(users), "somebody stands on a card twice"
    assert len([card for card in cards if not card["has_ended"]]) <= 1, "two cards run"


def _no_card_too_many(story: Story, cards: Sequence[Card]) -> None:
    runs = {0} | {one.run for one in story.happenings if one.what is What.JOINED}
    assert len(cards) <= len(runs), "there are more cards than runs that people came to"


def _nobody_missing(story: Story, cards: Sequence[Card]) -> None:
    """Whose join was told while the run went on stands on its card, also when they have left."""
    ended_at = {one.run: one.at for one in story.happenings if one.what is What.ENDED}
    joins = [one for one in story.happenings if one.what is What.JOINED and not _may_be_of_the_run_before(one, story)]
    told = {one.who for one in joins if any(one.at + late < ended_at[one.run] for late in one.told_after)}
    shown = {key for card in cards for key in _keys(card["all_participants"])}
    assert told <= shown, "somebody is missing"
    assert shown <= {one.who for one in story.happenings}, "somebody is shown who never came"


def _may_be_of_the_run_before(join: Happening, story: Story) -> bool:
    """Where nothing tells runs apart, whoever comes so early is taken for a latecomer to what has ended, until a look
    sees them."""
    ends = [one.at for one in story.happenings if one.what is What.ENDED and one.run < join.run]
    straggling = STRAGGLING.total_seconds()
    return not story.traits.joins_tell_runs and any(join.at <= at + straggling for at in ends)


def _shows_who_is_in(story: Story, card: Card) -> None:
    shown, there = _keys(card["active_participants"]), story.end().present
    if story.traits.sees_people:
        assert shown == there, "the card shows other people than are in"
    else:
        assert _surely_in(story) <= shown <= _perhaps_in(story), "the card shows other people than are known to be in"


def _surely_in(story: Story) -> set[str]:
    """As far as was told, and truly."""
    return {who for connection, who in story.end().open.items() if connection in _told(story, What.JOINED)}


def _perhaps_in(story: Story) -> set[str]:
    """Whom no webhook has told to be gone."""
    left = _told(story, What.LEFT)
    return {who for connection, who in _told(story, What.JOINED).items() if connection not in left}


def _told(story: Story, what: What) -> dict[str, str]:
    """By their connections, the people of whom webhooks have told this."""
    return {one.connection: one.who for one in story.happenings if one.what is what and one.told_after}


def _keys(users: Sequence[dict[str, str]]) -> set[str]:
    return {user["external_id"] for user in users}
