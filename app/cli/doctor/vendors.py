"""Accounts at providers: whether they accept our credentials, and whether their webhooks arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.cli.abilities import page_of
from app.cli.arrival import try_delivery
from app.cli.doctor.findings import Finding, ago, ok, skipped, unsure, wrong
from app.db.accounts import StoredAccount
from app.errors import RequestFailed
from app.providers.base import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account that is in use. ``mark`` tells its checks apart, and ``name`` is how a person knows it. ``mend`` says
    where its settings are, and ``set_up`` where the vendor is told of the webhooks. ``last`` is when a webhook about a
    call of ours last came from the vendor itself."""

    provider: Provider
    mark: str
    name: str
    mend: str
    set_up: str
    last: datetime | None


def of_settings(provider: Provider, last: datetime | None) -> Account:
    return Account(
        provider=provider,
        mark=provider.name,
        name=provider.display_name,
        mend=f"Mend that, and try `python -m app providers check {provider.name}`.",
        set_up=f"Have them sent to {provider.webhook_url}: `python -m app providers setup {provider.name}`.",
        last=last,
    )


def of_team(stored: StoredAccount, provider: Provider, last: datetime | None) -> Account:
    """One that a workspace has added for itself, and alone can change."""
    return Account(
        provider=provider,
        mark=stored.id,
        name=f"{provider.display_name}, account “{stored.name}” of {stored.team_id}",
        mend=f"Have an admin of {stored.team_id} mend that in the app's Home in Slack.",
        set_up=f"Have them sent to {provider.webhook_url}; {page_of(provider)} says where.",
        last=last,
    )


def not_understood(stored: StoredAccount) -> Finding:
    says = f"What is stored of the account “{stored.name}” of {stored.team_id} at {stored.provider} is not enough."
    fix = f"Have an admin of {stored.team_id} add it anew in the app's Home in Slack."
    return wrong(f"provider.{stored.id}", says, fix)


def check_credentials(account: Account) -> Finding:
    """Providers say in one sentence what is wrong, and which setting or permission to mend."""
    check = f"provider.{account.mark}"
    try:
        proven = account.provider.check()
    except RequestFailed as failure:
        return wrong(check, f"{account.name}: {failure.said}", account.mend)
    return ok(check, f"{account.name}: {' '.join(proven) or 'There is nothing to try.'}")


def check_webhooks(account: Account, now: datetime, *, is_reachable: bool) -> Finding:
    """A webhook is made and sent to PUBLIC_URL, unless it is known already that the app does not answer there."""
    check = f"webhooks.{account.mark}"
    if not account.provider.capabilities.sends_events:
        return ok(check, f"{account.name} sends no webhooks, and none are needed.")
    if not is_reachable:
        return skipped(check, "this app does not answer at PUBLIC_URL")
    try:
        return judge_arrival(account, try_delivery(account.provider), now)
    except RequestFailed as failure:
        return wrong(check, f"{account.name}: A webhook does not arrive. {failure.said}", account.mend)


def judge_arrival(account: Account, proven: str, now: datetime) -> Finding:
    """``proven`` is what a test delivery has proven: not that the vendor sends any."""
    check = f"webhooks.{account.mark}"
    if account.last is None:
        says = f"{account.name}: {proven} None of the provider's own about a call has come yet."
        return unsure(check, says, account.set_up)
    says = f"{account.name}: {proven} The last of the provider's own about a call came {ago(now, account.last)} ago."
    return ok(check, says)
