"""The only place that names concrete providers. A new one is one line here."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic.fields import FieldInfo

from app.clock import Clock
from app.config import is_mentioned, read_settings
from app.errors import ConfigurationError
from app.providers.accounts import ONLY_PUBLIC
from app.providers.base import Provider
from app.providers.bigbluebutton.provider import BigBlueButton
from app.providers.daily.provider import Daily
from app.providers.jaas.provider import JaaS
from app.providers.jitsi.provider import Jitsi
from app.providers.link.provider import Link
from app.providers.livekit.provider import LiveKit
from app.providers.mirotalk.provider import MiroTalk
from app.providers.standard.provider import Standard
from app.providers.whereby.provider import Whereby
from app.providers.zoom.provider import Zoom

PROVIDERS: tuple[type[Provider], ...] = (
    BigBlueButton,
    Daily,
    JaaS,
    Jitsi,
    LiveKit,
    MiroTalk,
    Whereby,
    Zoom,
    Standard,
    Link,
)

BY_NAME: Mapping[str, type[Provider]] = {provider.name: provider for provider in PROVIDERS}


def load_providers(env: Mapping[str, str], clock: Clock, *, public_url: str = "") -> dict[str, Provider]:
    """The providers that ``env`` has settings for, by name. ``public_url`` is where vendors reach us.

    Raises ``ConfigurationError`` once, with all that is wrong with any of them.
    """
    loaded: dict[str, Provider] = {}
    problems: list[str] = []
    for provider in PROVIDERS:
        prefix = setting_prefix(provider)
        if not is_mentioned(provider.Account, env, prefix=prefix):
            continue
        webhook_url = webhook_address(public_url, provider.name)
        try:
            account = read_settings(provider.Account, env, prefix=prefix)
            loaded[provider.name] = provider(account, clock, webhook_url=webhook_url)
        except ConfigurationError as error:
            problems.append(error.detail)
    if problems:
        raise ConfigurationError("".join(problems))
    return loaded


def open_account(
    kind: type[Provider],
    settings: Mapping[str, str],
    clock: Clock,
    *,
    account_id: str,
    public_url: str,
    only_public: bool,
) -> Provider:
    """The account with these settings, by name of the field, as somebody has entered them. With ``only_public`` its
    addresses may not lead into private networks. Raises pydantic's ``ValidationError``."""
    account = kind.Account.model_validate(dict(settings), context=ONLY_PUBLIC if only_public else None)
    opened = kind(account, clock, webhook_url=webhook_address(public_url, kind.name, account_id))
    opened.account_id = account_id
    return opened


def webhook_address(public_url: str, provider: str, account_id: str = "") -> str:
    """Where a provider's webhooks come; with ``account_id`` those of an account that somebody has added."""
    return f"{public_url}/webhooks/{provider}" + (f"/{account_id}" if account_id else "")


def setting_prefix(provider: type[Provider]) -> str:
    return f"{provider.name.upper()}_"


def settings_of(provider: type[Provider]) -> dict[str, FieldInfo]:
    """The provider's settings by the name they have in the environment; ``description`` is the help text."""
    prefix = setting_prefix(provider)
    return {(prefix + field).upper(): info for field, info in provider.Account.model_fields.items()}


def default_of(setting: FieldInfo) -> str:
    """How the default would be written in the environment; ``""`` when there is none."""
    default = setting.default
    if setting.is_required() or default is None:
        return ""
    if isinstance(default, tuple | frozenset):
        return ",".join(sorted(default))
    return str(default).lower() if isinstance(default, bool) else str(default)
