"""Whether the account's settings work, by requests that change nothing."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import PermanentFailure
from app.providers.http import Answer
from app.providers.payloads import Payload
from app.providers.zoom.account import ZoomAccount
from app.providers.zoom.api import USER_UNKNOWN, ZoomApi, segment
from app.providers.zoom.scopes import FOR_NAMES, FOR_PARTICIPANTS, FOR_REGISTRATION, NEEDED, Scopes

# https://developers.zoom.us/docs/api/users/#tag/users/GET/users/{userId}
LICENSED = 2


class _User(Payload):
    type: int
    status: str = "active"


def check(api: ZoomApi, account: ZoomAccount) -> Sequence[str]:
    """What was proven, a sentence each. Raises a kind of ``RequestFailed`` that names what to mend."""
    scopes = api.scopes()
    accepted = "It answers, and accepts ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET."
    allowed = _check_scopes(scopes, {**NEEDED, **(FOR_REGISTRATION if account.registration else {})})
    answers = [_check_host(api, host) for host in account.hosts]
    holds = [f"{host} is licensed, and can hold meetings." for host in account.hosts]
    lacking = () if account.registration else _lacking(scopes)
    return [accepted, allowed, *holds, *lacking, api.compare_clocks(answers[0])]


def _check_scopes(scopes: Scopes, needs: dict[str, str]) -> str:
    if missing := scopes.missing(needs):
        detail = f"The app of ZOOM_CLIENT_ID lacks scopes. Add them, and activate it again: {', '.join(missing)}."
        raise PermanentFailure("missing_scope", detail)
    return (
        "The app has all scopes that it needs." if scopes.are_told else "Zoom does not tell which scopes the app has."
    )


def _lacking(scopes: Scopes) -> Sequence[str]:
    """What would be nice to have, and is not there."""
    told = []
    if not scopes.allow(FOR_NAMES):
        told.append(f"People type in their names themselves, as the app lacks {', '.join(FOR_NAMES)}.")
    if not scopes.allow(FOR_PARTICIPANTS):
        told.append(f"Who is in is known from webhooks alone, as the app lacks {', '.join(FOR_PARTICIPANTS)}.")
    return told


def _check_host(api: ZoomApi, host: str) -> Answer:
    """The answer that tells of the host."""
    try:
        answer = api.ask("GET", f"/users/{segment(host)}")
    except PermanentFailure as failure:
        if failure.code in USER_UNKNOWN:
            raise PermanentFailure("host_unknown", f"ZOOM_HOSTS: {host} is no user of this Zoom account.") from None
        raise
    user = answer.read(_User)
    if user.status != "active":
        raise PermanentFailure("host_inactive", f"ZOOM_HOSTS: Zoom calls {host} {user.status}, not active.")
    if user.type != LICENSED:
        detail = f"ZOOM_HOSTS: {host} has no licence, so that their meetings end after 40 minutes."
        raise PermanentFailure("host_unlicensed", detail)
    api.ask("GET", f"/users/{segment(host)}/meetings?page_size=1")
    return answer
