"""``/metrics`` for Prometheus, behind a token: how busy a company is in its calls is nobody else's business."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request
from pydantic import SecretStr

from app import metrics
from app.clock import Clock
from app.db.gauges import Gauges, read_gauges
from app.db.session import Database

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def make_blueprint(database: Database, clock: Clock, token: SecretStr | None) -> Blueprint:
    """Without a ``token`` there is no such page."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def show() -> Response:
        if token is None:
            return Response("metrics are shown when METRICS_TOKEN is set", 404)
        wanted = f"Bearer {token.get_secret_value()}".encode()
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted):
            return Response("the token is missing or wrong", 401)
        with database.reading() as connection:
            gauges = read_gauges(connection, clock.now())
        counted = [line for counter in metrics.ALL for line in counter.lines()]
        return Response("\n".join([*counted, *_lines(gauges), ""]), content_type=CONTENT_TYPE)

    return blueprint


def _lines(gauges: Gauges) -> list[str]:
    running, lag, parked = "switchboard_calls_running", "switchboard_lag_seconds", "switchboard_lanes_parked"
    aside = "switchboard_calls_set_aside"
    return [
        *metrics.heading(running, "Calls that are not over, in all processes.", "gauge"),
        *(metrics.sample(running, {"provider": name}, count) for name, count in sorted(gauges.running.items())),
        *metrics.heading(lag, "For how long the call that has been due longest has waited.", "gauge"),
        metrics.sample(lag, {}, gauges.lag_seconds),
        *metrics.heading(parked, "Lanes that Slack or a provider has told us to rest in.", "gauge"),
        metrics.sample(parked, {}, gauges.parked_lanes),
        *metrics.heading(aside, "Calls that failed again and again, and are tried every few minutes.", "gauge"),
        metrics.sample(aside, {}, gauges.set_aside),
    ]
