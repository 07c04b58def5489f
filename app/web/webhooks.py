"""``/webhooks/<provider>``: what providers tell. The one place that turns what became of it into a status code."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from app import logs
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import Provider, WebhookRequest
from app.services.deliveries import DeliveryService

log = logs.get(__name__)


def make_blueprint(providers: Mapping[str, Provider], delivery_service: DeliveryService) -> Blueprint:
    """2xx taken in, known before, or not ours · 400 genuine but unreadable · 401 not genuine · 404 no such provider ·
    413 too large · 500 not taken in; send it again (kept where possible)."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post("/webhooks/<name>")
    def webhooks(name: str) -> Response:
        provider = providers.get(name)
        if provider is None or not provider.capabilities.sends_events:
            return Response("no such provider here", 404)
        try:
            receipt = delivery_service.receive(provider, _webhook_request())
        except WebhookRejected as rejection:
            log.warning("webhook rejected", provider=name, why=rejection.detail)
            return Response("not proven to come from the provider", 401)
        except WebhookMalformed:
            return Response("not what the provider documents", 400)
        return Response(receipt.value, 200)

    return blueprint


def _webhook_request() -> WebhookRequest:
    return WebhookRequest.of(
        method=request.method,
        path=request.path,
        query=request.query_string.decode("latin-1"),
        headers=dict(request.headers),
        body=request.get_data(),
    )
