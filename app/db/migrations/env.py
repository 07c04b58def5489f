"""Alembic's entry: it works on the connection that ``app.db.migrate`` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from app.db.schema import METADATA
from app.db.types import Json, Private, PrivateBytes, UtcDateTime


def render_item(_kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Our types by the plain type beneath: a migration must not change when our code does."""
    if isinstance(item, Json):
        return "sa.Text()"
    if isinstance(item, Private | PrivateBytes):
        return "sa.String()" if isinstance(item, Private) else "sa.LargeBinary()"
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    # SQLite cannot change a column in place; batch mode copies the table instead.
    render_as_batch=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
