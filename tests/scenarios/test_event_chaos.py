"""Whatever becomes of webhooks, the card tells the truth within one sweep of the provider.

People come with several devices and go, the title changes, the meeting ends and begins again. A webhook in ten is lost,
one in ten comes twice, many are late and out of order, also by more than the meeting lasts; sometimes we cannot be
reached at all for a while, and sometimes webhooks come before we know the meeting to be ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.clocks import MovedClock
from tests.databases import chosen_kind
from tests.running import Running
from tests.scenarios.chaos.bigbluebutton import BigBlueButton
from tests.scenarios.chaos.daily import Daily
from tests.scenarios.chaos.jaas import JaaS
from tests.scenarios.chaos.jitsi import Jitsi
from tests.scenarios.chaos.judge import judge, judge_limit, judge_what_is_known
from tests.scenarios.chaos.livekit import LiveKit
from tests.scenarios.chaos.play import Theatre
from tests.scenarios.chaos.standard import Standard
from tests.scenarios.chaos.truth import FIRST_TITLE, Happening, Story, What, stories
from tests.scenarios.chaos.vendors import Vendor
from tests.scenarios.chaos.whereby import Whereby
from tests.scenarios.chaos.zoom import Zoom

CAN_BE_ASKED: tuple[type[Vendor], ...] = (BigBlueButton, Daily, Jitsi, LiveKit, Standard, Zoom)
CANNOT: tuple[type[Vendor], ...] = (JaaS, Whereby)
EXAMPLES = {"ci": 200, "nightly": 10_000}
"""Of each provider, by hypothesis's profile; on PostgreSQL a tenth."""


def examples() -> int:
    of_profile = EXAMPLES[settings.get_current_profile_name()]
    return of_profile if chosen_kind() == "sqlite" else of_profile // 10


@pytest.fixture
def theatre(request: pytest.FixtureRequest, run_app: Callable[..., Running], clock: MovedClock) -> Iterator[Theatre]:
    vendor: Vendor = request.param(clock)
    with vendor.server:
        yield Theatre(run_app(**vendor.settings()), vendor)


@pytest.mark.parametrize("theatre", CAN_BE_ASKED, ids=lambda vendor: vendor.name, indirect=True)
def test_the_card_tells_the_truth_within_one_sweep(theatre: Theatre) -> None:
    @settings(max_examples=examples())
    @given(stories(theatre.vendor.traits))
    def play(story: Story) -> None:
        theatre.play(story)
        judge(story, theatre.cards())

    play()


@pytest.mark.parametrize("theatre", CANNOT, ids=lambda vendor: vendor.name, indirect=True)
def test_where_nobody_can_be_asked_the_card_tells_what_is_known_until_its_limit(theatre: Theatre) -> None:
    @settings(max_examples=examples())
    @given(stories(theatre.vendor.traits))
    def play(story: Story) -> None:
        theatre.play(story)
        judge_what_is_known(story, theatre.cards())
        theatre.reach_limit(story)
        judge_limit(theatre.cards())

    play()


# --- A card that lies is noticed -------------------------------------------------------------------------------------


def story_of(*happened: tuple[What, str]) -> Story:
    told = [
        Happening(number=number, at=number, what=what, run=0, who=who, connection=who, told_after=(0,))
        for number, (what, who) in enumerate(happened)
    ]
    return Story(Standard.traits, told)


def card(*present: str, gone: tuple[str, ...] = (), ended: bool = False, title: str = FIRST_TITLE) -> dict[str, Any]:
    def users(people: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"external_id": who} for who in people]

    everybody = users(present + gone)
    return {"active_participants": users(present), "all_participants": everybody, "has_ended": ended, "name": title}


BEGAN, ENDED, ADA_CAME, ADA_LEFT = (What.BEGAN, ""), (What.ENDED, ""), (What.JOINED, "ada-1"), (What.LEFT, "ada-1")
RUNNING = story_of(BEGAN, ADA_CAME)
OVER = story_of(BEGAN, ADA_CAME, ADA_LEFT, ENDED)


def test_a_card_that_tells_the_truth_is_right() -> None:
    judge(RUNNING, [card("ada-1")])
    judge(OVER, [card(gone=("ada-1",), ended=True)])


@pytest.mark.parametrize(
    ("story", "cards", "lie"),
    [
        (OVER, [card(gone=("ada-1",))], "its card is not"),
        (OVER, [card(ended=True)], "somebody is missing"),
        (OVER, [card(gone=("ada-1", "grace-1"), ended=True)], "who never came"),
        (RUNNING, [card("ada-1", ended=True)], "has no card"),
        (RUNNING, [card(gone=("ada-1",))], "other people"),
        (RUNNING, [card("ada-1", "grace-1")], "other people"),
        (RUNNING, [card("ada-1", "ada-1")], "twice"),
        (RUNNING, [card("ada-1", title="Lunch")], "another title"),
        (RUNNING, [card("ada-1"), card("ada-1")], "two cards run"),
        (RUNNING, [card("ada-1"), card(ended=True)], "more cards than runs"),
    ],
)
def test_a_card_that_lies_is_noticed(story: Story, cards: list[dict[str, Any]], lie: str) -> None:
    with pytest.raises(AssertionError, match=lie):
        judge(story, cards)
