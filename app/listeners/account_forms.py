"""A provider's account as a form in a modal, made of what the provider says of its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import Block, InputBlock

from app.providers.forms import FieldKind, FormField, ProviderForm, all_forms, form_of
from app.providers.registry import BY_NAME
from app.services.account_settings import NAME_FIELD, AccountView
from app.slack.modals import LONGEST_INPUT, NO, YES, Choices, choice_input, text_input

NAME_HINT = "What people here call it."
KEPT = "Leave it empty to keep it as it is."
REST = "rest_"
"""Before the name of a setting: what did not fit into its input."""
FORGET = "forget_"
"""Before the name of a secret: whether it is to be taken away, which an empty input does not say."""


def provider_choices() -> Choices:
    return [(form.provider, form.display_name) for form in all_forms()]


def account_choices(accounts: Sequence[AccountView]) -> Choices:
    return [(str(account.key), f"{account.name} ({account.provider_name})") for account in accounts]


def form_named(provider: str) -> ProviderForm | None:
    return form_of(BY_NAME[provider]) if provider in BY_NAME else None


def account_inputs(form: ProviderForm, account: AccountView | None = None) -> list[Block]:
    """With what was entered for ``account`` before, but for its secrets."""
    name = account.name if account else form.display_name
    inputs: list[Block] = [text_input("Name of this account", NAME_FIELD, hint=NAME_HINT, initial=name)]
    for field in form.fields:
        inputs.append(_input(field, account))
        if field.kind is FieldKind.SECRET_LINES:
            inputs.append(_rest(field))
        if field.is_optional and _is_kept(field, account):
            inputs.append(_forget(field))
    return inputs


def entered_settings(entered: Mapping[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    """What was entered of a provider's settings, and which secrets are to be taken away."""
    settings = {name: text for name, text in entered.items() if name != NAME_FIELD}
    asked = {name: settings.pop(name) for name in entered if name.startswith(FORGET)}
    for name in (name for name in entered if name.startswith(REST)):
        # Wherever the key was cut: between its first line and its last, white space means nothing.
        first = name.removeprefix(REST)
        settings[first] = f"{settings.get(first, '')}\n{settings.pop(name)}".strip()
    return settings, frozenset(name.removeprefix(FORGET) for name in asked if asked[name] == YES)


def _is_kept(field: FormField, account: AccountView | None) -> bool:
    return account is not None and field.name in account.secrets_set


def _rest(field: FormField) -> InputBlock:
    hint = f"One field of Slack's takes {LONGEST_INPUT:,} characters. What is longer goes on here."
    return text_input(f"{field.label}, the rest", REST + field.name, hint=hint, is_optional=True, several_lines=True)


def _forget(field: FormField) -> InputBlock:
    choices = [(NO, "Keep it"), (YES, "Take it away")]
    return choice_input(f"{field.label}, as it is now", FORGET + field.name, choices, initial=NO)


def _input(field: FormField, account: AccountView | None) -> InputBlock:
    initial = account.entered.get(field.name, "") if account else ""
    if field.kind is FieldKind.YES_NO:
        choices = [(YES, "Yes"), (NO, "No")]
        return _choice(field, choices, initial or field.default)
    if field.kind is FieldKind.CHOICE:
        return _choice(field, [(value, value) for value in field.choices], initial or field.default)
    is_kept = _is_kept(field, account)
    return text_input(
        field.label,
        field.name,
        hint=f"{field.help} {KEPT}" if is_kept else field.help,
        initial=initial,
        is_optional=field.is_optional or is_kept,
        several_lines=field.kind is FieldKind.SECRET_LINES,
        placeholder=field.default,
    )


def _choice(field: FormField, choices: Choices, initial: str) -> InputBlock:
    return choice_input(
        field.label, field.name, choices, hint=field.help, initial=initial.lower(), is_optional=field.is_optional
    )
