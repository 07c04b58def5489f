"""Webhooks that wait for one another are answered together, and none of them pays for another's mistake."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.web.answers import Answer
from app.web.intake import MOST_AT_ONCE, MOST_WAITING, Intake
from app.web.webhooks import Incoming

PATIENCE_SECONDS = 20


@dataclass
class Desk:
    """Answers with what it was asked; the first has to wait until it is let go."""

    together: list[list[str]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)

    def answer_all(self, incoming: Sequence[Incoming]) -> list[Answer]:
        self.begun.set()
        assert self.may_go.wait(PATIENCE_SECONDS)
        names = [each.name for each in incoming]
        if "trouble" in names:
            raise ValueError("nobody expected this")
        self.together.append(names)
        return [Answer(200, name.encode()) for name in names]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def intake(desk: Desk) -> Iterator[Intake]:
    made = Intake(desk.answer_all)
    yield made
    desk.may_go.set()
    made.close()


def asked(name: str) -> Incoming:
    return Incoming.of(f"/webhooks/{name}", "", {}, b"", of_flood=False)


def run(work: Coroutine[Any, Any, list[Answer]]) -> list[Answer]:
    return asyncio.run(asyncio.wait_for(work, PATIENCE_SECONDS))


async def ask_while_the_first_is_held(intake: Intake, desk: Desk, names: Sequence[str]) -> list[Answer]:
    first = asyncio.create_task(intake.answer(asked("first")))
    assert await asyncio.to_thread(desk.begun.wait, PATIENCE_SECONDS)
    others = [asyncio.create_task(intake.answer(asked(name))) for name in names]
    await asyncio.sleep(0)
    desk.may_go.set()
    return [await each for each in (first, *others)]


def test_those_who_wait_are_taken_in_together_and_each_gets_its_own_answer(intake: Intake, desk: Desk) -> None:
    answers = run(ask_while_the_first_is_held(intake, desk, ["a", "b", "c"]))
    assert [answer.body.decode() for answer in answers] == ["first", "a", "b", "c"]
    assert desk.together == [["first"], ["a", "b", "c"]]


def test_no_batch_grows_without_end(intake: Intake, desk: Desk) -> None:
    run(ask_while_the_first_is_held(intake, desk, [str(number) for number in range(MOST_AT_ONCE + 3)]))
    assert [len(names) for names in desk.together] == [1, MOST_AT_ONCE, 3]


def test_one_that_nobody_expected_takes_no_other_along(intake: Intake, desk: Desk) -> None:
    answers = run(ask_while_the_first_is_held(intake, desk, ["a", "trouble", "b"]))
    assert [answer.status for answer in answers] == [200, 200, 500, 200]
    assert desk.together == [["first"], ["a"], ["b"]]


def test_more_than_can_wait_are_asked_to_come_again(intake: Intake, desk: Desk) -> None:
    answers = run(ask_while_the_first_is_held(intake, desk, ["again"] * (MOST_WAITING + 2)))
    assert [answer.status for answer in answers] == [200] * (MOST_WAITING + 1) + [503] * 2
    assert answers[-1].headers["Retry-After"] == "5"


def test_whoever_goes_away_meanwhile_disturbs_nobody(intake: Intake, desk: Desk) -> None:
    async def leave() -> list[Answer]:
        gone = asyncio.create_task(intake.answer(asked("gone")))
        assert await asyncio.to_thread(desk.begun.wait, PATIENCE_SECONDS)
        stays = asyncio.create_task(intake.answer(asked("stays")))
        await asyncio.sleep(0)
        gone.cancel()
        desk.may_go.set()
        return [await stays]

    assert [answer.body.decode() for answer in run(leave())] == ["stays"]


def test_nobody_is_left_waiting_however_many_come_and_go(intake: Intake, desk: Desk) -> None:
    async def ask_in_turn(lane: int) -> list[Answer]:
        return [await intake.answer(asked(f"{lane}-{number}")) for number in range(50)]

    async def ask_all() -> list[Answer]:
        desk.may_go.set()
        return [answer for its in await asyncio.gather(*map(ask_in_turn, range(16))) for answer in its]

    assert [answer.body.decode() for answer in run(ask_all())] == [
        f"{lane}-{number}" for lane in range(16) for number in range(50)
    ]
