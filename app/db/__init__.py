"""What is remembered, on SQLite and PostgreSQL alike.

``models`` the tables · ``types`` their column types · ``session`` connections and transactions · ``calls`` and
``deliveries`` reading and writing · ``work`` claims and leases on calls · ``lanes`` one locked row for each team and
method · ``migrations`` (Alembic).
"""
