"""``db``: bring the tables to the version this code needs; keys for what is stored in them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from app import config
from app.cli.stored import open_database
from app.config import Settings
from app.db import migrate, rotation
from app.db.session import Database

if TYPE_CHECKING:
    from app.cli import Commands

MOST_NAMED = 20


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("db", help="the database")
    actions = parser.add_subparsers(required=True)
    upgrade = actions.add_parser("upgrade", help="bring the tables to the version this code needs")
    upgrade.set_defaults(run=run_upgrade)
    key = actions.add_parser("key", help="make a key for ENCRYPTION_KEYS")
    key.set_defaults(run=run_key)
    rotate = actions.add_parser("rotate", help="encrypt all that is stored with the first of ENCRYPTION_KEYS")
    rotate.add_argument("--forget", action="store_true", help="delete what no key can read, for when a key is lost")
    rotate.set_defaults(run=run_rotate)


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


def run_rotate(options: argparse.Namespace) -> int:
    with open_database(config.environment()) as database:
        came_to = rotation.rotate(database, forget=options.forget)
    print(f"{came_to.rows} rows were written anew; everything else is encrypted with the first key already.")
    if came_to.unreadable and not options.forget:
        print(f"{len(came_to.unreadable)} rows are encrypted with none of ENCRYPTION_KEYS:", file=sys.stderr)
        for name in came_to.unreadable[:MOST_NAMED]:
            print(f"  {name}", file=sys.stderr)
        print("Add the key that is missing. If it is lost, --forget deletes them.", file=sys.stderr)
        return 1
    return 0
