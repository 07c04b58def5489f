"""Faults that can be put in a method's way: refusals, broken answers, dropped and hanging connections, latency.

A fault stands in the way of requests whose method it names (`*` for all), lets the first `skip` of them pass, and
is gone after it has struck `times` times.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal, TypedDict, Unpack, get_args

from app.emulator.errors import JsonObject, Misused
from app.emulator.reply import Reply, rate_limited

FaultKind = Literal[
    "status",  # answer with this HTTP status; 429 also with Retry-After, unless that is None
    "error",  # answer ok: false with this code
    "ok_true_error",  # answer ok: true with this code beside it
    "malformed",  # answer 200 with this body, which is not JSON unless another is given
    "timeout_before",  # no effect, no answer: hold the connection for so many seconds, then close it
    "timeout_after",  # the same, but the request has had its effect
    "drop_before",  # no effect, close the connection at once
    "drop_after",  # take effect, then close the connection without an answer
    "slow",  # answer so many seconds later
]
_PREVENTING = {"status", "error", "ok_true_error", "malformed", "timeout_before", "drop_before"}
_HANGING_UP = {"timeout_before", "timeout_after", "drop_before", "drop_after"}
_HOLDING = {"timeout_before", "timeout_after"}
_FIELD_TYPES: dict[str, tuple[type, ...]] = {
    "method": (str,),
    "kind": (str,),
    "times": (int, type(None)),
    "skip": (int,),
    "status": (int,),
    "retry_after": (int, type(None)),
    "error": (str,),
    "seconds": (int, float),
    "body": (str,),
    "has_effect": (bool,),
}
_MALFORMED = "<html><body>We'll be right back</body></html>"


class FaultDetails(TypedDict, total=False):
    """What may be said of a fault beside its method and kind; the defaults are those of `Fault`."""

    times: int | None
    skip: int
    status: int
    retry_after: int | None
    error: str
    seconds: float
    body: str
    has_effect: bool


@dataclass
class Fault:
    """One fault; `times` is None for one that stays until it is cleared.

    `status` and `retry_after` (seconds) belong to `status`, `error` to the two error kinds, `seconds` to `slow` and
    to the timeouts, `body` to `malformed`. With `has_effect` the request does what it should before one of these is
    answered, or before the wait of `slow`; the timeouts and drops say so by their names.
    """

    method: str
    kind: FaultKind
    times: int | None = None
    skip: int = 0
    status: int = 500
    retry_after: int | None = 30
    error: str = "internal_error"
    seconds: float = 30.0
    body: str = _MALFORMED
    has_effect: bool = False

    @property
    def prevents(self) -> bool:
        """Whether the request has no effect."""
        return self.kind in _PREVENTING and not self.has_effect

    @property
    def hangs_up(self) -> bool:
        """Whether the client gets no answer."""
        return self.kind in _HANGING_UP

    @property
    def holds_seconds(self) -> float:
        """How long the client is kept waiting after the effect, or without any."""
        return self.seconds if self.kind in _HOLDING or self.kind == "slow" else 0.0

    def reply_to(self, work: Callable[[], Reply]) -> Reply:
        """What is answered to a request that `work` would do."""
        if self.prevents:
            return self.reply()
        done = work()
        return self.reply() if self.has_effect and self.kind != "slow" else done

    def reply(self) -> Reply:
        """What is answered in the place of the method."""
        if self.kind in ("error", "ok_true_error"):
            return Reply({"ok": self.kind == "ok_true_error", "error": self.error})
        if self.kind == "status" and self.status == 429:
            return rate_limited(self.retry_after)
        if self.kind == "status":
            return Reply("", self.status)
        return Reply(self.body)

    @property
    def is_latency(self) -> bool:
        """Whether the request waits before anything happens, and what comes then is for others to say."""
        return self.kind == "slow" and not self.has_effect

    def is_due(self, method: str) -> bool:
        """Whether the fault strikes this request; one that it lets pass is counted off."""
        if self.method not in ("*", method) or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The faults that stand now, in the order in which they strike; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._released = threading.Event()

    def add(self, method: str, kind: FaultKind, **details: Unpack[FaultDetails]) -> Fault:
        """Put a fault in the way of a method, or of all with `*`; details as in `Fault`."""
        return self.put(Fault(method, kind, **details))

    def put(self, fault: Fault) -> Fault:
        """Put a fault in the way that was made elsewhere."""
        if fault.kind not in get_args(FaultKind):
            raise Misused(f"there is no fault of the kind {fault.kind!r}")
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Take all faults away and let go of the connections that are held."""
        with self._lock:
            self._faults.clear()
            self._released.set()
            self._released = threading.Event()

    def remove(self, position: int) -> None:
        """Take one fault away, by its place among those that stand."""
        with self._lock:
            if not 0 <= position < len(self._faults):
                raise Misused(f"there is no fault at {position}")
            del self._faults[position]

    def take(self, method: str) -> Fault | None:
        """The fault that strikes this request, after the latency that was ordered for it."""
        if not self._faults:
            return None
        with self._lock:
            delay = sum(each.seconds for each in self._faults if each.is_latency and each.is_due(method))
            others = (each for each in self._faults if not each.is_latency)
            fault = next((each for each in others if each.is_due(method)), None)
            self._faults = [each for each in self._faults if each.times != 0]
        if delay:
            self.hold(delay)
        return fault

    def hold(self, seconds: float) -> None:
        """Wait, at most until the faults are cleared."""
        self._released.wait(seconds)

    def described(self) -> list[dict[str, object]]:
        """The faults that still stand, for people and pages."""
        with self._lock:
            return [asdict(each) for each in self._faults]


def read_fault(fields: JsonObject) -> Fault:
    """A fault from JSON with the names of `Fault`; Misused says what does not fit."""
    for name, value in fields.items():
        if name not in _FIELD_TYPES:
            raise Misused(f"a fault has no {name!r}")
        if type(value) not in _FIELD_TYPES[name]:
            raise Misused(f"{value!r} is no {name} of a fault")
    if not {"method", "kind"} <= fields.keys():
        raise Misused("a fault needs a method and a kind")
    fault = Fault(**fields)
    if not _is_possible(fault):
        raise Misused("a status is 100 to 599, times at least 1, and nothing is below 0")
    return fault


def _is_possible(fault: Fault) -> bool:
    return (
        100 <= fault.status <= 599
        and (fault.times is None or fault.times >= 1)
        and min(fault.skip, fault.retry_after or 0, fault.seconds) >= 0
        and math.isfinite(fault.seconds)
    )
