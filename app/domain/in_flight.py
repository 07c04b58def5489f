"""What has been sent without anybody knowing what came of it, as it is noted in a call's row.

Two requests at most are noted at a time: one whose effect is looked at before anything else that is looked at is sent,
and one that is simply sent again and holds up nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.operations import AddCall, LookAtCard, Operation
from app.domain.repeating import LOOKED, NOTED

AS_ANOTHER = "AddCall as another"
"""Noted in the place of ``AddCall`` when Slack has refused to take our id for the call a second time."""
_OPERATIONS = {operation.__name__: operation for operation in NOTED} | {AS_ANOTHER: AddCall}


@dataclass(frozen=True, slots=True)
class InFlight:
    """By name: ``looked_at`` is looked at, ``sent_again`` is sent again."""

    looked_at: str | None = None
    sent_again: str | None = None

    @classmethod
    def of(cls, text: str | None) -> InFlight:
        """What ``text`` notes; names that this version does not know are left out."""
        known = {name: _OPERATIONS[name] in LOOKED for name in (text or "").split("+") if name in _OPERATIONS}
        names = {is_looked_at: name for name, is_looked_at in known.items()}
        return cls(names.get(True), names.get(False))

    @property
    def text(self) -> str | None:
        return "+".join(name for name in (self.looked_at, self.sent_again) if name) or None

    @property
    def doubt(self) -> type[Operation] | None:
        """What is to be looked at."""
        return _OPERATIONS[self.looked_at] if self.looked_at else None

    @property
    def repeated(self) -> type[Operation] | None:
        """What is to be sent again."""
        return _OPERATIONS[self.sent_again] if self.sent_again else None

    def before(self, operation: Operation) -> InFlight:
        """With ``operation`` about to be sent."""
        kind = type(operation)
        if kind not in NOTED or kind is self.doubt:
            return self
        name = kind.__name__
        return replace(self, looked_at=name) if kind in LOOKED else replace(self, sent_again=name)

    def after(self, operation: Operation) -> InFlight:
        """What is still not known when ``operation`` is done."""
        kind = type(operation)
        if kind is self.repeated:
            return replace(self, sent_again=None)
        is_settled = kind in LOOKED or kind is LookAtCard
        # Slack may have answered with the call of the first attempt, and nobody knows who is on that.
        return replace(self, looked_at=None) if is_settled and not self.is_same_call(operation) else self

    def is_same_call(self, operation: Operation) -> bool:
        """Whether the call that is added may be there already, under the same id of ours."""
        return isinstance(operation, AddCall) and self.looked_at == AddCall.__name__
