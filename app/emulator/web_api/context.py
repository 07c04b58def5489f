"""What a method gets to work with: the workspace, whom the token stands for, and typed arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.emulator.errors import SlackError, invalid_arguments
from app.emulator.nesting import read_json
from app.emulator.workspace import Channel, Grant, User, Workspace

if TYPE_CHECKING:
    from app.emulator.slack import Slack

_TRUE = {"1", "true", "t", "yes"}


@dataclass(frozen=True)
class Arguments:
    """The arguments of one request; `is_json` because arrays travel differently in JSON and in forms."""

    values: Mapping[str, Any]
    is_json: bool = False

    def has(self, name: str) -> bool:
        """Whether the argument was given with something in it."""
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str | None:
        """An argument as text; Slack takes JSON numbers and booleans as their text. None if it is empty."""
        value = self.values.get(name)
        if isinstance(value, (dict, list)):
            raise invalid_arguments(f"must provide a string [json-pointer:/{name}]")
        if isinstance(value, bool):
            return "true" if value else "false"
        return None if value in (None, "") else str(value)

    def required(self, name: str) -> str:
        """An argument whose presence was already checked, as text."""
        value = self.text(name)
        if value is None:
            raise invalid_arguments(f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        """An argument that is a yes or a no."""
        return (self.text(name) or "").lower() in _TRUE

    def whole_number(self, name: str) -> int | None:
        """An argument that is a whole number without a sign; `invalid_arguments` for anything else."""
        text = self.text(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise invalid_arguments(f"must provide a positive integer [json-pointer:/{name}]")
        return int(text)

    def array(self, name: str) -> Any:
        """A structured argument: in JSON as itself, in a form as JSON text. Not yet checked to be an array."""
        value = self.values.get(name)
        if self.is_json or not isinstance(value, str):
            return value
        return _from_json_text(value, name)

    def array_or_text(self, name: str) -> Any:
        """The same for the arguments of chat.*, which also take JSON text inside a JSON body."""
        value = self.values.get(name)
        return _from_json_text(value, name) if isinstance(value, str) and value else value


def _from_json_text(text: str, name: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        code = f"invalid_{name}_format" if name == "blocks" else "invalid_arguments"
        raise SlackError(code, f"must provide valid JSON [json-pointer:/{name}]") from None


@dataclass(frozen=True)
class Context:
    """One request to a method; the workspace's lock is held while the method runs."""

    workspace: Workspace
    grant: Grant
    args: Arguments
    slack: Slack

    def readable_channel(self, name: str = "channel") -> Channel:
        """The conversation that an argument names, if the token can look into it; else `channel_not_found`."""
        channel = self.workspace.channel(self.args.required(name))
        if channel.kind != "public" and self.grant.user_id not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    def user(self, name: str = "user") -> User:
        """The member that an argument names, or `user_not_found`."""
        user = self.workspace.users.get(self.args.required(name))
        if user is None:
            raise SlackError("user_not_found")
        return user

    def require_scope(self, scope: str) -> None:
        """Refuse with `missing_scope` what this one scope must allow."""
        if scope not in self.grant.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(self.grant.scopes)))
