"""Sending as bbb-webhooks does: its form, and its proofs."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.providers.contract import Proof

HEADERS = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "User-Agent": "node-fetch"}


def checksum(url: str, body: bytes, secret: str, algorithm: str = "sha1") -> str:
    return hashlib.new(algorithm, url.encode() + body + secret.encode()).hexdigest()


def signed(url: str, body: bytes, secret: str, algorithm: str = "sha1") -> Proof:
    """A delivery of ``body`` to a hook registered as ``url``."""
    return Proof(headers=HEADERS, query=f"checksum={checksum(url, body, secret, algorithm)}")


def bearing(secret: str) -> Proof:
    """A delivery of a sender with ``auth2_0`` switched on."""
    return Proof(headers={**HEADERS, "Authorization": f"Bearer {secret}"})


def form(*events: Any, timestamp: str = "1795208768454") -> bytes:
    return packed(json.dumps(events).encode(), timestamp)


def packed(told: bytes, timestamp: str = "1795208768454") -> bytes:
    """``told`` where the form holds its JSON."""
    return urlencode({"domain": "bbb.example.test", "event": told, "timestamp": timestamp}).encode()


def unpacked(body: bytes) -> bytes:
    """The one event in the form, out of its list."""
    [event] = json.loads(parse_qs(body.decode())["event"][0])
    return json.dumps(event).encode()
