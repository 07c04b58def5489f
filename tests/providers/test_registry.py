"""Which providers there are, and what is told of their settings."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from app.errors import ConfigurationError
from app.providers.base import Provider
from app.providers.registry import PROVIDERS, load_providers, settings_of
from tests.clocks import NOON, MovedClock
from tests.providers.contract import ProviderContract, WebhookContract

DOCS = Path(__file__).parents[2] / "docs"
LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}
LIVEKIT = {
    "LIVEKIT_URL": "wss://livekit.example.com",
    "LIVEKIT_API_KEY": "APIkey",
    "LIVEKIT_API_SECRET": "the-secret-of-the-livekit-server",
}

every_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)


def test_without_settings_there_is_no_provider() -> None:
    assert load_providers({}, MovedClock(NOON)) == {}


def test_settings_of_others_do_not_matter() -> None:
    assert load_providers({"SLACK_BOT_TOKEN": "xoxb-1", "LIVEKIT": "yes", "LINK_": "x"}, MovedClock(NOON)) == {}


def test_each_with_settings_is_loaded_under_its_name() -> None:
    loaded = load_providers({**LINK, **LIVEKIT}, MovedClock(NOON))
    assert set(loaded) == {"link", "livekit"}
    assert all(provider.name == name for name, provider in loaded.items())


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("the-secret-of-the-livekit-server\n", encoding="utf-8")
    from_file = {**LIVEKIT, "LIVEKIT_API_SECRET": "", "LIVEKIT_API_SECRET_FILE": str(file)}
    assert set(load_providers(from_file, MovedClock(NOON))) == {"livekit"}


def test_all_that_is_wrong_is_told_at_once() -> None:
    env = {"LINK_TEMPLATE": "https://meet.example.com/", "LIVEKIT_URL": "nowhere", "STANDARD_NAME": "Example Meet"}
    with pytest.raises(ConfigurationError) as raised:
        load_providers(env, MovedClock(NOON))
    told = str(raised.value)
    for setting in ["LINK_TEMPLATE", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "STANDARD_URL"]:
        assert f"\n  {setting}: " in told


def test_names_are_unique() -> None:
    assert len({provider.name for provider in PROVIDERS}) == len(PROVIDERS)


@every_provider
def test_every_setting_has_its_help(provider: type[Provider]) -> None:
    for name, setting in settings_of(provider).items():
        assert name.startswith(provider.name.upper() + "_")
        assert setting.description


@every_provider
def test_every_setting_stands_in_the_docs(provider: type[Provider]) -> None:
    page = DOCS / "standard-provider.md" if provider.name == "standard" else DOCS / f"providers/{provider.name}.md"
    told = page.read_text(encoding="utf-8")
    assert [name for name in settings_of(provider) if f"`{name}`" not in told] == []


@every_provider
def test_every_provider_is_held_to_the_contract(provider: type[Provider]) -> None:
    module = importlib.import_module(f"tests.providers.{provider.name}.test_contract")
    contract = WebhookContract if provider.capabilities.sends_events else ProviderContract
    held = [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__]
    assert any(issubclass(one, contract) for one in held)
