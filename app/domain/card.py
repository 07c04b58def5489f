"""``call_card(snapshot)``: what Slack should show."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.calls import CallSnapshot, Fact, Participant

UNNAMED = "Guest"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CardUser:
    """A person on the card, exactly as told to Slack: removal needs the identical object that was added.

    Either ``slack_id``, or ``external_id`` with a name and perhaps a picture.
    """

    slack_id: str = ""
    external_id: str = ""
    display_name: str = ""
    avatar_url: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What Slack knows the person by; two objects with one key are one person on the card."""
        return (self.slack_id, self.external_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCard:
    """``present`` is who is in now, ``attended`` everybody who ever was (Slack shows those who left in grey).

    ``duration_seconds`` is None while the call runs.
    """

    title: str
    join_url: str
    desktop_app_join_url: str | None = None
    present: frozenset[CardUser] = frozenset()
    attended: frozenset[CardUser] = frozenset()
    duration_seconds: int | None = None


def call_card(snapshot: CallSnapshot, *, unknown_slack_ids: frozenset[str] = frozenset()) -> CallCard:
    """The card for what is known. ``unknown_slack_ids`` are ids that Slack has refused: those people are shown by
    name instead."""
    meeting = snapshot.meeting
    attended = _attended(snapshot)
    present = [] if snapshot.is_over else [p for p in attended if p.is_present(snapshot.occurrence)]
    return CallCard(
        title=snapshot.title.value,
        join_url=snapshot.join_url or "",
        desktop_app_join_url=meeting.desktop_app_join_url if meeting else None,
        present=frozenset(_card_user(p, unknown_slack_ids) for p in present),
        attended=frozenset(_card_user(p, unknown_slack_ids) for p in attended),
        duration_seconds=_duration_seconds(snapshot),
    )


def never_shown(
    snapshot: CallSnapshot, shown: CallCard, *, unknown_slack_ids: frozenset[str] = frozenset()
) -> frozenset[CardUser]:
    """Whoever was there and never stood on the card ``shown``, neither by name nor by Slack id."""
    seen = {user.key for user in shown.attended}
    attended = [(_keys(p), _card_user(p, unknown_slack_ids)) for p in _attended(snapshot)]
    return frozenset(user for _, user in attended) - {user for keys, user in attended if not seen.isdisjoint(keys)}


def _duration_seconds(snapshot: CallSnapshot) -> int | None:
    """Slack shows ``date_start`` + duration as the end, and ``date_start`` is when the card was asked for."""
    if snapshot.ended_at is None:
        return None
    return max(0, round((snapshot.ended_at - snapshot.started_at).total_seconds()))


def _card_user(participant: Participant, unknown_slack_ids: frozenset[str]) -> CardUser:
    slack = participant.slack
    if slack and slack.user_id not in unknown_slack_ids:
        return CardUser(slack_id=slack.user_id)
    return CardUser(
        external_id=participant.key,
        display_name=_value(participant.name) or UNNAMED,
        avatar_url=_value(participant.avatar_url),
    )


def _keys(participant: Participant) -> set[tuple[str, str]]:
    """All that Slack may know this person by."""
    by_id = {(participant.slack.user_id, "")} if participant.slack else set()
    return {("", participant.key)} | by_id


def _attended(snapshot: CallSnapshot) -> list[Participant]:
    return [p for p in snapshot.participants.values() if p.came_before(snapshot.ended_at)]


def _value(fact: Fact | None) -> str:
    return fact.value if fact else ""
