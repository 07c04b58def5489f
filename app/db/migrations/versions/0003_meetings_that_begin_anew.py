"""Who ended a call, and which call it follows in whose thread."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("is_closed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("calls", sa.Column("reopens", sa.String(length=40), nullable=True))
    op.add_column("calls", sa.Column("thread_ts", sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "thread_ts")
    op.drop_column("calls", "reopens")
    op.drop_column("calls", "is_closed")
