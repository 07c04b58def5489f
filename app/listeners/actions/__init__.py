"""Buttons and menus, by what they are for."""

from __future__ import annotations

from slack_bolt import App

from app.listeners.actions.calls import CallButtons
from app.listeners.actions.settings import SettingsButtons
from app.slack import choices, home


def register(bolt_app: App, calls: CallButtons, settings: SettingsButtons) -> None:
    bolt_app.action(home.JOIN_CALL)(calls.join)
    bolt_app.action(home.END_CALL)(calls.end)
    bolt_app.action(choices.ADD_ACCOUNT)(settings.add_account)
    bolt_app.action(choices.CHANGE_ACCOUNT)(settings.change_account)
    bolt_app.action(choices.CHANGE_SETTINGS)(settings.change_settings)
    bolt_app.action(choices.CHANGE_CHANNEL)(settings.change_channel)
    bolt_app.action(choices.CHANGE_PREFERENCES)(settings.change_preferences)
