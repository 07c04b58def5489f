"""What somebody sees on the app's Home: their own part of what the workspace knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.clock import Clock
from app.db import homes
from app.db.calls import StoredCall
from app.db.session import Database
from app.domain.calls import Confidence, Participant
from app.domain.card import UNNAMED
from app.domain.permissions import Wish
from app.domain.workspaces import WorkspaceSettings
from app.errors import WishRefused
from app.services import Nudge
from app.services.accounts import Accounts
from app.services.callers import Actor, check
from app.services.home_settings import HomeSettings
from app.services.workspaces import WorkspaceService
from app.slack.home import Home, RecentLine, Recognition, RunningLine
from app.slack.texts import escape

RECENT = timedelta(days=2)
MOST_LOOKED_AT = 60
"""Calls of a team, running and recent; most people see a part of them."""
MOST_RUNNING = 15
MOST_RECENT = 5


class HomeService:
    """Puts Homes together, and notes who looks at theirs."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        workspaces: WorkspaceService,
        nudge: Nudge,
        *,
        command: str,
        settings: HomeSettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._workspaces = workspaces
        self._nudge = nudge
        self._command = command
        self._settings = settings

    def opened(self, team_id: str, enterprise_id: str | None, user_id: str) -> None:
        """Somebody looks at it: a worker publishes it now, and again when it changes."""
        with self._database.transaction() as connection:
            homes.opened(connection, team_id, enterprise_id, user_id, self._clock.now())
        self._nudge()

    def compose(self, actor: Actor) -> Home:
        """What the actor may see. Raises ``OfAnotherTeam``, ``CannotTell``."""
        settings = self._workspaces.settings(actor.team_id)
        check(Wish.SEE, actor, settings)
        since = self._clock.now() - RECENT
        with self._database.reading() as connection:
            found = homes.calls_of(connection, actor.team_id, recent_since=since, most=MOST_LOOKED_AT)
        theirs = [call for call in found if _may_see(call, actor.user_id)]
        running = [call for call in theirs if not call.snapshot.is_over]
        recent = [call for call in theirs if call.snapshot.is_over]
        return Home(
            command=self._command,
            running=[_running(call, actor, settings) for call in running[:MOST_RUNNING]],
            recent=[_recent(call) for call in recent[:MOST_RECENT]],
            recognised=list(self._recognised(theirs, actor.user_id)),
            settings=self._settings.blocks(actor, settings),
        )

    def _recognised(self, theirs: Sequence[StoredCall], user_id: str) -> Iterator[Recognition]:
        surest: dict[str, Confidence] = {}
        for call in theirs:
            provider = self._accounts.find(call.provider, call.account_id)
            name = provider.display_name if provider else call.provider
            for how in _as_themselves(call, user_id):
                surest[name] = max(how, surest.get(name, how))
        return (Recognition(provider_name=name, how=surest[name]) for name in sorted(surest))


def _running(call: StoredCall, actor: Actor, settings: WorkspaceSettings) -> RunningLine:
    snapshot = call.snapshot
    present = [person for person in snapshot.participants.values() if person.is_present(snapshot.occurrence)]
    return RunningLine(
        call_id=call.id,
        title=snapshot.title.value,
        channel_id=call.channel_id,
        started_by=snapshot.created_by,
        started_at=snapshot.started_at,
        join_url=snapshot.join_url,
        people=sorted(map(_named, present)),
        may_end=_may_end(call, actor, settings),
    )


def _may_end(call: StoredCall, actor: Actor, settings: WorkspaceSettings) -> bool:
    try:
        check(Wish.END, actor, settings, is_starter=call.snapshot.created_by == actor.user_id)
    except WishRefused:
        return False
    return True


def _may_see(call: StoredCall, user_id: str) -> bool:
    """A call of a public channel; of any other whoever has started it, or was in."""
    return not call.is_private or call.snapshot.created_by == user_id or any(_as_themselves(call, user_id))


def _as_themselves(call: StoredCall, user_id: str) -> list[Confidence]:
    """How sure it is that this person was in the call."""
    people = call.snapshot.participants.values()
    known = [person.slack for person in people if person.slack and person.first_joined_at is not None]
    return [slack.confidence for slack in known if slack.user_id == user_id]


def _named(person: Participant) -> str:
    if person.slack:
        return f"<@{person.slack.user_id}>"
    return escape(person.name.value if person.name else UNNAMED)


def _recent(call: StoredCall) -> RecentLine:
    snapshot = call.snapshot
    came = [person for person in snapshot.participants.values() if person.came_before(snapshot.ended_at)]
    return RecentLine(
        title=snapshot.title.value,
        channel_id=call.channel_id,
        started_at=snapshot.started_at,
        seconds=_seconds(snapshot.started_at, snapshot.ended_at),
        people=len(came),
    )


def _seconds(started_at: datetime, ended_at: datetime | None) -> int | None:
    return None if ended_at is None else max(0, round((ended_at - started_at).total_seconds()))
