"""One row of the method table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import SPECIAL
from app.emulator.web_api.context import Arguments, Context
from app.emulator.workspace import Grant


@dataclass(frozen=True)
class Method:
    """A method of the Web API.

    `run` gives the answer without `ok`. Any one of `scopes` is enough. `per_minute` is the limit of the method's
    tier. `missing_error` is the code when one of `required` is not given. `asker` is whose token it takes;
    with an organisation's token `needs_team` asks for `team_id`.
    """

    name: str
    run: Callable[[Context], JsonObject]
    scopes: tuple[str, ...] = ()
    per_minute: int = SPECIAL
    required: tuple[str, ...] = ()
    missing_error: str = "invalid_arguments"
    allows_get: bool = False
    paced_by_channel: bool = False
    asker: Literal["bot or user", "bot", "user", "app"] = "bot or user"
    needs_team: bool = False

    def takes(self, grant: Grant) -> bool:
        """Whether the method can be asked with such a token."""
        if not grant.user_id or self.asker == "app":
            return not grant.user_id and self.asker == "app"
        return self.asker in ("bot or user", "bot" if grant.bot_id else "user")

    def check_scopes(self, grant: Grant) -> None:
        """Refuse with `missing_scope`, saying what is needed and what was given."""
        if self.scopes and not grant.scopes.intersection(self.scopes):
            needed, provided = ",".join(self.scopes), ",".join(sorted(grant.scopes))
            raise SlackError("missing_scope", needed=needed, provided=provided)

    def check_required(self, args: Arguments) -> None:
        """Refuse when a required argument is missing or empty."""
        missing = [name for name in self.required if not args.has(name)]
        if missing:
            raise SlackError(self.missing_error, *(f"missing required field: {name}" for name in missing))
