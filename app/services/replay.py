"""Deliveries that are read again, with the code of today: after a mend, or when something is missing on a card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app import logs
from app.clock import Clock
from app.db import deliveries
from app.db.deliveries import Outcome, WholeDelivery
from app.db.session import Database
from app.domain.events import Event
from app.errors import SwitchboardError
from app.providers.base import Provider, WebhookRequest
from app.services import Nudge
from app.services.accounts import Accounts
from app.services.deliveries import fold_again, what_went_wrong

Result = TypeVar("Result")
log = logs.get(__name__)


class ProviderMissing(SwitchboardError):
    """The provider of this delivery is not set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a delivery this time. ``events`` is how many it holds that we follow; ``why`` says what went wrong,
    in words that quote nothing of it."""

    delivery_id: str
    outcome: Outcome
    events: int = 0
    call_id: str | None = None
    why: str | None = None


class ReplayService:
    """Takes in stored deliveries again. What is known already stays as it is, so doing it twice does no harm."""

    def __init__(self, database: Database, clock: Clock, accounts: Accounts, nudge: Nudge) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._nudge = nudge

    def replay(self, delivery_id: str) -> Replayed | None:
        """Read a delivery again, fold it into its call, and note what came of it. None when there is no such delivery.

        Raises ``ProviderMissing``. Whatever our code trips over is logged, and told.
        """
        with self._database.reading() as connection:
            delivery = deliveries.find_delivery(connection, delivery_id)
        if delivery is None:
            return None
        provider = self._provider(delivery)
        replayed = _attempt(delivery, lambda: self._take_in(provider, delivery))
        if isinstance(replayed, Exception):
            return self._keep_failed(delivery, replayed)
        self._nudge()
        return replayed

    def read(self, delivery: WholeDelivery) -> Sequence[Event] | str:
        """What the code of today makes of a delivery, or what goes wrong. Raises ``ProviderMissing``."""
        provider = self._provider(delivery)
        events = _attempt(delivery, lambda: _read(provider, delivery))
        return what_went_wrong(events) if isinstance(events, Exception) else events

    def _provider(self, delivery: WholeDelivery) -> Provider:
        provider = self._accounts.find(delivery.provider, delivery.account_id)
        if provider is None:
            raise ProviderMissing(delivery.provider)
        return provider

    def _take_in(self, provider: Provider, delivery: WholeDelivery) -> Replayed:
        events = _read(provider, delivery)
        # The calls are locked before the delivery, as when it came: else two could wait for each other.
        with self._database.transaction() as connection:
            call_id = fold_again(connection, provider, events, self._clock.now())
            outcome = Outcome.APPLIED if call_id else Outcome.UNMATCHED
            meeting_id = events[0].meeting_id if events else None
            deliveries.save_replayed(connection, delivery.id, outcome, meeting_id=meeting_id, call_id=call_id)
        return Replayed(delivery_id=delivery.id, outcome=outcome, events=len(events), call_id=call_id)

    def _keep_failed(self, delivery: WholeDelivery, error: Exception) -> Replayed:
        """What was taken in once stays so, also when the code of today cannot read it."""
        if delivery.outcome is not Outcome.APPLIED:
            with self._database.transaction() as connection:
                deliveries.set_outcome(connection, delivery.id, Outcome.FAILED, error=type(error).__name__)
        return Replayed(delivery_id=delivery.id, outcome=Outcome.FAILED, why=what_went_wrong(error))


def _attempt(delivery: WholeDelivery, do: Callable[[], Result]) -> Result | Exception:
    try:
        return do()
    except Exception as error:  # whatever our code trips over, the other deliveries must have their turn
        log.exception("stored delivery not read", provider=delivery.provider, delivery_id=delivery.id)
        return error


def _read(provider: Provider, delivery: WholeDelivery) -> Sequence[Event]:
    return provider.parse_events(WebhookRequest.of(body=delivery.body, headers=delivery.headers))
