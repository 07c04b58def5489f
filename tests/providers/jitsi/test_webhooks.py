"""mod_event_sync's own proofs and payloads, where the contract's general questions end."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.jitsi.webhooks import parse_events, verify
from tests.providers.contract import card_after
from tests.providers.jitsi.captured import ROOM, TOKEN, captured, observed

MEETING = f"{ROOM}@conference.meet.test"
ADA_AT_HER_DESK = "7e05ce7a-4f9d-4ecb-9e2d-a65e7770c089@meet.test/k3yCgAwTePby"
GUEST = "a5fcb314-024b-490d-ba0c-45e9bcbf99b5@meet.test/b6JkvGPtBRQP"
VECTORS = Path("/work/shared/samples/providers/jitsi_event_sync/signature.json")


def check(authorization: str) -> None:
    headers = {"Authorization": authorization}
    verify(WebhookRequest.of(body=b"{}", headers=headers), (SecretStr(TOKEN), SecretStr("an-older-one")))


# --- Proof ------------------------------------------------------------------------------------------------------


def test_the_token_is_proof() -> None:
    check(captured()[0].headers["Authorization"])


def test_so_is_the_one_before() -> None:
    check("Bearer an-older-one")


@pytest.mark.parametrize(
    "authorization",
    ["", TOKEN, "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer  {TOKEN}"],
)
def test_nothing_else_is(authorization: str) -> None:
    with pytest.raises(WebhookRejected):
        check(authorization)


def test_half_a_letter_is_not_taken_for_another() -> None:
    with pytest.raises(WebhookRejected):
        verify(WebhookRequest.of(body=b"", headers={"Authorization": "Bearer a\ud83db"}), (SecretStr("a?b"),))


@pytest.mark.skipif(not VECTORS.exists(), reason="the collected vectors are not on this machine")
def test_the_collected_vector_is_accepted() -> None:
    vector = json.loads(VECTORS.read_text(encoding="utf-8"))["webhook_vector"]
    name, _, value = vector["received_header"].partition(": ")
    token = vector["configured"]["Authorization"].removeprefix("Bearer ")
    verify(WebhookRequest.of(body=b"{}", headers={name: value}), (SecretStr(token),))


# --- Payload ----------------------------------------------------------------------------------------------------


def told(event: str, **fields: Any) -> bytes:
    """An event of the room ``weekly``."""
    common = {"event_name": event, "room_name": "weekly", "room_jid": "weekly@conference.meet.test"}
    return json.dumps({**common, "is_breakout": False, **fields}).encode()


def occupant(**changes: Any) -> dict[str, Any]:
    return {"occupant_jid": "ada@meet.test/desk", "joined_at": 1795208195, "id": "slack-T1-U1", **changes}


def joined(**changes: Any) -> bytes:
    return told("muc-occupant-joined", occupant=occupant(**changes), active_occupants_count=1)


def left(**changes: Any) -> bytes:
    leaving = occupant(**{"left_at": 1795208200, **changes})
    return told("muc-occupant-left", occupant=leaving, active_occupants_count=0)


def destroyed(*occupants: dict[str, Any], **changes: Any) -> bytes:
    times = {"created_at": 1795208190, "destroyed_at": 1795208200}
    return told("muc-room-destroyed", **{**times, "all_occupants": list(occupants), **changes})


def only(body: bytes) -> Event:
    (event,) = parse_events(body)
    return event


def person_in(body: bytes) -> Person:
    event = only(body)
    assert isinstance(event, ParticipantJoined | ParticipantLeft)
    return event.person


def events_of(bodies: list[bytes]) -> list[Event]:
    return [event for body in bodies for event in parse_events(body)]


def test_a_room_that_is_created() -> None:
    assert only(captured()[0].body) == MeetingStarted(
        meeting_id=MEETING,
        at=datetime(2026, 11, 20, 20, 56, 35, tzinfo=UTC),
        dedupe_key=f"muc-room-created {MEETING} 1795208195",
        occurrence_id="1795208195",
    )


def test_a_person_who_comes() -> None:
    assert only(captured()[1].body) == ParticipantJoined(
        meeting_id=MEETING,
        at=datetime(2026, 11, 20, 20, 56, 35, tzinfo=UTC),
        dedupe_key=f"muc-occupant-joined {MEETING} {ADA_AT_HER_DESK} 1795208195",
        person=Person(
            key="U0AAAA001",
            connection_id=f"{ADA_AT_HER_DESK} 1795208195",
            name="Ada Lovelace",
            email="ada@example.test",
            avatar_url="https://example.test/a.png",
        ),
    )


def test_a_person_who_goes() -> None:
    event = only(captured()[10].body)
    assert isinstance(event, ParticipantLeft)
    assert event.at == datetime(2026, 11, 20, 20, 56, 38, tzinfo=UTC)
    assert event.person.connection_id == f"{ADA_AT_HER_DESK} 1795208195"


def test_a_room_that_is_destroyed() -> None:
    ended, *people = parse_events(captured()[11].body)
    assert ended == MeetingEnded(
        meeting_id=MEETING,
        at=datetime(2026, 11, 20, 20, 56, 39, tzinfo=UTC),
        dedupe_key=f"muc-room-destroyed {MEETING} 1795208195 1795208199",
        occurrence_id="1795208195",
    )
    assert len(people) == 8


def test_a_room_that_is_destroyed_with_nobody_ever_in_it() -> None:
    """Lua writes an empty list as {}."""
    assert isinstance(only(captured()[13].body), MeetingEnded)
    assert isinstance(only(destroyed()), MeetingEnded)


def test_whoever_has_no_token_is_known_by_their_connection() -> None:
    person = person_in(captured()[3].body)
    assert person == Person(key=GUEST, connection_id=f"{GUEST} 1795208196")


@pytest.mark.parametrize("nothing", [{"id": None}, {"id": ""}])
def test_and_never_by_their_name(nothing: dict[str, Any]) -> None:
    assert person_in(joined(**nothing, name="Ada Lovelace")).key == "ada@meet.test/desk"


def test_a_number_for_an_id_is_a_text() -> None:
    assert person_in(joined(id=42)).key == "42"


def test_one_person_on_two_devices_is_one_person() -> None:
    desk, phone = person_in(captured()[1].body), person_in(captured()[4].body)
    assert desk.key == phone.key
    assert desk.connection_id != phone.connection_id


def test_whoever_comes_back_under_the_same_address_comes_by_another_connection() -> None:
    """Even within the second in which they left."""
    first, gone, again = (person_in(captured()[number].body) for number in (2, 6, 7))
    assert first.connection_id == gone.connection_id != again.connection_id
    card = card_after(events_of([one.body for one in captured()[:8]]))
    assert first.key in {user.external_id for user in card.present}


def test_a_breakout_room_is_not_the_meeting() -> None:
    """Its events carry the main room's address."""
    breakout = {"is_breakout": True, "breakout_room_id": "b1"}
    assert parse_events(told("muc-room-created", created_at=1795208195, **breakout)) == []
    assert parse_events(destroyed(occupant(), **breakout)) == []
    for event in ("muc-occupant-joined", "muc-occupant-left"):
        assert parse_events(told(event, occupant=occupant(left_at=1795208200), **breakout)) == []


def test_whoever_comes_back_from_a_breakout_room_is_in() -> None:
    there_and_back = [joined(), left(left_at=1795208300), joined(joined_at=1795208400)]
    assert len(card_after(events_of(there_and_back)).present) == 1


@pytest.mark.parametrize("jid", ["recorder@recorder.meet.test/1", "transcriber@hidden.meet.jitsi/x"])
def test_machines_are_not_followed(jid: str) -> None:
    assert parse_events(joined(occupant_jid=jid)) == []
    assert parse_events(left(occupant_jid=jid)) == []
    assert len(parse_events(destroyed(occupant(occupant_jid=jid)))) == 1


@pytest.mark.parametrize(
    "jid", ["recorder@meet.test/recorder.x", "a@guest.meet.jitsi/@hidden.", "jigasi@auth.meet.test/1"]
)
def test_people_who_sound_like_machines_are(jid: str) -> None:
    assert parse_events(joined(occupant_jid=jid))


def test_a_leave_of_nobody_says_nothing() -> None:
    assert parse_events(told("muc-occupant-left", active_occupants_count=0)) == []


def test_a_leave_without_its_time_is_malformed() -> None:
    with pytest.raises(WebhookMalformed, match=r"occupant\.left_at"):
        parse_events(left(left_at=None))


@pytest.mark.parametrize("event", ["muc-room-renamed", "", "MUC-ROOM-CREATED"])
def test_other_events_are_not_ours(event: str) -> None:
    assert parse_events(told(event, room_jid=7)) == []


@pytest.mark.parametrize("gone", ["room_jid", "occupant.occupant_jid", "occupant.joined_at"])
def test_an_event_without_its_essentials_is_malformed(gone: str) -> None:
    body = json.loads(joined())
    *path, last = gone.split(".")
    del (body[path[0]] if path else body)[last]
    with pytest.raises(WebhookMalformed, match=gone):
        parse_events(json.dumps(body).encode())


@pytest.mark.parametrize("time", ["soon", "", None, -(10**12), 10**20, [], {}])
def test_a_time_beyond_the_calendar_is_malformed(time: object) -> None:
    with pytest.raises(WebhookMalformed, match="created_at"):
        parse_events(told("muc-room-created", created_at=time))


def test_a_list_that_is_none_is_malformed() -> None:
    with pytest.raises(WebhookMalformed, match="all_occupants"):
        parse_events(destroyed(all_occupants={"a": 1}))


def test_a_picture_that_is_no_address_is_left_out() -> None:
    assert person_in(joined(avatar="javascript:alert(1)")).avatar_url is None


def test_an_id_that_cannot_be_stored_never_becomes_another() -> None:
    keys = {person_in(joined(id=key)).key for key in ["ada", "ada\x00", "ada\x01", "a" * 201]}
    assert len(keys) == 4
    assert all(key.isprintable() and len(key) <= 200 for key in keys)


# --- Histories ---------------------------------------------------------------------------------------------------

ATTENDED = {("U0AAAA001", "Ada Lovelace"), ("U0BBBB002", "Grace “Ümlaut” Hopper 🎥"), (GUEST, "Guest")}


def attended(events: list[Event]) -> set[tuple[str, str]]:
    card = card_after(events)
    assert not card.present
    assert card.duration_seconds is not None
    return {(user.external_id, user.display_name) for user in card.attended}


def test_the_captured_meeting_folds_to_its_people() -> None:
    assert attended(events_of([one.body for one in captured()])) == ATTENDED


def test_the_end_alone_tells_who_was_there() -> None:
    assert attended(events_of([captured()[11].body])) == ATTENDED


def test_any_order_and_number_of_deliveries_gives_the_same_card() -> None:
    """As after lost answers: each delivery comes once at least, and three times at most."""
    shuffle = random.Random(20261121)
    by_delivery = [parse_events(one.body) for one in captured()]
    expected = card_after([event for events in by_delivery for event in events])
    for _ in range(1000):
        order = shuffle.sample([*range(14)] * 3, k=42)[: shuffle.randint(14, 42)]
        order += [number for number in range(14) if number not in order]
        assert card_after([event for number in order for event in by_delivery[number]]) == expected, order


def test_when_all_leave_at_once_all_have_left() -> None:
    """Whoever is on the way out when the room goes has no time of leaving in the list."""
    bodies = observed("everyone_leaves_at_once")
    assert any("left_at" not in one for one in json.loads(bodies[-1])["all_occupants"])
    expected = {("U024BE7LH", "Ada L"), ("tbtr20ewqnxhcauludm_h6nj@meet.test/plainB", "Guest")}
    assert attended(events_of(bodies)) == expected
    assert attended(events_of([body for body in bodies if b"muc-occupant-left" not in body])) == expected


def test_whoever_is_on_the_way_out_when_the_room_goes_leaves_with_it() -> None:
    _, _, leave = parse_events(destroyed(occupant(left_at=None)))
    assert isinstance(leave, ParticipantLeft)
    assert leave.at == datetime.fromtimestamp(1795208200, UTC)


def test_a_room_that_a_participant_creates_ends_too() -> None:
    """Nothing is told of its creator but a leave of nobody."""
    assert attended(events_of(observed("no_focus_user"))) == set()


def test_a_join_that_is_sent_again_after_the_leave_brings_nobody_back() -> None:
    created, first, again, gone, end = observed("retry_after_500")
    assert first == again
    late = events_of([created, first, gone, again])
    assert not card_after(late).present
    assert [event.dedupe_key for event in parse_events(first)] == [event.dedupe_key for event in parse_events(again)]
    assert attended([*late, *parse_events(end)]) == {("U024BE7LH", "Ada L")}


def test_a_tenants_room_has_its_tenant_in_its_address() -> None:
    events = events_of(observed("tenant_room"))
    assert {event.meeting_id for event in events} == {"[acme]standup@conference.meet.test"}


def test_a_whole_run_folds_to_its_people() -> None:
    assert len(attended(events_of(observed("normal_run")))) == 2
