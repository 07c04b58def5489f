"""The buttons of settings on the Home: each opens a form, or does what it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import Ack, BoltContext

from app import logs
from app.domain.workspaces import AccountKey
from app.errors import NoSuchAccount, RequestFailed
from app.listeners.account_forms import account_choices, account_inputs, provider_choices
from app.listeners.actions.pressed import Buttons, Pressed
from app.listeners.trouble import Trouble
from app.providers.forms import form_of
from app.providers.registry import BY_NAME
from app.services.account_settings import AccountService
from app.services.workspaces import WorkspaceService
from app.slack import choices, modals, texts, views

log = logs.get(__name__)


class SettingsButtons:
    def __init__(self, buttons: Buttons, accounts: AccountService, workspaces: WorkspaceService) -> None:
        self._buttons = buttons
        self._accounts = accounts
        self._workspaces = workspaces
        # A vendor may take longer to answer than Slack waits.
        self._tests = ThreadPoolExecutor(2, "account-test")
        self._changes = {
            choices.EDIT: self._edit,
            choices.TEST: self._test,
            choices.MAKE_DEFAULT: self._make_default,
            choices.REMOVE: self._ask_to_remove,
        }

    def add_account(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        self._buttons.answer(body, context, self._choose_provider)

    def change_account(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        self._buttons.answer(body, context, self._change)

    def change_settings(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        self._buttons.answer(body, context, self._show_settings)

    def change_channel(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        self._buttons.answer(body, context, self._show_channel)

    def change_preferences(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        self._buttons.answer(body, context, self._show_preferences)

    def _choose_provider(self, pressed: Pressed) -> None:
        self._accounts.check_may_add(pressed.actor)
        pressed.show(modals.choose_provider(provider_choices()))

    def _change(self, pressed: Pressed) -> None:
        verb, _, named = pressed.value.partition(" ")
        key, change = AccountKey.read(named), self._changes.get(verb)
        if key is None or change is None:
            raise NoSuchAccount
        change(pressed, key)

    def _edit(self, pressed: Pressed, key: AccountKey) -> None:
        account = self._accounts.find(pressed.actor, key.account_id)
        inputs = account_inputs(form_of(BY_NAME[account.key.provider]), account)
        pressed.show(modals.account_form(account.provider_name, inputs, metadata=str(account.key)))

    def _make_default(self, pressed: Pressed, key: AccountKey) -> None:
        self._accounts.make_default(pressed.actor, key)

    def _ask_to_remove(self, pressed: Pressed, key: AccountKey) -> None:
        account = self._accounts.find(pressed.actor, key.account_id)
        pressed.show(modals.ask_to_remove(texts.ask_to_remove(account.name), metadata=str(key)))

    def _test(self, pressed: Pressed, key: AccountKey) -> None:
        account = self._accounts.find(pressed.actor, key.account_id)
        view_id = pressed.show(modals.told("Test", texts.testing(account.name, account.provider_name)))
        if view_id:
            self._tests.submit(self._tell_result, pressed, view_id, key.account_id)

    def _tell_result(self, pressed: Pressed, view_id: str, account_id: str) -> None:
        tested = self._buttons.attempt(pressed, lambda: self._accounts.test(pressed.actor, account_id))
        if isinstance(tested, Trouble):
            told = tested.words
        else:
            told = texts.tested(tested.proven, tested.problem, tested.account.webhook_url)
        try:
            client = pressed.clients.of(pressed.actor.team_id, pressed.actor.enterprise_id)
            views.update_modal(client, view_id, modals.told("Test", told))
        except RequestFailed as failure:
            log.warning("result of a test not told", team_id=pressed.actor.team_id, why=failure.code)

    def _show_settings(self, pressed: Pressed) -> None:
        accounts = self._accounts.list(pressed.actor)
        settings = self._workspaces.settings(pressed.actor.team_id)
        pressed.show(modals.settings_form(settings, account_choices(accounts)))

    def _show_channel(self, pressed: Pressed) -> None:
        pressed.show(modals.channel_form(account_choices(self._accounts.list(pressed.actor))))

    def _show_preferences(self, pressed: Pressed) -> None:
        pressed.show(modals.preferences_form(self._workspaces.preferences(pressed.actor)))
