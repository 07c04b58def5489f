"""``/healthz`` the process answers; ``/readyz`` it can also do its work."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from app.db import migrate
from app.db.session import Database


def make_blueprint(database: Database) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return Response("ok")

    @blueprint.get("/readyz")
    def readyz() -> Response:
        try:
            current = migrate.is_current(database)
        except SQLAlchemyError:
            return Response("the database cannot be reached", 503)
        return Response("ok") if current else Response("the database needs: python -m app db upgrade", 503)

    return blueprint
