"""The life of one call with twenty people, in which one method of Slack has trouble for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.db import calls
from app.db.calls import StoredCall
from app.emulator.workspace import Channel
from app.errors import CannotTell
from app.slack.texts import refused
from tests.providers.standard.reference_server import HeldMeeting
from tests.reconciler.stage import MOST_UNITS, PATIENCE_SECONDS, Stage, names, person
from tests.scenarios.fault_cases import BRIEFLY, Cell, Phase

TROUBLED_SECONDS = 60
"""How long a fault stands by the clock of the test."""
CONVERGED_SECONDS = 310
"""Within so many seconds after the fault all is as it must be: no failure rests longer than five minutes, and in five
minutes a running call is looked into."""
IMPATIENCE_SECONDS = 0.25
"""For the few requests that are really left without an answer."""
BY_NAME = tuple(f"Person {number}" for number in range(18))
TWENTY = (*BY_NAME, "U0ALAN", "U0ADA")
GRACE, GRACE_BY_NAME = "U0GRACE", "Grace Hopper"
"""Who starts the calls, and comes to some of them with an address that Slack knows."""
ADMIN = "U0ADA"


@dataclass(slots=True)
class Play:
    """One cell, on a stage that others have used before: so the channel and the team are its own. A fault that is not
    brief stands for ``seconds``."""

    stage: Stage
    cell: Cell
    number: int
    seconds: float = TROUBLED_SECONDS
    attended: set[str] = field(default_factory=set)
    call_id: str = ""

    def run(self) -> None:
        self._open_channel()
        match self.cell.method.phase:
            case Phase.START | Phase.FAIL:
                self._start_in_trouble()
            case Phase.RUN:
                self._start()
                self._come_and_go_in_trouble()
            case Phase.END:
                self._start()
                self._end_in_trouble()
            case Phase.ASK:
                self._start()
                self._ask_in_trouble()

    # --- What happens ------------------------------------------------------------------------------------------------

    def _start_in_trouble(self) -> None:
        if self.cell.method.phase is Phase.FAIL:
            self.stage.slack.faults.add("calls.add", "error", error="not_authorized")
        self._arm()
        self._want()
        self._stand()
        if self.cell.fails:
            self._converge(self._wrong_with_failed)
            return
        self._converge(self._wrong_with_running)
        self._fill()
        self._converge(self._wrong_with_running)
        self._end()

    def _come_and_go_in_trouble(self) -> None:
        if self.cell.method.name == "calls.info":
            # So that there is something to look into.
            self.stage.slack.faults.add("calls.participants.add", "drop_after", times=1)
        self._arm()
        self._change("Ada", leaves=("Person 0", "U0ALAN"))
        self.stage.rename("Retro", channel=self.channel, team=self.team)
        self._hear_of_grace()
        self._stand(self.seconds / 2)
        self._change("Bob", leaves=("Person 1",))
        self._stand(self.seconds / 2)
        self._converge(self._wrong_with_running)
        self._end()

    def _end_in_trouble(self) -> None:
        self._arm()
        self._change("Ada", leaves=("Person 0",))
        self.stage.work()
        self._tell_end()
        self._stand()
        self._converge(self._wrong_with_ended)

    def _ask_in_trouble(self) -> None:
        self._arm()
        assert self._command_end() == refused(CannotTell(), "/ring")
        self._stand()
        self._converge(self._wrong_with_running)
        self._command_end()
        self._converge(self._wrong_with_ended)

    def _command_end(self) -> str:
        return str(self.stage.slack.slash("/ring", "end", user=ADMIN, channel=self.channel).text)

    def _end(self) -> None:
        self._tell_end()
        self._converge(self._wrong_with_ended)

    def _tell_end(self) -> None:
        self.stage.end(channel=self.channel, team=self.team)

    # --- The fault ---------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        trouble = self.cell.trouble
        times = 1 if trouble.is_real_timeout else BRIEFLY if self.cell.is_brief else None
        self.stage.slack.faults.add(self.cell.method.name, trouble.fault, times=times, **trouble.details)
        if trouble.is_real_timeout:
            self.stage.patience_seconds = IMPATIENCE_SECONDS

    def _stand(self, seconds: float | None = None) -> None:
        """Let the fault stand, whatever is tried meanwhile."""
        seconds = seconds or self.seconds
        until = self.stage.clock.now() + timedelta(seconds=seconds)
        self.stage.settle(within_seconds=seconds)
        self.stage.clock.move_to(until)

    def _clear(self) -> None:
        self.stage.slack.faults.clear()
        self.stage.patience_seconds = PATIENCE_SECONDS

    # --- People ------------------------------------------------------------------------------------------------------

    def _want(self) -> None:
        self.stage.start(channel=self.channel, team=self.team, answer_through=self._response_url())
        with self.stage.database.reading() as connection:
            [call] = calls.running_calls(connection, self.team, self.channel)
        self.call_id = call.id

    def _start(self) -> None:
        self._want()
        self.stage.work()
        self._fill()
        self._converge(self._wrong_with_running)

    def _fill(self) -> None:
        """Twenty come, of whom a look tells at once."""
        self.meeting.state = "running"
        self.meeting.participants = [person(name) for name in TWENTY]
        self.attended = set(TWENTY)
        deadline = self.call.deadline_at
        assert deadline is not None
        self.stage.clock.move_to(deadline)

    def _change(self, *come: str, leaves: tuple[str, ...]) -> None:
        self.attended |= set(come)
        self.stage.join(*come, meeting=self.meeting_id)
        self.stage.leave(*leaves, meeting=self.meeting_id)

    def _hear_of_grace(self) -> None:
        """She is known in Slack by her address."""
        email = self.stage.slack.workspace().users[GRACE].email
        told = {"id": "grace-1", "name": GRACE_BY_NAME, "email": email}
        self.attended.add(self._grace)
        self.stage.hear("participant.joined", meeting=self.meeting_id, participant=told)

    # --- What must be so ---------------------------------------------------------------------------------------------

    def _converge(self, wrong: Callable[[], dict[str, tuple[object, object]]]) -> None:
        self._clear()
        last = self.stage.clock.now() + timedelta(seconds=CONVERGED_SECONDS)
        found: dict[str, tuple[object, object]] = {}
        for _ in range(MOST_UNITS):
            self.stage.work()
            found = {name: pair for name, pair in wrong().items() if pair[0] != pair[1]}
            due = self.stage.next_due_at()
            if not found or due is None or due > last:
                break
            self.stage.clock.move_to(due)
        assert not found, f"{self.cell} (found, wanted): {found}"

    def _wrong_with_running(self) -> dict[str, tuple[object, object]]:
        told = [participant.get("slack_id") or participant["name"] for participant in self.meeting.participants]
        there = sorted(self._grace if name == GRACE_BY_NAME else name for name in told)
        card = self._card()
        return {
            **self._always(),
            "status": (self.call.status.value, "live"),
            "title": (card.get("name"), self.call.snapshot.title.value),
            "present": (names(card.get("active_participants", [])), there),
            "over": (card.get("has_ended"), False),
            "told": (self._told(), []),
        }

    def _wrong_with_ended(self) -> dict[str, tuple[object, object]]:
        card = self._card()
        return {
            **self._always(),
            "status": (self.call.status.value, "ended"),
            "title": (card.get("name"), self.call.snapshot.title.value),
            "present": (card.get("active_participants"), []),
            "attended": (self._once(names(card.get("all_participants", []))), self.attended),
            "over": (card.get("has_ended"), True),
            "meeting": (self.meeting.state, "ended"),
            "in step": (self.call.is_in_step, True),
            "told": (self._told(), []),
        }

    def _always(self) -> dict[str, tuple[object, object]]:
        """Nothing is doubled."""
        return {
            "cards": (len(self.stage.slack.cards(self.channel)), 1),
            "messages": (len(self.stage.slack.messages(self.channel)), 1),
            "calls": (len(self._calls_in_slack()), 1),
            "meetings": (len(self._meetings()), 1),
        }

    def _wrong_with_failed(self) -> dict[str, tuple[object, object]]:
        told = self._told()
        meetings = [held.state for held in self._meetings().values()]
        return {
            "status": (self.call.status.value, "failed"),
            "told": (len(set(told)), 1),
            "messages": (len(self.stage.slack.messages(self.channel)), 0),
            "meetings": (meetings, ["ended"]),
            "in step": (self.call.is_in_step, True),
            "told too often": (len(told) > self.cell.most_told, False),
        }

    @property
    def _grace(self) -> str:
        return GRACE_BY_NAME if self.cell.hides_grace else GRACE

    def _once(self, attended: list[str]) -> set[str]:
        """Whoever is recognised late leaves their name among those who were there."""
        return set(attended) - ({GRACE_BY_NAME} - {self._grace})

    # --- What is found -----------------------------------------------------------------------------------------------

    @property
    def channel(self) -> str:
        return f"C0CELL{self.number}"

    @property
    def team(self) -> str:
        """Its own, so that no lane is shared: all teams are one workspace to this Slack. But commands come from the
        one that it knows."""
        return "T0LOCAL" if self.cell.method.phase is Phase.ASK else f"T0CELL{self.number}"

    @property
    def call(self) -> StoredCall:
        with self.stage.database.reading() as connection:
            call = calls.find_call(connection, self.call_id)
        assert call is not None
        return call

    @property
    def meeting_id(self) -> str:
        [meeting_id] = self._meetings()
        return meeting_id

    @property
    def meeting(self) -> HeldMeeting:
        return self.stage.vendor.meetings[self.meeting_id]

    def _meetings(self) -> dict[str, HeldMeeting]:
        return {id_: held for id_, held in self.stage.vendor.meetings.items() if held.key == self.call_id}

    def _calls_in_slack(self) -> list[str]:
        known = self.stage.slack.workspace().calls.all()
        return [call.id for call in known if call.external_unique_id.startswith(self.call_id)]

    def _card(self) -> dict[str, Any]:
        cards = self.stage.slack.cards(self.channel)
        return cards[0] if cards else {}

    def _told(self) -> list[str]:
        said = self.stage.slack.ephemerals(GRACE)
        return [message["text"] for message in said if message["channel"] == self.channel]

    def _open_channel(self) -> None:
        is_private = self.cell.method.name == "response_url"
        members = [GRACE] if is_private else [GRACE, ADMIN, "U0BOT"]
        kind = "private" if is_private else "public"
        channel = Channel(self.channel, f"cell-{self.number}", kind, members)  # type: ignore[arg-type]
        self.stage.slack.workspace().add_channel(channel)

    def _response_url(self) -> str | None:
        return self.stage.response_url(self.channel) if self.cell.method.name == "response_url" else None
