"""Who may what: the one table that commands, buttons, forms and pages ask."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.domain.workspaces import Enders, Starters, WorkspaceSettings
from app.errors import AdminsOnly, MayNotStart, MembersOnly, NotYours, OfAnotherTeam, WishRefused


class Role(StrEnum):
    """What somebody is in the workspace that it is about."""

    ADMIN = "admin"
    """Or an owner."""
    MEMBER = "member"
    GUEST = "guest"
    """Slack's guests, of one channel or several."""
    STRANGER = "stranger"
    """Of another workspace, as in channels that are shared with it."""
    UNKNOWN = "unknown"
    """At the join page, and not signed in."""


class Wish(StrEnum):
    """What somebody would like to do."""

    START = "start"
    END = "end"
    RENAME = "rename"
    SEE = "see"
    """What is running in a channel."""
    JOIN = "join"
    MANAGE = "manage"
    """Accounts, the workspace's settings and those of its channels."""
    PREFER = "prefer"
    """What counts for the calls that one starts oneself."""


OF_THE_WORKSPACE = frozenset({Role.ADMIN, Role.MEMBER, Role.GUEST})
_STARTERS: Mapping[Starters, frozenset[Role]] = {
    Starters.EVERYBODY: OF_THE_WORKSPACE,
    Starters.MEMBERS: frozenset({Role.ADMIN, Role.MEMBER}),
    Starters.ADMINS: frozenset({Role.ADMIN}),
}
_ENDERS: Mapping[Enders, frozenset[Role]] = {
    Enders.STARTER: frozenset({Role.ADMIN}),
    Enders.EVERYBODY: OF_THE_WORKSPACE,
}
_STARTER_MAY = frozenset({Wish.END, Wish.RENAME})
_REASONS: Mapping[Wish, type[WishRefused]] = {
    Wish.START: MayNotStart,
    Wish.END: NotYours,
    Wish.RENAME: NotYours,
    Wish.JOIN: MembersOnly,
    Wish.MANAGE: AdminsOnly,
}


def roles_that_may(wish: Wish, settings: WorkspaceSettings) -> frozenset[Role]:
    """``allows_guests`` must be chosen: what counts where it is not, the app's own settings say."""
    match wish:
        case Wish.START:
            return _STARTERS[settings.who_may_start]
        case Wish.END | Wish.RENAME:
            return _ENDERS[settings.who_may_end]
        case Wish.MANAGE:
            return frozenset({Role.ADMIN})
        case Wish.JOIN:
            return frozenset(Role) if settings.allows_guests else OF_THE_WORKSPACE
        case Wish.SEE | Wish.PREFER:
            return OF_THE_WORKSPACE


def is_for_all(wish: Wish, settings: WorkspaceSettings, *, is_starter: bool = False) -> bool:
    """Whether everybody of the workspace may, so that nobody need be asked who somebody is there."""
    return _starter_may(wish, is_starter=is_starter) or roles_that_may(wish, settings) >= OF_THE_WORKSPACE


def refusal(
    wish: Wish, role: Role, settings: WorkspaceSettings, *, is_starter: bool = False
) -> type[WishRefused] | None:
    """Why somebody may not; None when they may. ``is_starter`` is about the call in question."""
    if role in roles_that_may(wish, settings):
        return None
    if role in OF_THE_WORKSPACE:
        return None if _starter_may(wish, is_starter=is_starter) else _REASONS[wish]
    return MembersOnly if wish is Wish.JOIN else OfAnotherTeam


def _starter_may(wish: Wish, *, is_starter: bool) -> bool:
    return is_starter and wish in _STARTER_MAY
