"""What providers can do and what they need, in words: for the command line and for the documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.domain.meetings import Capabilities
from app.providers.base import Provider
from app.providers.registry import settings_of

ABILITIES: Mapping[str, Callable[[Capabilities], bool]] = {
    "the card shows who is in": lambda can: can.sends_events,
    "it ends by itself": lambda can: can.sends_events or can.looks,
    "`/ring end` ends it for everybody": lambda can: can.ends_meetings,
    "a new title goes there too": lambda can: can.renames_meetings,
    "we can ask whether it runs": lambda can: can.looks,
    "everybody has a link of their own": lambda can: can.personal_links,
    "we register the webhooks": lambda can: can.registers_webhooks,
}
"""Each is a column of the table of providers."""

_PAGES = {"standard": "docs/standard-provider.md"}


def page_of(provider: type[Provider] | Provider) -> str:
    """The provider's page, as a path in this repository."""
    return _PAGES.get(provider.name, f"docs/providers/{provider.name}.md")


def needed_settings(provider: type[Provider]) -> list[str]:
    return [name for name, setting in settings_of(provider).items() if setting.is_required()]
