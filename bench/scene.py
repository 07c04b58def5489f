"""Calls that stand already, at the provider, in Slack and in the database; and what LiveKit tells of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from sqlalchemy import update

from app.db import calls, migrate
from app.db.calls import NewCall
from app.db.models import CALLS
from app.db.session import Database
from app.domain.calls import CallStatus
from app.domain.card import CallCard
from app.domain.meetings import Meeting
from app.domain.plan import Shown
from app.emulator import Emulator
from app.providers.base import DEFAULT_ACCOUNT
from app.slack.calls import CallsApi, NewSlackCall
from app.slack.messages import MessagesApi
from app.slack.web_api import make_client
from bench.load import request_bytes
from tests.providers.livekit.captured import MAIN_ROOM, captured
from tests.providers.livekit.signing import signed

CHANNEL = "C0GENERAL"
TEAM = "T0LOCAL"
STARTER = "U0ADA"
KEY, SECRET = "APIbench", "secret-of-the-bench-that-is-long-enough"
LIVEKIT = {
    "LIVEKIT_URL": "http://127.0.0.1:9",  # nobody listens there: these calls are never created nor ended
    "LIVEKIT_API_KEY": KEY,
    "LIVEKIT_API_SECRET": SECRET,
}
AT_ONCE = 5
STARTED, FINISHED = "room_started", "room_finished"
JOINED, LEFT = "participant_joined", "participant_left"


@dataclass(frozen=True, slots=True)
class Told:
    """One event of one person in one room. ``run`` and ``connection`` are LiveKit's own ids of them, where they
    matter."""

    event: str
    room: str
    person: str
    run: str = ""
    connection: str = ""


def migrated(url: str) -> Database:
    database = Database(url)
    migrate.upgrade(database)
    return database


def stand_calls(database: Database, slack: Emulator, count: int) -> list[str]:
    """So many live calls with their cards in a channel; returns the names of their rooms."""
    client = make_client(slack.bot_token, slack.api_url)
    calls_api, messages = CallsApi(client), MessagesApi(client)
    slack.limits.off()
    now = datetime.fromtimestamp(slack.now(), UTC)
    rooms = [_stand_call(database, calls_api, messages, _new_call(number, now)) for number in range(count)]
    slack.limits.on()
    slack.journal.clear()
    return rooms


def _stand_call(database: Database, calls_api: CallsApi, messages: MessagesApi, new: NewCall) -> str:
    room, join_url = f"room-{new.id}", f"https://calls.example.com/join/{new.join_token}"
    card = CallCard(title=new.title, join_url=join_url)
    slack_id = calls_api.add(
        NewSlackCall(external_unique_id=new.id, created_by=STARTER, started_at=new.at, display_id=None, card=card)
    )
    message_ts = messages.post_card(CHANNEL, slack_id, new.title, None)
    with database.transaction() as connection:
        calls.insert_call(connection, new)
        call = calls.lock_call(connection, new.id)
        assert call is not None
        calls.save_known(connection, call.snapshot, replace(call.snapshot, meeting=Meeting(id=room), join_url=join_url))
        shown = Shown(slack_call_id=slack_id, posted=True, message_ts=message_ts, card=card)
        calls.save_shown(connection, new.id, shown)
        live = update(CALLS).where(CALLS.c.id == new.id)
        connection.execute(live.values(status=CallStatus.LIVE, shown_generation=CALLS.c.generation))
    return room


def _new_call(number: int, now: datetime) -> NewCall:
    return NewCall(
        id=f"call-{secrets.token_hex(10)}",
        team_id=TEAM,
        enterprise_id=None,
        channel_id=CHANNEL,
        created_by=STARTER,
        request_key=None,
        response_url=None,
        provider="livekit",
        account_id=DEFAULT_ACCOUNT,
        join_token=secrets.token_urlsafe(24),
        title=f"Call {number}",
        at=now,
        deadline_at=None,
    )


def command_request(
    sign: Callable[[bytes], dict[str, str]],
    text: str,
    *,
    team: str = TEAM,
    channel: str = CHANNEL,
    channel_name: str = "general",
) -> bytes:
    """Somebody types ``/ring`` and a text, as Slack sends it."""
    fields = {
        "command": "/ring",
        "text": text,
        "team_id": team,
        "team_domain": "local",
        "channel_id": channel,
        "channel_name": channel_name,
        "user_id": STARTER,
        "user_name": "ada",
        "api_app_id": "A0LOCAL",
        "trigger_id": secrets.token_hex(16),
    }
    body = urlencode(fields).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **sign(body)}
    return request_bytes("POST", "/slack/events", headers, body)


def coming_and_going(rooms: Sequence[str], count: int) -> Iterator[Told]:
    """``count`` events, evenly over the rooms. A few people fill each room; then in turn the one who has been in
    longest goes and another comes."""
    prefix = secrets.token_hex(4)
    for number in range(count):
        turn, room = divmod(number, len(rooms))
        event, person = _event(turn)
        yield Told(event, rooms[room], f"{prefix}-{person}-{room}")


def _event(turn: int) -> tuple[str, int]:
    """What happens in a room, and to which of its people."""
    later, goes = turn - AT_ONCE, (turn - AT_ONCE) % 2 == 0
    if later < 0:
        return JOINED, turn
    return (LEFT, later // 2) if goes else (JOINED, AT_ONCE + later // 2)


class Deliveries:
    """LiveKit's webhooks: bodies that a real server has sent, about other rooms and people, signed anew."""

    def __init__(self, key: str = KEY, secret: str = SECRET) -> None:
        self._key, self._secret = key, secret
        bodies = {each.event: each.body.decode() for each in reversed(captured(MAIN_ROOM))}
        self._bodies = {event: bodies[event] for event in (STARTED, JOINED, LEFT, FINISHED)}
        self._told = {event: json.loads(body) for event, body in self._bodies.items()}

    def request(self, told: Told, now: datetime) -> bytes:
        body, headers = self.signed(told, now)
        return request_bytes("POST", "/webhooks/livekit", headers, body)

    def signed(self, told: Told, now: datetime) -> tuple[bytes, dict[str, str]]:
        body = self.body(told, now)
        own = signed(body, self._key, self._secret, now)
        return body, {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip", **own}

    def body(self, told: Told, now: datetime) -> bytes:
        """The captured body with other values in the same places."""
        old, seconds = self._told[told.event], str(int(now.timestamp()))
        values = {
            old["room"]["name"]: told.room,
            old["id"]: f"EV_{secrets.token_hex(6)}",
            old["createdAt"]: seconds,
        }
        if told.run:
            values[old["room"]["sid"]] = told.run
        if person := old.get("participant"):
            values |= {
                person["sid"]: told.connection or f"PA_{told.person}",
                person["identity"]: f"person-{told.person}",
                person["joinedAt"]: seconds,
            }
        body = self._bodies[told.event]
        for captured_value, value in values.items():
            body = body.replace(f'"{captured_value}"', json.dumps(value))
        return body.encode()
