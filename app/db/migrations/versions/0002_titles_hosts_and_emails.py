"""The title that the provider knows, the host of a meeting, places booked in lanes, and whose an e-mail address is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("host", sa.String(length=200), nullable=True))
    op.add_column("calls", sa.Column("meeting_title", sa.String(), nullable=True))
    op.add_column("calls", sa.Column("meeting_title_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("calls", sa.Column("booked", sa.Text(), nullable=True))
    op.create_table(
        "emails",
        sa.Column("team_id", sa.String(length=40), nullable=False),
        sa.Column("email_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "email_hash", name=op.f("pk_emails")),
    )


def downgrade() -> None:
    op.drop_table("emails")
    op.drop_column("calls", "booked")
    op.drop_column("calls", "meeting_title_at")
    op.drop_column("calls", "meeting_title")
    op.drop_column("calls", "host")
