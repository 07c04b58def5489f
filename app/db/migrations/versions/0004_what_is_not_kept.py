"""What is old is found by an index, and dropped by one process at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HAS_RESPONSE_URL = sa.text("response_url IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "timers",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_timers")),
    )
    op.create_index("ix_calls_started", "calls", ["started_at"])
    op.create_index(
        "ix_calls_response_url",
        "calls",
        ["started_at"],
        sqlite_where=HAS_RESPONSE_URL,
        postgresql_where=HAS_RESPONSE_URL,
    )
    op.create_index("ix_deliveries_received", "deliveries", ["received_at"])
    op.create_index("ix_emails_asked", "emails", ["asked_at"])


def downgrade() -> None:
    op.drop_index("ix_emails_asked", "emails")
    op.drop_index("ix_deliveries_received", "deliveries")
    op.drop_index("ix_calls_response_url", "calls")
    op.drop_index("ix_calls_started", "calls")
    op.drop_table("timers")
