"""Perform one operation: send the request, and say what there is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from slack_sdk import WebClient

from app.db.calls import StoredCall
from app.domain.card import CardUser
from app.domain.meetings import Capabilities, Meeting, MeetingRequest
from app.domain.plan import (
    AddCall,
    AddParticipants,
    CreateMeeting,
    EndCall,
    EndMeeting,
    Operation,
    PostCall,
    RemoveParticipants,
    Shown,
    TellFailure,
    UpdateCall,
    after,
)
from app.errors import OutOfStep, PermanentFailure
from app.providers.base import Provider
from app.slack import texts
from app.slack.calls import CallsApi, NewSlackCall, SlackCall
from app.slack.messages import MessagesApi

# The lane of each operation. None: it goes to the provider, or through a response_url, which Slack does not count.
METHODS: dict[type[Operation], str | None] = {
    CreateMeeting: None,
    AddCall: "calls.add",
    PostCall: "chat.postMessage",
    UpdateCall: "calls.update",
    AddParticipants: "calls.participants.add",
    RemoveParticipants: "calls.participants.remove",
    EndCall: "calls.end",
    EndMeeting: None,
    TellFailure: "chat.postEphemeral",
}
LOOK = "calls.info"

# What an operation does when it is sent twice. Everything else may be sent again whenever no answer came.
#   CreateMeeting  the same key finds the same meeting
#   AddCall        the same external_unique_id; should Slack make a second call of it, nobody sees that one
#   PostCall       a second card would be seen by all: look where the call was posted before it is sent again
NOT_REPEATABLE: frozenset[type[Operation]] = frozenset({CreateMeeting, AddCall, PostCall})
STARTS: frozenset[type[Operation]] = frozenset({CreateMeeting, AddCall, PostCall})
"""When Slack or the provider refuses one of these for good, there will be no call."""


@dataclass(frozen=True, slots=True)
class Done:
    """What there is after an operation; ``meeting`` when one was made."""

    shown: Shown
    meeting: Meeting | None = None


class Apply:
    """Performs operations on the calls of one team."""

    def __init__(self, calls: CallsApi, messages: MessagesApi, providers: Mapping[str, Provider]) -> None:
        self._calls = calls
        self._messages = messages
        self._providers = providers

    @classmethod
    def through(cls, client: WebClient, providers: Mapping[str, Provider]) -> Apply:
        """Over Slack's Web API with the token of ``client``."""
        return cls(CallsApi(client), MessagesApi(client), providers)

    def capabilities(self, call: StoredCall) -> Capabilities:
        """What the call's provider can do; nothing when it is no longer set up."""
        provider = self._providers.get(call.provider)
        return provider.capabilities if provider else Capabilities()

    def provider(self, call: StoredCall) -> Provider:
        provider = self._providers.get(call.provider)
        if provider is None:
            raise PermanentFailure("provider_not_set_up", call.provider)
        return provider

    def provider_name(self, call: StoredCall) -> str:
        """As a person would call it."""
        provider = self._providers.get(call.provider)
        return provider.display_name if provider else call.provider

    def perform(self, operation: Operation, call: StoredCall, shown: Shown) -> Done:
        """Send the operation's request. Raises a kind of ``RequestFailed``."""
        match operation:
            case CreateMeeting():
                request = MeetingRequest(key=call.id, title=call.snapshot.title.value)
                return Done(shown, self.provider(call).create_meeting(request))
            case EndMeeting():
                if call.snapshot.meeting is not None:
                    self.provider(call).end_meeting(call.snapshot.meeting)
            case TellFailure(reason):
                self._messages.tell(call.channel_id, call.snapshot.created_by, reason, call.response_url)
            case AddCall():
                return Done(replace(after(shown, operation), slack_call_id=self._add(operation, call)))
            case PostCall():
                return Done(replace(after(shown, operation), message_ts=self._post(call, shown)))
            case _:
                self._change(operation, _id(shown))
        return Done(after(shown, operation))

    def look(self, shown: Shown) -> SlackCall:
        """What Slack shows now. Raises a kind of ``RequestFailed``."""
        return self._calls.info(_id(shown))

    def _add(self, operation: AddCall, call: StoredCall) -> str:
        meeting = call.snapshot.meeting
        return self._calls.add(
            NewSlackCall(
                external_unique_id=call.id,
                created_by=call.snapshot.created_by,
                started_at=call.snapshot.started_at,
                display_id=meeting.display_id if meeting else None,
                card=operation.card,
            )
        )

    def _post(self, call: StoredCall, shown: Shown) -> str | None:
        text = texts.card_text(call.snapshot.title.value, call.snapshot.join_url or "")
        return self._messages.post_card(call.channel_id, _id(shown), text, call.response_url)

    def _change(self, operation: UpdateCall | AddParticipants | RemoveParticipants | EndCall, slack_id: str) -> None:
        match operation:
            case UpdateCall(title, join_url, desktop_app_join_url):
                self._calls.update(slack_id, title=title, join_url=join_url, desktop_app_join_url=desktop_app_join_url)
            case AddParticipants(users):
                self._calls.add_participants(slack_id, users)
            case RemoveParticipants(users):
                self._calls.remove_participants(slack_id, users)
            case EndCall(duration_seconds):
                self._calls.end(slack_id, duration_seconds)


def needs_look(operation: Operation, news: OutOfStep) -> bool:
    """Whether Slack has to be asked how things stand; else ``believe`` knows."""
    return news.code == "bad_users" and not isinstance(operation, EndCall)


def believe(shown: Shown, operation: Operation, news: OutOfStep) -> Shown:
    """``shown`` corrected by what Slack's refusal tells."""
    match operation, news.code:
        case EndCall(), _:
            return after(shown, operation)
        case _, "inactive_call":
            # Somebody else ended it; no request changes this card any more.
            return after(shown, EndCall(0))
        case AddCall(), "user_not_found":
            return replace(shown, one_by_one=True)
        case AddParticipants(users), "user_not_found":
            return _without_the_unknown(shown, users)
        case RemoveParticipants(users), "user_not_found":
            return replace(after(shown, operation), unknown_slack_ids=shown.unknown_slack_ids | _slack_ids(users))
    return shown


def agree(shown: Shown, slack: SlackCall) -> Shown:
    """``shown`` corrected by what Slack shows. A person stays the object that was sent: removal needs it."""
    if shown.card is None:
        return shown
    sent = {user.key: user for user in shown.card.attended | shown.card.present}
    present = frozenset(sent.get(user.key, user) for user in slack.users)
    return replace(shown, card=replace(shown.card, present=present, attended=shown.card.attended | present))


def _without_the_unknown(shown: Shown, users: tuple[CardUser, ...]) -> Shown:
    """Slack does not say which of many it does not know: they are sent one by one until it is found."""
    if len(users) > 1:
        return replace(shown, one_by_one=True)
    return replace(shown, unknown_slack_ids=shown.unknown_slack_ids | _slack_ids(users), one_by_one=False)


def _slack_ids(users: tuple[CardUser, ...]) -> frozenset[str]:
    return frozenset(user.slack_id for user in users if user.slack_id)


def _id(shown: Shown) -> str:
    if shown.slack_call_id is None:
        raise ValueError("Slack does not know this call yet")
    return shown.slack_call_id
