"""One claim's work on one call: plan, do the first thing that may go, plan again; and what to do about each failure."""

from __future__ import annotations

import math
from dataclasses import replace

from app import logs
from app.domain.calls import CallStatus
from app.domain.in_flight import AS_ANOTHER, InFlight
from app.domain.meetings import Meeting
from app.domain.operations import (
    AddCall,
    AddParticipants,
    CreateMeeting,
    EndCall,
    EndMeeting,
    FindPerson,
    LookAtCard,
    Operation,
    PostCall,
    RenameMeeting,
    TellFailure,
    UpdateCall,
)
from app.domain.plan import after, plan, rest, status, unrecognised
from app.domain.repeating import LOOKED, NOTED
from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.metrics import OPERATIONS
from app.reconciler.apply import LOOK, Apply, Done, lane_of
from app.reconciler.claimed import ClaimedCall
from app.reconciler.news import REFUSED_AS_IT_IS, agree, believe, is_news, narrowed, needs_look
from app.reconciler.watch import Watch
from app.slack import texts
from app.slack.calls import SlackCall

STARTS: frozenset[type[Operation]] = frozenset({CreateMeeting, AddCall, PostCall})
"""Refused for good, there will be no call."""
MOST_START_ATTEMPTS = 6
"""After so many failures in a row (about half a minute) the person is told, instead of waiting on."""
MOST_UNDOING_ATTEMPTS = 20
"""After so many refusals in a row (an hour) the meeting of a call that is over is left to the provider."""
MOST_FAREWELL_ATTEMPTS = 300
"""After so many failures in a row, a day by then, what is left of a call that is over stays as it is."""
MOST_TELLING_ATTEMPTS = 9
"""After so many refusals in a row (four minutes) nobody is told why there is no call."""
MOST_UNANSWERED_TELLINGS = 3
TELL_AGAIN_SECONDS = 120.0
"""When a message that may have come is sent once more: by then most outages are over, and few people read it twice."""
SURE_AFTER = 8
"""So often in a row (two minutes) Slack has to say that a call is over already whose end it was never told."""
MOMENT_SECONDS = 5.0
LONGEST_FAREWELL_SECONDS = 30.0
"""An ended card takes nobody any more. So its end waits for those who came and went unseen, if their turn comes in a
moment: not for a lane that Slack has parked for longer, and never for long."""

log = logs.get(__name__)


class Turn:
    """``work()`` does what can be done now, and gives the call back.

    ``_passed_over`` are operations that cannot be done in this turn, ``_waits`` how many seconds until those of them
    that wait for their lane may go.
    """

    def __init__(self, claimed: ClaimedCall, apply: Apply, public_url: str) -> None:
        self._claimed = claimed
        self._apply = apply
        self._public_url = public_url
        self._watch = Watch(claimed, apply)
        self._passed_over: set[type[Operation]] = set()
        self._waits: dict[type[Operation], float] = {}
        self._failed = False
        self._call, self._shown = claimed.load()

    def work(self) -> None:
        if self._watch.has_come(self._call, self._shown):
            self._watch.hear(self._call, self._shown)
            self._call, self._shown = self._claimed.load()
        while (operation := self._next()) is not None:
            # Each step changes what there is, looks once, or passes the operation over; so this comes to an end.
            self._step(narrowed(operation, self._shown))
            if type(operation) not in self._waits:  # else nothing was done, and in a large call looking is costly
                self._call, self._shown = self._claimed.load()
        self._give_back()

    def _next(self) -> Operation | None:
        can = self._apply.capabilities(self._call)
        unknown = self._in_flight
        planned = plan(self._call.snapshot, self._shown, can, unknown.doubt, repeated=unknown.repeated)
        return next((operation for operation in planned if type(operation) not in self._passed_over), None)

    def _step(self, operation: Operation) -> None:
        if isinstance(operation, EndCall) and self._others_are_shown_in_a_moment():
            self._wait(operation, self._farewell_seconds())
        elif isinstance(operation, CreateMeeting) and self._lacks_host():
            self._find_host(operation)
        elif isinstance(operation, FindPerson) and self._recalls():
            pass  # what was known already is saved, and there is a new plan
        elif self._take_place(operation, lane_of(operation, self._call), self._in_flight.before(operation).text):
            self._send(operation)

    def _send(self, operation: Operation) -> None:
        try:
            done = self._apply.perform(operation, self._call, self._shown)
        except RequestFailed as failure:
            self._read_failure(operation, failure)
        else:
            self._save(operation, done)

    # --- Before it is sent -------------------------------------------------------------------------------------------

    def _recalls(self) -> bool:
        addresses = unrecognised(self._call.snapshot, self._shown)
        return self._claimed.recall(self._call.team_id, addresses, in_flight=self._call.in_flight)

    def _lacks_host(self) -> bool:
        hosts = self._apply.hosts(self._call)
        return bool(hosts) and self._call.host not in hosts

    def _find_host(self, operation: CreateMeeting) -> None:
        if not self._claimed.allot_host(self._apply.provider(self._call)):
            self._read_failure(operation, PermanentFailure("all_hosts_busy", "Each host holds as many as it can."))

    def _take_place(self, operation: Operation, lane: str, in_flight: str | None) -> bool:
        wait = self._claimed.take_place(self._call, lane, self._apply.pace(lane, self._call), in_flight=in_flight)
        if wait:
            self._wait(operation, wait)
        return not wait

    def _others_are_shown_in_a_moment(self) -> bool:
        ended_at = self._call.snapshot.ended_at
        is_soon = self._farewell_seconds() <= MOMENT_SECONDS
        return is_soon and ended_at is not None and self._claimed.seconds_since(ended_at) <= LONGEST_FAREWELL_SECONDS

    def _farewell_seconds(self) -> float:
        """Until those who are missing on the card can be put on it."""
        return min(self._waits.get(AddParticipants, math.inf), self._waits.get(LookAtCard, math.inf))

    # --- What is in flight -------------------------------------------------------------------------------------------

    @property
    def _in_flight(self) -> InFlight:
        return InFlight.of(self._call.in_flight)

    def _look(self, operation: Operation) -> SlackCall | None:
        """What Slack shows; None when it cannot be asked now, and ``operation`` has to wait for that."""
        if not self._take_place(operation, LOOK, self._call.in_flight):
            return None
        try:
            return self._apply.look(self._call, self._shown)
        except RateLimited as failure:
            self._park(operation, LOOK, failure)
        except RequestFailed as failure:
            self._log_failure("cannot look", operation, failure)
            self._retry_later(operation, failure)
        return None

    # --- After it was sent -------------------------------------------------------------------------------------------

    def _save(self, operation: Operation, done: Done) -> None:
        in_flight = self._in_flight.after(operation).text
        match operation:
            case CreateMeeting() if done.meeting is not None:
                self._save_meeting(done.meeting)
            case RenameMeeting(title):
                self._claimed.save_title(title, in_flight=in_flight)
            case FindPerson(email):
                self._claimed.save_found(self._call.team_id, email, done.user_id, in_flight=in_flight)
            case _:
                self._claimed.save(done.shown, in_flight=in_flight)
        OPERATIONS.count(type(operation).__name__, "done")
        log.info("done", operation=type(operation).__name__, call_id=self._call.id, team_id=self._call.team_id)

    def _save_meeting(self, meeting: Meeting) -> None:
        provider = self._apply.provider(self._call)
        own_page = f"{self._public_url}/join/{self._call.join_token}"
        join_url = own_page if provider.capabilities.personal_links else meeting.join_url
        self._claimed.save_meeting(provider, meeting, join_url, self._call.snapshot.title)

    def _read_failure(self, operation: Operation, failure: RequestFailed) -> None:
        self._log_failure("not done", operation, failure)
        OPERATIONS.count(type(operation).__name__, type(failure).__name__)
        if not failure.effect_unknown and type(operation) in NOTED:
            # Nothing was done. What an earlier attempt left in flight stays so: only that one knew what came of it.
            self._claimed.note(in_flight=self._call.in_flight)
        if isinstance(failure, RateLimited):
            self._park(operation, lane_of(operation, self._call), failure)
        elif self._in_flight.is_same_call(operation) and isinstance(failure, PermanentFailure):
            self._claimed.note(in_flight=AS_ANOTHER)
        elif isinstance(operation, EndCall) and is_news(operation, failure) and self._call.failures < SURE_AFTER:
            self._pass_over(operation, failure)
        elif is_news(operation, failure):
            self._correct(operation, failure)
        elif isinstance(failure, TemporaryFailure):
            self._retry_later(operation, failure)
        else:
            self._accept_refusal(operation, failure)

    def _correct(self, operation: Operation, news: RequestFailed) -> None:
        if needs_look(operation, news):
            seen = self._look(operation)
            if seen is None:
                return
            corrected = agree(self._shown, seen)
        else:
            corrected = believe(self._shown, operation, news)
        if corrected == self._shown:
            # Slack shows what we believed and refuses all the same.
            self._pass_over(operation, news)
        else:
            self._claimed.save(corrected, in_flight=self._call.in_flight)

    def _accept_refusal(self, operation: Operation, failure: RequestFailed) -> None:
        if self._call.snapshot.is_over and isinstance(operation, CreateMeeting | EndMeeting):
            self._leave_behind(operation, failure)
        elif self._is_start(operation):
            self._give_up(operation, failure)
        elif isinstance(operation, LookAtCard):
            # We may not look. What we believe is the best that there is.
            self._claimed.note(in_flight=self._in_flight.after(operation).text)
        elif self._holds_up_others(operation, failure):
            self._rest(operation)
        elif isinstance(operation, TellFailure) and self._call.failures >= MOST_TELLING_ATTEMPTS:
            self._save(operation, Done(after(self._shown, operation)))
        else:
            self._pass_over(operation, failure)

    def _rest(self, operation: Operation) -> None:
        in_flight = self._in_flight.after(operation).text
        self._claimed.save(rest(operation, self._call.snapshot, self._shown), in_flight=in_flight)

    def _leave_behind(self, operation: CreateMeeting | EndMeeting, failure: RequestFailed) -> None:
        """A meeting that is to be ended, once an operator had the time to mend what is refused."""
        if self._call.failures < MOST_UNDOING_ATTEMPTS:
            return self._pass_over(operation, failure)
        log.error("a meeting may be left behind", call_id=self._call.id, team_id=self._call.team_id)
        in_flight = self._in_flight.after(operation).text
        return self._claimed.save(after(self._shown, operation), in_flight=in_flight)

    def _holds_up_others(self, operation: Operation, failure: RequestFailed) -> bool:
        """Whether it would be refused in every turn, and what it is about can wait for the next look."""
        is_title = isinstance(operation, UpdateCall) and failure.code == REFUSED_AS_IT_IS
        return is_title or isinstance(operation, FindPerson | RenameMeeting)

    def _retry_later(self, operation: Operation, failure: RequestFailed) -> None:
        if isinstance(operation, TellFailure) and failure.effect_unknown:
            self._tell_once_more(operation)
        elif self._is_start(operation) and self._call.failures >= MOST_START_ATTEMPTS:
            self._give_up(operation, failure)
        else:
            self._pass_over(operation, failure)

    def _tell_once_more(self, operation: TellFailure) -> None:
        known = replace(self._shown, told_perhaps=self._shown.told_perhaps + 1)
        if known.told_perhaps >= MOST_UNANSWERED_TELLINGS:
            return self._save(operation, Done(after(known, operation)))
        self._claimed.save(known, in_flight=self._call.in_flight)
        self._call, self._shown = self._claimed.load()
        return self._wait(operation, TELL_AGAIN_SECONDS)

    def _is_start(self, operation: Operation) -> bool:
        """Whether there is no call without it."""
        is_one = type(operation) in STARTS or self._looks_for_card(operation)
        return is_one and not self._call.snapshot.is_over

    def _looks_for_card(self, operation: Operation) -> bool:
        return isinstance(operation, LookAtCard) and not self._shown.posted

    def _give_up(self, operation: Operation, failure: RequestFailed) -> None:
        """There will be no call: the plan tells the person, and undoes what was made."""
        reference = logs.new_reference()
        log.error("call failed", call_id=self._call.id, reference=reference, why=str(failure))
        provider = self._apply.provider_name(self._call) if isinstance(operation, CreateMeeting) else None
        title = self._call.snapshot.title.value
        in_flight = self._in_flight.before(operation).text if failure.effect_unknown else self._call.in_flight
        self._claimed.fail(texts.could_not_start(title, failure, provider, reference), in_flight=in_flight)

    def _park(self, operation: Operation, lane: str, failure: RateLimited) -> None:
        seconds = failure.retry_after_seconds
        self._claimed.slow_down(self._call, lane, self._apply.pace(lane, self._call), seconds)
        self._wait(operation, seconds)

    # --- Operations that cannot be done in this turn -----------------------------------------------------------------

    def _wait(self, operation: Operation, seconds: float) -> None:
        self._passed_over.add(type(operation))
        self._waits[type(operation)] = seconds

    def _pass_over(self, operation: Operation, failure: RequestFailed) -> None:
        self._passed_over.add(type(operation))
        self._failed = True
        if failure.effect_unknown and type(operation) in LOOKED:
            # It may be on its way still. Looking is for the next turn, and so is what must not be sent before.
            self._passed_over |= {*LOOKED, LookAtCard}

    def _give_back(self) -> None:
        stands = status(self._call.snapshot, self._shown)
        if self._failed and self._is_hopeless():
            log.error("given up", call_id=self._call.id, team_id=self._call.team_id, failures=self._call.failures)
            self._claimed.finish(self._call.generation, stands)
        elif self._failed:
            self._claimed.retry_later(stands)
        elif self._waits:
            self._claimed.postpone(min(self._waits.values()), self._call.generation, stands)
        else:
            self._forget_search()
            self._watch.keep(self._call, self._shown)
            self._finish(stands)

    def _finish(self, stands: CallStatus) -> None:
        """All is done, but perhaps for a look at a meeting that is over and may begin again."""
        rest_seconds = self._watch.rest_seconds(self._call, self._shown)
        if rest_seconds:
            self._claimed.postpone(rest_seconds, self._call.generation, stands)
        else:
            self._claimed.finish(self._call.generation, stands)

    def _is_hopeless(self) -> bool:
        return self._call.snapshot.is_over and self._call.failures >= MOST_FAREWELL_ATTEMPTS

    def _forget_search(self) -> None:
        """Everybody is on the card, so Slack refuses nobody any more."""
        if self._shown.one_by_one:
            self._claimed.save(replace(self._shown, one_by_one=False), in_flight=self._call.in_flight)

    def _log_failure(self, message: str, operation: Operation, failure: RequestFailed) -> None:
        name = type(operation).__name__
        log.warning(message, operation=name, call_id=self._call.id, team_id=self._call.team_id, why=str(failure))
