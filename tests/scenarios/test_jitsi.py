"""What a real Prosody told of a meeting, through real HTTP to the paths it uses, and what the card shows of it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from app.emulator import Emulator
from app.web.sign_in import RETURN_PATH
from tests.clocks import MovedClock
from tests.providers.jitsi.captured import ROOM, TOKEN, captured
from tests.running import Running
from tests.scenarios.livekit_history import changes, people
from tests.web.people import CLIENT, Somebody, send_back_to

FIRST_SECOND = 1795208195
LAST_SECOND = 1795208199
DELIVERIES = len(captured())
IN_ORDER = list(range(DELIVERIES))
SECONDS_BEFORE = 60

ADA = {
    "external_id": "U0AAAA001",
    "display_name": "Ada Lovelace",
    "avatar_url": "https://example.test/a.png",
}
GRACE = {"external_id": "U0BBBB002", "display_name": "Grace “Ümlaut” Hopper 🎥"}
GUEST = {"external_id": "a5fcb314-024b-490d-ba0c-45e9bcbf99b5@meet.test/b6JkvGPtBRQP", "display_name": "Guest"}
EVERYBODY = [ADA, GRACE, GUEST]
APP_SECRET = "the-secret-that-prosody-knows-too"
SETTINGS = {"JITSI_URL": "https://meet.test", "JITSI_WEBHOOK_TOKEN": TOKEN}


@pytest.fixture
def app(run_app: Callable[..., Running]) -> Running:
    return run_app(**SETTINGS)


@dataclass(frozen=True)
class Told:
    """The captured history of a room, moved to the room of a call and to another time."""

    app: Running
    room: str
    began: datetime

    def deliver(self, number: int) -> int:
        """Send one delivery to where Prosody would; returns the status code of the answer."""
        one = captured()[number]
        shift = int(self.began.timestamp()) - FIRST_SECOND
        body = re.sub(rb"\b17952081\d\d|\b17952082\d\d", lambda found: b"%d" % (int(found[0]) + shift), one.body)
        body = body.replace(ROOM.encode(), self.room.encode())
        return self.app.http.post(f"/webhooks/jitsi{one.path}", content=body, headers=one.headers).status_code

    def deliver_all(self, order: Sequence[int]) -> None:
        assert {self.deliver(number) for number in order} == {200}


@pytest.fixture
def told(app: Running, slack: Emulator, clock: MovedClock) -> Told:
    """A call that has just been started, and what will be told of it."""
    return start_call(app, slack, clock)


def start_call(app: Running, slack: Emulator, clock: MovedClock) -> Told:
    slack.slash("/ring", "Weekly sync")
    app.reconcile()
    join_url = urlsplit(slack.cards("C0GENERAL")[-1]["join_url"])
    assert join_url.netloc == "meet.test"
    return Told(app, join_url.path.strip("/"), clock.now() + timedelta(seconds=SECONDS_BEFORE))


def present(slack: Emulator) -> list[str]:
    [card] = slack.cards("C0GENERAL")
    return [person["display_name"] for person in people(card["active_participants"])]


def assert_final(slack: Emulator, order: Sequence[int] = ()) -> None:
    card = slack.cards("C0GENERAL")[-1]
    duration = card["date_end"] - card["date_start"]
    found = (card["has_ended"], duration, people(card["all_participants"]), card["active_participants"])
    assert found == (True, SECONDS_BEFORE + LAST_SECOND - FIRST_SECOND, EVERYBODY, []), order


def test_the_card_follows_the_meeting(app: Running, told: Told, slack: Emulator) -> None:
    seen = []
    for number in IN_ORDER:
        told.deliver(number)
        app.settle(within_seconds=5)
        seen.append(present(slack))

    ada, grace, guest = (person["display_name"] for person in EVERYBODY)
    assert seen[:4] == [[], [ada], [ada, grace], [ada, grace, guest]]
    # Ada's second device comes and goes; Grace leaves, and comes back within the same second.
    assert seen[4:8] == [[ada, grace, guest], [ada, grace, guest], [ada, guest], [ada, grace, guest]]
    assert seen[8:] == [[ada, guest], [ada], [], [], [], []]
    assert_final(slack)


def test_one_start_makes_one_of_everything(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all(IN_ORDER)
    app.settle()

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


def test_the_final_card_is_right_in_25_random_orders(app: Running, slack: Emulator, clock: MovedClock) -> None:
    """A thousand more are folded in the provider's own tests."""
    shuffle = random.Random(20261121)
    for number in range(25):
        clock.move(300)
        clock.move_to(clock.now().replace(microsecond=0) + timedelta(seconds=1))
        told = start_call(app, slack, clock)
        order = shuffle.sample(IN_ORDER, k=DELIVERIES)
        told.deliver_all(order)
        app.settle()

        assert len(slack.cards("C0GENERAL")) == number + 1
        assert_final(slack, order)


def test_the_end_alone_tells_who_was_there(app: Running, told: Told, slack: Emulator) -> None:
    """Prosody gives up on webhooks while we are away, and the last one tells what was missed."""
    told.deliver_all([11])
    app.settle()

    assert_final(slack)


def test_lost_deliveries_leave_what_is_known(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all([1, 2, 6])
    app.settle()

    assert present(slack) == [ADA["display_name"]]


def test_a_join_that_comes_after_its_leave_changes_nothing(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all([0, 10, 1])
    app.settle()

    assert present(slack) == []


def test_a_breakout_room_that_ends_does_not_end_the_call(app: Running, told: Told, slack: Emulator) -> None:
    told.deliver_all([0, 1])
    body = {**json.loads(captured()[11].body), "is_breakout": True, "breakout_room_id": "b1"}
    body["room_jid"] = f"{told.room}@conference.meet.test"
    answer = app.http.post("/webhooks/jitsi/events/room/destroyed", json=body, headers=captured()[11].headers)
    app.settle()

    assert answer.status_code == 200
    assert present(slack) == [ADA["display_name"]]
    assert not slack.cards("C0GENERAL")[-1]["has_ended"]


def test_what_is_told_without_the_token_is_not_believed(app: Running, told: Told, slack: Emulator) -> None:
    one = captured()[1]
    body = one.body.replace(ROOM.encode(), told.room.encode())
    forged = {**one.headers, "Authorization": "Bearer guessed"}
    assert app.http.post(f"/webhooks/jitsi{one.path}", content=body, headers=forged).status_code == 401
    app.settle()

    assert changes(slack) == []


@pytest.mark.parametrize("path", ["", "/events", "/events/room/created/", "/events/room/renamed"])
def test_prosodys_paths_are_the_only_ones(app: Running, path: str) -> None:
    answer = app.http.post(f"/webhooks/jitsi{path}", content=captured()[0].body, headers=captured()[0].headers)
    assert answer.status_code == 404


def test_what_is_stored_holds_no_token(app: Running, told: Told) -> None:
    told.deliver_all(IN_ORDER)

    with app.switchboard.database.reading() as connection:
        stored = [str(row) for row in connection.exec_driver_sql("SELECT headers, body FROM deliveries")]
    assert len(stored) == DELIVERIES
    assert not any(TOKEN in row for row in stored)


def test_whoever_signed_in_with_slack_is_known_when_they_come(run_app: Callable[..., Running], slack: Emulator) -> None:
    app = run_app(**SETTINGS, **CLIENT, JITSI_APP_ID="switchboard", JITSI_APP_SECRET=APP_SECRET)
    send_back_to(slack, app, RETURN_PATH)
    slack.slash("/ring", "Weekly sync")
    app.reconcile()
    with Somebody("T0LOCAL/U0GRACE") as grace:
        join_url = slack.cards("C0GENERAL")[-1]["join_url"]
        grace.sign_in(join_url)
        link = urlsplit(grace.open(join_url).headers["Location"])
    assert link.netloc == "meet.test"
    [token] = parse_qs(link.query)["jwt"]
    user = jwt.decode(token, APP_SECRET, ["HS256"], {"verify_exp": False, "verify_nbf": False}, audience="jitsi")

    one = captured()[2]
    body = {**json.loads(one.body), "room_jid": f"{link.path.strip('/')}@conference.meet.test"}
    body["occupant"] = {**body["occupant"], **user["context"]["user"]}
    assert app.http.post(f"/webhooks/jitsi{one.path}", json=body, headers=one.headers).status_code == 200
    app.settle()

    assert slack.cards("C0GENERAL")[-1]["active_participants"] == [{"slack_id": "U0GRACE"}]
