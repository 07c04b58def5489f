"""What the real bbb-webhooks told of a meeting, through real HTTP, and what the card shows of it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.providers.bigbluebutton.captured import MEETING, OCCURRENCE, captured
from tests.providers.bigbluebutton.server import SECRET, BigBlueButtonServer, HeldMeeting
from tests.providers.bigbluebutton.signing import bearing, signed
from tests.running import Running
from tests.scenarios.livekit_history import changes, people

CAPTURED = captured()
IN_ORDER = list(range(len(CAPTURED)))
CREATED, JOHNS_JOIN, MARYS_JOIN, MARYS_LEAVE, JOHNS_LEAVE, ENDED = FOLLOWED = [
    number
    for number, one in enumerate(CAPTURED)
    if one.event in {"meeting-created", "user-joined", "user-left", "meeting-ended"}
]
SECONDS_BEFORE = 60
FIRST_MILLISECOND = 1795208767840
LAST_MILLISECOND = 1795208769008
DURATION = SECONDS_BEFORE + round((LAST_MILLISECOND - FIRST_MILLISECOND) / 1000)

JOHN = {"external_id": "w_xfsb9gxtlfom", "display_name": "John Doe"}
MARY = {"external_id": "w_uxw0dzhtvk0l", "display_name": "Mary Sue"}


class Told:
    """The captured history, moved to another meeting and to another time."""

    def __init__(self, app: Running, meeting_id: str, began: datetime) -> None:
        self._app = app
        self.hook = f"{app.url}/webhooks/bigbluebutton"
        shift = int(began.timestamp() * 1000) - FIRST_MILLISECOND
        self.bodies = [_moved(one.body, meeting_id, shift) for one in CAPTURED]

    def deliver(self, number: int) -> int:
        """Send one delivery as it was signed for our hook; returns the status code of the answer."""
        body = self.bodies[number]
        proof = signed(self.hook, body, SECRET)
        address = f"/webhooks/bigbluebutton?{proof.query}"
        return self._app.http.post(address, content=body, headers=dict(proof.headers)).status_code

    def deliver_all(self, order: Sequence[int]) -> None:
        assert {self.deliver(number) for number in order} == {200}


def _moved(body: bytes, meeting_id: str, shift: int) -> bytes:
    moved = re.sub(rb"17952087\d{5}", lambda match: b"%d" % (int(match[0]) + shift), body)
    moved = moved.replace(MEETING.encode(), meeting_id.encode())
    return moved.replace(OCCURRENCE.encode(), f"occurrence-of-{meeting_id}".encode())


def start_call(app: Running, server: BigBlueButtonServer) -> str:
    """Start a call by command and return the id of its meeting."""
    known = set(server.meetings)
    app.slack.slash("/ring", "Weekly sync")
    app.reconcile()
    [meeting_id] = set(server.meetings) - known
    return meeting_id


@pytest.fixture
def server() -> Iterator[BigBlueButtonServer]:
    with BigBlueButtonServer() as running:
        yield running


@pytest.fixture
def app(run_app: Callable[..., Running], server: BigBlueButtonServer) -> Running:
    return run_app(**server.settings())


@pytest.fixture
def told(app: Running, server: BigBlueButtonServer, clock: MovedClock) -> Told:
    """A call that has just been started, and what will be told of it."""
    return Told(app, start_call(app, server), clock.now() + timedelta(seconds=SECONDS_BEFORE))


def assert_final(slack: Emulator) -> None:
    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert card["date_end"] - card["date_start"] == DURATION
    assert card["active_participants"] == []
    assert people(card["all_participants"]) == [MARY, JOHN]


def shown(slack: Emulator) -> list[dict[str, str]]:
    [card] = slack.cards("C0GENERAL")
    return people(card["active_participants"])


def test_the_card_follows_the_meeting(app: Running, told: Told, slack: Emulator) -> None:
    seen = {}
    for number in IN_ORDER:
        told.deliver(number)
        app.settle(within_seconds=5)
        seen[number] = shown(slack)

    assert seen[CREATED] == []
    assert seen[JOHNS_JOIN] == [JOHN]
    assert seen[MARYS_JOIN] == seen[MARYS_LEAVE - 1] == [MARY, JOHN]
    assert seen[MARYS_LEAVE] == [JOHN]
    assert seen[JOHNS_LEAVE] == []
    assert_final(slack)


def test_one_start_makes_one_of_everything(
    app: Running, told: Told, slack: Emulator, server: BigBlueButtonServer
) -> None:
    told.deliver_all(IN_ORDER)
    app.settle()

    assert server.calls_asked() == ["create", "hooks/create"]
    assert set(server.hooks) == {told.hook}
    assert len(slack.requests("calls.add")) == 1
    assert len(slack.requests("chat.postMessage")) == 1
    assert len(slack.requests("calls.end")) == 1


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(IN_ORDER, id="in order"),
        pytest.param([number for number in IN_ORDER for _ in range(2)], id="each twice"),
        pytest.param(IN_ORDER + IN_ORDER, id="all twice"),
        pytest.param(IN_ORDER[::-1], id="in reverse"),
        pytest.param(IN_ORDER[::-1] + IN_ORDER, id="in reverse and again"),
    ],
)
def test_the_final_card_is_right(app: Running, told: Told, slack: Emulator, order: list[int]) -> None:
    told.deliver_all(order)
    app.settle()

    assert_final(slack)


def test_the_final_card_is_right_in_60_random_orders(
    app: Running, server: BigBlueButtonServer, slack: Emulator, clock: MovedClock
) -> None:
    shuffle = random.Random(20261121)
    for number in range(60):
        clock.move(300)
        clock.move_to(clock.now().replace(microsecond=0) + timedelta(seconds=1))
        told = Told(app, start_call(app, server), clock.now() + timedelta(seconds=SECONDS_BEFORE))
        order = shuffle.sample(FOLLOWED, k=len(FOLLOWED))
        told.deliver_all(order)
        app.settle()

        cards = slack.cards("C0GENERAL")
        assert len(cards) == number + 1
        card = cards[-1]
        final = (card["has_ended"], card["date_end"] - card["date_start"], people(card["all_participants"]))
        assert final == (True, DURATION, [MARY, JOHN]), order
        assert card["active_participants"] == [], order


@pytest.mark.parametrize("seed", range(10))
def test_a_card_kept_up_to_date_all_the_while_ends_right(app: Running, told: Told, slack: Emulator, seed: int) -> None:
    """Slack is told after each delivery, so whoever is heard of only after the end is not on the card: an ended call
    takes no changes. But nobody stays on it, and nobody is on it twice."""
    for number in random.Random(seed).sample(FOLLOWED, k=len(FOLLOWED)):
        told.deliver(number)
        app.settle(within_seconds=5)

    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert card["date_end"] - card["date_start"] == DURATION
    assert card["active_participants"] == []
    everybody = [person["external_id"] for person in people(card["all_participants"])]
    assert len(everybody) == len(set(everybody))


def test_lost_deliveries_leave_what_is_known(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all([JOHNS_JOIN, MARYS_JOIN, MARYS_LEAVE])
    app.settle()

    assert shown(slack) == [JOHN]


def test_nothing_is_sent_for_what_changes_nothing(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all([number for number in IN_ORDER if number not in FOLLOWED])
    app.settle()

    assert changes(slack) == []


def test_a_delivery_that_is_not_genuine_changes_nothing(app: Running, told: Told, slack: Emulator) -> None:
    body = told.bodies[JOHNS_JOIN]
    proof = signed(told.hook, body, "another-secret")
    answer = app.http.post(f"/webhooks/bigbluebutton?{proof.query}", content=body, headers=dict(proof.headers))
    app.settle()

    assert answer.status_code == 401
    assert shown(slack) == []


def test_a_sender_may_show_the_secret_instead_of_a_checksum(app: Running, told: Told, slack: Emulator) -> None:
    proof = bearing(SECRET)
    app.http.post("/webhooks/bigbluebutton", content=told.bodies[JOHNS_JOIN], headers=dict(proof.headers))
    app.settle()

    assert shown(slack) == [JOHN]


def test_a_genuine_delivery_that_cannot_be_read_is_taken_all_the_same(app: Running, told: Told) -> None:
    """For a 400 bbb-webhooks would delete the hook in the end."""
    body = b"domain=bbb.example.test&event=%5B%7B&timestamp=1"
    proof = signed(told.hook, body, SECRET)
    answer = app.http.post(f"/webhooks/bigbluebutton?{proof.query}", content=body, headers=dict(proof.headers))

    assert answer.status_code == 200


def test_ending_the_call_ends_the_meeting(
    app: Running, told: Told, slack: Emulator, server: BigBlueButtonServer
) -> None:
    told.deliver_all([CREATED, JOHNS_JOIN])
    app.settle()
    slack.slash("/ring", "end")
    app.settle()

    assert server.meetings == {}
    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert card["active_participants"] == []


def test_a_hook_that_was_deleted_is_made_again(app: Running, told: Told, server: BigBlueButtonServer) -> None:
    told.deliver_all([JOHNS_JOIN])
    server.hooks.clear()
    app.settle(within_seconds=600)

    assert set(server.hooks) == {told.hook}


def test_a_call_ends_with_its_meeting_though_nothing_was_told(
    app: Running, told: Told, slack: Emulator, server: BigBlueButtonServer
) -> None:
    told.deliver_all([JOHNS_JOIN])
    app.settle()
    server.meetings.clear()
    app.settle(within_seconds=600)

    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert people(card["all_participants"]) == [JOHN]


def test_a_look_takes_those_off_the_card_who_are_not_there_when_nobody_is(
    app: Running, told: Told, slack: Emulator, clock: MovedClock
) -> None:
    clock.move(SECONDS_BEFORE + 10)
    told.deliver_all([JOHNS_JOIN, MARYS_JOIN])
    app.settle()
    assert shown(slack) == [MARY, JOHN]
    app.settle(within_seconds=600)

    assert shown(slack) == []


@pytest.fixture
def meeting(told: Told, server: BigBlueButtonServer, clock: MovedClock) -> HeldMeeting:
    """Of the call that was started, when John and Mary have come."""
    clock.move(SECONDS_BEFORE + 10)
    told.deliver_all([JOHNS_JOIN, MARYS_JOIN])
    [held] = server.meetings.values()
    held.attendees |= {"w_xfsb9gxtlfom": "John Doe", "w_uxw0dzhtvk0l": "Mary Sue"}
    return held


def test_a_look_leaves_the_card_alone_when_all_of_it_is_right(
    app: Running, meeting: HeldMeeting, slack: Emulator, server: BigBlueButtonServer
) -> None:
    app.settle(within_seconds=600)

    assert meeting.attendees
    assert "getMeetingInfo" in server.calls_asked()
    assert shown(slack) == [MARY, JOHN]


def test_whose_leave_was_lost_goes_while_others_stay(app: Running, meeting: HeldMeeting, slack: Emulator) -> None:
    """bbb-webhooks may also name somebody else: https://github.com/bigbluebutton/bigbluebutton/issues/13736"""
    del meeting.attendees["w_uxw0dzhtvk0l"]
    app.settle(within_seconds=600)

    assert shown(slack) == [JOHN]


def test_whose_join_was_lost_comes_and_goes_by_looks(app: Running, meeting: HeldMeeting, slack: Emulator) -> None:
    grace = {"external_id": "slack-1", "display_name": "Grace Hopper"}
    meeting.attendees["slack-1"] = "Grace Hopper"
    app.settle(within_seconds=300)
    assert shown(slack) == [grace, MARY, JOHN]

    del meeting.attendees["slack-1"]
    app.settle(within_seconds=300)
    assert shown(slack) == [MARY, JOHN]
