"""The two errors of the emulator, and the type of the JSON that travels.

`SlackError` is for the apps that talk to it, `Misused` for the people who set it up.
"""

from __future__ import annotations

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]


class SlackError(Exception):
    """A refusal in Slack's words: a code, messages for the developer, and details such as `needed`.

    Shape: https://docs.slack.dev/apis/web-api/#responses. `ok` is true only for the refusals that Slack's
    own examples of the Calls API report inside a success, see `Switches.call_errors_as`.
    """

    def __init__(self, code: str, *messages: str, ok: bool = False, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.ok = ok
        self.details = details

    def body(self) -> JsonObject:
        """The JSON object that a client receives."""
        body: JsonObject = {"ok": self.ok, "error": self.code, **self.details}
        if self.messages:
            body["response_metadata"] = {"messages": [f"[ERROR] {text}" for text in self.messages]}
        return body


def invalid_arguments(*messages: str) -> SlackError:
    """The refusal for arguments that do not fit their schema."""
    return SlackError("invalid_arguments", *messages)


class Misused(ValueError):
    """The emulator was asked for a setting that it does not have; the message says which."""
