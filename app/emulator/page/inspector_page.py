"""The page at `/inspector`: every request in both directions, and the switches for what may go wrong."""

from __future__ import annotations

from typing import get_args

from flask import Flask, render_template, request

from app.emulator.errors import JsonObject
from app.emulator.faults import FaultKind
from app.emulator.inspector import entries
from app.emulator.mrkdwn import as_html
from app.emulator.slack import Slack

MOST_ENTRIES = 300
_FAULT_WORDS = {
    "status": "Answer with an HTTP status",
    "error": "Answer ok: false",
    "ok_true_error": "Answer ok: true with an error",
    "malformed": "Answer something that is not JSON",
    "timeout_before": "Time out, without effect",
    "timeout_after": "Time out, after taking effect",
    "drop_before": "Drop the connection, without effect",
    "drop_after": "Drop the connection, after taking effect",
    "slow": "Answer late",
}
_PRESETS: tuple[tuple[str, JsonObject], ...] = (
    ("429, three times", {"kind": "status", "status": 429, "retry_after": 2, "times": 3}),
    ("500", {"kind": "status", "status": 500}),
    ("Timeout", {"kind": "timeout_before", "seconds": 10}),
    ("Dropped", {"kind": "drop_before"}),
    ("5 s late", {"kind": "slow", "seconds": 5}),
    ("ok with error", {"kind": "ok_true_error", "error": "internal_error"}),
)


def add_inspector(app: Flask, slack: Slack) -> None:
    """Serve the page and the two parts of it that it asks for when there is news."""

    @app.get("/inspector")
    def inspector() -> str:
        revision = slack.journal.revision
        return render_template("inspector.html", revision=revision, entries=_newest(slack, 0), **_controls(slack))

    @app.get("/inspector/entries")
    def inspector_entries() -> str:
        return render_template("_entries.html", entries=_newest(slack, request.args.get("after", 0, type=int)))

    @app.get("/inspector/controls")
    def inspector_controls() -> str:
        return render_template("_controls.html", **_controls(slack))


def _newest(slack: Slack, after: int) -> list[JsonObject]:
    return list(reversed(entries(slack.journal, after, MOST_ENTRIES)))


def _explained(slack: Slack) -> JsonObject:
    """The switches, their help as HTML."""
    described = slack.switches.described()
    return {name: switch | {"help": as_html(str(switch["help"]), {})} for name, switch in described.items()}


def _controls(slack: Slack) -> JsonObject:
    assert set(_FAULT_WORDS) == set(get_args(FaultKind))
    limits = slack.limits.described()
    return {
        "faults": slack.faults.described(),
        "fault_words": _FAULT_WORDS,
        "presets": _PRESETS,
        "methods": ["*", "response_url", *sorted(limits["per_minute"])],  # type: ignore[call-overload]
        "switches": _explained(slack),
        "limits": limits,
        "functions": sorted(slack.manifest.functions) if slack.manifest else [],
        "request_url": slack.app_link.request_url,
    }
