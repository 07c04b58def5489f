"""Finding a meeting again that an earlier attempt has made: Zoom knows no keys, so ours stands in the agenda."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlencode

from app.providers.payloads import Key, Payload
from app.providers.zoom.api import LARGEST_PAGE, ZoomApi, segment

# A host makes no more than 100 meetings a day by the API, so three days fit on one page, and people's own behind it.
MOST_PAGES = 5
DAYS_AROUND = timedelta(days=1)


class _Listed(Payload):
    id: Key
    agenda: str | None = None


class _List(Payload):
    meetings: tuple[_Listed, ...] = ()
    next_page_token: str | None = None


def mark(key: str) -> str:
    """What stands in the agenda."""
    return f"[{key}]"


def find(api: ZoomApi, host: str, key: str, today: date) -> str | None:
    """The id of the host's meeting that has the mark of ``key``. Raises a kind of ``RequestFailed``."""
    return next((one.id for one in _listed(api, host, today) if one.agenda and mark(key) in one.agenda), None)


def _listed(api: ZoomApi, host: str, today: date) -> Iterator[_Listed]:
    """What the host has around ``today``. https://developers.zoom.us/docs/api/meetings/#tag/meetings, the list."""
    days = {"from": f"{today - DAYS_AROUND}", "to": f"{today + DAYS_AROUND}", "timezone": "UTC"}
    page_token = ""
    for _ in range(MOST_PAGES):
        query = {"type": "scheduled", "page_size": LARGEST_PAGE, **days, "next_page_token": page_token}
        path = f"/users/{segment(host)}/meetings?{urlencode({name: v for name, v in query.items() if v})}"
        page = api.ask("GET", path).read(_List)
        yield from page.meetings
        page_token = page.next_page_token or ""
        if not page_token:
            return
