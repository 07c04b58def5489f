"""Bring the tables to the version this code needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.db.models import Base
from app.db.session import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply the migrations that are missing. Several processes may do so at once: one does, the others wait."""
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('switchboard migrations'))")
        command.upgrade(_config(connection), "head")


def is_current(database: Database) -> bool:
    """Whether the tables are those this code needs."""
    with database.reading() as connection:
        applied = MigrationContext.configure(connection).get_current_heads()
        return set(applied) == set(ScriptDirectory.from_config(_config(connection)).get_heads())


def problem(database: Database) -> str | None:
    """What keeps the database from being used, with what to do about it; None when nothing does."""
    try:
        current = is_current(database)
    except SQLAlchemyError:
        return "The database cannot be reached."
    return None if current else "The database is not up to date. Run: python -m app db upgrade"


def write_migration(database: Database, message: str) -> None:
    """For developers: write a new migration file from what the models have and the tables lack."""
    with database.transaction() as connection:
        command.revision(_config(connection), message, autogenerate=True)


def differences(connection: Connection) -> list[object]:
    """What the models have and the migrated tables do not, or the other way round; for tests."""
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
