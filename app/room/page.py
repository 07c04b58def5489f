"""The pages that people see."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.room.connections import Invitation
from app.room.errors import Refused
from app.room.ids import new_secret
from app.room.limits import LONGEST_NAME, LONGEST_TITLE, MEMORY_SECONDS, PING_SECONDS
from app.room.meeting import Meeting
from app.room.meetings import Meetings

PERSON_COOKIE = "local_room_person"


def pages(meetings: Meetings, ice_servers: tuple[str, ...]) -> Blueprint:
    """The room page of every meeting, and the words where there is no room to show."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def entrance() -> str:
        words = "Start a call in Slack, and press Join on its card. The call itself takes place here."
        return render_template("notice.html", heading="The local room", words=words, link=None)

    @routes.get("/r/<meeting_id>")
    def room(meeting_id: str) -> Response:
        with meetings.lock:
            meeting = _find(meetings, meeting_id)
            if meeting is None:
                return make_response(_nothing_here(), 404)
            invitation = meeting.find_invitation(request.args.get("as", ""))
            return _remember_person(_room(meeting, invitation, ice_servers))

    @routes.get("/r/<meeting_id>/left")
    def left(meeting_id: str) -> Response:
        with meetings.lock:
            meeting = _find(meetings, meeting_id)
            return make_response(_left(meeting) if meeting else _nothing_here())

    return routes


def _find(meetings: Meetings, meeting_id: str) -> Meeting | None:
    try:
        return meetings.get(meeting_id)
    except Refused:
        return None


def _nothing_here() -> str:
    words = "The link is wrong, or the call is long over. The room also forgets its calls when it is restarted."
    return render_template("notice.html", heading="There is no such call", words=words, link=None)


def _room(meeting: Meeting, invitation: Invitation | None, ice_servers: tuple[str, ...]) -> str:
    if meeting.state == "ended":
        return _ended(meeting)
    settings = {"ice_servers": [{"urls": address} for address in ice_servers], "ping_seconds": PING_SECONDS}
    return render_template(
        "room.html",
        meeting=meeting,
        invited=invitation.participant.name if invitation else "",
        names=meeting.names(),
        settings=settings,
        longest_name=LONGEST_NAME,
        longest_title=LONGEST_TITLE,
    )


def _ended(meeting: Meeting) -> str:
    words = "It is over for everybody. You can close this tab."
    return render_template("notice.html", heading="The call has ended", title=meeting.title, words=words, link=None)


def _left(meeting: Meeting) -> str:
    if meeting.state == "ended":
        return _ended(meeting)
    # Whoever came by a link of their own comes back by it.
    secret = request.args.get("as", "")
    own: dict[str, Any] = {"as": secret} if meeting.find_invitation(secret) else {}
    link = url_for("pages.room", meeting_id=meeting.id, **own)
    words = _still_in(meeting.names())
    return render_template("notice.html", heading="You left the call", title=meeting.title, words=words, link=link)


def _still_in(names: list[str]) -> str:
    if not names:
        return "Nobody is in it now. It ends soon, unless somebody comes back."
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} still in it."


def listed(names: list[str]) -> str:
    """Names in a sentence: ``Ada, Grace and 3 others``."""
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} others"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _remember_person(page: str) -> Response:
    """Give the browser a secret of its own, by which the same name in it is the same person in every tab."""
    response = make_response(page)
    if not request.cookies.get(PERSON_COOKIE):
        response.set_cookie(
            PERSON_COOKIE, new_secret(), max_age=int(MEMORY_SECONDS * 30), httponly=True, samesite="Lax"
        )
    return response
