"""The tables. The rows of ``calls`` are the work list: there is no second system to keep in step with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Computed, ForeignKey, Index, MetaData, String, Table, UniqueConstraint, false, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.db.types import Json, Private, PrivateBytes, UtcDateTime
from app.domain.calls import CallStatus, Participant
from app.domain.meetings import Meeting
from app.domain.plan import Shown

# What differs from what is shown is work; a running call with a deadline will be. The database works it out itself,
# because a flag that is set by us is lost in a crash.
_WORK = "generation <> shown_generation OR (deadline_at IS NOT NULL AND ended_at IS NULL AND failure IS NULL)"

BLIND = {"is_blind": True}
"""Of a column that rows are looked up by: with keys its values are hashes (``encryption``)."""
COPY = "copy"
"""Names the column with the encrypted value beside a hash; without keys it is empty."""


class Base(DeclarativeBase):
    # Constraints with names can be changed by later migrations on both databases.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012  # read by the base class as it stands


class CallRow(Base):
    """A call: what is wanted and known of it, and its place in the work list."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_due", "reconcile_after", sqlite_where=text("has_work = 1"), postgresql_where=text("has_work")),
        Index("ix_calls_meeting", "provider", "account", "meeting_id"),
        Index("ix_calls_channel", "team_id", "channel_id", "status"),
        Index("ix_calls_started", "started_at"),
        Index(
            "ix_calls_response_url",
            "started_at",
            sqlite_where=text("response_url IS NOT NULL"),
            postgresql_where=text("response_url IS NOT NULL"),
        ),
        UniqueConstraint("team_id", "request_key"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    team_id: Mapped[str] = mapped_column(String(40))
    enterprise_id: Mapped[str | None] = mapped_column(String(40))
    channel_id: Mapped[str] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(String(40))
    # Slack's trigger_id: the same request that comes twice makes one call.
    request_key: Mapped[str | None] = mapped_column(String(200))
    # A secret for half an hour: whoever has it can write into the channel.
    response_url: Mapped[str | None] = mapped_column(Private)

    # Of a conversation that not everybody in the workspace can read, or may not be able to.
    is_private: Mapped[bool] = mapped_column(default=True, server_default=true())

    provider: Mapped[str] = mapped_column(String(40))
    account: Mapped[str] = mapped_column(String(40))
    meeting_id: Mapped[str | None] = mapped_column(String(300), info=BLIND)
    meeting: Mapped[Meeting | None] = mapped_column(Json[Meeting](Meeting, is_private=True))
    join_token: Mapped[str] = mapped_column(String(64), unique=True, info=BLIND | {COPY: "join_secret"})
    join_secret: Mapped[str | None] = mapped_column(Private)
    join_url: Mapped[str | None] = mapped_column(Private)
    # Which of the provider's hosts holds it, where it needs one.
    host: Mapped[str | None] = mapped_column(String(200), info=BLIND | {COPY: "held_by"})
    held_by: Mapped[str | None] = mapped_column(Private)

    status: Mapped[CallStatus] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(Private)
    title_at: Mapped[datetime]
    meeting_title: Mapped[str | None] = mapped_column(Private)
    meeting_title_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    occurrence_id: Mapped[str | None] = mapped_column(String(300))
    occurrence_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    meeting_is_over: Mapped[bool] = mapped_column(default=False)
    failure: Mapped[str | None]
    # A person has ended it. The default is for rows that are written by the version before this one.
    is_closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Our app was taken out of its workspace while it ran.
    is_cut_off: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The call before it, where a meeting has begun anew after its end, and the thread (Slack's ts) of that one's card.
    reopens: Mapped[str | None] = mapped_column(String(40))
    thread_ts: Mapped[str | None] = mapped_column(String(40))

    # The work list. ``generation`` counts changes of what is wanted or known, ``shown_generation`` is the one that
    # Slack and the provider match.
    generation: Mapped[int] = mapped_column(default=1)
    shown_generation: Mapped[int] = mapped_column(default=0)
    has_work: Mapped[bool] = mapped_column(Computed(_WORK, persisted=True))
    reconcile_after: Mapped[datetime]
    # When time itself has something to say: the call's limit, or the next look at the provider.
    deadline_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    # The name of the operation about to be sent, committed before it is: whoever finds it must look before repeating.
    in_flight: Mapped[str | None] = mapped_column(String(40))
    # The places it has booked in its team's lanes, for each method by the lane's own clock.
    booked: Mapped[dict[str, datetime] | None] = mapped_column(Json[dict[str, datetime]](dict[str, datetime]))


class ParticipantRow(Base):
    """What is known of one person in one call; a row each, so that a webhook in a large call stays cheap."""

    __tablename__ = "participants"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(300), primary_key=True, info=BLIND)
    # In a large call nearly everybody is as they were at the last look, and reading them is most of its cost.
    known: Mapped[Participant] = mapped_column(Json[Participant](Participant, remembered=10_000, is_private=True))


class ShownRow(Base):
    """What Slack was last told of a call; beside the call, because webhooks rewrite that row often."""

    __tablename__ = "shown"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    shown: Mapped[Shown] = mapped_column(Json[Shown](Shown, is_private=True))


class DeliveryRow(Base):
    """One webhook request that was proven genuine, kept beside what became of it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("provider", "account", "dedupe_key"),
        Index("ix_deliveries_meeting", "provider", "account", "meeting_id"),
        Index("ix_deliveries_received", "received_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    provider: Mapped[str] = mapped_column(String(40))
    account: Mapped[str] = mapped_column(String(40))
    dedupe_key: Mapped[str] = mapped_column(String(300), info=BLIND)
    received_at: Mapped[datetime]
    headers: Mapped[dict[str, str]] = mapped_column(Json[dict[str, str]](dict[str, str], is_private=True))
    body: Mapped[bytes] = mapped_column(PrivateBytes)
    outcome: Mapped[str] = mapped_column(String(10))
    # Of the meeting it is about: one that is told before we know that the meeting is ours is taken in later.
    meeting_id: Mapped[str | None] = mapped_column(String(300), info=BLIND)
    call_id: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None]


class LaneRow(Base):
    """One team's budget for one method of Slack, shared by all workers."""

    __tablename__ = "lanes"

    team_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    method: Mapped[str] = mapped_column(String(60), primary_key=True)
    # By the lane's own clock: with all places that are booked, and with what was sent alone.
    next_at: Mapped[datetime]
    used_until: Mapped[datetime | None]
    # What that clock showed, and when it was read.
    own_time: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    parked_until: Mapped[datetime | None]
    # Requests a minute that Slack's last refusal has left, and when that was.
    lowered_to: Mapped[int | None]
    lowered_at: Mapped[datetime | None]


class EmailRow(Base):
    """Whose e-mail address something is in a team, as Slack told; a hash, because addresses are personal."""

    __tablename__ = "emails"
    __table_args__ = (Index("ix_emails_asked", "asked_at"),)

    team_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    email_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Empty for nobody's: that too is not asked again at once.
    user_id: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime]


class TimerRow(Base):
    """What one process at a time does now and then, whoever is first when its moment has come."""

    __tablename__ = "timers"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    next_at: Mapped[datetime]


def table_of(row: type[Base]) -> Table:
    assert isinstance(row.__table__, Table)
    return row.__table__


# For statements: built of the classes' own attributes they pass through the ORM and cost twice as much to execute.
CALLS = table_of(CallRow)
PARTICIPANTS = table_of(ParticipantRow)
SHOWN = table_of(ShownRow)
DELIVERIES = table_of(DeliveryRow)
LANES = table_of(LaneRow)
EMAILS = table_of(EmailRow)
TIMERS = table_of(TimerRow)
