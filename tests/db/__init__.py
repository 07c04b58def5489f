"""The database room, on SQLite and on PostgreSQL: what is stored, and who may work on it."""
