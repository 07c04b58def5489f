"""What was sent through a lane, its own clock, and how far Slack has slowed it down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lanes", sa.Column("used_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lanes", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lanes", sa.Column("own_time", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lanes", sa.Column("lowered_to", sa.Integer(), nullable=True))
    op.add_column("lanes", sa.Column("lowered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("lanes", "lowered_at")
    op.drop_column("lanes", "lowered_to")
    op.drop_column("lanes", "own_time")
    op.drop_column("lanes", "read_at")
    op.drop_column("lanes", "used_until")
