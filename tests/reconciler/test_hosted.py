"""Providers that need somebody to host, can rename, and cannot be asked who is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.domain.meetings import Capabilities, Meeting, MeetingRequest
from app.errors import PermanentFailure
from app.providers.standard.provider import Standard
from tests.reconciler.stage import Stage
from tests.reconciler.test_crashes import crash

IDLE_SECONDS, LIMIT_SECONDS = 300.0, 4 * 3600.0
HOSTS = ("ada@example.com", "grace@example.com")


class Hosted(Standard):
    """The standard provider's server, with what it lacks."""

    capabilities = Capabilities(sends_events=True, ends_meetings=True, renames_meetings=True)
    refuses_titles = False

    def __init__(self, like: Standard) -> None:
        super().__init__(like.account, like.clock)  # type: ignore[arg-type]
        self.held_by: list[str] = []
        self.titles: list[str] = []

    @property
    def hosts(self) -> Sequence[str]:
        return HOSTS

    @property
    def idle_seconds(self) -> float:
        return IDLE_SECONDS

    @property
    def limit_seconds(self) -> float:
        return LIMIT_SECONDS

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        meeting = super().create_meeting(request)
        self.held_by.append(request.host)
        return meeting

    def rename_meeting(self, _meeting: Meeting, title: str) -> None:
        self.titles.append(title)
        if self.refuses_titles:
            raise PermanentFailure("http_400", "No such titles here.")


@pytest.fixture
def hosted(stage: Stage) -> Hosted:
    standard = stage.providers["standard"]
    assert isinstance(standard, Standard)
    return Hosted(standard)


@pytest.fixture
def held(stage: Stage, hosted: Hosted) -> Stage:
    """A stage whose provider ``standard`` is such a one."""
    return replace(stage, providers={**stage.providers, "standard": hosted})


# --- Hosts -----------------------------------------------------------------------------------------------------------


def test_each_call_gets_a_host_of_its_own(held: Stage, hosted: Hosted) -> None:
    held.start(channel="C0GENERAL")
    held.start(channel="C0RANDOM")
    held.settle(within_seconds=5)

    assert sorted(hosted.held_by) == sorted(HOSTS)


def test_when_everybody_hosts_already_the_person_is_told(held: Stage, hosted: Hosted) -> None:
    for _ in range(3):
        held.start()
    held.settle(within_seconds=5)

    assert len(hosted.held_by) == 2
    [told] = [text for text in held.told() if "could not be started" in text]
    assert "Everybody who can host is in another call." in told


def test_a_retry_keeps_its_host(held: Stage, hosted: Hosted) -> None:
    held.slack.faults.add("calls.add", "status", status=503, times=1)
    held.start()
    held.settle(within_seconds=30)

    assert held.stored().host == hosted.held_by[0]
    assert len(hosted.held_by) == 1


# --- Titles ----------------------------------------------------------------------------------------------------------


def test_a_new_title_goes_to_the_provider_too(held: Stage, hosted: Hosted) -> None:
    held.start()
    held.settle(within_seconds=5)
    held.rename("Retrospective")
    held.settle(within_seconds=5)

    assert hosted.titles == ["Retrospective"]
    assert held.card()["name"] == "Retrospective"


def test_a_title_given_before_there_is_a_meeting_goes_along_with_it(held: Stage, hosted: Hosted) -> None:
    held.start()
    held.rename("Retrospective")
    held.settle(within_seconds=5)

    assert hosted.titles == []
    assert held.vendor.meetings["meeting/1"].title == "Retrospective"


def test_a_title_that_the_provider_told_is_not_told_back(held: Stage, hosted: Hosted) -> None:
    held.start()
    held.settle(within_seconds=5)
    held.clock.move(5)
    held.hear("meeting.title_changed", title="Retrospective")
    held.settle(within_seconds=5)

    assert held.card()["name"] == "Retrospective"
    assert hosted.titles == []


def test_a_title_that_the_provider_refuses_stands_on_the_card_all_the_same(held: Stage, hosted: Hosted) -> None:
    hosted.refuses_titles = True
    held.start()
    held.settle(within_seconds=5)
    held.rename("Retrospective")
    held.settle()

    assert held.card()["name"] == "Retrospective"
    assert hosted.titles == ["Retrospective"]


def test_a_title_that_was_taken_back_after_a_crash_is_told_again(held: Stage, hosted: Hosted) -> None:
    held.start()
    held.settle(within_seconds=5)
    held.rename("Retrospective")
    crash(held, lambda: bool(hosted.titles))
    assert held.stored().in_flight == "RenameMeeting"
    held.rename("Weekly sync")
    held.settle(within_seconds=60)

    assert hosted.titles == ["Retrospective", "Weekly sync"]
    assert held.card()["name"] == "Weekly sync"
    assert held.stored().in_flight is None


# --- Ended by time ---------------------------------------------------------------------------------------------------


def ended(stage: Stage) -> bool:
    return bool(stage.card()["has_ended"])


@pytest.fixture
def left(held: Stage) -> Stage:
    """A call that everybody has left just now."""
    held.start()
    held.settle(within_seconds=5)
    held.join("Ada", "Bob")
    held.settle(within_seconds=5)
    held.leave("Ada", "Bob")
    held.settle(within_seconds=5)
    return held


def test_a_call_that_stands_empty_ends_after_a_while(left: Stage) -> None:
    left.clock.move(IDLE_SECONDS - 30)
    left.settle(within_seconds=1)
    assert not ended(left)

    left.settle(within_seconds=60)
    assert ended(left)


def test_somebody_who_comes_back_keeps_it_alive(left: Stage) -> None:
    left.clock.move(IDLE_SECONDS - 30)
    left.join("Ada")
    left.settle(within_seconds=3600)
    assert not ended(left)


def test_somebody_whose_coming_is_told_late_keeps_it_alive(left: Stage) -> None:
    """Nobody has looked at the call since the join was stored."""
    left.clock.move(1)
    left.join("Ada")
    left.clock.move(IDLE_SECONDS + 60)
    left.settle(within_seconds=60)
    assert not ended(left)


def test_a_call_that_nobody_has_come_to_yet_waits_until_its_limit(held: Stage) -> None:
    held.start()
    held.settle(within_seconds=3600)
    assert not ended(held)

    held.settle(within_seconds=LIMIT_SECONDS)
    assert ended(held)


def test_the_limit_counts_while_somebody_is_in(held: Stage) -> None:
    held.start()
    held.settle(within_seconds=5)
    held.join("Ada")
    held.settle(within_seconds=LIMIT_SECONDS)
    assert ended(held)
