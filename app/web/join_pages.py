"""The join page's pages."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from flask import Response

from app.domain.durations import lasted
from app.services.visits import Door, Visit
from app.slack.openid import Member
from app.web.pages import page

LONGEST_NAME = 80

# https://www.rfc-editor.org/rfc/rfc9110#section-15.5.11: an ended call does not come back.
_STATUS = {Door.OPEN: 200, Door.STARTING: 200, Door.OVER: 410, Door.FAILED: 410}


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

    def _page(self, template: str, status: int, **view: object) -> Response:
        sign_out = f"{self._base}/sign-out"
        return page(f"join/{template}", status, sign_out=sign_out, in_words=in_words, lasted=lasted, **view)


def in_words(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y} at {moment:%H:%M} UTC"
