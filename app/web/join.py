"""``/join/<token>``: where a card's Join button leads when the provider gives each person a link of their own.

The token is unguessable and belongs to one call. Whoever is signed in goes straight on to their own link: a link shows
nothing to anybody until it is followed, so a GET may make one, and programs that only look have no cookie.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from app import logs
from app.domain.plain_text import one_line
from app.errors import MembersOnly, RequestFailed
from app.services.visits import Door, Visit, VisitService
from app.web.cookies import Cookies, is_from_elsewhere
from app.web.join_pages import LONGEST_NAME, Pages
from app.web.pages import Problem, keep_private, problem_page, to
from app.web.sign_in import SignIn

log = logs.get(__name__)


def make_blueprint(visits: VisitService, pages: Pages, cookies: Cookies, sign_in: SignIn | None) -> Blueprint:
    """Without ``sign_in`` everybody is a guest."""
    blueprint = Blueprint("join", __name__, template_folder="templates")
    entrance = _Entrance(visits, pages, cookies, knows_members=sign_in is not None)
    blueprint.add_url_rule("/join/<token>", view_func=entrance.come, methods=["GET"])
    blueprint.add_url_rule("/join/<token>", view_func=entrance.come_by_name, methods=["POST"])
    if sign_in is not None:
        sign_in.add_to(blueprint)
    blueprint.after_request(keep_private)
    return blueprint


class _Entrance:
    """Lets people into one call, or tells them why not."""

    def __init__(self, visits: VisitService, pages: Pages, cookies: Cookies, *, knows_members: bool) -> None:
        self._visits = visits
        self._pages = pages
        self._cookies = cookies
        self._knows_members = knows_members

    def come(self, token: str) -> Response:
        visit = self._visits.find(token)
        if visit is None:
            return self._pages.unknown()
        member = self._cookies.member() if self._knows_members else None
        # A HEAD only looks.
        if visit.door is not Door.OPEN or request.method != "GET":
            return self._pages.visit(token, visit, member)
        if visit.plain_link:
            return to(visit.plain_link)
        if member is None or member.team_id != visit.team_id:
            return self._pages.visit(token, visit, member)
        return self._let_in(token, visit, lambda: self._visits.admit_member(token, member))

    def come_by_name(self, token: str) -> Response:
        visit = self._visits.find(token)
        if visit is None:
            return self._pages.unknown()
        member = self._cookies.member() if self._knows_members else None
        if visit.door is not Door.OPEN:
            return self._pages.visit(token, visit, member)
        name = one_line(request.form.get("name", ""))
        if refusal := _refusal(visit, name):
            problem, status = refusal
            return self._pages.visit(token, visit, member, problem=problem, status=status)
        guest_id = self._cookies.visitor_id()
        response = self._let_in(token, visit, lambda: self._visits.admit_guest(token, guest_id, name))
        self._cookies.keep_visitor(response, guest_id)
        return response

    def _let_in(self, token: str, visit: Visit, admit: Callable[[], str | None]) -> Response:
        try:
            link = admit()
        except MembersOnly:
            # It was changed since the visit was looked at.
            return self._as_it_stands(token)
        except RequestFailed as failure:
            return problem_page(self._no_link(token, visit, failure))
        return to(link) if link else self._as_it_stands(token)

    def _no_link(self, token: str, visit: Visit, failure: RequestFailed) -> Problem:
        reference = logs.new_reference()
        log.warning(
            "no link into the call",
            reference=reference,
            call_id=visit.call_id,
            team_id=visit.team_id,
            why=str(failure),
        )
        return Problem(
            heading=visit.title,
            words="The call cannot be joined right now. Please try again in a minute.",
            status=502,
            reference=reference,
            back=self._pages.address(token),
        )

    def _as_it_stands(self, token: str) -> Response:
        """The call has changed since it was looked at."""
        visit = self._visits.find(token)
        return self._pages.visit(token, visit, None) if visit else self._pages.unknown()


def _refusal(visit: Visit, name: str) -> tuple[str, int] | None:
    """Why nobody comes in by this name, and the status that says so."""
    if not visit.allows_guests:
        return "Only members of the workspace may join this call. Please sign in with Slack.", 403
    if is_from_elsewhere():
        return "That form came from another site. Please enter your name here.", 403
    if not name or len(name) > LONGEST_NAME:
        return f"Please enter a name of 1 to {LONGEST_NAME} characters.", 422
    return None
