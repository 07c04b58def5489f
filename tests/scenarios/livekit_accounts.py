"""Accounts of teams at one LiveKit server. The old pair of keys is a team's alone, and proves what it signs."""

from __future__ import annotations

import json

import httpx

from app.services.account_settings import AccountView
from tests.providers.livekit.server import KEY, SECRET, LiveKitServer
from tests.providers.livekit.signing import signed
from tests.running import Running
from tests.services.settings_of_teams import actor
from tests.web.people import MEET


def key_of(team: str) -> str:
    return f"key-{team}"


def secret_of(team: str) -> str:
    return f"secret-{team}-" * 4


def add_account(app: Running, livekit: LiveKitServer, team: str, name: str) -> AccountView:
    old = {"previous_api_key": key_of(team), "previous_api_secret": secret_of(team)}
    entered = {"url": livekit.url, "api_key": KEY, "api_secret": SECRET, "meet_url": MEET, **old}
    return app.switchboard.account_service.add(actor(team_id=team), "livekit", name, entered)


def tell(app: Running, team: str, address: str, event: str, room: str, person: str) -> httpx.Response:
    """The vendor of ``team`` tells of a person in a room."""
    now = app.clock.now()
    second = str(int(now.timestamp()))
    # The ids are the same everywhere: only the account tells one team's from another's.
    told = {
        "event": event,
        "id": f"EV_{event}",
        "createdAt": second,
        "room": {"sid": "RM_1", "name": room},
        "participant": {"sid": "PA_1", "identity": "person-1", "name": person, "joinedAt": second},
    }
    body = json.dumps(told).encode()
    return app.http.post(address, content=body, headers=signed(body, key_of(team), secret_of(team), now))
