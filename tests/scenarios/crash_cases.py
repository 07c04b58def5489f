"""Calls, each brought to the moment before one operation; and what must have become of each whatever happens then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.db import overview
from app.db.calls import StoredCall
from app.domain.calls import CallStatus
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
    RemoveParticipants,
    RenameMeeting,
    TellFailure,
    UpdateCall,
)
from app.emulator.workspace import Channel
from app.reconciler.apply import METHODS
from tests.providers.standin import Reply
from tests.providers.zoom.server import ZoomServer
from tests.reconciler.stage import Stage, names, person

FINISH = "finish"
"""In the place of a lane: the commit with which a worker gives a call back."""
SHOWN_BY_MAIL = "U0GRACE"


@dataclass(slots=True)
class Scene:
    """One call on the stage, in a channel of its own. Its team is its own too, so that no lane is shared: all teams
    are one workspace to this Slack."""

    stage: Stage
    zoom: ZoomServer
    number: int
    is_private: bool = False
    at: str = "standard"

    def __post_init__(self) -> None:
        kind, members = ("private", ["U0GRACE"]) if self.is_private else ("public", ["U0GRACE", "U0BOT"])
        name = f"case-{self.number}"
        self.stage.slack.workspace().add_channel(Channel(self.channel, name, kind, members))  # type: ignore[arg-type]

    @property
    def channel(self) -> str:
        return f"C0CASE{self.number}"

    @property
    def team(self) -> str:
        return f"T0CASE{self.number}"

    @property
    def call(self) -> StoredCall:
        [call] = [stored for stored in self.stage.all_stored() if stored.channel_id == self.channel]
        return call

    @property
    def meeting(self) -> str:
        [found] = [id_ for id_, held in self.stage.vendor.meetings.items() if held.key == self.call.id]
        return found

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to do, or nothing but a look in some minutes, as there is after an end."""
        call = self.call
        with self.stage.database.reading() as connection:
            turn = overview.turn_of(connection, call.id)
        is_later = turn.reconcile_after > datetime.now(UTC) + timedelta(minutes=1)
        return (call.is_in_step or is_later) and call.failures == 0 and turn.lease_until is None

    @property
    def is_refused_an_end(self) -> bool:
        call = self.call
        return call.snapshot.is_over and call.failures > 0

    def want(self) -> None:
        through = self.stage.response_url(self.channel) if self.is_private else None
        self.stage.start(channel=self.channel, team=self.team, answer_through=through, at=self.at)

    def wanted_until(self, method: str, code: str = "service_unavailable") -> None:
        """Want the call, and stop where Slack refuses ``method`` for now."""
        self.want()
        self.stage.slack.faults.add(method, "error", error=code, times=1)
        self.stage.work()

    def live(self, *people: str) -> None:
        self.want()
        self.stage.work()
        if people:
            self.join(*people)
            self.stage.work()

    def join(self, *people: str) -> None:
        self.stage.join(*people, meeting=self.meeting)


def nothing(_: Scene) -> None:
    """For a case that is complete, or not begun."""


@dataclass(frozen=True, slots=True)
class Case:
    """``request`` is what Slack gets, or the provider's name; ``next_lane`` is of what follows it. ``prepare`` leads up
    to the operation; ``wish`` is what nobody has worked on yet."""

    operation: type[Operation]
    request: str
    next_lane: str
    prepare: Callable[[Scene], None]
    wish: Callable[[Scene], None] = nothing
    present: tuple[str, ...] = ()
    attended: tuple[str, ...] = ()
    status: CallStatus = CallStatus.LIVE
    title: str = "Weekly sync"
    name: str = ""
    is_private: bool = False
    at: str = "standard"

    @property
    def lane(self) -> str:
        return METHODS.get(self.operation, self.at)

    def __str__(self) -> str:
        return self.name or self.operation.__name__


def post_through_response_url(scene: Scene) -> None:
    scene.want()
    scene.stage.slack.faults.add("response_url", "status", status=429, times=1)
    scene.stage.work()


def with_ada(scene: Scene) -> None:
    scene.live("Ada")


def ada_comes(scene: Scene) -> None:
    scene.join("Ada")


def ada_leaves(scene: Scene) -> None:
    scene.stage.leave("Ada", meeting=scene.meeting)


def rename(scene: Scene) -> None:
    scene.stage.rename("Retro", channel=scene.channel, team=scene.team)


def renamed_on_the_card(scene: Scene) -> None:
    scene.live()
    rename(scene)
    scene.zoom.next_reply(Reply(503))
    scene.stage.work()
    assert scene.call.failures


def somebody_with_an_address_comes(scene: Scene) -> None:
    email = scene.stage.slack.workspace().users[SHOWN_BY_MAIL].email
    scene.stage.hear("participant.joined", meeting=scene.meeting, participant={**person("Grace"), "email": email})


def end(scene: Scene) -> None:
    scene.stage.end(channel=scene.channel, team=scene.team)


def end_at_the_provider(scene: Scene) -> None:
    scene.stage.hear("meeting.ended", meeting=scene.meeting)


def refused(scene: Scene) -> None:
    scene.stage.slack.faults.add("chat.postEphemeral", "error", error="service_unavailable", times=1)
    scene.wanted_until("calls.add", "not_authorized")


def in_doubt(scene: Scene) -> None:
    scene.live()
    scene.stage.slack.faults.add("calls.participants.add", "drop_after", times=1)
    scene.join("Ada")
    scene.stage.work()


ENDED, FAILED = CallStatus.ENDED, CallStatus.FAILED
ADA = ("Ada",)
CASES = (
    Case(CreateMeeting, "standard", "calls.add", nothing, Scene.want),
    Case(AddCall, "calls.add", "chat.postMessage", lambda scene: scene.wanted_until("calls.add")),
    Case(PostCall, "chat.postMessage", FINISH, lambda scene: scene.wanted_until("chat.postMessage")),
    Case(UpdateCall, "calls.update", FINISH, Scene.live, rename, title="Retro"),
    Case(RenameMeeting, "zoom", FINISH, renamed_on_the_card, title="Retro", at="zoom"),
    Case(
        FindPerson,
        "users.lookupByEmail",
        "calls.participants.add",
        Scene.live,
        somebody_with_an_address_comes,
        present=(SHOWN_BY_MAIL,),
        attended=(SHOWN_BY_MAIL,),
    ),
    Case(AddParticipants, "calls.participants.add", FINISH, Scene.live, ada_comes, present=ADA, attended=ADA),
    Case(RemoveParticipants, "calls.participants.remove", FINISH, with_ada, ada_leaves, attended=ADA),
    Case(LookAtCard, "calls.info", FINISH, in_doubt, present=ADA, attended=ADA),
    Case(EndMeeting, "standard", "calls.end", with_ada, end, attended=ADA, status=ENDED),
    Case(EndCall, "calls.end", FINISH, with_ada, end_at_the_provider, attended=ADA, status=ENDED),
    Case(TellFailure, "chat.postEphemeral", FINISH, refused, status=FAILED),
    Case(
        PostCall,
        "response_url",
        FINISH,
        post_through_response_url,
        name="PostCall where we may not post",
        is_private=True,
    ),
)


# --- What must be so in the end --------------------------------------------------------------------------------------


def wrong_with(case: Case, scene: Scene) -> list[str]:
    """What is not as it must be; empty when all is."""
    call = scene.call
    checks = {
        "at rest": (scene.is_at_rest, True),
        "in flight": (call.in_flight, None),
        "status": (call.status, case.status),
        **(_checks_of_zoom(case, scene) if case.at == "zoom" else _checks_of_meeting(case, scene)),
        **(_checks_of_failed(scene) if case.status is FAILED else _checks_of_card(case, scene)),
    }
    return [f"{case}: {name} is {found}, not {wanted}" for name, (found, wanted) in checks.items() if found != wanted]


def _checks_of_meeting(case: Case, scene: Scene) -> dict[str, tuple[object, object]]:
    held = [meeting for meeting in scene.stage.vendor.meetings.values() if meeting.key == scene.call.id]
    is_over = case.status is not CallStatus.LIVE
    return {"meetings": (len(held), 1), "meeting over": ([meeting.state == "ended" for meeting in held], [is_over])}


def _checks_of_zoom(case: Case, scene: Scene) -> dict[str, tuple[object, object]]:
    return {"titles at Zoom": ([meeting.wanted["topic"] for meeting in scene.zoom.meetings.values()], [case.title])}


def _checks_of_failed(scene: Scene) -> dict[str, tuple[object, object]]:
    told = {message["text"] for message in scene.stage.slack.ephemerals("U0GRACE") if _is_in(message, scene)}
    return {"sentences": (len(told), 1), "messages": (len(scene.stage.slack.messages(scene.channel)), 0)}


def _is_in(message: dict[str, object], scene: Scene) -> bool:
    return message.get("channel", scene.channel) == scene.channel


def _checks_of_card(case: Case, scene: Scene) -> dict[str, tuple[object, object]]:
    cards = scene.stage.slack.cards(scene.channel)
    card = cards[0] if cards else {}
    return {
        "messages": (len(scene.stage.slack.messages(scene.channel)), 1),
        "cards": (len(cards), 1),
        "title": (card.get("name"), case.title),
        "present": (tuple(names(card.get("active_participants", []))), case.present),
        "attended": (tuple(names(card.get("all_participants", []))), case.attended),
        "card over": (card.get("has_ended"), case.status is CallStatus.ENDED),
    }
