"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORK = "generation <> shown_generation OR (deadline_at IS NOT NULL AND ended_at IS NULL AND failure IS NULL)"
HAS_WORK = sa.text("has_work")
HAS_WORK_ON_SQLITE = sa.text("has_work = 1")


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("team_id", sa.String(length=40), nullable=False),
        sa.Column("enterprise_id", sa.String(length=40), nullable=True),
        sa.Column("channel_id", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("request_key", sa.String(length=200), nullable=True),
        sa.Column("response_url", sa.String(), nullable=True),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("meeting_id", sa.String(length=300), nullable=True),
        sa.Column("meeting", sa.Text(), nullable=True),
        sa.Column("join_token", sa.String(length=64), nullable=False),
        sa.Column("join_url", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurrence_id", sa.String(length=300), nullable=True),
        sa.Column("occurrence_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("meeting_is_over", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("shown_generation", sa.Integer(), nullable=False),
        sa.Column("has_work", sa.Boolean(), sa.Computed(WORK, persisted=True), nullable=False),
        sa.Column("reconcile_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("in_flight", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("join_token", name=op.f("uq_calls_join_token")),
        sa.UniqueConstraint("team_id", "request_key", name=op.f("uq_calls_team_id_request_key")),
    )
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.create_index("ix_calls_channel", ["team_id", "channel_id", "status"], unique=False)
        batch_op.create_index(
            "ix_calls_due",
            ["reconcile_after"],
            unique=False,
            sqlite_where=HAS_WORK_ON_SQLITE,
            postgresql_where=HAS_WORK,
        )
        batch_op.create_index("ix_calls_meeting", ["provider", "account", "meeting_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("dedupe_key", sa.String(length=300), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("meeting_id", sa.String(length=300), nullable=True),
        sa.Column("call_id", sa.String(length=40), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "provider", "account", "dedupe_key", name=op.f("uq_deliveries_provider_account_dedupe_key")
        ),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_meeting", ["provider", "account", "meeting_id"], unique=False)

    op.create_table(
        "lanes",
        sa.Column("team_id", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=60), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "method", name=op.f("pk_lanes")),
    )
    op.create_table(
        "participants",
        sa.Column("call_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("known", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_participants_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "key", name=op.f("pk_participants")),
    )
    op.create_table(
        "shown",
        sa.Column("call_id", sa.String(length=40), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_shown_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_shown")),
    )


def downgrade() -> None:
    op.drop_table("shown")
    op.drop_table("participants")
    op.drop_table("lanes")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_meeting")

    op.drop_table("deliveries")
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_index("ix_calls_meeting")
        batch_op.drop_index("ix_calls_due", sqlite_where=HAS_WORK_ON_SQLITE, postgresql_where=HAS_WORK)
        batch_op.drop_index("ix_calls_channel")

    op.drop_table("calls")
