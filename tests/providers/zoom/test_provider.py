"""What Zoom is asked, and what becomes of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.calls import CallSnapshot, Confidence, Fact, SlackIdentity
from app.domain.card import CardUser, call_card
from app.domain.events import ParticipantJoined
from app.domain.fold import fold, recognise
from app.domain.lanes import Pace
from app.domain.meetings import Meeting, MeetingRequest, Person, PersonalLink, Roster, Visitor
from app.domain.plan import Shown, unrecognised
from app.errors import ConfigurationError, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from app.providers.zoom.api import segment
from app.providers.zoom.meetings import desktop_link, grouped
from app.providers.zoom.webhooks import parse_events
from app.services.deliveries import without_secrets
from tests.clocks import NOON, MovedClock
from tests.providers.standin import HANG_UP, Asked, Reply
from tests.providers.zoom.server import (
    ADA,
    CLIENT_SECRET,
    GRACE,
    SCOPES,
    ZoomMeeting,
    ZoomServer,
    named_link,
    refusal,
    registrants_link,
    told,
)
from tests.providers.zoom.told import JOINED, UPDATED
from tests.providers.zoom.told import told as webhook

WEEKLY = MeetingRequest(key="0123456789abcdef-weekly", title="Weekly sync", host=ADA)
GONE = Meeting(id="98765432100")
NOBODY = Roster((), title=WEEKLY.title)
UNSEEN = replace(NOBODY, is_complete=False)
CREATED = f"POST /users/{ADA.replace('@', '%40')}/meetings"
LISTED = f"GET /users/{ADA.replace('@', '%40')}/meetings"
THEM = "/meetings/98765432100"


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOON)


@pytest.fixture
def server() -> Iterator[ZoomServer]:
    with ZoomServer() as running:
        yield running


@pytest.fixture
def zoom(server: ZoomServer, clock: MovedClock) -> Provider:
    return load_providers(server.settings(), clock)["zoom"]


@pytest.fixture
def with_registration(server: ZoomServer, clock: MovedClock) -> Provider:
    return load_providers(server.settings(REGISTRATION="true"), clock)["zoom"]


def without_scope(server: ZoomServer, *scopes: str) -> None:
    server.scopes = " ".join(scope for scope in SCOPES.split() if scope not in scopes)


def asked_for(server: ZoomServer, request: str) -> list[Asked]:
    """The requests of this method and path."""
    method, path = request.split(" ")
    return [one for one in server.asked if one.method == method and urlsplit(one.path).path == f"/v2{path}"]


def person_in(body: bytes) -> Person:
    (event,) = parse_events(body)
    assert isinstance(event, ParticipantJoined)
    return event.person


# --- Making a meeting -------------------------------------------------------------------------------------------


def test_a_meeting_is_a_scheduled_one_from_now_on(zoom: Provider, server: ZoomServer) -> None:
    zoom.create_meeting(WEEKLY)
    assert server.the_meeting().host == ADA
    assert server.the_meeting().wanted == {
        "topic": "Weekly sync",
        "agenda": "Started from Slack. [0123456789abcdef-weekly]",
        "type": 2,
        "start_time": "2026-11-20T12:00:00Z",
        "timezone": "UTC",
        "duration": 60,
        "settings": {
            "join_before_host": True,
            "jbh_time": 0,
            "waiting_room": False,
            "approval_type": 2,
            "use_pmi": False,
            "registrants_email_notification": False,
            "registrants_confirmation_email": False,
            "allow_multiple_devices": True,
        },
    }


def test_what_there_is_of_a_meeting(zoom: Provider) -> None:
    assert zoom.create_meeting(WEEKLY) == Meeting(
        id="98765432100",
        display_id="987 6543 2100",
        desktop_app_join_url="zoommtg://us05web.zoom.us/join?action=join&confno=98765432100&pwd=Pass.1",
    )


def test_registration_waiting_rooms_and_hosts_first_are_settings(server: ZoomServer, clock: MovedClock) -> None:
    settings = server.settings(REGISTRATION="true", WAITING_ROOM="true", JOIN_BEFORE_HOST="false")
    load_providers(settings, clock)["zoom"].create_meeting(WEEKLY)
    made = server.the_meeting().wanted["settings"]
    assert (made["approval_type"], made["waiting_room"], made["join_before_host"]) == (0, True, False)


def test_with_registration_there_is_no_link_for_everybody(with_registration: Provider) -> None:
    assert with_registration.create_meeting(WEEKLY).desktop_app_join_url is None


def test_the_host_is_the_one_who_was_chosen(zoom: Provider, server: ZoomServer) -> None:
    zoom.create_meeting(MeetingRequest(key="weekly", title="Weekly", host=GRACE))
    assert server.the_meeting().host == GRACE


def test_or_the_first_when_nobody_was(zoom: Provider, server: ZoomServer) -> None:
    zoom.create_meeting(MeetingRequest(key="weekly", title="Weekly"))
    assert server.the_meeting().host == ADA


@pytest.mark.parametrize(("title", "topic"), [("\x00", "Call"), ("x" * 300, "x" * 200), ("Ü “&” 🎥", "Ü “&” 🎥")])
def test_a_title_is_one_that_zoom_takes(zoom: Provider, server: ZoomServer, title: str, topic: str) -> None:
    zoom.create_meeting(MeetingRequest(key="weekly", title=title))
    assert server.the_meeting().wanted["topic"] == topic


def test_a_meeting_takes_a_search_and_a_request(zoom: Provider, server: ZoomServer) -> None:
    zoom.create_meeting(WEEKLY)
    assert server.requests() == [LISTED, CREATED]


def test_the_search_is_for_the_hosts_meetings_of_these_days(zoom: Provider, server: ZoomServer) -> None:
    zoom.create_meeting(WEEKLY)
    (search,) = asked_for(server, LISTED)
    assert parse_qs(urlsplit(search.path).query) == {
        "type": ["scheduled"],
        "page_size": ["300"],
        "from": ["2026-11-19"],
        "to": ["2026-11-21"],
        "timezone": ["UTC"],
    }


def test_a_meeting_whose_answer_was_lost_is_found_again(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    server.next_reply(told(200, {"meetings": []}))
    server.next_reply(HANG_UP)
    with pytest.raises(TemporaryFailure) as raised:
        zoom.create_meeting(WEEKLY)
    assert raised.value.effect_unknown
    made = ZoomMeeting(id=98765432100, host=ADA, wanted=json.loads(server.asked[-1].body), uuid="uuid")
    server.meetings[str(made.id)] = made
    assert zoom.create_meeting(WEEKLY).id == "98765432100"
    assert len(server.meetings) == 1


def test_another_process_finds_it_too(zoom: Provider, server: ZoomServer, clock: MovedClock) -> None:
    made = zoom.create_meeting(WEEKLY)
    assert load_providers(server.settings(), clock)["zoom"].create_meeting(WEEKLY) == made


def test_it_is_found_on_any_page(zoom: Provider, server: ZoomServer) -> None:
    server.largest_page = 2
    keys = [f"key-{number}" for number in range(5)]
    made = [zoom.create_meeting(MeetingRequest(key=key, title="Weekly", host=ADA)) for key in keys]
    assert zoom.create_meeting(MeetingRequest(key="key-4", title="Weekly", host=ADA)) == made[4]


def test_pages_come_to_an_end(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    for _ in range(5):
        server.next_reply(told(200, {"meetings": [{"id": 1, "agenda": None}], "next_page_token": "more"}))
    assert zoom.create_meeting(WEEKLY).id == "98765432100"


def test_a_key_is_not_found_in_a_longer_one(zoom: Provider) -> None:
    longer = zoom.create_meeting(MeetingRequest(key="weekly-12", title="Weekly", host=ADA))
    assert zoom.create_meeting(MeetingRequest(key="weekly-1", title="Weekly", host=ADA)) != longer


def test_after_a_slow_search_nothing_is_made(zoom: Provider, server: ZoomServer, clock: MovedClock) -> None:
    """Another worker may have taken the call over, and be searching too."""
    server.before = lambda asked: clock.move(4.1) if asked.method == "GET" else None
    with pytest.raises(TemporaryFailure) as raised:
        zoom.create_meeting(WEEKLY)
    assert not raised.value.effect_unknown
    assert server.meetings == {}
    server.before = lambda _: None
    assert zoom.create_meeting(WEEKLY).id in server.meetings


@pytest.mark.parametrize(
    ("meeting_id", "shown"),
    [
        ("98765432100", "987 6543 2100"),
        ("9876543210", "987 654 3210"),
        ("987654321", "987654321"),
        ("switchboard", "switchboard"),
    ],
)
def test_an_id_is_written_as_zoom_writes_it(meeting_id: str, shown: str) -> None:
    assert grouped(meeting_id) == shown


def test_a_meeting_without_a_passcode_has_a_link_without_one() -> None:
    assert desktop_link("https://zoom.us/j/1", "1") == "zoommtg://zoom.us/join?action=join&confno=1"


@pytest.mark.parametrize(
    ("uuid", "in_a_path"),
    [
        ("Wk9PTV9NRUVUSU5HX0lE", "Wk9PTV9NRUVUSU5HX0lE"),
        ("4444AAAiAAAAAiAiAiiAii==", "4444AAAiAAAAAiAiAiiAii%3D%3D"),
        ("a/b", "a%2Fb"),
        ("/ajXp112QmuoKj4854875==", "%252FajXp112QmuoKj4854875%253D%253D"),
        ("ab//cd==", "ab%252F%252Fcd%253D%253D"),
    ],
)
def test_a_uuid_is_written_into_a_path_as_zoom_wants_it(uuid: str, in_a_path: str) -> None:
    assert segment(uuid) == in_a_path


# --- Renaming and ending ----------------------------------------------------------------------------------------


def test_a_new_title_goes_to_zoom(zoom: Provider, server: ZoomServer) -> None:
    zoom.rename_meeting(zoom.create_meeting(WEEKLY), "Another “title”")
    assert server.the_meeting().wanted["topic"] == "Another “title”"
    (asked,) = asked_for(server, f"PATCH {THEM}")
    assert json.loads(asked.body) == {"topic": "Another “title”"}


def test_what_cannot_be_renamed_is_told(zoom: Provider, server: ZoomServer) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.next_reply(refusal(400, 3003, "Not meeting host."))
    with pytest.raises(PermanentFailure, match="Not meeting host"):
        zoom.rename_meeting(meeting, "Another title")


def test_a_running_meeting_is_ended_and_removed(zoom: Provider, server: ZoomServer) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.the_meeting().begin()
    zoom.end_meeting(meeting)
    assert server.requests()[-2:] == [f"PUT {THEM}/status", f"DELETE {THEM}"]
    (asked,) = asked_for(server, f"PUT {THEM}/status")
    assert json.loads(asked.body) == {"action": "end"}
    assert server.meetings == {}


def test_nobody_gets_mail_about_the_end(zoom: Provider, server: ZoomServer) -> None:
    zoom.end_meeting(zoom.create_meeting(WEEKLY))
    (asked,) = asked_for(server, f"DELETE {THEM}")
    query = parse_qs(urlsplit(asked.path).query)
    assert query == {"schedule_for_reminder": ["false"], "cancel_meeting_reminder": ["false"]}


@pytest.mark.parametrize("refused", [refusal(400, 3000, "Not started"), refusal(404, 3001, "Meeting does not exist")])
def test_a_meeting_that_never_began_is_removed(zoom: Provider, server: ZoomServer, refused: Reply) -> None:
    """Whatever Zoom says to its end."""
    meeting = zoom.create_meeting(WEEKLY)
    server.next_reply(refused)
    zoom.end_meeting(meeting)
    assert server.meetings == {}


def test_a_meeting_that_is_gone_is_ended(zoom: Provider) -> None:
    zoom.end_meeting(GONE)


@pytest.mark.parametrize("code", [3001, 3002, 3007])
def test_what_is_ended_need_not_be_removed_at_once(zoom: Provider, server: ZoomServer, code: int) -> None:
    zoom.look(GONE)
    server.next_reply(Reply(204))
    server.next_reply(refusal(400, code, "It takes a moment."))
    zoom.end_meeting(GONE)


def test_what_has_ended_by_itself_meanwhile_is_ended(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    server.next_reply(refusal(400, 3000, "Not started."))
    server.next_reply(refusal(400, 3007, "Sorry, you cannot delete this meeting since it's ended."))
    zoom.end_meeting(GONE)


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ([refusal(400, 4711, "does not contain scopes:[a]"), refusal(400, 3002, "in progress")], r"scopes:\[a\]"),
        ([Reply(204), refusal(400, 4711, "does not contain scopes:[b]")], r"scopes:\[b\]"),
        ([refusal(400, 3000, "No"), refusal(400, 3003, "Not meeting host.")], "No"),
    ],
)
def test_a_meeting_that_runs_on_is_not_ended(
    zoom: Provider, server: ZoomServer, replies: list[Reply], why: str
) -> None:
    zoom.look(GONE)
    for reply in replies:
        server.next_reply(reply)
    with pytest.raises(PermanentFailure, match=why):
        zoom.end_meeting(GONE)


def test_an_end_that_nobody_answered_is_tried_again(zoom: Provider, server: ZoomServer) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.next_reply(Reply(503))
    with pytest.raises(TemporaryFailure):
        zoom.end_meeting(meeting)
    zoom.end_meeting(meeting)
    assert server.meetings == {}


# --- Looking ----------------------------------------------------------------------------------------------------


def row(**fields: Any) -> dict[str, Any]:
    whole = {"user_id": "16778240", "id": "", "participant_uuid": "p-1", "user_name": "Ada", "status": "in_meeting"}
    return {**whole, **fields}


@pytest.fixture
def running(zoom: Provider, server: ZoomServer) -> Meeting:
    meeting = zoom.create_meeting(WEEKLY)
    server.the_meeting().begin()
    return meeting


def test_a_meeting_that_has_not_begun_waits_for_people(zoom: Provider) -> None:
    assert zoom.look(zoom.create_meeting(WEEKLY)) == NOBODY


def test_a_meeting_that_people_have_ended_is_over(zoom: Provider, server: ZoomServer, running: Meeting) -> None:
    server.the_meeting().end()
    assert zoom.look(running) is None


def test_a_meeting_that_zoom_has_no_past_of_has_not_begun(zoom: Provider, server: ZoomServer) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.instead["GET", "/instances"] = refusal(404, 3001, "Meeting ID is invalid or not end.")
    assert zoom.look(meeting) == NOBODY


def test_without_its_scope_a_look_says_so(zoom: Provider, server: ZoomServer) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    lacking = refusal(400, 4711, "Invalid access token, does not contain scopes:[meeting:read:list_past_instances].")
    server.instead["GET", "/instances"] = lacking
    with pytest.raises(PermanentFailure, match=r"\[4711\].*meeting:read:list_past_instances"):
        zoom.look(meeting)


def test_a_meeting_that_nobody_begins_within_its_hour_is_over_and_removed(
    zoom: Provider, server: ZoomServer, clock: MovedClock
) -> None:
    """It would stay in the host's list for a month, and the host could hold one call less."""
    meeting = zoom.create_meeting(WEEKLY)
    clock.move(3600)
    assert zoom.look(meeting) == NOBODY
    clock.move(1)
    assert zoom.look(meeting) is None
    assert server.meetings == {}
    (asked,) = asked_for(server, f"DELETE {THEM}")
    assert parse_qs(urlsplit(asked.path).query)["cancel_meeting_reminder"] == ["false"]


def test_unless_somebody_begins_it_at_last(zoom: Provider, server: ZoomServer, clock: MovedClock) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    clock.move(3601)
    server.before = lambda asked: server.the_meeting().begin() if asked.method == "DELETE" else None
    with pytest.raises(PermanentFailure, match="in progress"):
        zoom.look(meeting)
    assert zoom.look(meeting) == UNSEEN


def test_a_meeting_that_people_have_put_off_waits_for_its_time(
    zoom: Provider, server: ZoomServer, clock: MovedClock
) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.the_meeting().wanted["start_time"] = "2026-11-20T15:00:00Z"
    clock.move(4 * 3600)
    assert zoom.look(meeting) == NOBODY


@pytest.mark.parametrize("start_time", [None, ""])
def test_a_meeting_without_a_time_waits_for_ever(
    zoom: Provider, server: ZoomServer, clock: MovedClock, start_time: str | None
) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.the_meeting().wanted["start_time"] = start_time
    clock.move(24 * 3600)
    assert zoom.look(meeting) == NOBODY


def test_a_meeting_that_runs_may_run_for_long(zoom: Provider, clock: MovedClock, running: Meeting) -> None:
    clock.move(24 * 3600)
    assert zoom.look(running) == UNSEEN


def test_a_deleted_meeting_is_over(zoom: Provider) -> None:
    assert zoom.look(GONE) is None


def test_who_is_in_is_told_by_the_dashboard(zoom: Provider, server: ZoomServer, running: Meeting) -> None:
    server.the_meeting().rows = [
        row(id="ada-at-zoom", email=ADA),
        row(user_id=16779264, participant_uuid="p-2", user_name="", email="typed@example.com"),
    ]
    assert zoom.look(running) == Roster(
        (
            Person(key="ada-at-zoom", connection_id="16778240", name="Ada", email=ADA),
            Person(key="p-2", connection_id="16779264"),
        ),
        title=WEEKLY.title,
    )


def test_the_dashboard_is_asked_about_this_run(zoom: Provider, server: ZoomServer, running: Meeting) -> None:
    zoom.look(running)
    asked = urlsplit(server.asked[-1].path)
    assert asked.path == "/v2/metrics/meetings/uuid%252F%252F98765432100%253D%253D/participants"
    assert parse_qs(asked.query) == {"type": ["live"], "page_size": ["300"]}


@pytest.mark.parametrize("elsewhere", [{"leave_time": "2026-11-20T12:00:00Z"}, {"status": "in_waiting_room"}])
def test_who_is_not_in_is_not_told(
    zoom: Provider, server: ZoomServer, running: Meeting, elsewhere: dict[str, str]
) -> None:
    server.the_meeting().rows = [row(), row(user_id="2", **elsewhere)]
    seen = zoom.look(running)
    assert seen is not None
    assert [person.connection_id for person in seen.people] == ["16778240"]


def test_a_dashboard_and_a_webhook_speak_of_the_same_person(
    zoom: Provider, server: ZoomServer, running: Meeting
) -> None:
    told_by_webhook = json.loads(webhook(JOINED))["payload"]["object"]["participant"]
    server.the_meeting().rows = [{**told_by_webhook, "status": "in_meeting", "leave_time": ""}]
    assert zoom.look(running) == replace(NOBODY, people=(person_in(webhook(JOINED)),))


def test_a_running_meeting_with_nobody_in_it_has_not_been_seen_yet(zoom: Provider, running: Meeting) -> None:
    assert zoom.look(running) == UNSEEN


def test_more_people_than_one_page_holds_are_not_all(zoom: Provider, server: ZoomServer, running: Meeting) -> None:
    server.largest_page = 2
    server.the_meeting().rows = [row(user_id=str(number)) for number in range(3)]
    seen = zoom.look(running)
    assert seen is not None
    assert (len(seen.people), seen.is_complete) == (2, False)


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, 200, "Only available for paid account."),
        refusal(403, 200, "The dashboard is not enabled."),
        refusal(404, 3001, "Meeting does not exist."),
        told(200, {"participants": [{"user_name": "somebody without an id"}]}),
    ],
)
def test_a_plan_without_a_dashboard_is_no_failure(
    zoom: Provider, server: ZoomServer, running: Meeting, answer: Reply
) -> None:
    server.the_meeting().rows = [row()]
    server.instead["GET", "/participants"] = answer
    assert zoom.look(running) == UNSEEN


def test_without_the_scope_the_dashboard_is_not_asked(server: ZoomServer, clock: MovedClock) -> None:
    without_scope(server, "dashboard:read:list_meeting_participants:admin")
    zoom = load_providers(server.settings(), clock)["zoom"]
    meeting = zoom.create_meeting(WEEKLY)
    server.the_meeting().begin()
    assert zoom.look(meeting) == UNSEEN
    assert not [path for path in server.requests() if "metrics" in path]


def test_nor_where_people_are_known_by_their_registration(with_registration: Provider, server: ZoomServer) -> None:
    meeting = with_registration.create_meeting(WEEKLY)
    server.the_meeting().begin()
    server.the_meeting().rows = [row()]
    assert with_registration.look(meeting) == UNSEEN


@pytest.mark.parametrize("reply", [Reply(503), HANG_UP, told(429, {"message": "slowly"})])
def test_a_dashboard_that_is_away_tells_nothing(
    zoom: Provider, server: ZoomServer, running: Meeting, reply: Reply
) -> None:
    server.instead["GET", "/participants"] = reply
    with pytest.raises((TemporaryFailure, RateLimited)):
        zoom.look(running)


# --- Links ------------------------------------------------------------------------------------------------------

STARTER = Visitor(key="slack-1", name="Ada Lovelace", email=ADA, is_host=True)
MEMBER = Visitor(key="slack-2", name="Grace “Ü” Hopper", email=GRACE)
GUEST = Visitor(key="guest-1", name="A guest")


def test_whoever_started_the_call_is_its_host(zoom: Provider, server: ZoomServer) -> None:
    link = zoom.personal_link(zoom.create_meeting(WEEKLY), STARTER)
    assert link.url == server.start_urls[-1]
    assert (link.person_key, link.is_proof) == (f"id-of-{ADA}", False)


def test_and_is_shown_as_themselves_though_zoom_sees_the_host(zoom: Provider) -> None:
    """Also where the host's address is somebody else's in Slack."""
    link = zoom.personal_link(zoom.create_meeting(WEEKLY), STARTER)
    asked = CallSnapshot(id="call", created_by="U0ADA", started_at=NOON, title=Fact(NOON, "Weekly sync"))
    claim = SlackIdentity(Confidence.CLAIM, NOON, "U0ADA")
    known = recognise(asked, link.person_key or "", claim)
    body = json.loads(webhook(JOINED))
    body["payload"]["object"]["participant"] |= {"id": f"id-of-{ADA}", "email": GRACE}
    for event in parse_events(json.dumps(body).encode()):
        known = fold(known, event)
    assert call_card(known).present == {CardUser(slack_id="U0ADA")}
    assert not unrecognised(known, Shown())


def test_the_hosts_link_is_made_anew_each_time(zoom: Provider) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    assert zoom.personal_link(meeting, STARTER).url != zoom.personal_link(meeting, STARTER).url


def test_the_hosts_link_is_not_seen(zoom: Provider, server: ZoomServer, capfd: pytest.CaptureFixture[str]) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    link = zoom.personal_link(meeting, STARTER)
    seen = [repr(link), repr(meeting), repr(vars(zoom)), *capfd.readouterr()]
    assert server.start_urls
    assert not [one for one in seen if "zak-" in one]


def test_nobody_else_gets_the_hosts_link(zoom: Provider, with_registration: Provider, server: ZoomServer) -> None:
    for provider in (zoom, with_registration):
        meeting = provider.create_meeting(WEEKLY)
        assert not [v for v in (MEMBER, GUEST) if provider.personal_link(meeting, v).url in server.start_urls]


@pytest.mark.parametrize("start_url", [None, "", "javascript:alert(1)"])
def test_a_host_without_a_link_is_told_so(zoom: Provider, server: ZoomServer, start_url: str | None) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.next_reply(told(200, {"id": 1, "start_url": start_url}))
    with pytest.raises(PermanentFailure) as raised:
        zoom.personal_link(meeting, STARTER)
    assert "javascript" not in str(raised.value)


@pytest.mark.parametrize("visitor", [MEMBER, GUEST])
def test_others_come_in_under_their_own_names(zoom: Provider, server: ZoomServer, visitor: Visitor) -> None:
    link = zoom.personal_link(zoom.create_meeting(WEEKLY), visitor)
    assert link == PersonalLink(url=named_link(visitor.name))
    (asked,) = asked_for(server, f"POST {THEM}/invite_links")
    assert json.loads(asked.body) == {"attendees": [{"name": visitor.name}], "ttl": 6 * 3600}


def test_a_name_is_one_that_zoom_takes(zoom: Provider) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    names = [Visitor(key="guest-1", name=name) for name in ("\x00", "x" * 100)]
    links = [zoom.personal_link(meeting, visitor).url for visitor in names]
    assert links == [named_link("Guest"), named_link("x" * 64)]


def test_without_the_scope_they_type_their_names(server: ZoomServer, clock: MovedClock) -> None:
    without_scope(server, "meeting:write:invite_links:admin")
    zoom = load_providers(server.settings(), clock)["zoom"]
    meeting = zoom.create_meeting(WEEKLY)
    assert zoom.personal_link(meeting, GUEST) == PersonalLink(url=server.the_meeting().join_url)
    assert not asked_for(server, f"POST {THEM}/invite_links")


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, 300, "No."),
        refusal(403, 200, "No permission."),
        told(201, {"attendees": []}),
        Reply(429, headers={"Retry-After": "1"}),
        Reply(503),
        HANG_UP,
    ],
)
def test_where_zoom_makes_no_link_with_a_name_the_plain_one_is_given(
    zoom: Provider, server: ZoomServer, answer: Reply
) -> None:
    meeting = zoom.create_meeting(WEEKLY)
    server.next_reply(answer)
    assert zoom.personal_link(meeting, GUEST).url == server.the_meeting().join_url


def test_somebody_from_slack_is_registered(with_registration: Provider, server: ZoomServer) -> None:
    link = with_registration.personal_link(with_registration.create_meeting(WEEKLY), MEMBER)
    assert link == PersonalLink(url=registrants_link("registrant-0"), person_key="registrant-0", is_proof=False)
    (asked,) = asked_for(server, f"POST {THEM}/registrants")
    assert json.loads(asked.body) == {"email": GRACE, "first_name": "Grace “Ü” Hopper"}


def test_and_comes_back_in_webhooks_as_who_they_are(with_registration: Provider) -> None:
    link = with_registration.personal_link(with_registration.create_meeting(WEEKLY), MEMBER)
    body = json.loads(webhook(JOINED))
    body["payload"]["object"]["participant"]["registrant_id"] = link.person_key
    assert person_in(json.dumps(body).encode()).key == link.person_key


def test_whoever_comes_too_often_is_registered_already(with_registration: Provider, server: ZoomServer) -> None:
    meeting = with_registration.create_meeting(WEEKLY)
    first = with_registration.personal_link(meeting, MEMBER)
    server.next_reply(refusal(429, 429, "You have exceeded the daily rate limit of (3) for Add meeting registrant."))
    shouting = Visitor(key=MEMBER.key, name=MEMBER.name, email=GRACE.upper())
    assert with_registration.personal_link(meeting, shouting) == first


def test_unless_they_are_not(with_registration: Provider, server: ZoomServer) -> None:
    meeting = with_registration.create_meeting(WEEKLY)
    server.next_reply(refusal(429, 429, "You have reached the maximum per-second rate limit for this API."))
    with pytest.raises(RateLimited):
        with_registration.personal_link(meeting, MEMBER)


def test_a_guest_registers_at_zoom(with_registration: Provider, server: ZoomServer) -> None:
    meeting = with_registration.create_meeting(WEEKLY)
    assert with_registration.personal_link(meeting, GUEST) == PersonalLink(url=server.the_meeting().join_url)
    assert server.the_meeting().registrants == {}


def test_the_starter_needs_no_registration(with_registration: Provider, server: ZoomServer) -> None:
    meeting = with_registration.create_meeting(WEEKLY)
    assert with_registration.personal_link(meeting, STARTER).url == server.start_urls[-1]
    assert server.the_meeting().registrants == {}


def test_a_registration_that_waits_for_approval_is_no_link(with_registration: Provider, server: ZoomServer) -> None:
    meeting = with_registration.create_meeting(WEEKLY)
    server.next_reply(told(201, {"id": 1, "registrant_id": "r"}))
    with pytest.raises(PermanentFailure, match="join_url"):
        with_registration.personal_link(meeting, MEMBER)


@pytest.mark.parametrize("visitor", [STARTER, MEMBER, GUEST])
def test_a_meeting_that_is_gone_has_no_links(zoom: Provider, visitor: Visitor) -> None:
    with pytest.raises(PermanentFailure, match="does not exist"):
        zoom.personal_link(GONE, visitor)


# --- Trouble ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(400, 4711, "does not contain scopes:[meeting:write:meeting:admin]"), PermanentFailure),
        (refusal(404, 1001, "User does not exist."), PermanentFailure),
        (refusal(409, 409, "Conflict"), PermanentFailure),
        (Reply(429, headers={"Retry-After": "7"}), RateLimited),
        (Reply(500), TemporaryFailure),
        (Reply(504), TemporaryFailure),
        (HANG_UP, TemporaryFailure),
        (Reply(201, b"<html>a proxy's page</html>"), TemporaryFailure),
        (told(201, {}), PermanentFailure),
        (told(201, {"id": 1, "join_url": "javascript:alert(1)"}), PermanentFailure),
        (told(201, {"id": [], "join_url": "https://zoom.us/j/1"}), PermanentFailure),
    ],
)
def test_no_meeting_is_taken_for_made_that_is_not(
    zoom: Provider, server: ZoomServer, reply: Reply, kind: type[RequestFailed]
) -> None:
    server.instead["POST", "/meetings"] = reply
    with pytest.raises(kind):
        zoom.create_meeting(WEEKLY)


def test_a_zoom_that_takes_too_long_may_have_made_the_meeting(
    zoom: Provider, server: ZoomServer, clock: MovedClock
) -> None:
    server.before = lambda asked: clock.move(7.1) if asked.path.endswith("/meetings") else None
    with pytest.raises(TemporaryFailure, match="too slow") as raised:
        zoom.create_meeting(WEEKLY)
    assert raised.value.effect_unknown
    server.before = lambda _: None
    assert zoom.create_meeting(WEEKLY).id in server.meetings
    assert len(server.meetings) == 1


def test_a_day_that_is_used_up_ends_when_zoom_says(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    server.next_reply(Reply(429, headers={"Retry-After": "2026-11-20T12:05:00Z", "X-RateLimit-Type": "Daily-limit"}))
    with pytest.raises(RateLimited) as raised:
        zoom.create_meeting(WEEKLY)
    assert raised.value.retry_after_seconds == 300


def test_zooms_own_code_is_told(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    server.next_reply(refusal(400, 3161, "Meeting hosting and scheduling capabilities are not allowed."))
    with pytest.raises(PermanentFailure, match=r"\[3161\].*not allowed") as raised:
        zoom.create_meeting(WEEKLY)
    assert raised.value.code == "3161"


# --- Checking ---------------------------------------------------------------------------------------------------


def test_a_check_proves_credentials_scopes_and_hosts(zoom: Provider, server: ZoomServer) -> None:
    assert zoom.check() == [
        "It answers, and accepts ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET.",
        "The app has all scopes that it needs.",
        f"{ADA} is licensed, and can hold meetings.",
        f"{GRACE} is licensed, and can hold meetings.",
        "Zoom does not tell its time.",
    ]
    assert {asked.method for asked in server.asked[1:]} == {"GET"}


def test_a_check_compares_the_clocks(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    server.next_reply(Reply(200, b'{"type":2}', {"Date": "Fri, 20 Nov 2026 12:10:00 GMT"}))
    with pytest.raises(PermanentFailure, match="600 seconds apart"):
        zoom.check()


@pytest.mark.parametrize("scope", SCOPES.split()[:9])
def test_a_check_names_the_scopes_that_lack(zoom: Provider, server: ZoomServer, scope: str) -> None:
    without_scope(server, scope)
    with pytest.raises(PermanentFailure, match=f"ZOOM_CLIENT_ID lacks scopes.*: {scope}\\."):
        zoom.check()


@pytest.mark.parametrize("scope", ["meeting:write:registrant:admin", "meeting:read:list_registrants:admin"])
def test_registration_needs_more_scopes(
    zoom: Provider, with_registration: Provider, server: ZoomServer, scope: str
) -> None:
    without_scope(server, scope)
    assert zoom.check()
    with pytest.raises(PermanentFailure, match=scope):
        with_registration.check()


def test_the_broad_scopes_of_older_apps_will_do(zoom: Provider, server: ZoomServer) -> None:
    server.scopes = "meeting:write:admin meeting:read:admin user:read:admin dashboard_meetings:read:admin"
    assert "The app has all scopes that it needs." in zoom.check()


def test_zoom_need_not_tell_the_scopes(zoom: Provider, server: ZoomServer) -> None:
    server.scopes = None
    assert "Zoom does not tell which scopes the app has." in zoom.check()


def test_a_check_says_what_would_be_nice_to_have(zoom: Provider, server: ZoomServer) -> None:
    nice = ["meeting:write:invite_links:admin", "dashboard:read:list_meeting_participants:admin"]
    without_scope(server, *nice)
    proven = " ".join(zoom.check())
    assert all(scope in proven for scope in nice)


@pytest.mark.parametrize(
    ("user", "why"),
    [
        (None, "is no user of this Zoom account"),
        ({"type": 1}, "has no licence"),
        ({"type": 2, "status": "inactive"}, "Zoom calls grace@example.com inactive"),
        ({"type": 2, "status": "pending"}, "pending"),
    ],
)
def test_a_check_finds_a_host_that_cannot_hold_meetings(
    zoom: Provider, server: ZoomServer, user: dict[str, Any] | None, why: str
) -> None:
    server.users.pop(GRACE)
    if user:
        server.users[GRACE] = user
    with pytest.raises(PermanentFailure, match=f"ZOOM_HOSTS: .*{why}|ZOOM_HOSTS: {why}"):
        zoom.check()


# --- Secrets ---------------------------------------------------------------------------------------------------------


def test_passcodes_and_links_in_webhooks_are_not_stored(zoom: Provider) -> None:
    body = json.loads(webhook(UPDATED))
    body["payload"]["object"] |= {"password": "hide-1", "join_url": "https://hide-2", "start_url": "https://hide-3"}
    body["payload"]["old_object"] |= {"password": "hide-4"}
    stored = without_secrets(json.dumps(body).encode(), zoom.secret_fields)
    assert b"hide" not in stored
    assert parse_events(stored) == parse_events(webhook(UPDATED))


# --- Settings ---------------------------------------------------------------------------------------------------


def test_each_host_holds_one_meeting_at_a_time(zoom: Provider) -> None:
    """On any plan: on Pro, whoever begins a second one is asked to end the first, which others are in."""
    assert zoom.hosts == (ADA, GRACE)
    assert zoom.meetings_per_host == 1


def test_or_two_where_the_plan_lets_them(server: ZoomServer, clock: MovedClock) -> None:
    assert load_providers(server.settings(MEETINGS_PER_HOST="2"), clock)["zoom"].meetings_per_host == 2


@pytest.mark.parametrize(("per_minute", "pace"), [("60", Pace(60, burst=2)), ("600", Pace(600, burst=20))])
def test_the_pace_is_the_plans(server: ZoomServer, clock: MovedClock, per_minute: str, pace: Pace) -> None:
    assert load_providers(server.settings(REQUESTS_PER_MINUTE=per_minute), clock)["zoom"].pace == pace


def test_without_a_plan_it_is_that_of_the_free_one(zoom: Provider) -> None:
    assert zoom.pace == Pace(60, burst=2)


def test_the_meeting_tells_its_own_end(zoom: Provider) -> None:
    assert (zoom.limit_seconds, zoom.idle_seconds) == (None, None)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"HOSTS": ""}, "ZOOM_HOSTS: is missing"),
        ({"HOSTS": " , "}, "ZOOM_HOSTS: must be one or several different users"),
        ({"HOSTS": "ada@example.com,ada@example.com"}, "ZOOM_HOSTS: must be one or several different users"),
        ({"HOSTS": "me"}, "ZOOM_HOSTS: must be e-mail addresses or ids"),
        ({"HOSTS": "ada@example.com grace@example.com"}, "ZOOM_HOSTS: must be e-mail addresses or ids"),
        ({"CLIENT_ID": "id:secret"}, "ZOOM_CLIENT_ID: must hold no colon"),
        ({"CLIENT_SECRET": "two words"}, "ZOOM_CLIENT_SECRET: must be printable ASCII without spaces"),
        ({"WEBHOOK_SECRET": ""}, "ZOOM_WEBHOOK_SECRET: is missing"),
        ({"MEETINGS_PER_HOST": "3"}, "ZOOM_MEETINGS_PER_HOST: Input should be less than or equal to 2"),
        ({"REQUESTS_PER_MINUTE": "1"}, "ZOOM_REQUESTS_PER_MINUTE: Input should be greater than or equal to 30"),
        ({"URL": "zoom.us"}, "ZOOM_URL: must be an address"),
        ({"REGISTRATION": "perhaps"}, "ZOOM_REGISTRATION: Input should be a valid boolean"),
    ],
)
def test_wrong_settings_are_told(server: ZoomServer, clock: MovedClock, given: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_providers(server.settings(**given), clock)
    assert complaint in str(raised.value)
    assert CLIENT_SECRET not in str(raised.value)
