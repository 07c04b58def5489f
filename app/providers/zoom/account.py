"""The settings of one Zoom account."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.config import BaseAddress
from app.domain.lanes import Pace
from app.providers.accounts import Account, HeaderSecret, HeaderValue

# https://developers.zoom.us/docs/api/rate-limits/, of a Free plan: two Medium requests a second, of which no operation
# of ours takes more than one.
FREE_PLAN_PER_MINUTE = 60


def _names(value: object) -> object:
    return tuple(name for part in value.split(",") if (name := part.strip())) if isinstance(value, str) else value


def _users(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if not hosts or len(set(hosts)) != len(hosts):
        raise ValueError("must be one or several different users, separated by commas")
    # https://developers.zoom.us/docs/internal-apps/s2s-oauth/: such an app is nobody, so it has no "me".
    if "me" in hosts or not all(host.isascii() and host.isprintable() and " " not in host for host in hosts):
        raise ValueError("must be e-mail addresses or ids of Zoom users; 'me' is nobody here")
    return hosts


def _no_colon(client_id: str) -> str:
    # https://www.rfc-editor.org/rfc/rfc7617#section-2: it would end there.
    if ":" in client_id:
        raise ValueError("must hold no colon: was something else pasted?")
    return client_id


class ZoomAccount(Account):
    """One account at Zoom, and its Server-to-Server OAuth app."""

    account_id: HeaderValue = Field(description="The Account ID of the Server-to-Server OAuth app.")
    client_id: Annotated[HeaderValue, AfterValidator(_no_colon)] = Field(description="The Client ID of the app.")
    client_secret: HeaderSecret = Field(description="The Client Secret of the app.")
    webhook_secret: HeaderSecret = Field(
        description="The Secret Token of the app, under Features → Event Subscriptions, that Zoom signs webhooks with.",
    )
    previous_webhook_secret: HeaderSecret | None = Field(
        default=None,
        description="While secrets are being changed: the old one, whose webhooks are still accepted.",
    )
    hosts: Annotated[tuple[str, ...], BeforeValidator(_names), AfterValidator(_users)] = Field(
        description="The licensed users whose meetings these are: e-mail addresses or ids, separated by commas.",
    )
    # https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0068522
    meetings_per_host: int = Field(
        default=1,
        ge=1,
        le=2,
        description="How many meetings a host can hold at a time: 2 on Business, Education and Enterprise, 1 on Pro.",
    )
    registration: bool = Field(
        default=False,
        description="Whether people who signed in with Slack are registered for the meeting, so that the card knows "
        "them for certain. Needs a paid plan.",
    )
    join_before_host: bool = Field(default=True, description="Whether people may begin without the host.")
    waiting_room: bool = Field(default=False, description="Whether the host lets everybody in by hand.")
    requests_per_minute: int = Field(
        default=FREE_PLAN_PER_MINUTE,
        ge=30,
        le=3600,
        description="How often one workspace may ask Zoom. The default suits a Free plan; 600 suits Pro.",
    )
    url: BaseAddress = Field(
        default="https://zoom.us",
        description="Where Zoom gives access tokens; another address only for a cloud of its own, such as "
        "https://zoomgov.com.",
    )

    @property
    def pace(self) -> Pace:
        """Two seconds' worth at once, then evenly."""
        return Pace(self.requests_per_minute, burst=self.requests_per_minute // 30)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Those whose signatures count, the current one first."""
        both = (self.webhook_secret, self.previous_webhook_secret)
        return tuple(secret.get_secret_value() for secret in both if secret is not None)
