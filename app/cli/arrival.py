"""Whether webhooks arrive: one is made as the vendor would make it, and sent to where the vendor would send it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from app.errors import PermanentFailure
from app.providers.base import Provider, WebhookRequest
from app.services.deliveries import Receipt

PATIENCE_SECONDS = 10.0
LONGEST_ANSWER = 1000

_TAKEN_IN = frozenset(receipt.value for receipt in Receipt)
_REFERENCE = re.compile("something went wrong here; reference ([0-9a-f]{8})")

# What the app itself says (app/web/webhooks.py), so it was reached.
_OF_OURS = {
    "not proven to come from the provider": "does not accept the signature: the app there runs with another secret, or "
    "its clock is wrong. Start it again with the settings of this check.",
    "no such provider here": "does not know {name}: the app there was started without these settings. Start it again.",
    "not what the provider documents": "cannot read it: the app there is of another version than this one.",
}
_OF_OTHERS = {
    401: "asks for credentials before the app is reached: let /webhooks/ through without.",
    403: "is closed before the app is reached: let POST requests to /webhooks/ through.",
    404: "leads to something else than this app: look at PUBLIC_URL, and at the paths that the proxy passes on.",
    405: "leads to something that takes no POST requests: look at PUBLIC_URL.",
    500: "failed: look into the log of what answers there.",
    502: "leads to a proxy that cannot reach the app: is the app running where the proxy looks for it?",
    503: "leads to a proxy that cannot reach the app: is the app running where the proxy looks for it?",
    504: "leads to a proxy that waits for the app in vain: is the app running where the proxy looks for it?",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    """``said`` is the beginning of the body. It may repeat the request with its secrets, so none of it is shown."""

    status: int
    said: str
    leads_to: str


def try_delivery(provider: Provider, *, patience_seconds: float = PATIENCE_SECONDS) -> str:
    """Send a signed test delivery to the running app. Returns what was proven, as a sentence.

    Raises ``PermanentFailure`` that says what is wrong and what to do about it.
    """
    delivery = provider.test_delivery()
    address = f"{provider.webhook_url}{delivery.path}"
    try:
        answer = _send(address, delivery, patience_seconds)
    except httpx.TransportError as error:
        raise PermanentFailure("not_arrived", f"{address} {_why_unanswered(error)}") from None
    if answer.status == 200 and answer.said in _TAKEN_IN:
        return f"A signed test delivery arrived at {address}."
    raise PermanentFailure(f"http_{answer.status}", f"{address} {_what_it_means(answer, provider.name)}")


def _send(address: str, delivery: WebhookRequest, patience_seconds: float) -> _Answer:
    """Redirects are not followed, as vendors do not."""
    url = f"{address}?{delivery.query}" if delivery.query else address
    headers = dict(delivery.headers)
    with (
        httpx.Client(timeout=patience_seconds, follow_redirects=False) as client,
        client.stream(delivery.method, url, headers=headers, content=delivery.body) as response,
    ):
        body = b""
        for piece in response.iter_raw():
            body += piece
            if len(body) >= LONGEST_ANSWER:
                break
        said = body[:LONGEST_ANSWER].decode("utf-8", "replace").strip()
        return _Answer(response.status_code, said, _origin(response.headers.get("location", "")))


def _origin(address: str) -> str:
    """Scheme and host alone: behind them may stand a copy of our request."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme and parts.netloc else ""


def _why_unanswered(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
        return "has a certificate that is not trusted: vendors will not trust it either."
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return "cannot be reached from this machine: is the app running, and is PUBLIC_URL its address?"
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time: vendors wait no longer either. Is the app busy, or the proxy waiting for it?"
    return "hung up without an answer: does http or https in PUBLIC_URL fit what listens there?"


def _what_it_means(answer: _Answer, name: str) -> str:
    if answer.said in _OF_OURS:
        return _OF_OURS[answer.said].format(name=name)
    if reference := _REFERENCE.search(answer.said):
        return f"failed: look for {reference[1]} in the log of the app."
    if 300 <= answer.status < 400:
        where = f" to {answer.leads_to}" if answer.leads_to else ""
        return (
            f"redirects{where}, and vendors do not follow: set PUBLIC_URL to where it leads, or let /webhooks/ through."
        )
    if answer.status < 300:
        return f"answers {answer.status}, but not as this app does: is it the page of a proxy, or another PUBLIC_URL?"
    return _OF_OTHERS.get(answer.status, f"answers {answer.status}, which is not this app: what stands before it?")
