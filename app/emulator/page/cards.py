"""The call card: what is joined, who is in, who left, how long it took."""

from __future__ import annotations

from dataclasses import dataclass

from app.emulator.errors import JsonObject
from app.emulator.page.faces import Face, participant_face
from app.emulator.page.moments import Moment, duration, moment
from app.emulator.participants import find_person
from app.emulator.workspace import Workspace

_WEB = ("http://", "https://")
_FACES = 6


@dataclass(frozen=True)
class CardView:
    """A call card as it stands. `summary` says all of it in one sentence, for who listens."""

    id: str
    title: str
    display_id: str
    join_url: str | None
    is_live: bool
    since: Moment
    took: str
    present: list[Face]
    gone: list[Face]
    is_declined: bool = False
    can_decline: bool = False

    @property
    def crowd(self) -> list[Face]:
        """The faces drawn of those who are in; the rest is a number."""
        return self.present[:_FACES]

    @property
    def departed(self) -> list[Face]:
        """The faces drawn in grey."""
        return self.gone[:_FACES]

    @property
    def headcount(self) -> str:
        """How many, in words."""
        if not self.is_live:
            number = len(self.gone)
            return f"{number} took part" if number else "Nobody joined"
        return f"{len(self.present)} on the call" if self.present else "Nobody is in yet"

    @property
    def summary(self) -> str:
        """The card as one sentence."""
        if not self.is_live:
            return f"{self.title} has ended after {self.took}. {self.headcount}."
        names = ", ".join(each.name for each in self.present)
        return f"{self.title} is live. {self.headcount}{': ' + names if names else ''}."


def card_view(workspace: Workspace, card: JsonObject, *, can_decline: bool = False) -> CardView:
    """The view of a `call.v1`. One that comes from elsewhere may lack its lists of people."""
    present = card.get("active_participants") or []
    gone = [person for person in card.get("all_participants") or [] if find_person(person, present) is None]
    is_live = not card["has_ended"]
    return CardView(
        id=card["id"],
        title=card.get("name") or "Call",
        display_id=card.get("display_id") or "",
        join_url=card["join_url"] if is_live and card["join_url"].startswith(_WEB) else None,
        is_live=is_live,
        since=moment(card["date_start"]),
        took=duration(card["date_end"] - card["date_start"]),
        present=[participant_face(workspace, person) for person in present],
        gone=[participant_face(workspace, person) for person in gone],
        is_declined=bool(card.get("was_rejected")),
        can_decline=can_decline and is_live and not card.get("was_rejected"),
    )
