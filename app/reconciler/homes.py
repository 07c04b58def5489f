"""Publishes Homes that no longer show how things stand, within the pace of each team."""

from __future__ import annotations

import threading
from datetime import timedelta

from slack_sdk import WebClient

from app import logs
from app.clock import Clock
from app.db import homes, lanes
from app.db.homes import ClaimedHome
from app.db.session import Database
from app.domain.permissions import Role
from app.errors import PermanentFailure, RateLimited, RequestFailed, StoredUnreadable, WishRefused
from app.reconciler.bell import Bell
from app.reconciler.units import attempt
from app.services.callers import Actor
from app.services.homes import RECENT, HomeService
from app.slack import home, people
from app.slack.clients import Clients
from app.slack.lanes import PACES

WATCHED = timedelta(days=1)
"""After somebody has opened their Home it may stand open before them, and nobody tells when it does not any more."""
ROLE_LASTS = timedelta(minutes=10)
AT_MOST_EVERY_SECONDS = 1.0
"""In a large call something changes all the time; a Home is read by people."""
LONGEST_REST_SECONDS = 15.0
LONGEST_WAIT = timedelta(minutes=10)
log = logs.get(__name__)


class Homes:
    """``publish_one()`` is the unit of work; a thread calls it in a loop, tests call it by itself."""

    def __init__(
        self, database: Database, clock: Clock, clients: Clients, home_service: HomeService, bell: Bell
    ) -> None:
        self._database = database
        self._clock = clock
        self._clients = clients
        self._homes = home_service
        self._bell = bell
        self._stopping = threading.Event()

    def run(self) -> None:
        """Publish until ``stop``."""
        while not self._stopping.is_set():
            heard = self._bell.rings
            if not attempt(self.publish_one, False, "homes not published"):
                self._stopping.wait(AT_MOST_EVERY_SECONDS)
                self._bell.wait(heard, LONGEST_REST_SECONDS)

    def stop(self) -> None:
        self._stopping.set()
        self._bell.ring_all()

    def publish_one(self) -> bool:
        """Publish the Home that was opened last of those that are out of date. Returns whether there was one."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            claimed = homes.claim(connection, now, opened_since=now - WATCHED, recent_since=now - RECENT)
        if claimed is None:
            return False
        if not self._waits(claimed):
            self._publish(claimed)
        return True

    def _waits(self, claimed: ClaimedHome) -> bool:
        """Take its place in the lane; or book one, and wait for that."""
        now, pace = self._clock.now(), PACES[home.METHOD]
        with self._database.transaction() as connection:
            booked = lanes.take_place(connection, claimed.team_id, home.METHOD, pace, now, claimed.place)
            homes.keep_place(connection, claimed, booked.place if booked.wait else None)
            if booked.wait:
                homes.try_again(connection, claimed, now + booked.wait)
        return bool(booked.wait)

    def _publish(self, claimed: ClaimedHome) -> None:
        try:
            client = self._clients.of(claimed.team_id, claimed.enterprise_id)
            role = self._role(claimed, client)
            composed = self._homes.compose(_actor(claimed, role))
            home.publish(client, claimed.team_id, claimed.user_id, composed)
        except (RequestFailed, WishRefused, StoredUnreadable) as failure:
            self._read_failure(claimed, failure)
        else:
            with self._database.transaction() as connection:
                homes.published(connection, claimed, self._clock.now())

    def _role(self, claimed: ClaimedHome, client: WebClient) -> Role:
        now = self._clock.now()
        if claimed.role and claimed.role_at and now - claimed.role_at < ROLE_LASTS:
            return claimed.role
        role = people.role_of(client, claimed.user_id, claimed.team_id, claimed.enterprise_id)
        with self._database.transaction() as connection:
            homes.save_role(connection, claimed, role, now)
        return role

    def _read_failure(self, claimed: ClaimedHome, failure: RequestFailed | WishRefused | StoredUnreadable) -> None:
        log.warning("home not published", team_id=claimed.team_id, user_id=claimed.user_id, why=str(failure))
        now = self._clock.now()
        with self._database.transaction() as connection:
            if isinstance(failure, RateLimited):
                seconds = failure.retry_after_seconds
                lanes.refuse(
                    connection,
                    claimed.team_id,
                    home.METHOD,
                    PACES[home.METHOD],
                    sent_at=now,
                    now=now,
                    retry_after_seconds=seconds,
                )
                homes.try_again(connection, claimed, now + timedelta(seconds=seconds))
            elif isinstance(failure, PermanentFailure | WishRefused | StoredUnreadable):
                # It is tried again when they look again, or when there is something new.
                homes.published(connection, claimed, now)
            else:
                homes.try_again(connection, claimed, now + min(LONGEST_WAIT, timedelta(seconds=2**claimed.failures)))


def _actor(claimed: ClaimedHome, role: Role) -> Actor:
    return Actor(
        team_id=claimed.team_id, enterprise_id=claimed.enterprise_id, user_id=claimed.user_id, role=lambda: role
    )
