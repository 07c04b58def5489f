"""``/webhooks/<provider>``: what providers tell. The one place that turns what became of it into a status code."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import logs
from app.errors import WebhookMalformed, WebhookRejected
from app.metrics import DELIVERIES
from app.providers.base import DEFAULT_ACCOUNT, WebhookRequest
from app.services.accounts import Accounts
from app.services.deliveries import DeliveryService
from app.web import limits

log = logs.get(__name__)


def make_blueprint(accounts: Accounts, delivery_service: DeliveryService) -> Blueprint:
    """2xx taken in, known before, or not ours · 400 genuine but unreadable (200 where the vendor would give up on us) ·
    401 not genuine · 404 no such provider or path · 413 too large · 500 not taken in; send it again (kept where
    possible)."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post("/webhooks/<name>")
    @blueprint.post("/webhooks/<name>/<path:rest>")
    def webhooks(name: str, rest: str = "") -> Response:
        provider = accounts.find(name, DEFAULT_ACCOUNT)
        path = f"/{rest}" if rest else ""
        if provider is None or not provider.capabilities.sends_events or path not in provider.webhook_paths:
            return Response("no such provider here", 404)
        incoming = _webhook_request(path)
        try:
            if reply := provider.answer_challenge(incoming):
                return Response(reply.body, 200, content_type=reply.content_type)
            receipt = delivery_service.receive(provider, incoming)
        except WebhookRejected as rejection:
            DELIVERIES.count(name, "rejected")
            limits.warn(log, "webhook rejected", provider=name, why=rejection.detail)
            return Response("not proven to come from the provider", 401)
        except WebhookMalformed:
            return Response("not what the provider documents", provider.malformed_status)
        return Response(receipt.value, 200)

    return blueprint


def _webhook_request(path: str) -> WebhookRequest:
    return WebhookRequest.of(
        method=request.method,
        path=path,
        query=request.query_string.decode("latin-1"),
        headers=dict(request.headers),
        body=request.get_data(),
    )
