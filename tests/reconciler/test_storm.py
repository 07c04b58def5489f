"""A large meeting fills and empties within seconds: the card is exact, and Slack is hardly asked."""

from __future__ import annotations

from tests.reconciler.stage import Stage

PEOPLE = 1000
SECONDS = 10
MOST_REQUESTS = 40


def crowd(live: Stage) -> None:
    """A thousand come within ten seconds, and from the middle on the first half leaves."""
    for number in range(PEOPLE):
        live.join(f"Person {number}")
        if number >= PEOPLE // 2:
            live.leave(f"Person {number - PEOPLE // 2}")
        live.work()
        live.clock.move(SECONDS / PEOPLE)


def requests_of(live: Stage) -> int:
    return sum(live.sent("calls.participants.add", "calls.participants.remove", "calls.info", "calls.update"))


def test_a_thousand_who_come_and_go_cost_at_most_forty_requests(live: Stage) -> None:
    crowd(live)
    for number in range(PEOPLE // 2, PEOPLE):
        live.leave(f"Person {number}")
    live.settle()

    assert requests_of(live) <= MOST_REQUESTS
    assert live.present() == []


def test_none_of_them_is_missing_on_the_ended_card(live: Stage) -> None:
    crowd(live)
    live.hear("meeting.ended")
    live.settle()

    assert requests_of(live) <= MOST_REQUESTS
    assert live.card()["has_ended"]
    assert live.attended() == sorted(f"Person {number}" for number in range(PEOPLE))


def test_nor_when_slack_asks_us_to_wait(live: Stage) -> None:
    for method in ("calls.participants.add", "calls.participants.remove"):
        live.slack.faults.add(method, "status", status=429, retry_after=10, skip=3, times=2)
    crowd(live)
    live.settle()

    assert requests_of(live) <= MOST_REQUESTS
    assert live.present() == sorted(f"Person {number}" for number in range(PEOPLE // 2, PEOPLE))
