"""Alembic migrations, run by ``python -m app db upgrade`` and at the start of ``serve`` on SQLite.

While a new version is rolled out, processes of the version before go on working on the new tables. So a migration only
adds: tables, indexes, and columns that may be NULL or have a default of the database's (``server_default``), because
the version before does not fill them. Nothing is dropped, renamed, or given another type or a narrower rule.

What is used no longer is left alone in the version that stops using it, and dropped by a later one. What has to change
its shape is added anew beside the old: one version writes both and reads the old, the next reads the new.
``tests/db/test_migrations.py`` looks at what each migration does to the tables.
"""
