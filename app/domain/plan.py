"""``plan(snapshot, shown)``: the difference between what is wanted and what is there, as operations.

A plan holds only operations that can be done now, most urgent first, and none of them waits for another of the same
plan: when one has to wait for its turn at Slack, the next may go. After each operation there is a new plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.calls import CallSnapshot, CallStatus
from app.domain.card import CallCard, CardUser, call_card, never_shown
from app.domain.meetings import Capabilities
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
from app.domain.repeating import LOOKED

MOST_USERS = 100
"""People in one request. Slack documents no limit; a batch this large is still a body of a few kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What there is, as far as we were told: what Slack shows, and whether the meeting still stands.

    ``slack_call_id`` is Slack's ``R…``. ``card`` is what Slack was last told. ``message_ts`` is None for a card that
    went out through a response_url, which does not tell it. ``unknown_slack_ids`` were refused by Slack,
    ``unknown_emails`` are nobody's there; ``one_by_one`` is set while we search for the one among many that it refuses.
    ``warned_of`` is the end by time that people were told of. ``told_perhaps`` counts how often the failure was told
    and no answer came. ``refused`` holds what was refused for good and rests until the next look (``rest``).
    """

    slack_call_id: str | None = None
    posted: bool = False
    message_ts: str | None = None
    card: CallCard | None = None
    meeting_closed: bool = False
    failure_told: bool = False
    unknown_slack_ids: frozenset[str] = frozenset()
    unknown_emails: frozenset[str] = frozenset()
    one_by_one: bool = False
    warned_of: datetime | None = None
    told_perhaps: int = 0
    refused: frozenset[str] = frozenset()


def plan(
    snapshot: CallSnapshot,
    shown: Shown,
    can: Capabilities,
    doubt: type[Operation] | None = None,
    *,
    repeated: type[Operation] | None = None,
) -> list[Operation]:
    """What to do next. ``can`` is what the call's provider is able to do. ``doubt`` and ``repeated`` are operations
    that were sent, and nobody knows whether they had their effect: one is looked at, the other is sent again."""
    wanted = _plan(snapshot, shown, can, repeated)
    if shown.refused:
        wanted = [operation for operation in wanted if _at_rest(operation, snapshot) not in shown.refused]
    return wanted if doubt is None else _resolved(wanted, snapshot, shown, can, doubt)


def rest(operation: Operation, snapshot: CallSnapshot, shown: Shown) -> Shown:
    """``shown`` when ``operation`` was refused and nothing else is to wait for it. Another title is another matter, and
    so is the end of the call: then it is tried once more."""
    return replace(shown, refused=shown.refused | {_at_rest(operation, snapshot)})


def _at_rest(operation: Operation, snapshot: CallSnapshot) -> str:
    return f"{operation} at the end" if snapshot.is_over else str(operation)


def _plan(snapshot: CallSnapshot, shown: Shown, can: Capabilities, repeated: type[Operation] | None) -> list[Operation]:
    desired = call_card(snapshot, unknown_slack_ids=shown.unknown_slack_ids)
    if snapshot.is_cut_off:
        return _close_meeting(snapshot, shown, can)
    if snapshot.is_over:
        return [
            *_tell_failure(snapshot, shown),
            *_close_meeting(snapshot, shown, can),
            *_end_card(snapshot, desired, shown),
        ]
    if snapshot.meeting is None:
        return [CreateMeeting()]
    if shown.slack_call_id is None or shown.card is None:
        return [AddCall(_first_card(desired, shown))]
    if shown.card.duration_seconds is not None:
        # Somebody else ended it in Slack; an ended card takes no changes.
        return []
    headline = [*_post(shown), *_update(desired, shown.card), *_rename(snapshot, can, repeated)]
    change = [*headline, *_find(snapshot, shown), *_remove(desired, shown.card)]
    return [*change, *_add(desired.present - shown.card.present, shown.card, one_by_one=shown.one_by_one)]


def _resolved(
    wanted: list[Operation], snapshot: CallSnapshot, shown: Shown, can: Capabilities, doubt: type[Operation]
) -> list[Operation]:
    """``wanted`` with nothing in it that builds on what is not known. What was begun is found by doing it again under
    the same key; once Slack has given the call its id, by looking."""
    if snapshot.is_over and snapshot.meeting is None:
        # There may be a meeting that nobody wants any more. It cannot be ended before its id is known.
        is_left = doubt is CreateMeeting and can.ends_meetings
        return [*wanted, CreateMeeting()] if is_left else wanted
    is_unasked = snapshot.is_cut_off or shown.slack_call_id is None or shown.card is None
    if is_unasked or (shown.card is not None and shown.card.duration_seconds is not None):
        return wanted
    sure = [operation for operation in wanted if type(operation) not in LOOKED]
    return wanted if snapshot.is_over and sure == wanted else [LookAtCard(), *sure]


def status(snapshot: CallSnapshot, shown: Shown) -> CallStatus:
    """Where the call stands."""
    if snapshot.failure is not None:
        return CallStatus.FAILED
    if snapshot.ended_at is not None:
        return CallStatus.ENDED
    if shown.posted:
        return CallStatus.LIVE
    return CallStatus.WANTED if snapshot.meeting is None else CallStatus.STARTING


def unrecognised(snapshot: CallSnapshot, shown: Shown) -> frozenset[str]:
    """The e-mail addresses of those who are in and not known in Slack, as far as Slack was not asked yet."""
    people = [person for person in snapshot.participants.values() if person.email and person.slack is None]
    present = [p for p in people if p.came_before(None) and p.is_present(snapshot.occurrence)]
    return frozenset(p.email.value for p in present if p.email) - shown.unknown_emails


def after(shown: Shown, operation: Operation) -> Shown:
    """``shown`` once Slack or the provider has done ``operation``, but for what only their answer tells: ids, and whose
    an e-mail address is, when it is somebody's."""
    known = shown
    match operation:
        case AddCall(card):
            known = replace(shown, card=replace(card, attended=card.present))
        case PostCall():
            known = replace(shown, posted=True)
        case EndMeeting():
            known = replace(shown, meeting_closed=True)
        case TellFailure():
            known = replace(shown, failure_told=True)
        case FindPerson(email):
            known = replace(shown, unknown_emails=shown.unknown_emails | {email})
        case UpdateCall() | AddParticipants() | RemoveParticipants() | EndCall():
            known = replace(shown, card=_card_after(_told(shown), operation))
    return known


def _card_after(card: CallCard, operation: UpdateCall | AddParticipants | RemoveParticipants | EndCall) -> CallCard:
    match operation:
        case UpdateCall(title, join_url, desktop_app_join_url):
            return replace(card, title=title, join_url=join_url, desktop_app_join_url=desktop_app_join_url)
        case AddParticipants(users):
            return replace(card, present=card.present | set(users), attended=_each_once(card.attended, users))
        case RemoveParticipants(users):
            return replace(card, present=card.present - set(users))
        case EndCall(duration_seconds):
            return replace(card, present=frozenset(), duration_seconds=duration_seconds)


def _each_once(attended: frozenset[CardUser], users: tuple[CardUser, ...]) -> frozenset[CardUser]:
    """With ``users`` as they were told last."""
    told = {user.key for user in users}
    return frozenset(user for user in attended if user.key not in told) | set(users)


def _told(shown: Shown) -> CallCard:
    if shown.card is None:
        raise ValueError("a card that Slack was never told cannot change")
    return shown.card


def _tell_failure(snapshot: CallSnapshot, shown: Shown) -> list[Operation]:
    if snapshot.failure is None or shown.failure_told:
        return []
    return [TellFailure(snapshot.failure)]


def _close_meeting(snapshot: CallSnapshot, shown: Shown, can: Capabilities) -> list[Operation]:
    """A meeting whose call is over by our side must not go on; one that told us so itself is gone already, and one that
    people have begun anew does not end for want of a card."""
    if snapshot.failure is not None and snapshot.reopens is not None:
        return []
    stands = snapshot.meeting is not None and not snapshot.meeting_is_over and not shown.meeting_closed
    return [EndMeeting()] if stands and can.ends_meetings else []


def _end_card(snapshot: CallSnapshot, desired: CallCard, shown: Shown) -> list[Operation]:
    card = shown.card
    if card is None or shown.slack_call_id is None or card.duration_seconds is not None:
        return []
    end = EndCall(desired.duration_seconds or 0)
    if not shown.posted:
        return [end]
    # Whoever came and went between two updates was never on the card; an ended card shows everybody who was there.
    missing = never_shown(snapshot, card, unknown_slack_ids=shown.unknown_slack_ids)
    return [*_update(desired, card), *_add(missing, card, one_by_one=shown.one_by_one), end]


def _post(shown: Shown) -> list[Operation]:
    return [] if shown.posted else [PostCall()]


def _update(desired: CallCard, card: CallCard) -> list[Operation]:
    wanted = (desired.title, desired.join_url, desired.desktop_app_join_url)
    if wanted == (card.title, card.join_url, card.desktop_app_join_url):
        return []
    return [UpdateCall(*wanted)]


def _rename(snapshot: CallSnapshot, can: Capabilities, repeated: type[Operation] | None) -> list[Operation]:
    """Only a title that is newer than what the provider has: else ours would undo a change made there. When nobody
    knows what it has, the newest."""
    known, wanted = snapshot.meeting_title, snapshot.title
    is_ours = known is not None and wanted.at > known.at and wanted.value != known.value
    is_told = not is_ours and repeated is not RenameMeeting
    return [] if is_told or not can.renames_meetings else [RenameMeeting(wanted)]


def _find(snapshot: CallSnapshot, shown: Shown) -> list[Operation]:
    return [FindPerson(email) for email in sorted(unrecognised(snapshot, shown))[:1]]


def _remove(desired: CallCard, card: CallCard) -> list[Operation]:
    gone = sorted(card.present - desired.present)
    return [RemoveParticipants(tuple(gone[:MOST_USERS]))] if gone else []


def _add(users: frozenset[CardUser], card: CallCard, *, one_by_one: bool) -> list[Operation]:
    """Somebody who is shown under another name is removed first: Slack refuses to add a person twice."""
    standing = {user.key for user in card.present}
    new = sorted(user for user in users if user.key not in standing)
    doubtful = [user for user in new if user.slack_id]
    if one_by_one and doubtful:
        # Nobody shown by name can be unknown to Slack, so only ids of Slack's own go alone.
        new = [user for user in new if not user.slack_id] or doubtful[:1]
    batch = new[:MOST_USERS]
    return [AddParticipants(tuple(batch))] if batch else []


def _first_card(desired: CallCard, shown: Shown) -> CallCard:
    """With those who are in already, as far as they fit into one request; the others are added afterwards."""
    users = [] if shown.one_by_one else sorted(desired.present)[:MOST_USERS]
    return replace(desired, present=frozenset(users))
