"""A provider's account as a form in a modal, made of what the provider says of its settings."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, InputBlock

from app.providers.forms import FieldKind, FormField, ProviderForm, all_forms
from app.services.account_settings import NAME_FIELD, AccountView
from app.slack.modals import NO, YES, Choices, choice_input, text_input

KEPT = "Leave it empty to keep it as it is."


def provider_choices() -> Choices:
    return [(form.provider, form.display_name) for form in all_forms()]


def account_choices(accounts: Sequence[AccountView]) -> Choices:
    return [(str(account.key), f"{account.name} ({account.provider_name})") for account in accounts]


def form_named(provider: str) -> ProviderForm | None:
    return next((form for form in all_forms() if form.provider == provider), None)


def account_inputs(provider: str, account: AccountView | None = None) -> list[Block]:
    """With what was entered for ``account`` before, but for its secrets."""
    form = form_named(provider)
    name = account.name if account else (form.display_name if form else "")
    hint = "What people here call it."
    inputs: list[Block] = [text_input("Name of this account", NAME_FIELD, hint=hint, initial=name)]
    return inputs + [_input(field, account) for field in (form.fields if form else ())]


def _input(field: FormField, account: AccountView | None) -> InputBlock:
    initial = account.entered.get(field.name, "") if account else ""
    if field.kind is FieldKind.YES_NO:
        choices = [(YES, "Yes"), (NO, "No")]
        return _choice(field, choices, initial or field.default)
    if field.kind is FieldKind.CHOICE:
        return _choice(field, [(value, value) for value in field.choices], initial or field.default)
    is_kept = account is not None and field.name in account.secrets_set
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
