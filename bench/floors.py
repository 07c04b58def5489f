"""The least that could be done: what the app is compared with. Each function makes a WSGI app."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import threading
import time
from collections.abc import Callable

import psycopg
from flask import Flask, Response, request
from slack_bolt import Ack, App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult

from app.db.session import SQLITE_PRAGMAS

SECRET = b"secret-of-the-floor"
SIGNATURE_HEADER = "X-Signature"
INSERT = "/insert"
TABLE = "CREATE TABLE deliveries (id INTEGER PRIMARY KEY, received_at REAL NOT NULL, body BLOB NOT NULL)"
POSTGRESQL_TABLE = "CREATE TABLE floor (id bigserial PRIMARY KEY, received_at float8 NOT NULL, body bytea NOT NULL)"


def signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def sqlite_insert() -> Flask:
    """One HMAC and one insert with its own commit, with the app's pragmas, in the SQLite file ``FLOOR_DATABASE``."""
    file = os.environ["FLOOR_DATABASE"]
    connections = threading.local()

    def insert(body: bytes) -> None:
        if not hasattr(connections, "own"):
            connections.own = _open_sqlite(file)
        connections.own.execute("INSERT INTO deliveries (received_at, body) VALUES (?, ?)", (time.time(), body))

    return _endpoint(insert)


def postgresql_insert() -> Flask:
    """The same with PostgreSQL at ``FLOOR_DATABASE``."""
    url = os.environ["FLOOR_DATABASE"]
    connections = threading.local()

    def insert(body: bytes) -> None:
        if not hasattr(connections, "own"):
            connections.own = psycopg.connect(url, autocommit=True)
        connections.own.execute("INSERT INTO floor (received_at, body) VALUES (%s, %s)", (time.time(), body))

    return _endpoint(insert)


def _open_sqlite(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    return connection


def _endpoint(insert: Callable[[bytes], None]) -> Flask:
    flask = Flask(__name__)

    @flask.post(INSERT)
    def accept() -> Response:
        body = request.get_data()
        if not hmac.compare_digest(signature(body), request.headers.get(SIGNATURE_HEADER, "")):
            return Response("not signed", 401)
        insert(body)
        return Response("applied", 200)

    return flask


def bolt() -> Flask:
    """Bolt as it comes, with one command that only acknowledges."""
    return _bolt_app(process_before_response=False)


def bolt_in_thread() -> Flask:
    """Bolt that answers in the thread that brought the request."""
    return _bolt_app(process_before_response=True)


def _bolt_app(*, process_before_response: bool) -> Flask:
    bolt_app = App(
        signing_secret=os.environ["FLOOR_SIGNING_SECRET"],
        authorize=_authorize,
        process_before_response=process_before_response,
    )

    @bolt_app.command("/ring")
    def ring(ack: Ack) -> None:
        ack("Starting")

    handler = SlackRequestHandler(bolt_app)
    flask = Flask(__name__)
    flask.add_url_rule("/slack/events", view_func=lambda: handler.handle(request), methods=["POST"])
    return flask


def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-floor")
