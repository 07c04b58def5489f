"""What all pages have in common. They need no JavaScript, load nothing, and are never cached, indexed or framed."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from flask import Response, make_response, redirect, render_template
from markupsafe import Markup

from app.errors import RateLimited, RequestFailed

USED_UP = "What Slack sent along has been used already or is too old."
_STYLE = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    # The address holds the token, and must not reach the provider's page or anybody's log.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            f"style-src 'sha256-{_STYLE_HASH}'",
            # Chromium holds the redirect after a form against this as well, and the name's leads to the provider.
            "form-action 'self' https: http:",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong and what to do, in sentences. ``reference`` finds the line in the log, ``back`` is an address of
    ours from which to try again, behind a button that says ``back_words``."""

    heading: str
    words: str
    status: int
    reference: str = ""
    back: str = ""
    back_words: str = "Back to the call"


def page(template: str, status: int, **view: object) -> Response:
    style = Markup(_STYLE)  # noqa: S704  # a file of ours
    return make_response(render_template(template, style=style, **view), status)


def problem_page(problem: Problem, failure: RequestFailed | None = None) -> Response:
    """``failure`` is what it came from; it may say when to try again."""
    response = page("problem.html", problem.status, problem=problem)
    if isinstance(failure, RateLimited):
        response.headers["Retry-After"] = str(int(failure.retry_after_seconds))
    return response


def to(address: str) -> Response:
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


def keep_private(response: Response) -> Response:
    """With the headers of every answer, redirects among them."""
    response.headers.update(_HEADERS)
    return response


def why_no_code(error: str) -> str:
    """Slack's word for sending somebody back without a code, if it is a word."""
    return error if re.fullmatch(r"[a-z_]{1,60}", error) else "no_code"
