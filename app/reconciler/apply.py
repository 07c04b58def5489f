"""Perform one operation: send the request, and say what there is now."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from slack_sdk import WebClient

from app.db.calls import StoredCall
from app.domain.in_flight import AS_ANOTHER, InFlight
from app.domain.lanes import Pace
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, Roster
from app.domain.operations import (
    AddCall,
    AddParticipants,
    CreateMeeting,
    EndCall,
    EndMeeting,
    FindPerson,
    LookAtCard,
    Operation,
    PostCall,
    RemoveParticipants,
    RenameMeeting,
    TellFailure,
    UpdateCall,
)
from app.domain.plan import Shown, after
from app.errors import PermanentFailure
from app.providers.base import Provider
from app.reconciler.news import agree
from app.services.accounts import Accounts
from app.slack import people, texts
from app.slack.calls import CallsApi, NewSlackCall, SlackCall
from app.slack.clients import Clients
from app.slack.lanes import PACES
from app.slack.messages import MessagesApi

LOOK = "calls.info"
WARN = "chat.postMessage"
# The lane of each operation at Slack. The others go to the provider.
METHODS: dict[type[Operation], str] = {
    AddCall: "calls.add",
    PostCall: "chat.postMessage",
    UpdateCall: "calls.update",
    AddParticipants: "calls.participants.add",
    RemoveParticipants: "calls.participants.remove",
    EndCall: "calls.end",
    FindPerson: "users.lookupByEmail",
    TellFailure: "chat.postEphemeral",
    LookAtCard: LOOK,
}


def lane_of(operation: Operation, call: StoredCall) -> str:
    """The method of Slack, or the name of the call's provider."""
    return METHODS.get(type(operation), call.provider)


@dataclass(frozen=True, slots=True)
class Done:
    """What there is after an operation; ``meeting`` when one was made, ``user_id`` when somebody was found."""

    shown: Shown
    meeting: Meeting | None = None
    user_id: str | None = None


class Apply:
    """Performs operations, each in its call's team and at its call's provider."""

    def __init__(self, clients: Clients, accounts: Accounts) -> None:
        self._clients = clients
        self._accounts = accounts

    def capabilities(self, call: StoredCall) -> Capabilities:
        """What the call's provider can do; nothing when it is no longer set up."""
        provider = self._find_provider(call)
        return provider.capabilities if provider else Capabilities()

    def provider(self, call: StoredCall) -> Provider:
        provider = self._find_provider(call)
        if provider is None:
            raise PermanentFailure("provider_not_set_up", call.provider)
        return provider

    def pace(self, lane: str, call: StoredCall) -> Pace:
        """How fast the call's team may use a lane."""
        provider = self._find_provider(call)
        return PACES.get(lane, provider.pace if provider else Provider.pace)

    def hosts(self, call: StoredCall) -> Sequence[str]:
        """Who can hold the call's meeting, where somebody must."""
        provider = self._find_provider(call)
        return provider.hosts if provider else ()

    def provider_name(self, call: StoredCall) -> str:
        """As a person would call it."""
        provider = self._find_provider(call)
        return provider.display_name if provider else call.provider

    def perform(self, operation: Operation, call: StoredCall, shown: Shown) -> Done:
        """Send the operation's request. Raises a kind of ``RequestFailed``."""
        match operation:
            case CreateMeeting():
                request = MeetingRequest(key=call.id, title=call.snapshot.title.value, host=call.host or "")
                return Done(shown, self.provider(call).create_meeting(request))
            case EndMeeting() | RenameMeeting():
                if call.snapshot.meeting is not None:
                    self._tell_provider(operation, call, call.snapshot.meeting)
            case FindPerson(email):
                return Done(after(shown, operation), user_id=people.find_by_email(self._client(call), email))
            case TellFailure(reason):
                self._messages(call).tell(call.channel_id, call.snapshot.created_by, reason, call.response_url)
            case LookAtCard():
                return Done(self._look_at_card(call, shown))
            case AddCall():
                return Done(replace(after(shown, operation), slack_call_id=self._add(operation, call)))
            case PostCall():
                return Done(replace(after(shown, operation), message_ts=self._post(call, shown)))
            case _:
                self._change(operation, call, _id(shown))
        return Done(after(shown, operation))

    def _find_provider(self, call: StoredCall) -> Provider | None:
        return self._accounts.find(call.provider, call.account_id)

    def _client(self, call: StoredCall) -> WebClient:
        return self._clients.of(call.team_id, call.enterprise_id)

    def _calls(self, call: StoredCall) -> CallsApi:
        return CallsApi(self._client(call))

    def _messages(self, call: StoredCall) -> MessagesApi:
        return MessagesApi(self._client(call))

    def _tell_provider(self, operation: EndMeeting | RenameMeeting, call: StoredCall, meeting: Meeting) -> None:
        match operation:
            case EndMeeting():
                self.provider(call).end_meeting(meeting)
            case RenameMeeting(title):
                self.provider(call).rename_meeting(meeting, title.value)

    def look_into(self, call: StoredCall) -> Roster | None:
        """Who is in the call's meeting now. Raises a kind of ``RequestFailed``."""
        meeting = call.snapshot.meeting
        return self.provider(call).look(meeting) if meeting else Roster(())

    def warn(self, call: StoredCall, thread_ts: str, text: str) -> None:
        """Tell those who are in the card's thread. Raises a kind of ``RequestFailed``."""
        self._messages(call).reply(call.channel_id, thread_ts, text)

    def look(self, call: StoredCall, shown: Shown) -> SlackCall:
        """What Slack shows now. Raises a kind of ``RequestFailed``."""
        return self._calls(call).info(_id(shown))

    def _look_at_card(self, call: StoredCall, shown: Shown) -> Shown:
        seen = self.look(call, shown)
        return replace(agree(shown, seen), posted=shown.posted or call.channel_id in seen.channels)

    def _add(self, operation: AddCall, call: StoredCall) -> str:
        meeting = call.snapshot.meeting
        return self._calls(call).add(
            NewSlackCall(
                external_unique_id=_unique_id(call),
                created_by=call.snapshot.created_by,
                started_at=call.snapshot.started_at,
                display_id=meeting.display_id if meeting else None,
                card=operation.card,
            )
        )

    def _post(self, call: StoredCall, shown: Shown) -> str | None:
        text = texts.card_text(call.snapshot.title.value, call.snapshot.join_url or "")
        return self._messages(call).post_card(call.channel_id, _id(shown), text, call.response_url, call.thread_ts)

    def _change(
        self,
        operation: UpdateCall | AddParticipants | RemoveParticipants | EndCall,
        call: StoredCall,
        slack_id: str,
    ) -> None:
        calls = self._calls(call)
        match operation:
            case UpdateCall(title, join_url, desktop_app_join_url):
                calls.update(slack_id, title=title, join_url=join_url, desktop_app_join_url=desktop_app_join_url)
            case AddParticipants(users):
                calls.add_participants(slack_id, users)
            case RemoveParticipants(users):
                calls.remove_participants(slack_id, users)
            case EndCall(duration_seconds):
                calls.end(slack_id, duration_seconds)


def _unique_id(call: StoredCall) -> str:
    """Our own id, the second time too: Slack says only that it must be unique, so it may answer with the call that it
    has. Where it refuses instead, only another id is left."""
    return f"{call.id}-{secrets.token_hex(4)}" if InFlight.of(call.in_flight).looked_at == AS_ANOTHER else call.id


def _id(shown: Shown) -> str:
    if shown.slack_call_id is None:
        raise ValueError("Slack does not know this call yet")
    return shown.slack_call_id
