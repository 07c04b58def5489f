"""The join page's pages. They need no JavaScript, load nothing, and are never cached, indexed or framed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from flask import Response, make_response, redirect, render_template
from markupsafe import Markup

from app.domain.durations import lasted
from app.services.visits import Door, Visit
from app.slack.openid import Member

LONGEST_NAME = 80
STYLE = (Path(__file__).parent / "templates" / "join" / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

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

# https://www.rfc-editor.org/rfc/rfc9110#section-15.5.11: an ended call does not come back.
_STATUS = {Door.OPEN: 200, Door.STARTING: 200, Door.OVER: 410, Door.FAILED: 410}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong and what to do, in sentences. ``reference`` finds the line in the log, ``back`` is an address of
    ours from which to try again."""

    heading: str
    words: str
    status: int
    reference: str = ""
    back: str = ""


class Pages:
    """Makes the pages. ``base`` is the join page's address, without a slash at the end."""

    def __init__(self, base: str, *, signs_in: bool) -> None:
        self._base = base
        self._signs_in = signs_in

    def address(self, token: str) -> str:
        """Where a call is joined. ``token`` is one that the database knows."""
        return f"{self._base}/{token}"

    def unknown(self) -> Response:
        return self._page("unknown.html", HTTPStatus.NOT_FOUND)

    def visit(
        self, token: str, visit: Visit, member: Member | None, *, problem: str = "", status: int | None = None
    ) -> Response:
        """The call as it stands; where it is open, the ways in. ``problem`` says what is wrong with what was sent."""
        return self._page(
            f"{visit.door.value}.html",
            status or _STATUS[visit.door],
            visit=visit,
            member=member,
            is_of_another_workspace=member is not None and member.team_id != visit.team_id,
            sign_in=f"{self.address(token)}/sign-in" if self._signs_in else "",
            allows_guests=visit.allows_guests,
            problem=problem,
            longest_name=LONGEST_NAME,
        )

    def signed_in(self, token: str, member: Member) -> Response:
        """On to the call. A page of its own and no redirect: Chromium would hold what follows against the
        ``form-action`` of the page on which people have agreed, and that page is Slack's."""
        return self._page("signed_in.html", HTTPStatus.OK, member=member, onward=self.address(token))

    def sign_out(self, member: Member | None) -> Response:
        return self._page("sign_out.html", HTTPStatus.OK, member=member)

    def problem(self, problem: Problem) -> Response:
        return self._page("problem.html", problem.status, problem=problem)

    def to(self, address: str) -> Response:
        return make_response(redirect(address, HTTPStatus.SEE_OTHER))

    def _page(self, template: str, status: int, **view: object) -> Response:
        page = render_template(
            f"join/{template}",
            style=Markup(STYLE),  # noqa: S704  # a file of ours
            sign_out=f"{self._base}/sign-out",
            in_words=in_words,
            lasted=lasted,
            **view,
        )
        return make_response(page, status)


def keep_private(response: Response) -> Response:
    """With the headers of every answer, redirects among them."""
    response.headers.update(_HEADERS)
    return response


def in_words(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y} at {moment:%H:%M} UTC"
