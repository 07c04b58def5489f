"""Who looks at the app's Home, and which calls are nobody else's business."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "homes",
        sa.Column("team_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("enterprise_id", sa.String(length=40), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shows", sa.String(length=80), nullable=True),
        sa.Column("publish_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("role_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_homes")),
    )
    op.create_index("ix_homes_opened", "homes", ["opened_at"])
    # Of the calls that stand already nobody knows, so they are taken for private.
    op.add_column("calls", sa.Column("is_private", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("calls", "is_private")
    op.drop_index("ix_homes_opened", "homes")
    op.drop_table("homes")
