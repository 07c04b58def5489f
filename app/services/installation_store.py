"""Slack's own interfaces for installations and for the state of an OAuth flow, on our database.

https://docs.slack.dev/tools/python-slack-sdk/oauth. Two ways in which ours differ from the SDK's own stores: a place
has one installation, the newest, and tokens of people are not kept, because the app asks for none.
"""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime, timedelta

from slack_sdk.oauth import InstallationStore as SdkInstallationStore
from slack_sdk.oauth import OAuthStateStore
from slack_sdk.oauth.installation_store import Bot, Installation

from app.clock import Clock
from app.db import installations, oauth_states
from app.db.installations import Place, StoredInstallation, Tokens
from app.db.oauth_states import Finish
from app.db.session import Database

STATE_LASTS = timedelta(minutes=10)
"""As long as Slack's code: https://docs.slack.dev/authentication/installing-with-oauth"""
DELETED = "deleted"


class _OnOurDatabase:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return logging.getLogger(__name__)


class InstallationStore(_OnOurDatabase, SdkInstallationStore):
    """Installations, as the SDK sees them."""

    def save(self, installation: Installation) -> None:
        with self._database.transaction() as connection:
            installations.save(connection, _stored(installation))

    def save_bot(self, bot: Bot) -> None:
        """Put the bot in the place of the one that is there; an installation is more than a bot, so it makes none."""
        with self._database.transaction() as connection:
            stored = installations.find(connection, _place(bot.enterprise_id, bot.team_id, bot.is_enterprise_install))
            if stored is not None:
                installations.save(connection, _stored(_installation(stored, bot)))

    def find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        found = self.find_installation(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return found.to_bot() if found is not None and found.bot_token else None

    def find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        with self._database.reading() as connection:
            stored = installations.find(connection, _place(enterprise_id, team_id, is_enterprise_install))
        if stored is None or (user_id is not None and stored.installed_by != user_id):
            return None
        return _installation(stored)

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        with self._database.transaction() as connection:
            installations.forget_bot(connection, Place.of(team_id, enterprise_id))

    def delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """With ``user_id`` only an installation of theirs."""
        place = Place.of(team_id, enterprise_id)
        with self._database.transaction() as connection:
            stored = installations.find(connection, place)
            if stored is not None and user_id in {None, stored.installed_by}:
                now, installed_at = self._clock.now(), stored.installed_at
                installations.remove(connection, place, now, DELETED, installed_at=installed_at)


class StateStore(_OnOurDatabase, OAuthStateStore):
    """The states of installations that are on their way. Each is bound to the browser that began."""

    def issue(self, *args: object, **kwargs: object) -> str:  # noqa: ARG002  # the SDK's flow gives the request, too
        """``browser=`` is a secret that the browser keeps."""
        state = secrets.token_urlsafe(32)
        with self._database.transaction() as connection:
            oauth_states.keep(connection, state, str(kwargs.get("browser", "")), self._clock.now() + STATE_LASTS)
        return state

    def consume(self, state: str) -> bool:
        """For a flow that binds its states to no browser."""
        return self.finish(state, "") is Finish.GOOD

    def finish(self, state: str, browser: str) -> Finish:
        """Use the state up, and say what it is worth."""
        with self._database.transaction() as connection:
            return oauth_states.finish(connection, state, browser, self._clock.now())


def _place(enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None) -> Place:
    return Place.of(None if is_enterprise_install else team_id, enterprise_id)


def _stored(given: Installation) -> StoredInstallation:
    tokens = None
    if given.bot_token:
        expire_at = given.bot_token_expires_at
        tokens = Tokens(
            bot=given.bot_token,
            refresh=given.bot_refresh_token,
            expire_at=None if expire_at is None else datetime.fromtimestamp(expire_at, UTC),
        )
    return StoredInstallation(
        place=_place(given.enterprise_id, given.team_id, given.is_enterprise_install),
        installed_by=given.user_id,
        installed_at=datetime.fromtimestamp(given.installed_at, UTC),
        tokens=tokens,
        team_name=given.team_name,
        enterprise_name=given.enterprise_name,
        app_id=given.app_id,
        bot_id=given.bot_id,
        bot_user_id=given.bot_user_id,
        bot_scopes=tuple(given.bot_scopes or ()),
    )


def _installation(stored: StoredInstallation, bot: Bot | None = None) -> Installation:
    """With another ``bot`` in the place of its own, if one is given."""
    tokens = stored.tokens
    installation = Installation(
        app_id=stored.app_id,
        enterprise_id=stored.place.enterprise_id or None,
        enterprise_name=stored.enterprise_name,
        team_id=stored.place.team_id or None,
        team_name=stored.team_name,
        bot_token=tokens.bot if tokens else None,
        bot_id=stored.bot_id,
        bot_user_id=stored.bot_user_id,
        bot_scopes=stored.bot_scopes,
        bot_refresh_token=tokens.refresh if tokens else None,
        bot_token_expires_at=int(tokens.expire_at.timestamp()) if tokens and tokens.expire_at else None,
        user_id=stored.installed_by,
        is_enterprise_install=stored.place.is_everywhere,
        token_type="bot",  # noqa: S106  # Slack's word for its kind
        installed_at=stored.installed_at.timestamp(),
    )
    if bot is not None:
        for name in ("bot_token", "bot_id", "bot_user_id", "bot_scopes", "bot_refresh_token", "bot_token_expires_at"):
            setattr(installation, name, getattr(bot, name))
    return installation
