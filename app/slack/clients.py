"""A client for each team: whose token a request to Slack carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from app.slack.web_api import TIMEOUT_SECONDS, LoyalClient, client_options, make_client

TOKEN_REFUSED = frozenset({"account_inactive", "invalid_auth", "token_expired", "token_revoked"})
"""Slack's words for a token that is good for nothing, whatever was asked."""
Renew: TypeAlias = Callable[[str, str], str | None]
"""``renew(token, code)`` after Slack has refused a token with that code: another one, if there is one. May raise a kind
of ``RequestFailed``."""


class Clients(Protocol):
    """The teams that the app is installed in."""

    def of(self, team_id: str, enterprise_id: str | None = None, *, timeout_seconds: float | None = None) -> WebClient:
        """A client with the token of our app in this team. Raises ``PermanentFailure`` where it is not installed, and
        any kind of ``RequestFailed`` when a worn-out token cannot be exchanged."""

    def has(self, team_id: str, enterprise_id: str | None = None) -> bool:
        """Whether the app is installed in this team, whatever its token is worth."""


class OneToken:
    """The one token of the settings, whichever team asks."""

    def __init__(self, token: str, api_url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """``timeout_seconds`` is for whoever does not ask for another."""
        self._token = token
        self._api_url = api_url
        self._timeout_seconds = timeout_seconds

    def of(
        self,
        team_id: str,  # noqa: ARG002  # Slack knows it by the token
        enterprise_id: str | None = None,  # noqa: ARG002
        *,
        timeout_seconds: float | None = None,
    ) -> WebClient:
        return make_client(self._token, self._api_url, timeout_seconds=timeout_seconds or self._timeout_seconds)

    def has(self, team_id: str, enterprise_id: str | None = None) -> bool:  # noqa: ARG002
        """Slack sends requests from nowhere else."""
        return True


class RenewingClient(LoyalClient):
    """A client that sends a request again with another token, once, when Slack has refused its own: such a request had
    no effect. A token may wear out between the moment it was looked up and the moment it is used."""

    def __init__(
        self, token: str, api_url: str, renew: Renew, *, team_id: str | None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        """``team_id`` goes along with every request: an organisation's token must say where."""
        super().__init__(token, team_id=team_id, **client_options(api_url, timeout_seconds))
        self._renew = renew

    def api_call(self, api_method: str, **arguments: Any) -> SlackResponse:
        try:
            return super().api_call(api_method, **arguments)
        except SlackApiError as error:
            other = self._another(error)
            if other is None:
                raise
        self.token = other
        return super().api_call(api_method, **arguments)

    def _another(self, error: SlackApiError) -> str | None:
        answer = error.response.data
        code = answer.get("error") if isinstance(answer, dict) else None
        return self._renew(self.token or "", code) if code in TOKEN_REFUSED else None
