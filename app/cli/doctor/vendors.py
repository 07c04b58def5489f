"""The providers that are set up: whether they accept our credentials, and whether their webhooks arrive."""

from __future__ import annotations

from datetime import datetime

from app.cli.arrival import try_delivery
from app.cli.doctor.findings import Finding, ok, skipped, unsure, wrong
from app.errors import PermanentFailure, RequestFailed
from app.providers.base import Provider


def check_provider(provider: Provider) -> Finding:
    try:
        proven = provider.check()
    except RequestFailed as failure:
        return judge_credentials(provider, failure)
    return ok(_id(provider), f"{provider.display_name}: {' '.join(proven) or 'there is nothing to try.'}")


def check_webhooks(provider: Provider, last: datetime | None, now: datetime, *, is_reachable: bool) -> Finding:
    """``last`` is when the last webhook about a call of ours came in. One is made and sent to PUBLIC_URL, unless it is
    known already that the app does not answer there."""
    if not provider.capabilities.sends_events:
        return ok(_webhooks(provider), f"{provider.display_name} sends no webhooks, and none are needed.")
    if not is_reachable:
        return skipped(_webhooks(provider), "this app does not answer at PUBLIC_URL")
    try:
        arrived = try_delivery(provider)
    except RequestFailed as failure:
        return judge_arrival(provider, failure, last, now)
    return judge_arrival(provider, arrived, last, now)


# --- Judgement ---------------------------------------------------------------------------------------------------


def _id(provider: Provider) -> str:
    return f"provider.{provider.name}"


def _webhooks(provider: Provider) -> str:
    return f"webhooks.{provider.name}"


def judge_credentials(provider: Provider, failure: RequestFailed) -> Finding:
    """Providers say in one sentence what is wrong, and which setting or permission to mend."""
    says = failure.detail.removeprefix(f"[{failure.code}] ")
    fix = f"Mend that, and try `python -m app providers check {provider.name}`."
    if isinstance(failure, PermanentFailure):
        return wrong(_id(provider), f"{provider.display_name}: {says}", fix)
    return wrong(_id(provider), f"{provider.display_name} does not answer as it should: {says}", fix)


def judge_arrival(provider: Provider, outcome: str | RequestFailed, last: datetime | None, now: datetime) -> Finding:
    """``outcome`` is what the test delivery has proven, or why it did not arrive."""
    if isinstance(outcome, RequestFailed):
        says = outcome.detail.removeprefix(f"[{outcome.code}] ")
        fix = f"Mend that, and try `python -m app providers check {provider.name}`."
        return wrong(_webhooks(provider), f"A webhook does not arrive: {says}", fix)
    if last is None:
        says = f"{outcome} None of {provider.display_name}'s own about a call has come yet."
        fix = f"Have them sent to {provider.webhook_url}: `python -m app providers setup {provider.name}`."
        return unsure(_webhooks(provider), says, fix)
    says = f"{outcome} The last of {provider.display_name}'s own about a call came {_ago(now, last)} ago."
    return ok(_webhooks(provider), says)


def _ago(now: datetime, moment: datetime) -> str:
    minutes = max(0, int((now - moment).total_seconds() // 60))
    for unit, length in (("days", 24 * 60), ("hours", 60)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}"
    return "a minute" if minutes == 1 else f"{minutes} minutes"
