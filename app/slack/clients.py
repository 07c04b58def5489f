"""A client for each team: whose token a request to Slack carries."""

from __future__ import annotations

from typing import Protocol

from slack_sdk import WebClient

from app.slack.web_api import TIMEOUT_SECONDS, make_client


class Clients(Protocol):
    """The teams that the app is installed in."""

    def of(self, team_id: str, enterprise_id: str | None = None, *, timeout_seconds: float | None = None) -> WebClient:
        """A client with the token of our app in this team. Raises ``PermanentFailure`` where it is not installed, and
        any kind of ``RequestFailed`` when a worn-out token cannot be exchanged."""


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
