"""What time has to say of a claimed call: who is in is asked, what Slack shows is looked at, and where nobody can be
asked, the call ends at its limit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app import logs
from app.db.calls import StoredCall
from app.domain.calls import CallSnapshot
from app.domain.deadline import deadline, warns_of
from app.domain.plan import Shown
from app.domain.runs import may_become_a_call
from app.errors import PermanentFailure, RateLimited, RequestFailed
from app.metrics import REPAIRS
from app.providers.base import Provider
from app.reconciler.apply import LOOK, WARN, Apply
from app.reconciler.claimed import ClaimedCall
from app.reconciler.news import agree
from app.slack import texts

AGAIN_SECONDS = 60.0
"""After a warning that could not be sent. Three of these fit into the time that people are warned before."""
log = logs.get(__name__)


class Watch:
    """``hear`` is for when the moment of a call ``has_come``, ``keep`` for whenever something is known anew."""

    def __init__(self, claimed: ClaimedCall, apply: Apply) -> None:
        self._claimed = claimed
        self._apply = apply

    def has_come(self, call: StoredCall, shown: Shown) -> bool:
        return self._claimed.is_overdue(call) and (not call.snapshot.is_over or self._follows(call, shown))

    def hear(self, call: StoredCall, shown: Shown) -> None:
        """Do what is due, and note when to do it again. The call has to be loaded anew."""
        if shown.refused:
            # What was refused may have been mended.
            shown = replace(shown, refused=frozenset())
            self._claimed.save(shown, in_flight=call.in_flight)
        if call.snapshot.is_over:
            self._ask_whether_it_goes_on(call)
        elif self._apply.capabilities(call).looks:
            self._ask_provider(call)
            self._ask_slack(call, shown)
        elif (due := self._warned_of(call, shown)) is not None:
            self._warn(call, shown, due)
        else:
            self._claimed.end_overdue(lambda snapshot: self._deadline(call, snapshot))

    def keep(self, call: StoredCall, shown: Shown) -> None:
        """Where time alone ends the call, it ends some time after the last sign of life."""
        if self._apply.capabilities(call).looks or call.snapshot.is_over:
            return
        due = self._deadline(call, call.snapshot)
        if due is None:
            return
        warned_at = self._warning(call, shown, due)
        moment = due if warned_at is None else warned_at
        # A warning that could not go out in its moment has been given another one already.
        is_tried_again = call.deadline_at is not None and moment <= call.deadline_at <= due
        if moment != call.deadline_at and not (is_tried_again and self._claimed.seconds_since(moment) >= 0):
            self._claimed.set_deadline(moment)

    def rest_seconds(self, call: StoredCall, shown: Shown) -> float:
        """Until a call that is over has its moment once more; 0 when it has none. The look that was due next while it
        ran always comes: its end may have been told hours late."""
        if call.deadline_at is None or not self._follows(call, shown):
            return 0.0
        return max(0.0, -self._claimed.seconds_since(call.deadline_at))

    # --- Those who can be asked --------------------------------------------------------------------------------------

    def _follows(self, call: StoredCall, shown: Shown) -> bool:
        """Whether the meeting is asked about after its end: it may begin again without our hearing of it."""
        looks, has_thread = self._apply.capabilities(call).looks, _thread(call, shown) is not None
        return looks and has_thread and may_become_a_call(call.snapshot)

    def _ask_whether_it_goes_on(self, call: StoredCall) -> None:
        if not self._claimed.has_gone_on(call):
            self._ask_provider(call, again=self._claimed.is_asked_about(call))

    def _ask_provider(self, call: StoredCall, *, again: bool = True) -> None:
        try:
            self._claimed.look(lambda: self._apply.look_into(call), again=again)
        except RequestFailed as failure:
            log.warning("cannot ask who is in", call_id=call.id, team_id=call.team_id, why=str(failure))

    def _ask_slack(self, call: StoredCall, shown: Shown) -> None:
        """The card may have lost what it was told. A short lane is left to those who need it now."""
        pace = self._apply.pace(LOOK, call)
        if not _stands(call, shown) or self._claimed.take_place(call, LOOK, pace, in_flight=call.in_flight):
            return
        try:
            seen = self._apply.look(call, shown)
        except RateLimited as failure:
            self._claimed.slow_down(call, LOOK, pace, failure.retry_after_seconds)
        except RequestFailed as failure:
            log.warning("cannot ask what Slack shows", call_id=call.id, team_id=call.team_id, why=str(failure))
        else:
            believed = {user.key for user in shown.card.present} if shown.card else set()
            if {user.key for user in seen.users} != believed:
                REPAIRS.count("card")
                log.warning("Slack shows other people", call_id=call.id, team_id=call.team_id)
                self._claimed.save(agree(shown, seen), in_flight=call.in_flight)

    # --- Limits ------------------------------------------------------------------------------------------------------

    def _provider(self, call: StoredCall) -> Provider | None:
        try:
            return self._apply.provider(call)
        except PermanentFailure:
            return None

    def _deadline(self, call: StoredCall, snapshot: CallSnapshot) -> datetime | None:
        provider = self._provider(call)
        # One that is no longer set up takes its calls with it.
        return deadline(snapshot, provider.limit_seconds, provider.idle_seconds) if provider else None

    def _warning(self, call: StoredCall, shown: Shown, due: datetime) -> datetime | None:
        """When to tell people of the end at ``due``; None where nobody is there to be told, or nowhere to tell them,
        or it was told."""
        provider = self._provider(call)
        if provider is None or shown.warned_of == due or not _thread(call, shown):
            return None
        sends_events = provider.capabilities.sends_events
        return warns_of(call.snapshot, due, provider.idle_seconds, sends_events=sends_events)

    def _warned_of(self, call: StoredCall, shown: Shown) -> datetime | None:
        """The end that people are to be told of now."""
        due = self._deadline(call, call.snapshot)
        if due is None or self._claimed.seconds_since(due) >= 0:
            return None
        warned_at = self._warning(call, shown, due)
        return due if warned_at is not None and self._claimed.seconds_since(warned_at) >= 0 else None

    def _warn(self, call: StoredCall, shown: Shown, due: datetime) -> None:
        pace = self._apply.pace(WARN, call)
        wait = self._claimed.take_place(call, WARN, pace, in_flight=call.in_flight)
        if wait:
            return self._claimed.set_deadline_in(wait, at_latest=due)
        try:
            self._apply.warn(call, _thread(call, shown) or "", self._text(call, due))
        except RateLimited as failure:
            self._claimed.slow_down(call, WARN, pace, failure.retry_after_seconds)
            return self._claimed.set_deadline_in(failure.retry_after_seconds, at_latest=due)
        except RequestFailed as failure:
            log.warning("cannot warn of the end", call_id=call.id, team_id=call.team_id, why=str(failure))
            if not isinstance(failure, PermanentFailure):
                return self._claimed.set_deadline_in(AGAIN_SECONDS, at_latest=due)
        # Should this be lost in a crash, people are warned twice.
        self._claimed.save(replace(shown, warned_of=due), in_flight=call.in_flight)
        return self._claimed.set_deadline(due)

    def _text(self, call: StoredCall, due: datetime) -> str:
        minutes = max(1, round(-self._claimed.seconds_since(due) / 60))
        provider = self._provider(call)
        hours = (provider.limit_seconds or 0) / 3600 if provider else 0
        return texts.ends_soon(minutes, hours)


def _stands(call: StoredCall, shown: Shown) -> bool:
    """Whether the card stands, and nothing is under way to it."""
    running = shown.posted and shown.card is not None and shown.card.duration_seconds is None
    return running and call.is_in_step and call.in_flight is None and not call.snapshot.is_over


def _thread(call: StoredCall, shown: Shown) -> str | None:
    """Where the card's thread is; None for a card that went out through a response_url."""
    return call.thread_ts or shown.message_ts or None
