"""Where webhooks wait to be taken in: one thread takes all at once that have come while it was busy.

They are many and short, and written one after the other in any case. A thread for each would do nothing but wait, and
waking it costs more than taking the webhook in.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

from app.web.answers import Answer, answer_to, come_again
from app.web.webhooks import Incoming

MOST_WAITING = 2000
"""Some seconds' work, and as long as providers wait for an answer."""
MOST_AT_ONCE = 64
"""In one transaction: few enough that nobody holds the database for long."""

AnswerAll: TypeAlias = Callable[[Sequence[Incoming]], Sequence[Answer]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    incoming: Incoming
    answer: asyncio.Future[Answer]


class Intake:
    """For one event loop. ``answer_all`` answers requests that came together, in order."""

    def __init__(self, answer_all: AnswerAll) -> None:
        self._answer_all = answer_all
        self._thread = ThreadPoolExecutor(1, "webhooks")
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._is_busy = False

    async def answer(self, incoming: Incoming) -> Answer:
        """The answer, once the webhook is stored."""
        loop = asyncio.get_running_loop()
        mine = _Waiting(incoming, loop.create_future())
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                return come_again()
            self._waiting.append(mine)
            is_first, self._is_busy = not self._is_busy, True
        if is_first:
            self._thread.submit(self._take_all_in, loop)
        return await mine.answer

    def close(self) -> None:
        """By now all are answered."""
        self._thread.shutdown()

    def _take_all_in(self, loop: asyncio.AbstractEventLoop) -> None:
        while some := self._next():
            answers = self._answers([each.incoming for each in some])
            loop.call_soon_threadsafe(_settle, some, answers)

    def _next(self) -> Sequence[_Waiting]:
        with self._lock:
            some, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            self._is_busy = bool(some)
        return some

    def _answers(self, incoming: Sequence[Incoming]) -> Sequence[Answer]:
        try:
            return self._answer_all(incoming)
        except Exception as error:  # noqa: BLE001  # each must be answered, and the next ones taken in
            if len(incoming) == 1:
                return [answer_to(error)]
        return [answer for each in incoming for answer in self._answers([each])]


def _settle(some: Sequence[_Waiting], answers: Sequence[Answer]) -> None:
    for each, answer in zip(some, answers, strict=True):
        # Whoever has gone meanwhile has taken the question back.
        if not each.answer.done():
            each.answer.set_result(answer)
