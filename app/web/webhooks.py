"""``/webhooks/<provider>`` and ``/webhooks/<provider>/<account id>``: what providers tell.

The one place that turns what became of it into a status code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flask import Blueprint, Response, g, request

from app import logs
from app.db.accounts import ACCOUNT_ID
from app.errors import WebhookMalformed, WebhookRejected
from app.metrics import DELIVERIES
from app.providers.base import DEFAULT_ACCOUNT, Provider, WebhookRequest
from app.services.accounts import Accounts
from app.services.deliveries import DeliveryService, Receipt
from app.web.answers import Answer, answer_to

ROOT = "/webhooks/"
ENDPOINT = "webhooks.take_in"
"""What failures are counted under, at each door that leads here."""
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request to an account at the provider ``name``; the path of ``request`` is what comes behind both. One
    ``of_flood`` comes from where many others have failed: should it fail too, the log need not hold it."""

    name: str
    account_id: str
    request: WebhookRequest
    of_flood: bool

    @classmethod
    def of(cls, path: str, query: str, headers: Mapping[str, str], body: bytes, *, of_flood: bool) -> Incoming:
        """``path`` is the whole one, ``headers`` have lower-case names."""
        name, slash, rest = path.removeprefix(ROOT).partition("/")
        account_id = DEFAULT_ACCOUNT
        first, cut, behind = rest.partition("/")
        # No provider has such a path of its own.
        if ACCOUNT_ID.fullmatch(first):
            account_id, slash, rest = first, cut, behind
        sent = WebhookRequest(method="POST", path=slash + rest, query=query, headers=headers, body=body)
        return cls(name, account_id, sent, of_flood)


_Found: TypeAlias = Answer | tuple[Provider, WebhookRequest]


class Webhooks:
    """2xx taken in, known before, or not ours · 400 genuine but unreadable (200 where the vendor would give up on us) ·
    401 not genuine · 404 no such provider or path · 500 not taken in, send it again (kept where possible) · 503 the
    same, when the database is away or busy. Too much and too often is for the doors that lead here."""

    def __init__(self, accounts: Accounts, deliveries: DeliveryService) -> None:
        self._accounts = accounts
        self._deliveries = deliveries

    def answer_all(self, incoming: Sequence[Incoming]) -> list[Answer]:
        """The answers to requests that came together, in order."""
        found = [self._find(each) for each in incoming]
        received = [each for each in found if not isinstance(each, Answer)]
        came_to = self._deliveries.receive_all(received)
        for (provider, _), receipt in zip(received, came_to, strict=True):
            if isinstance(receipt, Receipt):
                self._accounts.note_delivery(provider)
        of_received = iter(came_to)
        return [
            each if isinstance(each, Answer) else _answer(of, each[0], next(of_received))
            for of, each in zip(incoming, found, strict=True)
        ]

    def _find(self, incoming: Incoming) -> _Found:
        """The provider that is meant; or the answer, where there is nothing to take in."""
        provider = self._accounts.find(incoming.name, incoming.account_id)
        path = incoming.request.path
        if provider is None or not provider.capabilities.sends_events or path not in provider.webhook_paths:
            return Answer(404, b"no such provider here")
        try:
            reply = provider.answer_challenge(incoming.request)
        except WebhookRejected as rejection:
            return _answer(incoming, provider, rejection)
        return Answer(200, reply.body, content_type=reply.content_type) if reply else (provider, incoming.request)


def make_blueprint(webhooks: Webhooks) -> Blueprint:
    """The same for a server that hands one request to one thread."""
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post(f"{ROOT}<path:_>")
    def take_in(_: str) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = request.query_string.decode("latin-1")
        incoming = Incoming.of(request.path, query, headers, request.get_data(), of_flood=bool(g.get("retry_seconds")))
        [answer] = webhooks.answer_all([incoming])
        return answer.as_response()

    return blueprint


def _answer(incoming: Incoming, provider: Provider, came_to: Receipt | Exception) -> Answer:
    if isinstance(came_to, Receipt):
        return Answer(200, came_to.value.encode())
    if isinstance(came_to, WebhookRejected):
        DELIVERIES.count(provider.name, "rejected")
        if not incoming.of_flood:
            account_id = provider.account_id
            log.warning("webhook rejected", provider=provider.name, account_id=account_id, why=came_to.detail)
        return Answer(401, b"not proven to come from the provider")
    if isinstance(came_to, WebhookMalformed):
        return Answer(provider.malformed_status, b"not what the provider documents")
    return answer_to(came_to)
