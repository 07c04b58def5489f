"""Somebody at the join page: what they find, and their own link into the meeting."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.clock import Clock
from app.db import calls, workspaces
from app.db.calls import StoredCall
from app.db.session import Database
from app.domain.calls import CallSnapshot, Confidence, SlackIdentity
from app.domain.card import call_card
from app.domain.fold import recognise
from app.domain.meetings import Meeting, PersonalLink, Visitor
from app.domain.permissions import Role, Wish, refusal
from app.domain.workspaces import settled
from app.errors import PermanentFailure, WishRefused
from app.services import Nudge
from app.services.accounts import Accounts
from app.slack.openid import Member

# What ``secrets.token_urlsafe`` makes; anything else need not trouble the database.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_KEY_DIGITS = 30


class Door(StrEnum):
    """What a visitor finds."""

    OPEN = "open"
    STARTING = "starting"
    OVER = "over"
    FAILED = "failed"
    """It could not be started; the one who asked has been told why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a call went. ``people`` is how many were there; None where the provider does not tell."""

    at: datetime
    seconds: int
    people: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A call as somebody with its join token may see it; ``call_id`` is for the log.

    ``plain_link`` is everybody's; None where each person gets one of their own. ``allows_guests`` says whether people
    may come in whom Slack does not vouch for as members of the workspace. ``ending`` is None until it is over.
    """

    call_id: str
    title: str
    door: Door
    team_id: str
    allows_guests: bool
    plain_link: str | None = None
    ending: Ending | None = None


class VisitService:
    """Lets people in by their own names."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        nudge: Nudge,
        *,
        key: bytes,
        allow_guests: bool = True,
        signs_in: bool = True,
    ) -> None:
        """``key`` is a secret that the keys of participants are made with. ``allow_guests`` counts where a workspace
        has not chosen; without ``signs_in`` everybody is a guest, whatever it has chosen."""
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._nudge = nudge
        self._key = key
        self._allow_guests = allow_guests
        self._signs_in = signs_in

    def find(self, join_token: str) -> Visit | None:
        """The call of this token; None when there is none."""
        call = self._call(join_token)
        if call is None:
            return None
        snapshot = call.snapshot
        return Visit(
            call_id=call.id,
            title=snapshot.title.value,
            door=_door(snapshot),
            team_id=call.team_id,
            allows_guests=self._why_no_guests(call) is None,
            plain_link=self._plain_link(call),
            ending=self._ending(call, snapshot.ended_at) if snapshot.ended_at else None,
        )

    def admit_member(self, join_token: str, member: Member) -> str | None:
        """A link for somebody whom Slack vouches for. Their id is stored before they have it, so that the webhook that
        follows shows them as themselves. None when they are not let in this way: look again with ``find``.

        Raises a kind of ``RequestFailed``.
        """
        call = self._call(join_token)
        if call is None or call.snapshot.is_over or call.team_id != member.team_id:
            return None
        visitor = Visitor(
            key=self._participant_key(call, "slack", member.team_id, member.user_id),
            name=member.name,
            is_host=member.user_id == call.snapshot.created_by,
            email=member.email,
            avatar_url=member.avatar_url,
        )
        link = self._link(call, visitor)
        if link is None or (link.person_key is not None and not self._recognise(call.id, link, member.user_id)):
            return None
        return link.url

    def admit_guest(self, join_token: str, guest_id: str, name: str) -> str | None:
        """A link for somebody who only says who they are. ``guest_id`` is a secret of theirs that stays the same.
        None when there is nothing to join. Raises ``MembersOnly``, and a kind of ``RequestFailed``."""
        call = self._call(join_token)
        if call is None or call.snapshot.is_over:
            return None
        if refused := self._why_no_guests(call):
            raise refused
        link = self._link(call, Visitor(key=self._participant_key(call, "guest", guest_id), name=name))
        return link.url if link else None

    def _why_no_guests(self, call: StoredCall) -> type[WishRefused] | None:
        with self._database.reading() as connection:
            chosen = workspaces.load_settings(connection, call.team_id)
        settings = settled(chosen, allow_guests=self._allow_guests)
        return refusal(Wish.JOIN, Role.UNKNOWN, settings) if self._signs_in else None

    def _link(self, call: StoredCall, visitor: Visitor) -> PersonalLink | None:
        meeting = call.snapshot.meeting
        if meeting is None:
            return None
        provider = self._accounts.find(call.provider, call.account_id)
        if provider is None:
            raise PermanentFailure("provider_not_set_up", call.provider)
        if provider.capabilities.personal_links:
            return provider.personal_link(meeting, visitor)
        return PersonalLink(url=_link_of(meeting))

    def _recognise(self, call_id: str, link: PersonalLink, user_id: str) -> bool:
        """Note who comes by this link; False when the call has ended meanwhile."""
        confidence = Confidence.LINK if link.is_proof else Confidence.CLAIM
        identity = SlackIdentity(confidence, self._clock.now(), user_id)
        key = link.person_key or ""
        with self._database.transaction() as connection:
            call = calls.lock_call(connection, call_id)
            if call is None or call.snapshot.is_over:
                return False
            call = calls.load_participants(connection, call, [key])
            calls.save_known(connection, call.snapshot, recognise(call.snapshot, key, identity))
        # They may be in already, and a webhook that finds a change waiting does not wake anybody.
        self._nudge()
        return True

    def _participant_key(self, call: StoredCall, kind: str, *who: str) -> str:
        """The same for the same person, another one in each call. Everybody in the call may see it."""
        told = "\n".join((call.id, kind, *who))
        return f"{kind}-{hmac.digest(self._key, told.encode(), 'sha256').hex()[:_KEY_DIGITS]}"

    def _plain_link(self, call: StoredCall) -> str | None:
        provider = self._accounts.find(call.provider, call.account_id)
        if provider is None or provider.capabilities.personal_links or call.snapshot.meeting is None:
            return None
        return call.snapshot.meeting.join_url

    def _ending(self, call: StoredCall, ended_at: datetime) -> Ending:
        provider = self._accounts.find(call.provider, call.account_id)
        with self._database.reading() as connection:
            card = call_card(calls.load_participants(connection, call).snapshot)
        is_told = provider is not None and provider.capabilities.sends_events
        return Ending(at=ended_at, seconds=card.duration_seconds or 0, people=len(card.attended) if is_told else None)

    def _call(self, join_token: str) -> StoredCall | None:
        if not _TOKEN.fullmatch(join_token):
            return None
        with self._database.reading() as connection:
            return calls.find_by_join_token(connection, join_token)


def _door(snapshot: CallSnapshot) -> Door:
    if snapshot.failure is not None:
        return Door.FAILED
    if snapshot.is_over:
        return Door.OVER
    return Door.OPEN if snapshot.meeting else Door.STARTING


def _link_of(meeting: Meeting) -> str:
    if meeting.join_url is None:
        # The provider had links for each person when the meeting was made, and has none with the settings of today.
        raise PermanentFailure("no_link", "The provider's settings have changed since the call was started.")
    return meeting.join_url
