"""A stand-in for 8x8's conference commands, with the tokens checked."""

from __future__ import annotations

import functools
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.clocks import MovedClock
from tests.providers.jaas.told import APP_ID, SECRET
from tests.providers.standin import Asked, Reply, StandIn

KEY_ID = f"{APP_ID}/4f4910"


@functools.cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def pem() -> str:
    return private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()


class Eight(StandIn):
    """``rooms`` are the full names of those that run; tests may change them."""

    def __init__(self, clock: MovedClock) -> None:
        super().__init__(self._answer)
        self.rooms: set[str] = set()
        self._clock = clock

    def settings(self) -> dict[str, str]:
        return {
            "JAAS_URL": self.url,
            "JAAS_APP_ID": APP_ID,
            "JAAS_KEY_ID": KEY_ID,
            "JAAS_PRIVATE_KEY": pem(),
            "JAAS_WEBHOOK_SECRET": SECRET,
        }

    def _answer(self, asked: Asked) -> Reply:
        if (asked.method, asked.path) != ("POST", "/v1/_jaas/conference-commands/v1/meeting"):
            return Reply(404, b"<html>Not here</html>")
        if not self._is_admin(asked.headers.get("authorization", "").removeprefix("Bearer ")):
            return Reply(401, b'{"message":"The token is not valid"}')
        command = json.loads(asked.body)
        assert (command["action"], asked.headers["content-type"]) == ("DESTROY", "application/json")
        room = command["payload"]["conferenceFullName"]
        if room not in self.rooms:
            return Reply(404, b'{"message":"No such conference"}')
        self.rooms.remove(room)
        return Reply(200)

    def _is_admin(self, token: str) -> bool:
        try:
            claims = jwt.decode(
                token,
                private_key().public_key(),
                algorithms=["RS256"],
                audience="jitsi",
                issuer="chat",
                options={"verify_exp": False, "verify_nbf": False, "require": ["exp", "nbf"]},
            )
        except jwt.PyJWTError:
            return False
        is_now = claims["nbf"] <= self._clock.unix() < claims["exp"]
        is_ours = claims["sub"] == APP_ID and jwt.get_unverified_header(token)["kid"] == KEY_ID
        return is_now and is_ours and claims.get("admin") is True
