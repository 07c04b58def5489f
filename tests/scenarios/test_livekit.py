"""What a real LiveKit server told of a meeting, through real HTTP, and what the card shows of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_history import (
    ADA,
    DELIVERIES,
    FIRST_SECOND,
    GRACE,
    GUEST,
    LAST_SECOND,
    Told,
    changes,
    people,
    start_call,
)

IN_ORDER = list(range(DELIVERIES))
SECONDS_BEFORE = 60


@pytest.fixture
def app(run_app: Callable[..., Running], livekit: LiveKitServer) -> Running:
    return run_app(**livekit.settings())


@pytest.fixture
def told(app: Running, livekit: LiveKitServer, clock: MovedClock) -> Told:
    """A call that has just been started, and what will be told of it."""
    return Told(app, start_call(app, livekit), clock.now() + timedelta(seconds=SECONDS_BEFORE))


def assert_final(slack: Emulator) -> None:
    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert card["date_end"] - card["date_start"] == SECONDS_BEFORE + LAST_SECOND - FIRST_SECOND
    assert card["active_participants"] == []
    assert people(card["all_participants"]) == [GUEST, ADA, GRACE]


def test_the_card_follows_the_meeting(app: Running, told: Told, slack: Emulator) -> None:
    seen = []
    for number in IN_ORDER:
        told.deliver(number)
        app.settle(within_seconds=5)
        [card] = slack.cards("C0GENERAL")
        seen.append([person["display_name"] for person in people(card["active_participants"])])

    ada, grace, guest = (person["display_name"] for person in (ADA, GRACE, GUEST))
    assert seen[:4] == [[], [ada], [ada, grace], [guest, ada, grace]]
    # She leaves, and comes back within the same second.
    assert seen[6:8] == [[guest, grace], [guest, ada, grace]]
    assert seen[-3:] == [[ada], [], []]
    assert_final(slack)


def test_one_start_makes_one_of_everything(app: Running, told: Told, slack: Emulator, livekit: LiveKitServer) -> None:
    told.deliver_all(IN_ORDER)
    app.settle()

    assert livekit.methods_asked() == ["CreateRoom"]
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


def test_the_final_card_is_right_in_200_random_orders(
    app: Running, livekit: LiveKitServer, slack: Emulator, clock: MovedClock
) -> None:
    shuffle = random.Random(20261120)
    for number in range(200):
        clock.move(300)
        clock.move_to(clock.now().replace(microsecond=0) + timedelta(seconds=1))
        told = Told(app, start_call(app, livekit), clock.now() + timedelta(seconds=SECONDS_BEFORE))
        order = shuffle.sample(IN_ORDER, k=DELIVERIES)
        told.deliver_all(order)
        app.settle()

        assert_final_of(slack, number, order)


def assert_final_of(slack: Emulator, number: int, order: list[int]) -> None:
    cards = slack.cards("C0GENERAL")
    assert len(cards) == number + 1
    card = cards[-1]
    duration = card["date_end"] - card["date_start"]
    told = (card["has_ended"], duration, people(card["all_participants"]), card["active_participants"])
    assert told == (True, SECONDS_BEFORE + LAST_SECOND - FIRST_SECOND, [GUEST, ADA, GRACE], []), order


@pytest.mark.parametrize("seed", range(20))
def test_a_card_kept_up_to_date_all_the_while_ends_right(app: Running, told: Told, slack: Emulator, seed: int) -> None:
    """Slack is told after each delivery, so whoever is heard of only after the end is not on the card: an ended call
    takes no changes. But nobody stays on it, and nobody is on it twice."""
    order = random.Random(seed).sample(IN_ORDER, k=DELIVERIES)
    for number in order:
        told.deliver(number)
        app.settle(within_seconds=5)

    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert card["date_end"] - card["date_start"] == SECONDS_BEFORE + LAST_SECOND - FIRST_SECOND
    assert card["active_participants"] == []
    shown = [person["external_id"] for person in people(card["all_participants"])]
    assert len(shown) == len(set(shown))


def test_lost_deliveries_leave_what_is_known(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all([1, 2, 6])
    app.settle()

    [card] = slack.cards("C0GENERAL")
    assert people(card["active_participants"]) == [GRACE]


def test_nothing_is_sent_for_what_changes_nothing(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all([0, 4, 5])
    app.settle()

    assert changes(slack) == []


def test_what_the_provider_tells_before_it_answers_is_not_lost(
    app: Running, slack: Emulator, clock: MovedClock
) -> None:
    """A server may report a join before its answer to our request has reached the database."""
    slack.slash("/ring", "Weekly sync")
    with app.switchboard.database.reading() as connection:
        room = str(connection.exec_driver_sql("SELECT id FROM calls").scalar_one())
    early = Told(app, room, clock.now())
    early.deliver_all([0, 1])
    app.settle()

    [card] = slack.cards("C0GENERAL")
    assert people(card["active_participants"]) == [ADA]


def test_ending_the_call_ends_the_meeting(app: Running, told: Told, slack: Emulator, livekit: LiveKitServer) -> None:
    told.deliver_all([0, 1])
    app.settle()
    slack.slash("/ring", "end")
    app.settle()

    assert livekit.methods_asked() == ["CreateRoom", "DeleteRoom"]
    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert card["active_participants"] == []


def test_the_password_of_a_room_is_not_stored(app: Running, told: Told) -> None:
    told.deliver_all(IN_ORDER)

    with app.switchboard.database.reading() as connection:
        bodies = [bytes(row[0]) for row in connection.exec_driver_sql("SELECT body FROM deliveries")]
    assert bodies
    assert all(b'"turnPassword":"***"' in body for body in bodies if b"turnPassword" in body)
