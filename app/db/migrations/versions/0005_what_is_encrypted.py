"""What stands encrypted beside the hashes that calls are looked up by, where there are keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("join_secret", sa.String(), nullable=True))
    op.add_column("calls", sa.Column("held_by", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "held_by")
    op.drop_column("calls", "join_secret")
