"""What these tests need again and again: a clock that only moves when told, and the refusals of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from slack_sdk.errors import SlackApiError

ADA = {"slack_id": "U0ADA"}
KIM = {"external_id": "54321678", "display_name": "Kim Possible", "avatar_url": "https://example.com/kim.jpg"}


Connect = Callable[[Callable[[], Any]], None]
"""Connects an app that gives one answer to everything."""

Serve = Callable[[Flask], str]
"""Serves an app until the end of the test and returns its URL."""


class Clock:
    """Unix seconds that stand still until somebody moves them."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds

    def forward(self, seconds: float) -> None:
        self.seconds += seconds


def refusal(ask: Callable[[], object]) -> dict[str, Any]:
    """The body of the answer that refuses."""
    with pytest.raises(SlackApiError) as caught:
        ask()
    body: dict[str, Any] = caught.value.response.data
    return body


def error_of(ask: Callable[[], object]) -> str:
    """The error code of the answer that refuses."""
    return str(refusal(ask)["error"])
