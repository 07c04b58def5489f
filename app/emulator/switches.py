"""What nobody outside knows about Slack, as switches: a test can hold an app against each possibility.

Every default is either what the documentation says or, where it is silent, what was seen in the field; between
two equal guesses the one that is harder on the app.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from app.emulator.errors import Misused


def _switch(default: Any, explanation: str) -> Any:
    return field(default=default, metadata={"help": explanation})


@dataclass
class Switches:
    """One emulator's answers to the open questions of the Calls API."""

    repeated_external_unique_id: Literal["new_call", "same_call", "error"] = _switch(
        "new_call",
        "What calls.add does with an external_unique_id it has seen: the documentation only says that it must be"
        " unique. `new_call` makes a second call, `same_call` answers with the first, `error` refuses.",
    )
    call_errors_as: Literal["ok_false", "ok_true"] = _switch(
        "ok_false",
        "How bad_users and inactive_call arrive: as a refusal, or inside `ok: true` as Slack's examples print it.",
    )
    mixed_batch: Literal["reject_all", "apply_rest"] = _switch(
        "reject_all",
        "What happens to the good users of a participants request that also names a bad one.",
    )
    removal_matches: Literal["full_object", "id"] = _switch(
        "full_object",
        "What must agree for a removal to work. With `full_object` a removal whose user object differs from the"
        " added one is answered with ok and changes nothing, as seen in the field.",
    )
    max_users_per_request: int | None = _switch(None, "The largest `users` array that is accepted; none is documented.")
    created_by: Literal["optional", "required"] = _switch(
        "optional",
        "Whether calls.add with a bot token insists on created_by. Documented as required, accepted without.",
    )
    update_after_end: Literal["allow", "inactive_call"] = _switch(
        "allow", "calls.update of an ended call; the error table of the method has no inactive_call."
    )
    empty_update: Literal["invalid_arguments", "missing_argument"] = _switch(
        "invalid_arguments", "The code for a calls.update that changes nothing."
    )
    empty_users_key: Literal["missing", "empty_list"] = _switch(
        "missing", "How a call without participants shows them; clients in the field guard against no key."
    )
    info_shows_date_end: bool = _switch(
        False, "Whether calls.info and calls.update of an ended call carry date_end, as calls.end does."
    )
    call_block_in_ephemeral: Literal["allow", "invalid_blocks"] = _switch(
        "allow", "Whether an ephemeral message may carry a call block."
    )

    def change(self, values: Mapping[str, object]) -> None:
        """Set several switches at once, all or none; raises Misused naming the first that does not fit."""
        kinds = get_type_hints(type(self))
        for name, value in values.items():
            if name not in kinds:
                raise Misused(f"there is no switch {name!r}")
            if not _fits(value, kinds[name]):
                raise Misused(f"{value!r} is not a position of the switch {name!r}")
        for name, value in values.items():
            setattr(self, name, value)

    def reset(self) -> None:
        """Put every switch back to its default."""
        for each in fields(self):
            assert each.default is not MISSING
            setattr(self, each.name, each.default)

    def described(self) -> dict[str, dict[str, object]]:
        """Every switch with its position, its possible positions and its help, for people and pages."""
        kinds = get_type_hints(type(self))
        return {
            each.name: {
                "value": getattr(self, each.name),
                "positions": _positions(kinds[each.name]),
                "help": each.metadata["help"],
            }
            for each in fields(self)
        }


def _fits(value: object, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is bool:
        return isinstance(value, bool)
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def _positions(kind: Any) -> list[object]:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [True, False] if kind is bool else [None, "a positive whole number"]
