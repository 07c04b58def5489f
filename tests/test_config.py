"""Settings: where they come from, and what is said when they are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.config import Settings, environment, is_mentioned, read_setting, read_settings
from app.errors import ConfigurationError
from app.providers.registry import PROVIDERS, settings_of
from app.reconciler.engine import read_configuration
from tests.clocks import MovedClock

NEEDED = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "secret"}
LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}
ROOT = Path(__file__).parent.parent


def problems(**given: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(given, MovedClock())
    return str(caught.value)


def test_the_least_that_is_needed_is_enough() -> None:
    settings, providers = read_configuration(NEEDED, MovedClock())
    assert (settings.slack_api_url, settings.slash_command, settings.port) == ("https://slack.com/api/", "/ring", 8000)
    assert settings.database_url.get_secret_value() == "sqlite:///switchboard.db"
    assert (settings.public_url, providers) == ("http://localhost:8000", {})


def test_a_setting_can_be_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("xoxb-from-file\n")
    settings = read_settings(Settings, {**NEEDED, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(file)})
    assert settings.slack_bot_token.get_secret_value() == "xoxb-from-file"


def test_the_setting_itself_comes_before_its_file(tmp_path: Path) -> None:
    settings = read_settings(Settings, {**NEEDED, "SLACK_BOT_TOKEN_FILE": str(tmp_path / "none")})
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"


def test_the_environment_comes_before_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text('SLACK_BOT_TOKEN=xoxb-from-file\nPUBLIC_URL="https://from.file.example.com"\n# a comment\n')
    monkeypatch.setenv("PUBLIC_URL", "https://given.example.com")
    env = environment(file)
    assert (env["SLACK_BOT_TOKEN"], env["PUBLIC_URL"]) == ("xoxb-from-file", "https://given.example.com")


def test_a_mounted_file_comes_before_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = tmp_path / "token"
    mounted.write_text("xoxb-mounted\n")
    file = tmp_path / ".env"
    file.write_text("SLACK_BOT_TOKEN=xoxb-old\nSLACK_SIGNING_SECRET_FILE=/nowhere\nPUBLIC_URL=https://x.example\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(mounted))
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "given")
    settings = read_settings(Settings, environment(file))
    assert settings.slack_bot_token.get_secret_value() == "xoxb-mounted"
    assert settings.slack_signing_secret.get_secret_value() == "given"
    assert settings.public_url == "https://x.example"


def test_the_env_file_may_name_a_file(tmp_path: Path) -> None:
    mounted = tmp_path / "token"
    mounted.write_text("xoxb-mounted\n")
    file = tmp_path / ".env"
    file.write_text(f"SLACK_BOT_TOKEN_FILE={mounted}\n")
    settings = read_settings(
        Settings, {**environment(file), "SLACK_SIGNING_SECRET": "s", "PUBLIC_URL": "https://x.example"}
    )
    assert settings.slack_bot_token.get_secret_value() == "xoxb-mounted"


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    told = problems(
        PUBLIC_URL="calls.example.com",
        PORT="eighty",
        SLASH_COMMAND="ring",
        SLACK_SIGNING_SECRET_FILE=str(tmp_path / "none"),
        LIVEKIT_URL="nonsense",
        LINK_TEMPLATE="https://meet.example.com/",
    )
    for name in ("SLACK_BOT_TOKEN", "PUBLIC_URL", "PORT", "SLASH_COMMAND", "SLACK_SIGNING_SECRET_FILE"):
        assert f"  {name}:" in told
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "LINK_TEMPLATE"):
        assert f"  {name}:" in told


def test_what_is_said_holds_no_value() -> None:
    told = problems(**NEEDED, DATABASE_URL="sqlite:///x.db", PORT="hunter2", LIVEKIT_API_SECRET="hunter2")
    assert "hunter2" not in told


def test_with_two_providers_one_must_be_chosen() -> None:
    livekit = {"LIVEKIT_URL": "wss://x.example.com", "LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "s" * 32}
    told = problems(**NEEDED, **LINK, **livekit)
    assert "DEFAULT_PROVIDER: is missing. Choose one of: link, livekit." in told
    told = problems(**NEEDED, **LINK, DEFAULT_PROVIDER="zoom")
    assert "DEFAULT_PROVIDER: zoom is not set up; these are: link." in told


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "no address at all", "postgresql://u:p@h:x/d"]
)
def test_another_database_is_refused_in_words(url: str) -> None:
    assert "DATABASE_URL" in problems(**NEEDED, **LINK, DATABASE_URL=url)


def test_addresses_are_brought_into_one_form() -> None:
    given = {**NEEDED, "PUBLIC_URL": "https://calls.example.com/", "SLACK_API_URL": "http://127.0.0.1:4010/api"}
    settings = read_settings(Settings, given)
    assert settings.public_url == "https://calls.example.com"
    assert settings.slack_api_url == "http://127.0.0.1:4010/api/"


@pytest.mark.parametrize("name", ["PUBLIC_URL", "SLACK_API_URL", "STANDARD_URL"])
@pytest.mark.parametrize(
    "address",
    ["https://a b.example", "https://u:p@h.example", "https://h.example/?q", "https://h.example/#f", "https://h:x"],
)
def test_what_paths_cannot_be_put_behind_is_no_base_address(name: str, address: str) -> None:
    assert f"  {name}: must be an address" in problems(**{**NEEDED, name: address})


def test_one_setting_can_be_read_when_the_others_do_not_matter() -> None:
    url = read_setting(Settings, "database_url", {"DATABASE_URL": "postgresql://host/name"})
    assert url.get_secret_value() == "postgresql://host/name"


def test_secrets_do_not_show_in_the_settings() -> None:
    given = {
        "DATABASE_URL": "postgresql://me:hunter2@host/name",
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "hunter3",
        "SECRET_KEY": "hunter4" * 5,
    }
    settings = read_settings(Settings, {**NEEDED, **given})
    for secret in ("xoxb-1", "hunter2", "hunter3", "hunter4"):
        assert secret not in repr(settings)
    assert settings.own_secret == "hunter4" * 5


def test_without_a_key_of_its_own_the_app_has_the_secret_it_shares_with_slack() -> None:
    assert read_settings(Settings, NEEDED).own_secret == NEEDED["SLACK_SIGNING_SECRET"]


@pytest.mark.parametrize("given", ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"])
def test_half_a_client_is_none(given: str) -> None:
    told = problems(**NEEDED, **LINK, **{given: "1.2"})
    assert "  SLACK_CLIENT_SECRET: must be given together with SLACK_CLIENT_ID" in told


def test_a_short_key_is_refused() -> None:
    assert "  SECRET_KEY: " in problems(**NEEDED, **LINK, SECRET_KEY="too short")


def test_somebody_must_be_able_to_join() -> None:
    told = problems(**NEEDED, **LINK, ALLOW_GUESTS="false")
    assert "  ALLOW_GUESTS: without SLACK_CLIENT_ID everybody is a guest" in told
    client = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s"}
    assert not read_settings(Settings, {**NEEDED, **client, "ALLOW_GUESTS": "false"}).allow_guests


def test_a_provider_is_mentioned_by_any_of_its_settings() -> None:
    [livekit] = [provider for provider in PROVIDERS if provider.name == "livekit"]
    assert is_mentioned(livekit.Account, {"LIVEKIT_API_KEY_FILE": "/run/secrets/key"}, prefix="LIVEKIT_")
    assert not is_mentioned(livekit.Account, {"LIVEKIT_API_KEY": ""}, prefix="LIVEKIT_")


def test_every_setting_has_a_help_text_and_stands_in_the_documents() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    fields = {name.upper(): field for name, field in Settings.model_fields.items()}
    for provider in PROVIDERS:
        fields |= settings_of(provider)
    for name, field in fields.items():
        assert field.description, name
        assert f"| `{name}` |" in documented, f"{name} is not in docs/settings.md"
        assert field.description in documented, f"the help text of {name} in docs/settings.md differs"


def test_the_documents_name_no_setting_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.M)
    known = {name.upper() for name in Settings.model_fields}
    for provider in PROVIDERS:
        known |= settings_of(provider).keys()
    assert set(documented) == known
    assert len(documented) == len(set(documented))


@pytest.mark.parametrize("keys", ["hunter2", "hünter2", f"{'A' * 43}=,hunter2"])
def test_what_is_no_key_is_refused_and_not_quoted(keys: str) -> None:
    told = problems(**NEEDED, **LINK, ENCRYPTION_KEYS=keys)
    assert "  ENCRYPTION_KEYS: must be keys as `python -m app db key` makes them" in told
    assert "nter2" not in told


def test_of_several_keys_the_first_is_the_current_one() -> None:
    settings = read_settings(Settings, {**NEEDED, "ENCRYPTION_KEYS": f"{'A' * 43}=, {'B' * 42}A=,"})
    assert settings.keys == (f"{'A' * 43}=", f"{'B' * 42}A=")
    assert "AAAA" not in repr(settings)


INSTALLABLE = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "client-secret",
    "SLACK_SIGNING_SECRET": "secret",
    "PUBLIC_URL": "https://calls.example.com",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
}


def test_an_app_that_any_workspace_installs_needs_no_token_and_no_provider() -> None:
    settings, providers = read_configuration(INSTALLABLE, MovedClock())
    assert settings.is_installable
    assert providers == {}
    settings, _ = read_configuration({**INSTALLABLE, **NEEDED, **LINK}, MovedClock())
    assert not settings.is_installable


def test_tokens_of_workspaces_are_never_kept_in_the_clear() -> None:
    told = problems(**{**INSTALLABLE, "ENCRYPTION_KEYS": ""})
    assert "  ENCRYPTION_KEYS: is missing: without SLACK_BOT_TOKEN" in told
    assert told.count("\n") == 1


def test_an_app_in_no_workspace_is_told_both_ways() -> None:
    told = problems(**{**NEEDED, **LINK, "SLACK_BOT_TOKEN": ""})
    assert "  SLACK_BOT_TOKEN: is missing, and so is SLACK_CLIENT_ID" in told
    assert "/slack/install" in told
    assert told.count("\n") == 1
