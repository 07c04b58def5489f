"""What is remembered, on SQLite and PostgreSQL alike.

``models`` the tables · ``types`` their column types · ``encryption`` of what is secret, ``rotation`` of its keys ·
``session`` connections and transactions · ``calls`` and ``deliveries`` reading and writing · ``overview`` for
operators · ``work`` claims and leases on calls · ``notify`` and ``file_presence`` which processes live, and how they
wake one another · ``lanes`` one locked row for each team and method · ``retention`` what is not kept for ever ·
``installations`` and ``oauth_states`` where the app is installed, ``cutting_off`` the calls from where it was removed ·
``schema`` all tables together · ``migrations`` (Alembic).
"""
