"""Tokens that wear out are exchanged in time: by one at a time, whoever comes first.

A refresh token is good for one exchange. The lease on the installation's row keeps all others from using it, and no
transaction is open while Slack is asked. Until the new tokens are stored the old ones stay and are used, so what fails
here is tried again. Who dies after Slack's answer has lost the new tokens; Slack takes the old refresh token for a
short while longer, and the lease is over soon enough for that.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from app import logs
from app.clock import Clock
from app.db import installations
from app.db.installations import Place, StoredInstallation, Tokens
from app.db.session import Database
from app.errors import PermanentFailure, RateLimited, RequestFailed, StoredUnreadable
from app.metrics import EXCHANGES
from app.slack.oauth import WORN_OUT_REFRESH, SlackOAuth
from app.slack.web_api import TIMEOUT_SECONDS

AFTER_REFUSAL = timedelta(minutes=10)
"""Slack has said no, and may say so again; whoever runs the app may mend it meanwhile."""
log = logs.get(__name__)


class TokenExchange:
    """Exchanges tokens. ``lose`` is told of an installation whose tokens are at an end, with Slack's word for it."""

    def __init__(
        self, database: Database, clock: Clock, slack: SlackOAuth, lose: Callable[[StoredInstallation, str], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._slack = slack
        self._lose = lose

    def exchange(self, place: Place, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
        """Exchange the tokens of a place, if that is due and nobody else does it. Returns whether Slack was asked."""
        lease_token = secrets.token_hex(16)
        claimed = self._claim(place, lease_token)
        if claimed is None or claimed.tokens is None or claimed.tokens.refresh is None:
            return False
        try:
            new = self._slack.exchange(claimed.tokens.refresh, timeout_seconds=timeout_seconds)
        except RequestFailed as failure:
            self._failed(claimed, lease_token, failure)
        else:
            tokens = Tokens(bot=new.bot, refresh=new.refresh, expire_at=new.expire_at)
            with self._database.transaction() as connection:
                is_ours = installations.save_exchanged(connection, place, lease_token, tokens)
            EXCHANGES.count("done" if is_ours else "overtaken")
        return True

    def exchange_due(self) -> bool:
        """Exchange the tokens that are the most urgent, also where nobody uses them just now. Returns whether there is
        more."""
        with self._database.reading() as connection:
            places = installations.find_due(connection, self._clock.now(), most=2)
        if places:
            self.exchange(places[0])
        return len(places) > 1

    def _claim(self, place: Place, lease_token: str) -> StoredInstallation | None:
        now = self._clock.now()
        try:
            with self._database.transaction() as connection:
                return installations.claim_exchange(connection, place, now, lease_token)
        except StoredUnreadable as error:
            # One whose key is lost must not hold up the others.
            log.warning(
                "tokens not readable", team_id=place.team_id, enterprise_id=place.enterprise_id, why=error.detail
            )
            with self._database.transaction() as connection:
                installations.rest(connection, place, now + AFTER_REFUSAL)
            return None

    def _failed(self, claimed: StoredInstallation, lease_token: str, failure: RequestFailed) -> None:
        now, place = self._clock.now(), claimed.place
        EXCHANGES.count(type(failure).__name__)
        told = {"team_id": place.team_id, "enterprise_id": place.enterprise_id, "why": failure.code}
        is_refused = isinstance(failure, PermanentFailure)
        (log.error if is_refused else log.warning)("tokens not exchanged", **told)
        seconds = failure.retry_after_seconds if isinstance(failure, RateLimited) else 0.0
        with self._database.transaction() as connection:
            wait = AFTER_REFUSAL.total_seconds() if is_refused else seconds
            is_ours = installations.postpone_exchange(connection, place, lease_token, now, wait)
        is_dead = claimed.tokens is not None and claimed.tokens.are_dead(now)
        if is_ours and is_dead and failure.code in WORN_OUT_REFRESH:
            self._lose(claimed, failure.code)
