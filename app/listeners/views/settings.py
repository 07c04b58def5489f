"""The forms of settings: what was entered is taken, or the problem is shown at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field
from slack_bolt import Ack, BoltContext

from app.domain.workspaces import AccountKey, Enders, Preferences, Starters, WorkspaceSettings
from app.errors import NoSuchAccount
from app.listeners.account_forms import account_inputs, entered_settings, form_named
from app.listeners.actors import actor_of
from app.listeners.trouble import Trouble, attempt
from app.services.account_settings import NAME_FIELD, AccountService, AccountView
from app.services.callers import Actor
from app.services.workspaces import WorkspaceService
from app.slack import modals, texts
from app.slack.clients import Clients
from app.slack.views import about_team, read_metadata

NextView = dict[str, object] | None
"""What the person sees next in the place of the form; None when it just closes."""


class _State(BaseModel):
    values: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)


class _View(BaseModel):
    state: _State
    private_metadata: str = ""


class _Submission(BaseModel):
    """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""

    view: _View


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that somebody has sent: what was entered, by name of the input, and what it is about."""

    actor: Actor
    entered: Mapping[str, str]
    about: str


class SettingsForms:
    def __init__(
        self,
        clients: Clients,
        accounts: AccountService,
        workspaces: WorkspaceService,
        command: str,
    ) -> None:
        self._clients = clients
        self._accounts = accounts
        self._workspaces = workspaces
        self._command = command

    def account_chosen(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        self._answer(ack, body, context, self._show_form)

    def account_entered(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        self._answer(ack, body, context, self._save_account)

    def account_removed(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        self._answer(ack, body, context, self._remove_account)

    def settings_entered(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        self._answer(ack, body, context, self._save_settings)

    def channel_entered(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        self._answer(ack, body, context, self._save_channel)

    def preferences_entered(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        self._answer(ack, body, context, self._save_preferences)

    def _answer(self, ack: Ack, body: dict[str, Any], context: BoltContext, take: Callable[[Sent], NextView]) -> object:
        view = _Submission.model_validate(body).view
        _, about = read_metadata(view.private_metadata)
        sent = Sent(actor_of(body, context, self._clients), modals.entered(view.state.values), about)
        following = attempt(lambda: take(sent), sent.actor, self._command)
        if isinstance(following, Trouble):
            return _show(ack, sent, following)
        if following is None:
            return ack()
        return ack(response_action="update", view=about_team(following, sent.actor.team_id))

    def _show_form(self, sent: Sent) -> NextView:
        self._accounts.check_may_add(sent.actor)
        form = form_named(sent.entered.get(modals.PROVIDER, ""))
        if form is None:
            raise NoSuchAccount
        return modals.account_form(form.display_name, account_inputs(form), metadata=form.provider)

    def _save_account(self, sent: Sent) -> NextView:
        settings, forget = entered_settings(sent.entered)
        name, key = sent.entered.get(NAME_FIELD, ""), AccountKey.read(sent.about)
        if key is None:
            return _saved(self._accounts.add(sent.actor, sent.about, name, settings))
        return _saved(self._accounts.change(sent.actor, key.account_id, name, settings, forget=forget))

    def _remove_account(self, sent: Sent) -> NextView:
        key = AccountKey.read(sent.about)
        if key is None:
            raise NoSuchAccount
        self._accounts.remove(sent.actor, key.account_id)
        return None

    def _save_settings(self, sent: Sent) -> NextView:
        entered = sent.entered
        wanted = WorkspaceSettings(
            default_account=AccountKey.read(entered.get(modals.DEFAULT, "")),
            who_may_start=Starters(entered.get(modals.STARTERS) or Starters.EVERYBODY),
            who_may_end=Enders(entered.get(modals.ENDERS) or Enders.STARTER),
            allows_guests=entered.get(modals.GUESTS) == modals.YES,
            title_template=entered.get(modals.TEMPLATE, ""),
        )
        self._workspaces.change(sent.actor, wanted)
        return None

    def _save_channel(self, sent: Sent) -> NextView:
        channel_id, chosen = sent.entered.get(modals.CHANNEL, ""), sent.entered.get(modals.ACCOUNT, "")
        self._workspaces.choose_for_channel(sent.actor, channel_id, AccountKey.read(chosen))
        return None

    def _save_preferences(self, sent: Sent) -> NextView:
        self._workspaces.prefer(sent.actor, Preferences(title_template=sent.entered.get(modals.TEMPLATE, "")))
        return None


def _show(ack: Ack, sent: Sent, trouble: Trouble) -> object:
    """At the fields, where it lies there; Slack takes no problem at a field that the form does not have."""
    at_fields = {name: words for name, words in trouble.at_fields.items() if name in sent.entered}
    if at_fields:
        return ack(response_action="errors", errors=at_fields)
    return ack(response_action="update", view=modals.told("Not done", trouble.words))


def _saved(account: AccountView) -> NextView:
    is_told_by_hand = bool(account.webhook_url) and not account.registers_webhooks
    return modals.told("Saved", *texts.account_saved(account.name, account.webhook_url, by_hand=is_told_by_hand))
