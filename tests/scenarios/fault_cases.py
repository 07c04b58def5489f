"""What can go wrong with a request to Slack, and what must come of it: the cells of docs/fault-matrix.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.emulator.faults import FaultKind
from app.errors import OutOfStep, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.slack.web_api import KINDS
from tests.slack.documented_codes import DOCUMENTED

BRIEFLY = 2
"""Requests that a short fault strikes."""
COLUMNS = ("429", "500", "timeout", "dropped", "malformed", "refused", "refused inside ok: true")


class Phase(StrEnum):
    """The part of a call's life in which its method has trouble."""

    START = "while it starts"
    RUN = "while people come and go"
    END = "while it ends"
    ASK = "while somebody else wants to end it"
    FAIL = "while the person is told that it failed"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault. ``kind`` is how the app should take it. ``is_done`` says whether the request has had its effect."""

    name: str
    column: str
    fault: FaultKind
    kind: type[RequestFailed]
    details: Mapping[str, Any] = field(default_factory=dict)
    is_done: bool = False

    @property
    def is_real_timeout(self) -> bool:
        """One that the client waits for. Once is enough: the others close the connection instead of keeping it."""
        return self.fault in {"timeout_before", "timeout_after"}

    def __str__(self) -> str:
        return self.name


EFFECT: dict[str, Any] = {"has_effect": True}
NO_OBJECT: dict[str, Any] = {"body": "[]"}
TROUBLES = (
    Trouble("429", "429", "status", RateLimited, {"status": 429, "retry_after": 20}),
    Trouble("429 without Retry-After", "429", "status", RateLimited, {"status": 429, "retry_after": None}),
    Trouble("500", "500", "status", TemporaryFailure),
    Trouble("500, done", "500", "status", TemporaryFailure, EFFECT, is_done=True),
    Trouble("timeout", "timeout", "timeout_before", TemporaryFailure),
    Trouble("timeout, done", "timeout", "timeout_after", TemporaryFailure, is_done=True),
    Trouble("dropped", "dropped", "drop_before", TemporaryFailure),
    Trouble("dropped, done", "dropped", "drop_after", TemporaryFailure, is_done=True),
    Trouble("no JSON", "malformed", "malformed", TemporaryFailure),
    Trouble("no JSON, done", "malformed", "malformed", TemporaryFailure, EFFECT, is_done=True),
    Trouble("no object", "malformed", "malformed", TemporaryFailure, NO_OBJECT),
    Trouble("no object, done", "malformed", "malformed", TemporaryFailure, {**NO_OBJECT, **EFFECT}, is_done=True),
)
NOT_FOUND = Trouble("404", "refused", "status", PermanentFailure, {"status": 404})
"""As a response_url answers; the Web API refuses with 200."""
WITHOUT_CONTENT = Trouble("ok without content", "malformed", "malformed", TemporaryFailure, {"body": '{"ok": true}'})
"""For methods whose success tells something."""


# --- Codes -----------------------------------------------------------------------------------------------------------

# https://docs.slack.dev/interactivity/handling-user-interaction names none; these were seen.
OF_RESPONSE_URL = frozenset({"expired_url", "invalid_payload", "no_text", "used_url"})


def codes(method: str) -> list[str]:
    return sorted(DOCUMENTED.get(method, OF_RESPONSE_URL))


def one_of_each_kind(method: str) -> list[str]:
    """The first code of each kind, so that each way through our code is taken."""
    first: dict[type[RequestFailed], str] = {}
    for code in codes(method):
        first.setdefault(kind_of(code), code)
    return list(first.values())


def kind_of(code: str) -> type[RequestFailed]:
    return KINDS.get(code, PermanentFailure)


def refusals(method: str) -> Iterator[Trouble]:
    for code in codes(method):
        yield Trouble(code, "refused", "error", kind_of(code), {"error": code})
    for code in one_of_each_kind(method):
        yield Trouble(f"{code} inside ok", "refused inside ok: true", "ok_true_error", kind_of(code), {"error": code})


# --- Cells -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Method:
    """What Slack gets in one phase. ``only_asks``: there is no effect that an answer could hide. ``tells`` is False
    where a bare ``ok: true`` is a success."""

    name: str
    phase: Phase
    only_asks: bool = False
    tells: bool = False

    def __str__(self) -> str:
        return self.name


METHODS = (
    Method("calls.add", Phase.START, tells=True),
    Method("chat.postMessage", Phase.START, tells=True),
    Method("response_url", Phase.START),
    Method("calls.update", Phase.RUN),
    Method("calls.participants.add", Phase.RUN),
    Method("calls.participants.remove", Phase.RUN),
    Method("calls.info", Phase.RUN, only_asks=True, tells=True),
    Method("users.lookupByEmail", Phase.RUN, only_asks=True, tells=True),
    Method("users.info", Phase.ASK, only_asks=True, tells=True),
    Method("calls.end", Phase.END),
    Method("chat.postEphemeral", Phase.FAIL),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """``is_brief``: the fault strikes two requests (a timeout one); else it stands for a minute."""

    method: Method
    trouble: Trouble
    is_brief: bool = False

    @property
    def fails(self) -> bool:
        """Whether there must be no call, and the person is told."""
        match self.method.phase:
            case Phase.FAIL:
                return True
            case Phase.START:
                return self._is_given_up
        return False

    @property
    def _is_given_up(self) -> bool:
        """A start is, when it is refused, and after half a minute of any other trouble but a limit."""
        if self.trouble.kind is RateLimited and self.method.name != "response_url":
            return False
        return issubclass(self.trouble.kind, PermanentFailure | OutOfStep) or not (self.is_brief or self._is_seen)

    @property
    def _is_seen(self) -> bool:
        """Whether a look finds what was done."""
        return self.trouble.is_done and self.method.name in {"chat.postMessage", "response_url"}

    @property
    def most_told(self) -> int:
        """How often a person is told of a failure, when the first time may have been lost."""
        return 2 if self.trouble.is_done and self.method.name in {"chat.postEphemeral", "response_url"} else 1

    @property
    def hides_grace(self) -> bool:
        """Whether Slack says, and is believed, that it does not know her: then she is shown by name."""
        said = (self.method.name, self.trouble.details.get("error"))
        return said in {("calls.participants.add", "user_not_found"), ("users.lookupByEmail", "users_not_found")}

    def __str__(self) -> str:
        return f"{self.method}: {self.trouble}{', briefly' if self.is_brief else ''}"


def troubles(method: Method) -> Iterator[Trouble]:
    yield from (trouble for trouble in TROUBLES if not (method.only_asks and trouble.is_done))
    if method.tells:
        yield WITHOUT_CONTENT
    if method.name == "response_url":
        yield NOT_FOUND
    yield from refusals(method.name)


def cells_of(method: Method) -> Iterator[Cell]:
    for trouble in troubles(method):
        if not trouble.is_real_timeout:
            yield Cell(method, trouble)
        # What lasts no longer than that must not keep a call from starting.
        if trouble.is_real_timeout or (method.phase is Phase.START and trouble.kind is TemporaryFailure):
            yield Cell(method, trouble, is_brief=True)


CELLS = tuple(cell for method in METHODS for cell in cells_of(method))


def is_tried_on_postgresql(cell: Cell) -> bool:
    """One code of each kind will do: what they lead to is the same, and only that meets the database."""
    code = cell.trouble.details.get("error")
    return code is None or code in one_of_each_kind(cell.method.name)
