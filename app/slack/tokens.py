"""The app's tokens: what Slack says of them, and what they open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from app.errors import RequestFailed
from app.slack.web_api import malformed, send


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Whose a token is: the workspace, and whether it is our bot's there. ``scopes`` is None where Slack says none."""

    team_id: str
    team: str
    is_bot: bool
    scopes: frozenset[str] | None


def introduce(client: WebClient) -> Introduction:
    """What Slack says of the client's token. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/methods/auth.test; the scopes stand in a header of every answer:
    https://docs.slack.dev/authentication/installing-with-oauth
    """
    told, headers = _with_headers(client.auth_test)
    scopes = headers.get("x-oauth-scopes")
    return Introduction(
        team_id=str(told.get("team_id", "")),
        team=str(told.get("team", "")),
        is_bot=bool(told.get("bot_id")),
        scopes=None if scopes is None else frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
    )


def slacks_time(client: WebClient) -> datetime | None:
    """Slack's clock, to the second; None where no answer tells it. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/methods/api.test needs no token.
    """
    _, headers = _with_headers(client.api_test)
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def socket_address(client: WebClient, app_token: str) -> str:
    """Where one WebSocket can be opened, once and soon. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/methods/apps.connections.open
    """
    address = send(client.apps_connections_open, app_token=app_token).get("url")
    if not isinstance(address, str) or not address.startswith(("wss://", "ws://")):
        raise malformed()
    return address


def try_client(client: WebClient, client_id: str, client_secret: str) -> RequestFailed:
    """What Slack says to a code that is none. Its code tells whether it was that which Slack disliked, or who asked.

    https://docs.slack.dev/reference/methods/oauth.v2.access
    """
    try:
        send(client.oauth_v2_access, client_id=client_id, client_secret=client_secret, code="none")
    except RequestFailed as refusal:
        return refusal
    return malformed()


def _with_headers(method: Callable[[], SlackResponse]) -> tuple[Mapping[str, object], Mapping[str, str]]:
    """The answer and its headers, by their names in small letters."""
    headers: dict[str, str] = {}

    def asked() -> SlackResponse:
        answer = method()
        headers.update({name.lower(): value for name, value in (answer.headers or {}).items()})
        return answer

    return send(asked), headers
