"""The app's own provider and the room, which have only the documented contract in common."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from app.domain import events
from app.domain.events import Event
from app.domain.meetings import MeetingRequest, Roster, Visitor
from app.errors import PermanentFailure
from app.providers.base import Provider, WebhookRequest
from app.providers.registry import load_providers
from app.room import LocalRoom
from tests.clocks import MovedClock
from tests.providers.standin import HANG_UP
from tests.room.tab import App, Browser


@pytest.fixture
def provider(room: LocalRoom, clock: MovedClock) -> Provider:
    return load_providers(room.settings(), clock)["standard"]


def received(app: App, provider: Provider) -> list[Event]:
    """All webhooks, verified and parsed as the app does it."""
    found: list[Event] = []
    for asked in app.receiver.asked:
        request = WebhookRequest.of(body=asked.body, headers=dict(asked.headers), path=asked.path)
        provider.verify(request)
        found.extend(provider.parse_events(request))
    return found


def test_a_call_from_beginning_to_end(
    room: LocalRoom, app: App, provider: Provider, ada: Browser, grace: Browser
) -> None:
    request = MeetingRequest(key="5f0c9a6e-weekly", title="Weekly sync")
    meeting = provider.create_meeting(request)
    assert meeting == provider.create_meeting(request)
    assert (meeting.join_url, meeting.display_id) == (f"{room.url}/r/{meeting.id}", meeting.id)
    assert provider.look(meeting) == Roster((), title="Weekly sync")

    tabs = [ada.join(meeting.id, "Ada Lovelace"), grace.join(meeting.id, "Grace Hopper")]
    roster = provider.look(meeting)
    assert roster is not None
    assert [person.connection_id for person in roster.people] == [tab.id for tab in tabs]
    tabs[0].say("title", title="Renamed")
    tabs[1].say("leave")
    provider.end_meeting(meeting)
    provider.end_meeting(meeting)
    assert provider.look(meeting) is None
    assert room.wait_until_told()

    happened = received(app, provider)
    assert [type(event) for event in happened] == [
        events.MeetingStarted,
        events.ParticipantJoined,
        events.ParticipantJoined,
        events.TitleChanged,
        events.ParticipantLeft,
        events.MeetingEnded,
    ]
    assert {event.meeting_id for event in happened} == {meeting.id}
    assert len({event.dedupe_key for event in happened}) == len(happened)
    assert happened == sorted(happened, key=lambda event: event.at)
    joined = [event.person for event in happened if isinstance(event, events.ParticipantJoined)]
    assert joined == list(roster.people)


def test_whoever_comes_by_a_link_of_their_own_is_known_by_it(
    room: LocalRoom, app: App, clock: MovedClock, ada: Browser
) -> None:
    provider = load_providers({**room.settings(), "STANDARD_PERSONAL_LINKS": "true"}, clock)["standard"]
    meeting = provider.create_meeting(MeetingRequest(key="k", title="Weekly sync"))
    assert meeting.join_url is None
    link = provider.personal_link(meeting, Visitor(key="slack-1", name="Ada Lovelace", is_host=True))
    assert ada.http.get(link.url).status_code == 200
    ada.join(meeting.id, invitation=httpx.URL(link.url).params["as"])
    assert room.wait_until_told()
    [joined] = [event for event in received(app, provider) if isinstance(event, events.ParticipantJoined)]
    assert (joined.person.key, joined.person.name) == (link.person_key, "Ada Lovelace")


def test_a_restart_of_the_room_ends_the_call(room: LocalRoom, provider: Provider) -> None:
    meeting = provider.create_meeting(MeetingRequest(key="k", title="Weekly sync"))
    port = int(room.url.rpartition(":")[2])
    room.stop()
    room.start(port)
    assert provider.look(meeting) is None
    provider.end_meeting(meeting)


def test_a_retry_much_later_is_accepted(room: LocalRoom, app: App, provider: Provider, clock: MovedClock) -> None:
    app.receiver.next_reply(HANG_UP)
    meeting = provider.create_meeting(MeetingRequest(key="k", title="Weekly sync"))
    provider.end_meeting(meeting)
    assert room.wait_until_told()
    clock.move(timedelta(minutes=10).total_seconds())
    room.look_around()
    assert room.wait_until_told()
    app.receiver.asked[:] = app.receiver.asked[1:]
    (ended,) = received(app, provider)
    assert clock.now() - ended.at == timedelta(minutes=10)


def test_another_key_is_refused(room: LocalRoom, clock: MovedClock) -> None:
    settings = room.settings() | {"STANDARD_API_KEY": "another"}
    provider = load_providers(settings, clock)["standard"]
    with pytest.raises(PermanentFailure):
        provider.create_meeting(MeetingRequest(key="k", title="Weekly sync"))
