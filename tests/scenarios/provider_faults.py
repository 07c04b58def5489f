"""The life of one call with twenty people, in which one request to its provider has trouble for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.errors import PermanentFailure, RateLimited, TemporaryFailure
from tests.reconciler.stage import Stage, names
from tests.scenarios.fault_cases import BRIEFLY
from tests.scenarios.fault_play import TROUBLED_SECONDS
from tests.scenarios.one_call import OneCall, Wrong
from tests.scenarios.provider_vendors import VENDOR_TROUBLES, Standing, Vendor, VendorTrouble

TWENTY = tuple(f"Person {number}" for number in range(20))
LOOKED_SECONDS = 300
"""In so many a running call is looked into, so trouble with a look has to stand as long."""
OPERATIONS = {
    "standard": ("create", "look", "end"),
    "livekit": ("create", "look", "end"),
    "zoom": ("create", "look", "rename", "end"),
}


@dataclass(frozen=True, slots=True)
class ProviderCell:
    """``is_brief``: the trouble strikes two requests; else it stands for a while."""

    provider: str
    operation: str
    trouble: VendorTrouble
    is_brief: bool = False

    @property
    def fails(self) -> bool:
        """Whether there must be no call, and the person is told."""
        if self.operation != "create" or issubclass(self.trouble.kind, RateLimited):
            return False
        return self.is_refused or not (self.is_brief or self._is_found)

    @property
    def is_refused(self) -> bool:
        """JSON of another shape than the contract's would come again. LiveKit speaks another language, so there it is
        somebody else's answer."""
        is_strange = self.trouble.name.startswith("no object") and self.provider != "livekit"
        return is_strange or issubclass(self.trouble.kind, PermanentFailure)

    @property
    def _is_found(self) -> bool:
        """Zoom knows no keys, so each attempt begins with a look for what an earlier one has made."""
        return self.provider == "zoom" and self.trouble.is_done

    def __str__(self) -> str:
        return f"{self.provider}, {self.operation}: {self.trouble}{', briefly' if self.is_brief else ''}"


def provider_cells(provider: str, operation: str) -> Iterator[ProviderCell]:
    for trouble in VENDOR_TROUBLES:
        if not _can_happen(provider, operation, trouble):
            continue
        yield ProviderCell(provider, operation, trouble)
        cell = ProviderCell(provider, operation, trouble, is_brief=True)
        if operation == "create" and issubclass(trouble.kind, TemporaryFailure) and not cell.is_refused:
            yield cell


def _can_happen(provider: str, operation: str, trouble: VendorTrouble) -> bool:
    """A look has no effect. Whatever JSON follows an end or a new title, it is a success, and LiveKit's is none."""
    if operation == "look":
        return not trouble.is_done
    is_json = trouble.name.startswith("no object") and provider != "livekit"
    return not (is_json and operation in {"end", "rename"})


PROVIDER_CELLS = tuple(
    cell
    for provider, operations in OPERATIONS.items()
    for operation in operations
    for cell in provider_cells(provider, operation)
)


@dataclass(slots=True)
class ProviderPlay:
    """One cell."""

    stage: Stage
    vendor: Vendor
    cell: ProviderCell
    number: int
    people: tuple[str, ...] = ()
    one: OneCall = field(init=False)

    def __post_init__(self) -> None:
        self.one = OneCall(stage=self.stage, name=f"HELD{self.number}")

    def run(self) -> None:
        is_about = self.cell.operation
        if is_about == "create":
            self._arm()
        self.one.want(self.cell.provider)
        if is_about == "create":
            self.one.stand(TROUBLED_SECONDS)
        if self.cell.fails:
            return self._converge(self._wrong_with_failed)
        self._converge(self._wrong_with_running)
        self._let_in(TWENTY)
        self._converge(self._wrong_with_running)
        if is_about in {"look", "rename"}:
            self._change_in_trouble()
        return self._end()

    def _change_in_trouble(self) -> None:
        self._arm()
        self.one.rename("Retro")
        self._let_in((*TWENTY[2:], "Ada"))
        self.one.stand(LOOKED_SECONDS)
        self._converge(self._wrong_with_running)

    def _end(self) -> None:
        is_troubled = self.cell.operation == "end"
        if is_troubled:
            self._arm()
        self.one.end()
        if is_troubled:
            self.one.stand(TROUBLED_SECONDS)
        self._converge(self._wrong_with_ended)

    def _arm(self) -> None:
        pattern, times = self.vendor.requests[self.cell.operation], BRIEFLY if self.cell.is_brief else None
        self.vendor.server.standing = Standing(self.cell.trouble, pattern, self.stage.clock, times)

    def _converge(self, wrong: Callable[[], Wrong]) -> None:
        """Once the trouble is over."""
        self.vendor.server.standing = None
        self.one.converge(wrong)

    def _let_in(self, people: tuple[str, ...]) -> None:
        """Nobody tells of them: they are seen by the next look."""
        self.people = people
        self.vendor.let_in(self.one.call_id, people)

    # --- What must be so ---------------------------------------------------------------------------------------------

    def _wrong_with_running(self) -> Wrong:
        title, held = self.one.stored.snapshot.title.value, self.vendor.held(self.one.call_id)
        is_renamed = self.cell.operation != "rename" or held == [title]
        return {
            **self.one.wrong_with_card(is_over=False),
            "present": (names(self.one.card.get("active_participants", [])), sorted(self.people)),
            "meetings": (len(held), 1),
            "renamed": (is_renamed, True),
        }

    def _wrong_with_ended(self) -> Wrong:
        return {
            **self.one.wrong_with_card(is_over=True),
            "attended": (set(names(self.one.card.get("all_participants", []))), {*TWENTY, *self.people}),
            "meetings": (self.vendor.held(self.one.call_id), []),
        }

    def _wrong_with_failed(self) -> Wrong:
        return {
            **self.one.wrong_with_failed(),
            "told": (len(self.one.told), 1),
            "meetings": (self.vendor.held(self.one.call_id), []),
        }
