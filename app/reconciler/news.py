"""What a refusal tells: Slack knows better than we do how things stand, so we correct what we believe, and plan again.

Some of it Slack does not tell at once. It says that one of many people is refused, not which: then they go one by one
until that one is found.
"""

from __future__ import annotations

from dataclasses import replace

from app.domain.card import CallCard
from app.domain.operations import (
    AddCall,
    AddParticipants,
    EndCall,
    Operation,
    RemoveParticipants,
)
from app.domain.plan import Shown, after
from app.errors import OutOfStep, RequestFailed
from app.slack.calls import SlackCall

REFUSED_AS_IT_IS = "invalid_arguments"
_NO_SUCH_CALL = frozenset({"inactive_call", "invalid_call_id"})


def is_news(operation: Operation, failure: RequestFailed) -> bool:
    """Whether there is something to learn; else the failure is to be waited out or accepted."""
    match operation:
        case AddCall(card):
            return _is_about_people(failure) and bool(card.present)
        case AddParticipants() | RemoveParticipants():
            return _is_about_people(failure)
        case EndCall():
            return isinstance(failure, OutOfStep)
    return False


def _is_about_people(failure: RequestFailed) -> bool:
    """That there is no such call is not believed of one that runs: nothing would be sent to its card any more, should
    Slack only not have known it for a moment."""
    is_of_step = isinstance(failure, OutOfStep) and failure.code not in _NO_SUCH_CALL
    return is_of_step or failure.code == REFUSED_AS_IT_IS


def needs_look(operation: Operation, news: RequestFailed) -> bool:
    """Whether Slack has to be asked how things stand; else ``believe`` knows."""
    return news.code == "bad_users" and isinstance(operation, AddParticipants | RemoveParticipants)


def believe(shown: Shown, operation: Operation, news: RequestFailed) -> Shown:
    """``shown`` corrected by what the refusal tells."""
    match operation:
        case EndCall():
            return after(shown, operation)
        case AddParticipants((_,)) | RemoveParticipants((_,)):
            return _without_the_one(shown, operation, news)
        case AddCall() | AddParticipants() | RemoveParticipants():
            return replace(shown, one_by_one=True)
    return shown


def agree(shown: Shown, slack: SlackCall) -> Shown:
    """``shown`` corrected by what Slack shows. A person stays the object that was sent: removal needs it."""
    card = shown.card
    if card is None:
        return shown
    sent = {user.key: user for user in (*card.attended, *card.present)}
    present = frozenset(sent.get(user.key, user) for user in slack.users)
    new = present - card.attended - card.present
    people = replace(card, present=present, attended=card.attended | new)
    return replace(shown, card=_headline(people, slack))


def _headline(card: CallCard, slack: SlackCall) -> CallCard:
    """What Slack says nothing of is as we believed."""
    return replace(
        card,
        title=slack.title or card.title,
        join_url=slack.join_url or card.join_url,
        desktop_app_join_url=slack.desktop_app_join_url or card.desktop_app_join_url,
    )


def narrowed(operation: Operation, shown: Shown) -> Operation:
    """As much of ``operation`` as may be sent at once while we search for the one whom Slack refuses."""
    match operation:
        case AddParticipants(users) if shown.one_by_one:
            return AddParticipants(users[:1])
        case RemoveParticipants(users) if shown.one_by_one:
            return RemoveParticipants(users[:1])
    return operation


def _without_the_one(shown: Shown, operation: AddParticipants | RemoveParticipants, news: RequestFailed) -> Shown:
    """The search is over. Whom Slack does not know by id is shown by name; who is refused otherwise is left as they
    are, because one person must not keep all others off the card."""
    [user] = operation.users
    found = replace(shown, one_by_one=False)
    if news.code == "user_not_found" and user.slack_id:
        found = replace(found, unknown_slack_ids=shown.unknown_slack_ids | {user.slack_id})
        return found if isinstance(operation, AddParticipants) else after(found, operation)
    return after(found, operation)
