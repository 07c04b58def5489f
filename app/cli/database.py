"""``db``: bring the tables to the version this code needs; make keys for what is stored in them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from app import config
from app.config import Settings
from app.db import migrate
from app.db.session import Database

if TYPE_CHECKING:
    from app.cli import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("db", help="the database")
    actions = parser.add_subparsers(required=True)
    upgrade = actions.add_parser("upgrade", help="bring the tables to the version this code needs")
    upgrade.set_defaults(run=run_upgrade)
    key = actions.add_parser("key", help="make a key for ENCRYPTION_KEYS")
    key.set_defaults(run=run_key)


def run_upgrade(_options: argparse.Namespace) -> int:
    url = config.read_setting(Settings, "database_url", config.environment())
    database = Database(url.get_secret_value())
    try:
        migrate.upgrade(database)
    finally:
        database.close()
    print("The database is up to date.")
    return 0


def run_key(_options: argparse.Namespace) -> int:
    print(Fernet.generate_key().decode())
    return 0
