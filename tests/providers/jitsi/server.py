"""A stand-in for a Jitsi server: its web app's configuration, and Prosody's optional modules."""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.clocks import MovedClock
from tests.providers.standin import Asked, Reply, StandIn

TOKEN, OLD_TOKEN = "the-token-of-our-webhooks", "the-token-of-last-year"
APP_ID, APP_SECRET = "switchboard", "the-secret-that-prosody-knows-too"
KEY_ID = "system/end-meeting"
DOMAIN, MUC = "meet.jitsi", "muc.meet.jitsi"


@functools.cache
def end_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def end_pem() -> str:
    return end_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()


class JitsiServer(StandIn):
    """``rooms`` are the addresses of those that run; ``config`` is what the web app tells. Tests may change both."""

    def __init__(self, clock: MovedClock) -> None:
        super().__init__(self._answer)
        self.rooms: set[str] = set()
        self.config = f"config.hosts.muc = '{MUC}';\n"
        self._clock = clock

    def settings(self) -> dict[str, str]:
        """What every account needs."""
        return {"JITSI_URL": self.url, "JITSI_MUC_DOMAIN": MUC, "JITSI_WEBHOOK_TOKEN": TOKEN}

    def settings_for_everything(self) -> dict[str, str]:
        return {
            **self.settings(),
            "JITSI_APP_ID": APP_ID,
            "JITSI_APP_SECRET": APP_SECRET,
            "JITSI_SIZE_URL": self.url,
            "JITSI_END_URL": self.url,
            "JITSI_END_PRIVATE_KEY": end_pem(),
            "JITSI_END_KEY_ID": KEY_ID,
        }

    def _answer(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.path)
        parameters = dict(parse_qsl(parts.query))
        match (asked.method, parts.path):
            case ("GET", "/config.js"):
                return Reply(200, self.config.encode())
            case ("GET", "/room-size"):
                return self._size(parameters)
            case ("POST", "/end-meeting"):
                return self._end(asked, parameters)
        return Reply(404, b"<html>Not here</html>")

    def _size(self, parameters: dict[str, str]) -> Reply:
        """https://github.com/jitsi/jitsi-meet/blob/master/resources/prosody-plugins/mod_muc_size.lua"""
        if not parameters:
            return Reply(400)
        room, tenant = parameters["room"], parameters.get("subdomain", "")
        if "token" in parameters and self._claims(parameters["token"], APP_SECRET, "HS256").get("room") != room:
            return Reply(403)
        jid = f"[{tenant}]{room}@muc.{parameters['domain']}" if tenant else f"{room}@muc.{parameters['domain']}"
        return Reply(200, b'{"participants":1}') if jid in self.rooms else Reply(404)

    def _end(self, asked: Asked, parameters: dict[str, str]) -> Reply:
        """https://github.com/jitsi/jitsi-meet/blob/master/resources/prosody-plugins/mod_muc_end_meeting.lua"""
        if not parameters:
            return Reply(400)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self._claims(token, end_key().public_key(), "RS256").get("room") != "*":
            return Reply(401)
        if jwt.get_unverified_header(token).get("kid") != KEY_ID:
            return Reply(401)
        if parameters["conference"] not in self.rooms:
            return Reply(404)
        self.rooms.remove(parameters["conference"])
        return Reply(200)

    def _claims(self, token: str, key: str | rsa.RSAPublicKey, algorithm: str) -> dict[str, Any]:
        """Empty for a token that Prosody would not accept at this time."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=APP_ID,
                audience="jitsi",
                options={"verify_exp": False, "verify_nbf": False, "require": ["exp", "nbf", "sub", "room"]},
            )
        except jwt.PyJWTError:
            return {}
        return claims if claims["nbf"] <= self._clock.unix() < claims["exp"] else {}
