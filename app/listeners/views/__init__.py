"""Forms that were sent, by what was entered."""

from __future__ import annotations

from slack_bolt import App

from app.listeners.views.settings import SettingsForms
from app.slack import modals


def register(bolt_app: App, settings: SettingsForms) -> None:
    bolt_app.view(modals.ACCOUNT_CHOSEN)(settings.account_chosen)
    bolt_app.view(modals.ACCOUNT_ENTERED)(settings.account_entered)
    bolt_app.view(modals.ACCOUNT_REMOVED)(settings.account_removed)
    bolt_app.view(modals.SETTINGS_ENTERED)(settings.settings_entered)
    bolt_app.view(modals.CHANNEL_ENTERED)(settings.channel_entered)
    bolt_app.view(modals.PREFERENCES_ENTERED)(settings.preferences_entered)
