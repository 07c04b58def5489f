"""Whoever the provider knows by a verified e-mail address is shown as the person in Slack whose it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.db.emails import NOBODYS
from tests.reconciler.stage import Stage

LOOKUP, ADD = "users.lookupByEmail", "calls.participants.add"


def email_of(stage: Stage, user_id: str) -> str:
    return stage.slack.workspace().users[user_id].email


def told_by(caplog: pytest.LogCaptureFixture) -> str:
    """Our own words: the SDK's are switched off in the app."""
    return "".join(record.getMessage() for record in caplog.records if record.name.startswith("app."))


def come(stage: Stage, email: str, *, device: str = "1", name: str = "Somebody") -> None:
    person = {"id": f"{email}-{device}", "name": name, "email": email}
    stage.hear("participant.joined", participant=person)


def go(stage: Stage, email: str, *, device: str = "1") -> None:
    stage.hear("participant.left", participant={"id": f"{email}-{device}"})


def added(stage: Stage) -> list[dict[str, Any]]:
    return [user for request in stage.slack.requests(ADD) for user in json.loads(request.args["users"])]


def test_somebody_with_a_known_address_is_shown_as_themselves(live: Stage) -> None:
    come(live, email_of(live, "U0GRACE"))
    live.settle()

    assert live.present() == ["U0GRACE"]
    assert added(live) == [{"slack_id": "U0GRACE"}]


def test_somebody_else_is_shown_by_name(live: Stage) -> None:
    come(live, "ada@elsewhere.example", name="Ada")
    live.settle()

    assert live.present() == ["Ada"]


def test_two_devices_of_one_person_are_one(live: Stage) -> None:
    come(live, email_of(live, "U0GRACE"), device="laptop")
    come(live, email_of(live, "U0GRACE").upper(), device="phone")
    live.settle()
    assert live.present() == ["U0GRACE"]

    go(live, email_of(live, "U0GRACE"), device="laptop")
    live.settle()
    assert live.present() == ["U0GRACE"]


def test_two_people_of_one_name_stay_two(live: Stage) -> None:
    come(live, "ada@one.example", name="Ada")
    come(live, "ada@two.example", name="Ada")
    live.settle()

    assert live.present() == ["Ada", "Ada"]


@pytest.mark.parametrize("known", [True, False])
def test_slack_is_asked_once_for_each_address(live: Stage, known: bool) -> None:
    email = email_of(live, "U0GRACE") if known else "ada@elsewhere.example"
    for number in range(3):
        come(live, email, device=str(number))
        live.settle()
    assert live.sent(LOOKUP) == [1]

    live.start("Another call", channel="C0RANDOM")
    live.settle()
    live.hear("participant.joined", meeting="meeting/2", participant={"id": "a", "name": "Ada", "email": email})
    live.settle()
    assert live.sent(LOOKUP) == [1]


def test_whoever_was_nobody_is_asked_about_again_in_another_call_later(live: Stage) -> None:
    come(live, "new@example.com", name="Ada")
    live.settle()
    live.clock.move(NOBODYS.total_seconds() + 1)
    live.start("Another call", channel="C0RANDOM")
    live.settle()
    live.hear(
        "participant.joined", meeting="meeting/2", participant={"id": "a", "name": "A", "email": "new@example.com"}
    )
    live.settle()

    assert live.sent(LOOKUP) == [2]


def test_who_is_recognised_late_is_replaced_and_not_doubled(live: Stage) -> None:
    live.slack.faults.add(LOOKUP, "status", status=429, retry_after=60, times=1)
    come(live, email_of(live, "U0GRACE"), name="Grace")
    live.settle(within_seconds=30)
    assert live.present() == ["Grace"]

    live.settle()
    assert live.present() == ["U0GRACE"]


@pytest.mark.parametrize("error", ["missing_scope", "users_not_found", "fatal_error", "invalid_auth"])
def test_nobody_is_kept_off_the_card_because_slack_does_not_tell(live: Stage, error: str) -> None:
    live.slack.faults.add(LOOKUP, "error", error=error)
    come(live, email_of(live, "U0GRACE"), name="Grace")
    live.settle(within_seconds=30)

    assert live.present() == ["Grace"]


def test_who_has_left_already_is_not_asked_about(live: Stage) -> None:
    come(live, email_of(live, "U0GRACE"))
    go(live, email_of(live, "U0GRACE"))
    live.settle()

    assert live.sent(LOOKUP) == [0]


def test_many_who_come_at_once_keep_within_slacks_limit(live: Stage) -> None:
    for number in range(80):
        come(live, f"person-{number}@example.com", name=f"Person {number:02}")
    live.settle(within_seconds=10)
    assert len(live.present()) == 80
    assert live.sent(LOOKUP)[0] <= 20

    live.settle(within_seconds=300)
    assert live.sent(LOOKUP) == [80]
    assert len(live.present()) == 80


def test_the_address_stands_in_no_log(live: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="app.reconciler")
    come(live, email_of(live, "U0GRACE"))
    live.settle()

    assert "FindPerson" in caplog.text
    assert email_of(live, "U0GRACE") not in told_by(caplog)
