"""``providers``: what is set up, and whether it works. Looks at providers alone, not at Slack.

Of the accounts that workspaces have added it knows where the database can be opened.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from app import config
from app.cli import documents
from app.cli.abilities import ABILITIES, needed_settings, page_of
from app.cli.arrival import try_delivery
from app.cli.stored import accounts_in, open_database
from app.cli.tables import printable
from app.clock import SystemClock
from app.config import Settings
from app.db import accounts
from app.db.accounts import StoredAccount
from app.errors import ConfigurationError, DatabaseUnusable, RequestFailed
from app.providers.base import Provider
from app.providers.registry import PROVIDERS, load_providers

if TYPE_CHECKING:
    from app.cli import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("providers", help="what call providers are set up, and whether they work")
    actions = parser.add_subparsers(required=True)
    listing = actions.add_parser("list", help="what is set up, and what it can do")
    listing.set_defaults(run=run_list)
    setup = actions.add_parser("setup", help="have a provider send its webhooks here")
    setup.add_argument("name", help="such as livekit")
    setup.set_defaults(run=run_setup)
    check = actions.add_parser("check", help="try credentials, permissions and the way of webhooks to the running app")
    check.add_argument("name", nargs="?", help="such as livekit, or acc-…; all of the settings, when it is left out")
    check.set_defaults(run=run_check)
    document = actions.add_parser("document", help="write anew what README.md and docs/settings.md say of providers")
    document.set_defaults(run=run_document)


def run_list(_options: argparse.Namespace) -> int:
    env = config.environment()
    added = _added_if_known(env)
    for provider in _set_up(env, is_needed=not added).values():
        print(f"{provider.display_name} ({provider.name})")
        _print_abilities(provider)
    for account, opened in added:
        print(f"{printable(account.name)} ({account.provider}, {account.id}), of the workspace {account.team_id}")
        if opened is None:
            print("  its settings are not understood: an admin of the workspace has to enter them again")
        else:
            _print_abilities(opened)
            print(f"  the last webhook came at {account.last_delivery_at or 'no time yet'}")
    return 0


def _print_abilities(provider: Provider) -> None:
    for ability, has in ABILITIES.items():
        can, could = has(provider.capabilities), has(type(provider).capabilities)
        if can or could:
            print(f"  {ability}" if can else f"  not with these settings: {ability}")
    if provider.limit_seconds is not None:
        print(f"  after {provider.limit_seconds / 3600:g} hours a call is over in any case")
    if provider.capabilities.sends_events:
        print(f"  webhooks come to {provider.webhook_url}")


def run_setup(options: argparse.Namespace) -> int:
    provider = _get(options.name, config.environment())
    if provider.capabilities.registers_webhooks:
        return 0 if _tell(lambda: [provider.set_up_webhooks()]) else 1
    if provider.capabilities.sends_events:
        print(f"{provider.display_name} can only be told by hand where to send its webhooks. The address is")
        print(f"  {provider.webhook_url}")
        print(f"and {page_of(provider)} says where to paste it.")
    else:
        print(f"No webhooks are taken from {provider.display_name}; {page_of(provider)} says what follows from that.")
    return 0


def run_check(options: argparse.Namespace) -> int:
    env = config.environment()
    checked = [_get(options.name, env)] if options.name else list(_set_up(env).values())
    all_is_well = [_check(provider) for provider in checked]
    return 0 if all(all_is_well) else 1


def run_document(_options: argparse.Namespace) -> int:
    documents.write_anew()
    return 0


def _check(provider: Provider) -> bool:
    """Whether all is well. The way in is tried whatever came of the way out."""
    print(f"{provider.display_name} ({provider.name})")
    is_accepted = _tell(provider.check)
    if not provider.capabilities.sends_events:
        return is_accepted
    return _tell(lambda: [try_delivery(provider)]) and is_accepted


def _tell(step: Callable[[], Sequence[str]]) -> bool:
    """Print what a step has proven, or what is wrong. Returns which of the two it was."""
    try:
        proven = step()
    except RequestFailed as failure:
        print(f"  wrong: {failure.said}")
        return False
    for sentence in proven:
        print(f"  ok: {sentence}")
    return True


def _added(env: Mapping[str, str]) -> list[tuple[StoredAccount, Provider | None]]:
    """The accounts that workspaces have added, with what their settings make. Raises ``ConfigurationError``,
    ``DatabaseUnusable``."""
    with open_database(env) as database:
        opened = accounts_in(database, env, {}, SystemClock())
        with database.reading() as connection:
            stored = accounts.list_all(connection)
        return [(account, opened.find(account.provider, account.id)) for account in stored]


def _added_if_known(env: Mapping[str, str]) -> list[tuple[StoredAccount, Provider | None]]:
    """None where there is no database that can be used."""
    try:
        return _added(env)
    except (ConfigurationError, DatabaseUnusable):
        return []


def _get(name: str, env: Mapping[str, str]) -> Provider:
    if accounts.ACCOUNT_ID.fullmatch(name):
        return _get_added(name, env)
    provider = _set_up(env).get(name)
    if provider is not None:
        return provider
    for known in PROVIDERS:
        if known.name == name:
            raise ConfigurationError(f"\n  {name} is not set up. It needs {', '.join(needed_settings(known))}.")
    raise ConfigurationError(f"\n  There is no provider {name}. These are: {', '.join(p.name for p in PROVIDERS)}.")


def _get_added(account_id: str, env: Mapping[str, str]) -> Provider:
    for account, opened in _added(env):
        if account.id == account_id and opened is not None:
            return opened
    raise ConfigurationError(f"\n  No workspace has an account {account_id} whose settings are understood.")


def _set_up(env: Mapping[str, str], *, is_needed: bool = True) -> dict[str, Provider]:
    """The providers that ``env`` has settings for. Raises ``ConfigurationError`` once, with all that is wrong; that
    there are none too, where one ``is_needed``."""
    problems: list[str] = []
    public_url, providers = "", {}
    try:
        public_url = config.read_setting(Settings, "public_url", env)
    except ConfigurationError as error:
        problems.append(error.detail)
    try:
        providers = load_providers(env, SystemClock(), public_url=public_url)
    except ConfigurationError as error:
        problems.append(error.detail)
    if is_needed and not providers and not problems:
        problems.append("\n  No provider is set up. README.md lists what each of them needs.")
    if problems:
        raise ConfigurationError("".join(problems))
    return providers
