"""The page at `/coverage`: what of Slack is here, in part or not at all."""

from __future__ import annotations

from collections import Counter

from flask import Flask, render_template

from app.emulator.coverage import FEATURES, METHODS
from app.emulator.slack import Slack

_WORDS = {"supported": "Supported", "partial": "In part", "missing": "Not here"}


def add_coverage(app: Flask, slack: Slack) -> None:
    """Serve the table."""

    @app.get("/coverage")
    def coverage() -> str:
        counted = Counter(entry.state for entry in (*METHODS, *FEATURES))
        return render_template(
            "coverage.html",
            name=slack.app.name,
            tables=(("Features", FEATURES), ("Methods of the Web API", METHODS)),
            words=_WORDS,
            counted=counted,
        )
