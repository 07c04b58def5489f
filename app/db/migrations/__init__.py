"""Alembic migrations, run by ``python -m app db upgrade`` and at the start of ``serve`` on SQLite."""
