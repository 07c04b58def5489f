"""The life of a call with twenty people, in which one method of Slack has trouble for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.errors import CannotTell
from app.slack.texts import refused
from tests.providers.standard.reference_server import HeldMeeting
from tests.reconciler.stage import PATIENCE_SECONDS, Stage, names, person
from tests.scenarios.fault_cases import BRIEFLY, Cell, Phase
from tests.scenarios.one_call import ADMIN, GRACE, OneCall, Wrong

TROUBLED_SECONDS = 60
"""How long a fault stands by the clock of the test."""
IMPATIENCE_SECONDS = 0.25
"""For the few requests that are really left without an answer."""
STRUCK_SECONDS = 5
"""By then every method of a cell has been sent once."""
TWENTY = (*(f"Person {number}" for number in range(18)), "U0ALAN", "U0ADA")
GRACE_BY_NAME = "Grace Hopper"
"""She comes with an address that Slack knows."""


@dataclass(slots=True)
class Play:
    """One cell. A fault that is not brief stands for ``seconds``."""

    stage: Stage
    cell: Cell
    number: int
    seconds: float = TROUBLED_SECONDS
    attended: set[str] = field(default_factory=set)
    one: OneCall = field(init=False)

    def __post_init__(self) -> None:
        self.one = OneCall(
            stage=self.stage,
            name=f"CELL{self.number}",
            is_private=self.cell.method.name == "response_url",
            # Commands come from the team that this Slack knows.
            team="T0LOCAL" if self.cell.method.phase is Phase.ASK else "",
        )

    def run(self) -> None:
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
        self.one.want("standard")
        self._stand(self.seconds)
        if self.cell.fails:
            return self._converge(self._wrong_with_failed)
        self._converge(self._wrong_with_running)
        self._fill()
        self._converge(self._wrong_with_running)
        return self._end()

    def _come_and_go_in_trouble(self) -> None:
        if self.cell.method.name == "calls.info":
            # So that there is something to look into.
            self.stage.slack.faults.add("calls.participants.add", "drop_after", times=1)
        self._arm()
        self._change("Ada", leaves=("Person 0", "U0ALAN"))
        self.one.rename("Retro")
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
        self.one.end()
        self._stand(self.seconds)
        self._converge(self._wrong_with_ended)

    def _ask_in_trouble(self) -> None:
        self._arm()
        assert self._command_end() == refused(CannotTell(), "/ring")
        self._stand(self.seconds)
        self._converge(self._wrong_with_running)
        self._command_end()
        self._converge(self._wrong_with_ended)

    def _command_end(self) -> str:
        return self.stage.slack.slash("/ring", "end", user=ADMIN, channel=self.one.channel).text

    def _end(self) -> None:
        self.one.end()
        self._converge(self._wrong_with_ended)

    # --- The fault ---------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        trouble = self.cell.trouble
        times = 1 if trouble.is_real_timeout else BRIEFLY if self.cell.is_brief else None
        self.stage.slack.faults.add(self.cell.method.name, trouble.fault, times=times, **trouble.details)
        if trouble.is_real_timeout:
            self.stage.patience_seconds = IMPATIENCE_SECONDS

    def _stand(self, seconds: float) -> None:
        """Let the fault stand for so long. Once it has struck there is patience again: this machine may be slow."""
        self.one.stand(STRUCK_SECONDS)
        self.stage.patience_seconds = PATIENCE_SECONDS
        self.one.stand(seconds - STRUCK_SECONDS)

    def _converge(self, wrong: Callable[[], Wrong]) -> None:
        """Once the fault is gone."""
        self.stage.slack.faults.clear()
        self.one.converge(wrong)

    # --- People ------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.one.want("standard")
        self.stage.work()
        self._fill()
        self._converge(self._wrong_with_running)

    def _fill(self) -> None:
        """Twenty come, of whom a look tells at once."""
        self._meeting.state = "running"
        self._meeting.participants = [person(name) for name in TWENTY]
        self.attended = set(TWENTY)
        deadline = self.one.stored.deadline_at
        assert deadline is not None
        self.stage.clock.move_to(deadline)

    def _change(self, *come: str, leaves: tuple[str, ...]) -> None:
        self.attended |= set(come)
        [meeting_id] = self._meetings()
        self.stage.join(*come, meeting=meeting_id)
        self.stage.leave(*leaves, meeting=meeting_id)

    def _hear_of_grace(self) -> None:
        email = self.stage.slack.workspace().users[GRACE].email
        told = {"id": "grace-1", "name": GRACE_BY_NAME, "email": email}
        self.attended.add(self._grace)
        [meeting_id] = self._meetings()
        self.stage.hear("participant.joined", meeting=meeting_id, participant=told)

    @property
    def _grace(self) -> str:
        return GRACE_BY_NAME if self.cell.hides_grace else GRACE

    def _meetings(self) -> dict[str, HeldMeeting]:
        return {id_: held for id_, held in self.stage.vendor.meetings.items() if held.key == self.one.call_id}

    @property
    def _meeting(self) -> HeldMeeting:
        [held] = self._meetings().values()
        return held

    # --- What must be so ---------------------------------------------------------------------------------------------

    def _wrong_with_running(self) -> Wrong:
        told = [participant.get("slack_id") or participant["name"] for participant in self._meeting.participants]
        there = sorted(self._grace if name == GRACE_BY_NAME else name for name in told)
        present = names(self.one.card.get("active_participants", []))
        return {**self.one.wrong_with_card(is_over=False), "present": (present, there)}

    def _wrong_with_ended(self) -> Wrong:
        attended = set(names(self.one.card.get("all_participants", [])))
        # Whoever is recognised late leaves their name among those who were there.
        attended -= {GRACE_BY_NAME} - {self._grace}
        return {
            **self.one.wrong_with_card(is_over=True),
            "present": (self.one.card.get("active_participants"), []),
            "attended": (attended, self.attended),
            "meeting": (self._meeting.state, "ended"),
        }

    def _wrong_with_failed(self) -> Wrong:
        return {
            **self.one.wrong_with_failed(),
            "told too often": (len(self.one.told) > self.cell.most_told, False),
            "meetings": ([held.state for held in self._meetings().values()], ["ended"]),
        }
