"""An app that is installed in workspaces of the emulator, without a web server: its clients and what they store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from slack_sdk.oauth.installation_store import Installation
from sqlalchemy import Row, select

from app.clock import Clock
from app.config import Settings, read_settings
from app.db.installation_models import INSTALLATIONS
from app.db.session import Database
from app.emulator import Emulator
from app.emulator.installs import Consent
from app.emulator.journal import RecordedRequest
from app.services.installation_store import InstallationStore
from app.services.installations import Installations, make_installations
from app.slack.scopes import BOT_SCOPES
from tests.clocks import MovedClock
from tests.web.installers import INSTALLABLE

HOUR = 3600.0


@dataclass
class Installed:
    """``again()`` is another process on the same database."""

    slack: Emulator
    database: Database
    clock: MovedClock
    installations: Installations

    @classmethod
    def of(cls, slack: Emulator, database: Database, clock: MovedClock) -> Installed:
        return cls(slack, database, clock, _make(slack, database, clock))

    @classmethod
    def rotating(cls, slack: Emulator, database: Database, clock: MovedClock) -> Installed:
        """Installed in ``T0LOCAL``, with tokens that wear out after twelve hours."""
        slack.installs.rotates = True
        installed = cls.of(slack, database, clock)
        installed.install()
        return installed

    def again(self) -> Installed:
        return Installed.of(self.slack, self.database, self.clock)

    def install(self, team_id: str = "T0LOCAL", *, for_enterprise: bool = False) -> None:
        """Somebody agrees, and the app stores what Slack answers."""
        consent = Consent(team_id, "U0ADA", frozenset(BOT_SCOPES), for_enterprise=for_enterprise)
        answer = self.slack.installs.install(consent)
        team, enterprise = answer["team"] or {}, answer["enterprise"] or {}
        expires_in = answer.get("expires_in")
        now = self.clock.unix()
        store = InstallationStore(self.database, self.clock)
        store.save(
            Installation(
                app_id=answer["app_id"],
                team_id=team.get("id"),
                enterprise_id=enterprise.get("id"),
                bot_token=answer["access_token"],
                bot_refresh_token=answer.get("refresh_token"),
                bot_token_expires_at=int(now + expires_in) if expires_in else None,
                bot_user_id=answer["bot_user_id"],
                bot_scopes=answer["scope"],
                user_id="U0ADA",
                is_enterprise_install=answer["is_enterprise_install"],
                installed_at=now,
            )
        )

    def exchanges(self) -> list[str]:
        return exchanges(self.slack)

    def row(self, team_id: str = "T0LOCAL") -> Row[tuple[object, ...]]:
        with self.database.reading() as connection:
            return connection.execute(select(INSTALLATIONS).where(INSTALLATIONS.c.team_id == team_id)).one()

    def hours_left(self, team_id: str = "T0LOCAL") -> float:
        expires_at = self.row(team_id)._mapping["bot_token_expires_at"]
        assert isinstance(expires_at, datetime)
        return (expires_at.astimezone(UTC) - self.clock.now()).total_seconds() / HOUR


def exchanges(slack: Emulator) -> list[str]:
    """What came of each refresh token that Slack was given: ``ok``, its refusal, or the status of no answer."""
    asked = [each for each in slack.requests("oauth.v2.access") if each.args.get("grant_type")]
    return [_outcome(each) for each in asked]


def refused(slack: Emulator) -> list[str]:
    """What Slack has not granted of all that it was asked, and why."""
    return [f"{each.method}: {_outcome(each)}" for each in slack.requests() if _outcome(each) != "ok"]


def _outcome(asked: RecordedRequest) -> str:
    return asked.error or ("ok" if asked.status == 200 else str(asked.status))


def _make(slack: Emulator, database: Database, clock: Clock) -> Installations:
    given = {**INSTALLABLE, "SLACK_SIGNING_SECRET": "local-secret", "SLACK_API_URL": slack.api_url}
    settings = read_settings(Settings, {**given, "PUBLIC_URL": "https://calls.example.com"})
    return make_installations(settings, database, clock, lambda: None)
