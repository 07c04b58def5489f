"""PUBLIC_URL: whether Slack and providers can reach such an address, and whether it is this app that answers there."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from app.cli.doctor.findings import Finding, ok, unsure, wrong
from app.web import health

PATIENCE_SECONDS = 10.0
HOST, ANSWER = "public_url", "public_url_answers"

_HOST_FIX = "Set PUBLIC_URL to an https address of this app in the internet."
_PATHS = "/slack/, /webhooks/, /join/ and /healthz"
_NO_APP = ("leads to a proxy that cannot reach the app", "Start the app, or look at where the proxy looks for it.")
_OF_OTHERS = {
    401: ("asks for credentials before the app is reached", f"Let {_PATHS} through without."),
    403: ("is closed before the app is reached", f"Let {_PATHS} through."),
    404: ("leads to something else than this app", "Look at PUBLIC_URL, and at the paths that the proxy passes on."),
    502: _NO_APP,
    503: _NO_APP,
    504: ("leads to a proxy that waits for the app in vain", "Start the app again, and look into its log."),
}
_FAILS = ("answers with an error", "Look into the log of what answers there.")


@dataclass(frozen=True, slots=True)
class Answer:
    """``is_proven`` says whether who answered knows our secret; None where there was no proof at all."""

    status: int
    is_proven: bool | None
    leads_to: str = ""


def ask(public_url: str, key: bytes, patience_seconds: float = PATIENCE_SECONDS) -> Answer | httpx.TransportError:
    """Who answers there. The environment's proxies are used, as on the way to any other address."""
    challenge = secrets.token_urlsafe(24)
    try:
        with httpx.Client(timeout=patience_seconds, follow_redirects=False) as client:
            answer = client.get(f"{public_url}/healthz", params={"challenge": challenge})
    except httpx.TransportError as error:
        return error
    proof = answer.headers.get(health.PROOF)
    is_proven = None if proof is None else hmac.compare_digest(proof, health.proof(key, challenge))
    return Answer(answer.status_code, is_proven, answer.headers.get("location", ""))


def judge_host(public_url: str, api_url: str, *, by_socket: bool) -> Finding:
    """By the address alone. A workspace on this machine reaches whatever this machine reaches."""
    if is_local(urlsplit(api_url).hostname or ""):
        return ok(HOST, f"{public_url} is for a local workspace.")
    trouble = _trouble(public_url)
    if trouble is None:
        return ok(HOST, f"{public_url} is an address that can be reached from anywhere, by its form.")
    if by_socket:
        return unsure(HOST, f"{public_url} {trouble}. Slack need not reach it, but providers and people do.", _HOST_FIX)
    return wrong(HOST, f"{public_url} {trouble}.", f"{_HOST_FIX} Or use Socket Mode: set SLACK_APP_TOKEN.")


def _trouble(public_url: str) -> str | None:
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if is_local(host):
        return "leads nowhere for others than this machine: neither Slack nor providers can reach it"
    if is_private(host):
        return "is an address within a private network, which neither Slack nor providers are in"
    return None if parts.scheme == "https" else "is not https, and Slack takes nothing else"


def is_local(host: str) -> bool:
    """Whether the name stands for the machine that it is used on."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _ip(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_private(host: str) -> bool:
    """Whether the name is one that only a private network knows."""
    address = _ip(host)
    return not address.is_global if address else host.endswith((".local", ".internal", ".lan")) or "." not in host


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def judge_answer(public_url: str, answer: Answer | httpx.TransportError) -> Finding:
    if isinstance(answer, httpx.TransportError):
        return _unanswered(public_url, answer)
    if answer.is_proven:
        return ok(ANSWER, f"The app with these settings answers at {public_url}.")
    if answer.is_proven is False:
        says = f"A Switchboard answers at {public_url}, but with another SECRET_KEY or SLACK_SIGNING_SECRET."
        return wrong(ANSWER, says, "Start it again with the settings of this check, or set PUBLIC_URL to this app's.")
    if 300 <= answer.status < 400:
        says = f"{public_url} redirects, and neither Slack nor providers follow."
        return wrong(ANSWER, says, "Set PUBLIC_URL to where it leads, or let requests through to the app.")
    if answer.status == 200:
        says = f"Something answers at {public_url}, but not as this app does."
        fix = "Look at PUBLIC_URL, and at where the proxy leads. If the app was just updated, start it again."
        return wrong(ANSWER, says, fix)
    what, fix = _OF_OTHERS.get(answer.status, _FAILS)
    return wrong(ANSWER, f"{public_url} {what} ({answer.status}).", fix)


def _unanswered(public_url: str, error: httpx.TransportError) -> Finding:
    if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
        says = f"{public_url} has a certificate that is not trusted; Slack and providers will not trust it either."
        return wrong(ANSWER, says, "Give the proxy a certificate of a known authority, with its whole chain.")
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        says = f"{public_url} did not answer in time; Slack waits for three seconds."
        return wrong(ANSWER, says, "Look whether the app is busy, or the proxy waiting for it.")
    says = f"{public_url} cannot be reached from this machine ({type(error).__name__})."
    return wrong(ANSWER, says, "Start the app with `python -m app serve`, and look whether PUBLIC_URL is its address.")
