"""Somebody installs the app: from the button to tokens in the database."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk.oauth.installation_store import Installation

from app import logs
from app.clock import Clock
from app.db.oauth_states import Finish
from app.db.session import Database
from app.errors import RequestFailed
from app.services.installation_store import InstallationStore, StateStore
from app.slack import scopes
from app.slack.oauth import Installed, SlackOAuth

log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The app is installed in ``place_name``. ``lacks`` are the scopes that it was not granted; ``home`` is where it is
    found in Slack."""

    place_name: str
    is_for_organisation: bool
    lacks: tuple[str, ...]
    home: str


class InstallService:
    """``begin``, then Slack's consent, then ``finish``."""

    def __init__(self, database: Database, clock: Clock, slack: SlackOAuth) -> None:
        self._clock = clock
        self._slack = slack
        self._states = StateStore(database, clock)
        self._store = InstallationStore(database, clock)

    def begin(self, browser: str) -> str:
        """The address at which Slack asks for consent. ``browser`` is a secret that the browser keeps."""
        return self._slack.address(self._states.issue(browser=browser))

    def come_back(self, state: str, browser: str) -> Finish:
        """Somebody comes back from Slack. What they have begun is used up by that, whatever Slack says."""
        return self._states.finish(state, browser)

    def finish(self, code: str) -> Welcome:
        """Store what somebody has agreed to. Raises a kind of ``RequestFailed``."""
        installed = self._slack.install(code)
        self._store.save(self._installation(installed))
        log.info("installed", team_id=installed.team_id, enterprise_id=installed.enterprise_id)
        lacks = tuple(scopes.missing(installed.bot_scopes))
        if lacks:
            log.warning("installed without", team_id=installed.team_id, scopes=",".join(lacks))
        return Welcome(
            place_name=installed.team_name or installed.enterprise_name or "Slack",
            is_for_organisation=installed.team_id is None,
            lacks=lacks,
            home=self._slack.home(installed),
        )

    def _installation(self, installed: Installed) -> Installation:
        tokens = installed.tokens
        return Installation(
            app_id=installed.app_id,
            enterprise_id=installed.enterprise_id,
            enterprise_name=installed.enterprise_name,
            team_id=installed.team_id,
            team_name=installed.team_name,
            bot_token=tokens.bot,
            bot_id=self._bot_id(tokens.bot),
            bot_user_id=installed.bot_user_id,
            bot_scopes=installed.bot_scopes,
            bot_refresh_token=tokens.refresh,
            bot_token_expires_at=int(tokens.expire_at.timestamp()) if tokens.expire_at else None,
            user_id=installed.installed_by,
            is_enterprise_install=installed.team_id is None,
            installed_at=self._clock.now().timestamp(),
        )

    def _bot_id(self, token: str) -> str | None:
        """Good to know, but the code is used up by now: nobody is to install the app twice for this."""
        try:
            return self._slack.bot_id(token) or None
        except RequestFailed as failure:
            log.warning("bot id not told", why=failure.code)
            return None
