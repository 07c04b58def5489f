"""``/healthz`` the process answers; ``/readyz`` it can also do its work."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request

from app.db import migrate
from app.db.gauges import count_set_aside
from app.db.session import Database

KEY = "health"
"""What the key of proofs is derived for."""
PROOF = "Switchboard-Proof"
LONGEST_CHALLENGE = 100


def proof(key: bytes, challenge: str) -> str:
    """What only an app with the same secret can answer to a challenge that nobody has seen before."""
    return hmac.digest(key, challenge.encode(), "sha256").hex()


def make_blueprint(database: Database, key: bytes) -> Blueprint:
    """``key`` is for proofs alone."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        challenge = request.args.get("challenge", "")[:LONGEST_CHALLENGE]
        return Response("ok", headers={PROOF: proof(key, challenge)} if challenge else {})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        problem = migrate.problem(database)
        return Response(_in_order(database)) if problem is None else Response(problem, 503)

    return blueprint


def _in_order(database: Database) -> str:
    """A call that hangs makes the process no less ready for the others."""
    with database.reading() as connection:
        aside = count_set_aside(connection)
    return f"ok, but set aside: {aside}; see python -m app calls list --set-aside" if aside else "ok"
