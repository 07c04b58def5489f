"""``/join/<token>``: where a card's Join button leads when the provider gives each person a link of their own.

The token is unguessable and belongs to one call. The page works without JavaScript, and is never cached or indexed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request

from app import logs
from app.domain.meetings import Visitor
from app.domain.plain_text import one_line
from app.errors import RequestFailed
from app.services.visits import Door, Visit, VisitService

COOKIE = "switchboard_visitor"
COOKIE_SECONDS = 30 * 24 * 3600
LONGEST_NAME = 80
log = logs.get(__name__)


def make_blueprint(visit_service: VisitService, *, secure: bool) -> Blueprint:
    """``secure``: whether people reach us by https, so that the cookie is never sent in the clear."""
    blueprint = Blueprint("join", __name__, template_folder="templates")

    @blueprint.get("/join/<token>")
    def ask_name(token: str) -> Response:
        return _page(visit_service.find(token))

    @blueprint.post("/join/<token>")
    def let_in(token: str) -> Response:
        visit = visit_service.find(token)
        name = one_line(request.form.get("name", ""))
        if visit is None or visit.door is not Door.OPEN:
            return _page(visit)
        if not name or len(name) > LONGEST_NAME:
            return _page(visit, problem=f"Please enter a name of 1 to {LONGEST_NAME} characters.")
        return _to_meeting(visit_service, token, visit, name, secure=secure)

    @blueprint.after_request
    def keep_private(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        # The address holds the token, and must not reach the provider's page or anybody's log.
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    return blueprint


def _to_meeting(visit_service: VisitService, token: str, visit: Visit, name: str, *, secure: bool) -> Response:
    visitor_id = _visitor_id()
    try:
        link = visit_service.link(token, Visitor(key=_public_key(visitor_id, token), name=name))
    except RequestFailed as failure:
        reference = logs.new_reference()
        log.warning("no personal link", reference=reference, why=str(failure))
        return _page(visit, problem=f"The call cannot be joined right now. Reference: {reference}", status=502)
    if link is None:
        return _page(visit_service.find(token))
    response = make_response(redirect(link, HTTPStatus.SEE_OTHER))
    # Whoever comes back is the same person on the card.
    response.set_cookie(
        COOKIE, visitor_id, max_age=COOKIE_SECONDS, secure=secure, httponly=True, samesite="Lax", path="/join"
    )
    return response


def _public_key(visitor_id: str, token: str) -> str:
    """Everybody in the call can see it, so it must not be the cookie, nor the same in every call."""
    return "guest-" + hashlib.sha256(f"{visitor_id} {token}".encode()).hexdigest()[:16]


def _visitor_id() -> str:
    known = request.cookies.get(COOKIE, "")
    return known if re.fullmatch(r"[0-9a-f]{32}", known) else secrets.token_hex(16)


_STATUS = {Door.OPEN: 200, Door.STARTING: 200, Door.OVER: 410}


def _page(visit: Visit | None, *, problem: str | None = None, status: int | None = None) -> Response:
    door = visit.door.value if visit else "unknown"
    page = render_template("join.html", door=door, title=visit.title if visit else "", problem=problem)
    code = 422 if problem else _STATUS[visit.door] if visit else 404
    return make_response(page, status or code)
