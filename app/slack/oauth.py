"""Installing the app by OAuth, and exchanging tokens that wear out.

https://docs.slack.dev/authentication/installing-with-oauth and
https://docs.slack.dev/authentication/using-token-rotation
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, ValidationError
from slack_sdk import WebClient
from slack_sdk.oauth import AuthorizeUrlGenerator

from app.clock import Clock
from app.errors import PermanentFailure
from app.slack.scopes import BOT_SCOPES
from app.slack.web_api import TIMEOUT_SECONDS, make_client, send

WORN_OUT_REFRESH = frozenset({"invalid_refresh_token", "token_revoked", "account_inactive"})
"""Slack's words for a refresh token that will never be taken again: only installing the app anew helps."""
_NO_BOT = "no_bot_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTokens:
    """``refresh`` and ``expire_at`` are None for a bot token that lasts."""

    bot: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expire_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What Slack says of an installation. Without a team it is for all workspaces of the organisation."""

    tokens: NewTokens
    app_id: str
    bot_user_id: str
    bot_scopes: tuple[str, ...]
    installed_by: str
    team_id: str | None
    team_name: str | None
    enterprise_id: str | None
    enterprise_name: str | None
    bot_id: str | None = None


class _Named(BaseModel):
    id: str = Field(pattern=r"^[A-Z0-9]{2,40}$")
    name: str | None = None


class _Tokens(BaseModel):
    access_token: str = Field(min_length=1)
    refresh_token: str | None = None
    expires_in: float | None = Field(default=None, gt=0)

    def read(self, asked_at: datetime) -> NewTokens:
        # A token that expires and cannot be exchanged, or the other way round, is one that lasts until it is refused.
        if self.refresh_token is None or self.expires_in is None:
            return NewTokens(bot=self.access_token)
        expire_at = asked_at + timedelta(seconds=self.expires_in)
        return NewTokens(bot=self.access_token, refresh=self.refresh_token, expire_at=expire_at)


class _Access(_Tokens):
    """https://docs.slack.dev/reference/methods/oauth.v2.access"""

    app_id: str = Field(pattern=r"^[A-Z0-9]{2,40}$")
    bot_user_id: str = Field(pattern=r"^[A-Z0-9]{2,40}$")
    scope: str
    authed_user: _Named
    team: _Named | None = None
    enterprise: _Named | None = None
    is_enterprise_install: bool = False


_Answer = TypeVar("_Answer", bound=_Tokens)


class SlackOAuth:
    """Slack as the one who lets the app in. ``redirect_uri`` is where it sends people back to; it stands in the
    manifest."""

    def __init__(self, api_url: str, client_id: str, client_secret: str, redirect_uri: str, clock: Clock) -> None:
        parts = urlsplit(api_url)
        self._site = f"{parts.scheme}://{parts.netloc}"
        self._addresses = AuthorizeUrlGenerator(
            client_id=client_id,
            scopes=list(BOT_SCOPES),
            # It is put into the address as it stands.
            redirect_uri=quote(redirect_uri, safe=""),
            authorization_url=f"{self._site}/oauth/v2/authorize",
        )
        self._api_url = api_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._clock = clock

    def address(self, state: str) -> str:
        """Where somebody agrees that the app is installed."""
        return self._addresses.generate(state)

    def home(self, installed: Installed) -> str:
        """Where the app is found in Slack. https://docs.slack.dev/interactivity/deep-linking"""
        team = f"&team={installed.team_id}" if installed.team_id else ""
        return f"{self._site}/app_redirect?app={installed.app_id}{team}"

    def install(self, code: str) -> Installed:
        """What somebody has agreed to. Raises a kind of ``RequestFailed``."""
        asked_at = self._clock.now()
        answer = send(self._client().oauth_v2_access, **self._us, code=code, redirect_uri=self._redirect_uri)
        if not answer.get("access_token"):
            raise PermanentFailure(_NO_BOT)
        return _installed(_read(_Access, answer), asked_at)

    def bot_id(self, token: str) -> str:
        """The ``B…`` of our messages. Raises a kind of ``RequestFailed``, also for a token that is no good."""
        return str(send(self._client(token).auth_test).get("bot_id") or "")

    def exchange(self, refresh_token: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> NewTokens:
        """New tokens for old. Raises a kind of ``RequestFailed``."""
        asked_at = self._clock.now()
        client = self._client(timeout_seconds=timeout_seconds)
        answer = send(client.oauth_v2_access, **self._us, grant_type="refresh_token", refresh_token=refresh_token)
        return _read(_Tokens, answer).read(asked_at)

    @property
    def _us(self) -> dict[str, str]:
        return {"client_id": self._client_id, "client_secret": self._client_secret}

    def _client(self, token: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> WebClient:
        return make_client(token, self._api_url, timeout_seconds=timeout_seconds)


def _installed(access: _Access, asked_at: datetime) -> Installed:
    team = None if access.is_enterprise_install else access.team
    if team is None and (access.enterprise is None or not access.is_enterprise_install):
        raise PermanentFailure("malformed_answer", "It names no workspace.")
    return Installed(
        tokens=access.read(asked_at),
        app_id=access.app_id,
        bot_user_id=access.bot_user_id,
        bot_scopes=tuple(filter(None, access.scope.split(","))),
        installed_by=access.authed_user.id,
        team_id=team.id if team else None,
        team_name=team.name if team else None,
        enterprise_id=access.enterprise.id if access.enterprise else None,
        enterprise_name=access.enterprise.name if access.enterprise else None,
    )


def _read(kind: type[_Answer], answer: dict[str, Any]) -> _Answer:
    try:
        return kind.model_validate(answer)
    except ValidationError as error:
        where = ", ".join(sorted(str(problem["loc"][0]) for problem in error.errors(include_input=False)))
        # Without the cause: it quotes what it was given, which is secret.
        raise PermanentFailure("malformed_answer", f"Wrong or missing: {where}.") from None
