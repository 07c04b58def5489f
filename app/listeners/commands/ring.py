"""``/ring``: start, end, rename and list calls. The person is answered in words, in the answer to the request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from slack_bolt import Ack

from app.db.calls import StoredCall
from app.listeners.commands.settings import PreferencesForm
from app.listeners.commands.wish import Verb, Wish, read_wish
from app.listeners.roles import role_of
from app.listeners.trouble import Trouble, attempt
from app.services.callers import Caller
from app.services.calls import CallService, Start
from app.slack import texts
from app.slack.clients import Clients


class RingCommand:
    """The listener."""

    def __init__(self, command: str, clients: Clients, call_service: CallService, preferences: PreferencesForm) -> None:
        self._command = command
        self._clients = clients
        self._calls = call_service
        self._preferences = preferences

    def answer(self, ack: Ack, command: dict[str, Any]) -> None:
        caller = self._caller(command)
        said = attempt(lambda: self._fulfil(read_wish(command.get("text", "")), caller, command), caller, self._command)
        ack(said.words if isinstance(said, Trouble) else said)

    def _fulfil(self, wish: Wish, caller: Caller, command: Mapping[str, Any]) -> str:
        match wish.verb:
            case Verb.HELP:
                return texts.help_text(self._command)
            case Verb.LIST:
                return texts.running(self._running(caller))
            case Verb.END:
                ended = self._calls.end(caller)
                return texts.ended(ended.title, for_everybody=ended.for_everybody)
            case Verb.RENAME:
                return texts.renamed(self._calls.rename(caller, wish.title))
            case Verb.SETTINGS:
                return self._preferences.show(caller, str(command.get("trigger_id", "")))
            case Verb.START:
                return self._start(wish, caller, command)

    def _start(self, wish: Wish, caller: Caller, command: Mapping[str, Any]) -> str:
        start = Start(
            title=wish.title,
            request_key=command.get("trigger_id") or None,
            response_url=command.get("response_url") or None,
            channel_name=str(command.get("channel_name", "")),
        )
        started = self._calls.start(caller, start)
        return texts.starting(started.title, self._command, started.others)

    def _running(self, caller: Caller) -> list[texts.RunningCall]:
        now = self._calls.now()
        return [_line(call, now) for call in self._calls.running(caller)]

    def _caller(self, command: Mapping[str, Any]) -> Caller:
        user_id, team_id = str(command.get("user_id", "")), str(command.get("team_id", ""))
        enterprise_id = command.get("enterprise_id") or None
        return Caller(
            team_id=team_id,
            enterprise_id=enterprise_id,
            channel_id=str(command.get("channel_id", "")),
            user_id=user_id,
            role=role_of(self._clients, team_id, enterprise_id, user_id),
        )


def _line(call: StoredCall, now: datetime) -> texts.RunningCall:
    snapshot = call.snapshot
    minutes = int((now - snapshot.started_at).total_seconds() // 60)
    return texts.RunningCall(snapshot.title.value, snapshot.join_url, snapshot.created_by, minutes)
