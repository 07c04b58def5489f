"""Prosody's optional modules that can be asked over HTTP.

https://github.com/jitsi/jitsi-meet/blob/master/resources/prosody-plugins/mod_muc_size.lua
https://github.com/jitsi/jitsi-meet/blob/master/resources/prosody-plugins/mod_muc_end_meeting.lua
"""

from __future__ import annotations

from urllib.parse import urlencode

from app.clock import Clock
from app.errors import PermanentFailure
from app.providers.http import Http
from app.providers.jitsi.rooms import Room
from app.providers.jitsi.tokens import App, SystemKey, room_token, system_token
from app.providers.payloads import Payload

_NOT_FOUND = frozenset({404})
# Both modules refuse a question without parameters in this way, which tells them from a Prosody that lacks them.
_NO_PARAMETERS = 400


class _Size(Payload):
    """Whether jicofo counts as a participant depends on the version."""

    participants: int


class RoomSizes:
    """mod_muc_size: which rooms there are."""

    def __init__(self, http: Http, clock: Clock, domain: str, app: App | None) -> None:
        self._http = http
        self._clock = clock
        self._domain = domain
        self._app = app

    def has(self, room: Room) -> bool:
        # The module reads its parameters as they stand: nothing in them may need to be escaped.
        asked = {"room": room.name, "domain": self._domain}
        if room.tenant:
            asked["subdomain"] = room.tenant
        if self._app is not None:
            sub = room.tenant or self._domain
            asked["token"] = room_token(self._app, room, sub=sub, now=self._clock.now())
        answer = self._http.request("GET", f"/room-size?{urlencode(asked)}", expected=_NOT_FOUND)
        if answer.status in _NOT_FOUND:
            _check_loaded(self._http, "GET", "/room-size", "mod_muc_size", "JITSI_SIZE_URL")
            return False
        # The page of a proxy would be no answer.
        answer.read(_Size)
        return True

    def check(self, tenant: str) -> str:
        self.has(Room("switchboard-check", tenant))
        return "mod_muc_size tells which rooms there are."


class EndMeeting:
    """mod_muc_end_meeting: puts everybody out of a room."""

    def __init__(self, http: Http, clock: Clock, domain: str, key: SystemKey) -> None:
        self._http = http
        self._clock = clock
        self._domain = domain
        self._key = key

    def end(self, jid: str) -> None:
        """A room that is gone is ended."""
        token = system_token(self._key, sub=self._domain, now=self._clock.now())
        path = f"/end-meeting?{urlencode({'conference': jid})}"
        answer = self._http.request("POST", path, authorization=f"Bearer {token}", expected=_NOT_FOUND)
        if answer.status in _NOT_FOUND:
            _check_loaded(self._http, "POST", "/end-meeting", "mod_muc_end_meeting", "JITSI_END_URL")

    def check(self, muc_domain: str) -> str:
        self.end(Room("switchboard-check").jid(muc_domain))
        return "mod_muc_end_meeting answers, and accepts JITSI_END_PRIVATE_KEY."


def _check_loaded(http: Http, method: str, path: str, module: str, setting: str) -> None:
    """A 404 is what the module says of a room that is not there, and Prosody of a module that is not there."""
    answer = http.request(method, path, expected=frozenset({_NO_PARAMETERS}) | _NOT_FOUND)
    if answer.status != _NO_PARAMETERS:
        raise PermanentFailure("no_module", f"{module} is not behind {setting}.")
