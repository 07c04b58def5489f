"""Bring the tables to the version this code needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.db.schema import METADATA
from app.db.session import Database
from app.errors import DatabaseUnusable

NOT_REACHED = "The database cannot be reached."
MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply the migrations that are missing. Several processes may do so at once: one does, the others wait.

    Raises ``DatabaseUnusable``.
    """
    _reach(database)
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('switchboard migrations'))")
        try:
            command.upgrade(_config(connection), "head")
        except CommandError:
            # Alembic's word for an applied migration that has no file here.
            raise DatabaseUnusable("Its tables are not of this version or an older one.") from None


def is_current(database: Database) -> bool:
    """Whether the tables are those this code needs. Those of a newer version are: migrations only add, and while one
    version replaces another both work on the same tables."""
    with database.reading() as connection:
        applied = MigrationContext.configure(connection).get_current_heads()
        needed = ScriptDirectory.from_config(_config(connection)).get_heads()
        # They are numbered in order, with leading zeros.
        return bool(applied) and max(applied) >= max(needed)


def problem(database: Database) -> str | None:
    """What keeps the database from being used, with what to do about it; None when nothing does."""
    try:
        current = is_current(database)
    except SQLAlchemyError:
        return NOT_REACHED
    return None if current else "The database is not up to date. Run: python -m app db upgrade"


def differences(connection: Connection) -> list[object]:
    """What the models have and the migrated tables do not, or the other way round; for tests."""
    return list(compare_metadata(MigrationContext.configure(connection), METADATA))


def _reach(database: Database) -> None:
    """Looked at alone, so that what goes wrong in a migration is not mistaken for a wrong address."""
    try:
        with database.reading():
            return
    except SQLAlchemyError:
        # The driver's own words may hold the password.
        hint = (
            "Does the file's folder exist, and may it be written to?" if database.is_sqlite else "Does its server run?"
        )
        raise DatabaseUnusable(f"What DATABASE_URL names cannot be reached. {hint}") from None


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
