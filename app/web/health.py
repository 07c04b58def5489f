"""``/healthz`` the process answers; ``/readyz`` it can also do its work."""

from __future__ import annotations

from flask import Blueprint, Response

from app.db import migrate
from app.db.session import Database


def make_blueprint(database: Database) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return Response("ok")

    @blueprint.get("/readyz")
    def readyz() -> Response:
        problem = migrate.problem(database)
        return Response("ok") if problem is None else Response(problem, 503)

    return blueprint
