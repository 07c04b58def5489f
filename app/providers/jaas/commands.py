"""8x8's commands for running meetings. https://developer.8x8.com/jaas/docs/webhooks-jaas-endpoints

There is no request that tells who is in a meeting, or whether it runs.
"""

from __future__ import annotations

import json
import secrets

from app.clock import Clock
from app.providers.http import Answer, Http
from app.providers.jaas.tokens import ApiKey, admin_token

# Which of these a room that is gone is answered with is not documented.
_GONE = frozenset({404, 410})
_NO_SUCH_ROOM = _GONE | {400}


class Commands:
    """The commands of one app. ``host`` is where its meetings are, mostly ``8x8.vc``."""

    def __init__(self, http: Http, clock: Clock, key: ApiKey, host: str) -> None:
        self._http = http
        self._clock = clock
        self._key = key
        self._host = host

    def destroy(self, room: str) -> None:
        """Everybody is put out. A room that is gone is destroyed."""
        self._destroy(room, expected=_GONE)

    def check(self) -> tuple[str, ...]:
        """What is proven by destroying a room that nobody has, a sentence each."""
        answer = self._destroy(f"switchboard-check-{secrets.token_hex(8)}", expected=_NO_SUCH_ROOM)
        return ("It answers, and does not refuse JAAS_PRIVATE_KEY.", self._http.compare_clocks(answer))

    def _destroy(self, room: str, *, expected: frozenset[int]) -> Answer:
        name = f"{room}@conference.{self._key.app_id}.{self._host}"
        command = {"action": "DESTROY", "payload": {"conferenceFullName": name}}
        return self._http.request(
            "POST",
            "/v1/_jaas/conference-commands/v1/meeting",
            authorization=f"Bearer {admin_token(self._key, now=self._clock.now())}",
            headers={"Content-Type": "application/json"},
            content=json.dumps(command).encode(),
            expected=expected,
        )
