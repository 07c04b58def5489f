"""The provider's side of a call: what we ask for, what we get, who is in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do. Asked for before use; a provider never pretends."""

    sends_events: bool = False
    """Webhooks tell who comes and goes."""
    ends_meetings: bool = False
    """A meeting can be ended for everybody."""
    renames_meetings: bool = False
    """A running meeting can be given another title."""
    looks: bool = False
    """It can be asked whether a meeting runs, and mostly who is in it."""
    personal_links: bool = False
    """Each person gets a link of their own, so the card links to our join page."""
    registers_webhooks: bool = False
    """It can be told by its API where to send webhooks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRequest:
    """A meeting we would like. ``key`` is ours, unguessable, at most 40 characters of ``[a-z0-9-]``; the same key
    asks for the same meeting. ``host`` is the one of ``Provider.hosts`` that shall hold it; ``""`` where there is none.
    """

    key: str
    title: str
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A meeting that exists. ``id`` is what the provider's events call it.

    ``join_url`` works for anybody; it is None when the provider only has personal links.
    ``desktop_app_join_url`` opens the provider's own app, ``display_id`` is what a person would read out.
    """

    id: str
    join_url: str | None = None
    desktop_app_join_url: str | None = None
    display_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One join of one person, as the provider tells it.

    ``key`` is the same each time this person comes (Slack's ``external_id``); ``connection_id`` is of this join of
    this device only. ``email`` and ``slack_id`` (``U…``) are given only where the provider vouches for them: what
    people can type in themselves makes nobody somebody.
    """

    key: str
    connection_id: str
    name: str | None = None
    email: str | None = None
    avatar_url: str | None = None
    slack_id: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is in a running meeting now, one ``Person`` for each connection.

    ``is_complete`` is False where more people may be in than could be seen: then nobody is missing.
    ``knows_connections`` is False where the ids of connections are not those of events, so that people can be compared
    by their keys alone. ``title`` is the meeting's; None where that is not told. ``has_begun`` is False where there is
    no such meeting, perhaps because nobody has come yet.
    """

    people: tuple[Person, ...]
    is_complete: bool = True
    knows_connections: bool = True
    title: str | None = None
    has_begun: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody at the join page who wants a link of their own.

    ``key`` is this person's in this call, unguessable, at most 36 characters of ``[a-z0-9-]``; where the provider lets
    us choose, it comes back as the ``Person.key`` of events. ``is_host`` is set for the one who started the call.
    ``email`` and ``avatar_url`` are Slack's, and None for a guest.
    """

    key: str
    name: str
    is_host: bool = False
    email: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalLink:
    """A link that lets one visitor in under their own name; a secret of theirs.

    ``person_key`` is what events will call this visitor; None where the provider does not tell. ``is_proof`` is False
    where the visitor can change what comes back as the key, so that it is only a claim.
    """

    url: str = field(repr=False)
    person_key: str | None = None
    is_proof: bool = True
