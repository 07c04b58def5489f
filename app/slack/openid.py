"""Sign in with Slack: who somebody is, as Slack vouches for it.

https://docs.slack.dev/authentication/sign-in-with-slack and https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import jwt
from jwt.exceptions import PyJWKClientConnectionError
from jwt.types import Options
from pydantic import BaseModel, Field, ValidationError
from slack_sdk import WebClient

from app.clock import Clock
from app.config import is_web_address
from app.domain.plain_text import one_line
from app.errors import PermanentFailure, TemporaryFailure
from app.slack.web_api import TIMEOUT_SECONDS, make_client, send

SCOPES = ("openid", "profile", "email")
ISSUER = "https://slack.com"
WORN_OUT_CODES = frozenset({"invalid_code", "code_already_used", "code_expired"})
"""Slack's words for a code that came too late or a second time: signing in again helps."""
LONGEST_NAME = 80
LONGEST_EMAIL = 254
LONGEST_ADDRESS = 500
# For clocks that differ; Slack's tokens are good for five minutes.
LEEWAY = timedelta(seconds=60)

# We judge the time ourselves, by the clock that tests move.
_CHECKS: Options = {
    "require": ["iss", "aud", "exp"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a workspace. ``email`` is one that Slack has verified, ``avatar_url`` a public address."""

    team_id: str
    user_id: str
    name: str
    email: str | None = None
    avatar_url: str | None = None


class _Claims(BaseModel):
    """What an id token says: https://docs.slack.dev/reference/methods/openid.connect.token"""

    exp: float
    nonce: str
    team_id: str = Field(alias="https://slack.com/team_id", pattern=r"^[A-Z0-9]{2,40}$")
    user_id: str = Field(alias="https://slack.com/user_id", pattern=r"^[UW][A-Z0-9]{1,39}$")
    name: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    picture: str | None = None
    image: str | None = Field(default=None, alias="https://slack.com/user_image_192")


class SlackOpenId:
    """Slack as a sign-in, for one app. ``redirect_uri`` is where it sends people back to; it stands in the manifest."""

    def __init__(self, api_url: str, client_id: str, client_secret: str, redirect_uri: str, clock: Clock) -> None:
        parts = urlsplit(api_url)
        site = f"{parts.scheme}://{parts.netloc}"
        self._authorize_url = f"{site}/openid/connect/authorize"
        self._keys = jwt.PyJWKClient(f"{site}/openid/connect/keys", timeout=TIMEOUT_SECONDS)
        self._client: WebClient = make_client(None, api_url)
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._clock = clock

    def address(self, *, state: str, nonce: str, team_id: str) -> str:
        """Where somebody signs in to the workspace ``team_id``."""
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "scope": " ".join(SCOPES),
            "redirect_uri": self._redirect_uri,
            "state": state,
            "nonce": nonce,
            "team": team_id,
        }
        return f"{self._authorize_url}?{urlencode(asked)}"

    def member(self, code: str, *, nonce: str) -> Member:
        """Who has signed in. Raises a kind of ``RequestFailed``; where its code is one of ``WORN_OUT_CODES``, signing
        in again helps."""
        answer = send(
            self._client.openid_connect_token,
            client_id=self._client_id,
            client_secret=self._client_secret,
            code=code,
            redirect_uri=self._redirect_uri,
        )
        return _member(self._verified(str(answer.get("id_token", "")), nonce))

    def _verified(self, id_token: str, nonce: str) -> _Claims:
        """The claims of a token that Slack has signed for us, now, and for this sign-in.

        It comes straight from Slack, so by the specification (3.1.3.7) TLS alone would do. The signature is checked as
        well: it costs one request in five minutes, and nothing then rests on how the token got here.
        """
        try:
            key = self._keys.get_signing_key_from_jwt(id_token)
            told = jwt.decode(
                id_token, key, algorithms=["RS256"], audience=self._client_id, issuer=ISSUER, options=_CHECKS
            )
            claims = _Claims.model_validate(told)
        except (PyJWKClientConnectionError, json.JSONDecodeError) as error:
            raise TemporaryFailure("no_signing_keys") from error
        # What is not a token at all surfaces as many things, nested headers even as a RecursionError.
        except (jwt.PyJWTError, ValidationError, ValueError, TypeError, RecursionError) as error:
            raise PermanentFailure("invalid_id_token", type(error).__name__) from error
        if claims.nonce != nonce:
            raise PermanentFailure("invalid_id_token", "It was made for another sign-in.")
        if claims.exp + LEEWAY.total_seconds() < self._clock.now().timestamp():
            raise PermanentFailure("invalid_id_token", "It has expired.")
        return claims


def _member(claims: _Claims) -> Member:
    return Member(
        team_id=claims.team_id,
        user_id=claims.user_id,
        # Slack lets nobody be without a name; should it do so once, the id at least tells people apart.
        name=one_line(claims.name or "")[:LONGEST_NAME].strip() or claims.user_id,
        email=_email(claims),
        avatar_url=next((url for url in (claims.image, claims.picture) if url and _is_address(url)), None),
    )


def _email(claims: _Claims) -> str | None:
    email = claims.email or ""
    fits = len(email) <= LONGEST_EMAIL and re.fullmatch(r"[^\s@]+@[^\s@]+", email)
    return email if fits and claims.email_verified else None


def _is_address(url: str) -> bool:
    return len(url) <= LONGEST_ADDRESS and is_web_address(url, frozenset({"https"}))
