"""Who is in a running meeting: on Business plans and higher. https://developers.zoom.us/docs/api/meetings/#tag/dashboards"""

from __future__ import annotations

from app.domain.meetings import Roster
from app.errors import PermanentFailure
from app.providers.payloads import Payload
from app.providers.zoom.api import LARGEST_PAGE, ZoomApi, segment
from app.providers.zoom.people import Participant
from app.providers.zoom.scopes import FOR_PARTICIPANTS


class _Row(Participant):
    """One join."""

    leave_time: str | None = None
    status: str = "in_meeting"

    @property
    def is_in(self) -> bool:
        return not self.leave_time and self.status == "in_meeting"


class _Rows(Payload):
    participants: tuple[_Row, ...] = ()
    next_page_token: str | None = None


def people_in(api: ZoomApi, run: str) -> Roster:
    """As far as the account's plan lets us see it. ``run`` is the UUID of the meeting's run, or the meeting's id."""
    unseen = Roster((), is_complete=False)
    if not api.scopes().allow(FOR_PARTICIPANTS):
        return unseen
    path = f"/metrics/meetings/{segment(run)}/participants?type=live&page_size={LARGEST_PAGE}"
    try:
        rows = api.ask("GET", path).read(_Rows)
    except PermanentFailure:
        return unseen
    people = tuple(row.person for row in rows.participants if row.is_in)
    # A meeting with nobody in it ends at once: the dashboard has not caught up with this one.
    return Roster(people, is_complete=bool(people) and not rows.next_page_token)
