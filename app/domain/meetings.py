"""The provider's side of a call: what we ask for, what we get, who is in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do. Asked for before use; a provider never pretends."""

    sends_events: bool = False
    """Webhooks tell who comes and goes."""
    ends_meetings: bool = False
    """A meeting can be ended for everybody."""
    looks: bool = False
    """It can be asked who is in a meeting now."""
    personal_links: bool = False
    """Each person gets a link of their own, so the card links to our join page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRequest:
    """A meeting we would like. ``key`` is ours, unguessable, at most 40 characters of ``[a-z0-9-]``; the same key
    asks for the same meeting."""

    key: str
    title: str


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
    this device only. ``slack_id`` (``U…``) is given only where the provider vouches for it.
    """

    key: str
    connection_id: str
    name: str | None = None
    email: str | None = None
    avatar_url: str | None = None
    slack_id: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is in a running meeting now, one ``Person`` for each connection."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody at the join page who wants a link of their own. ``key`` comes back as the ``Person.key`` of events."""

    key: str
    name: str
