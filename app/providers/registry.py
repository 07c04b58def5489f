"""The only place that names concrete providers. A new one is one line here."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic.fields import FieldInfo

from app.clock import Clock
from app.config import is_mentioned, read_settings
from app.errors import ConfigurationError
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
        webhook_url = f"{public_url}/webhooks/{provider.name}"
        try:
            account = read_settings(provider.Account, env, prefix=prefix)
            loaded[provider.name] = provider(account, clock, webhook_url=webhook_url)
        except ConfigurationError as error:
            problems.append(error.detail)
    if problems:
        raise ConfigurationError("".join(problems))
    return loaded


def setting_prefix(provider: type[Provider]) -> str:
    return f"{provider.name.upper()}_"


def settings_of(provider: type[Provider]) -> dict[str, FieldInfo]:
    """The provider's settings by the name they have in the environment; ``description`` is the help text."""
    prefix = setting_prefix(provider)
    return {(prefix + field).upper(): info for field, info in provider.Account.model_fields.items()}
