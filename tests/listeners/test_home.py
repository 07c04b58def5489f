"""The app's Home: what is running, who sees it, and that it stays true."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.db.session import Database
from app.emulator import Emulator
from app.emulator.faults import FaultKind
from app.emulator.views import home_of
from app.emulator.workspace import User
from app.reconciler.homes import ROLE_LASTS, WATCHED
from tests.clocks import MovedClock
from tests.db.given import given_call
from tests.listeners.hands import Somebody, publish
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.reconciler.stage import person
from tests.running import Running

ADA, GRACE = "U0ADA", "U0GRACE"


@pytest.fixture
def app(run_app: Callable[..., Running], vendor: ReferenceServer) -> Running:
    return run_app(**vendor.settings())


@pytest.fixture
def ada(app: Running) -> Somebody:
    return Somebody(app, ADA)


@pytest.fixture
def grace(app: Running) -> Somebody:
    return Somebody(app, GRACE)


def start(app: Running, title: str, *, by: str = GRACE, channel: str = "C0GENERAL") -> None:
    app.slack.slash("/ring", title, user=by, channel=channel)
    app.settle()


def tell(app: Running, word: str, **data: object) -> None:
    body = webhook(word, app.clock.now(), "meeting/1", **data)
    answer = app.http.post("/webhooks/standard", content=body, headers=delivered(body, app.clock.now()))
    assert answer.text == "applied"
    app.settle()


def test_where_nothing_runs_it_says_how_to_start(ada: Somebody) -> None:
    assert "No call is running. `/ring Weekly sync` in a channel starts one." in ada.look()


def test_what_runs_is_there_with_who_is_in(app: Running, ada: Somebody) -> None:
    start(app, "Ask & answer")
    tell(app, "participant.joined", participant=person("Ada"))
    seen = ada.look()
    assert "*Ask &amp; answer*\n<#C0GENERAL>, by <@U0GRACE>, since <!date^" in seen
    assert "In: Ada" in seen
    assert "Join" in seen


def test_it_follows_what_happens_without_being_opened_again(app: Running, ada: Somebody) -> None:
    ada.look()
    start(app, "Weekly sync")
    assert publish(app) == 1
    assert "*Weekly sync*" in ada.home
    tell(app, "meeting.ended")
    publish(app)
    assert "No call is running." in ada.home
    assert "*Weekly sync* in <#C0GENERAL>" in ada.home


def test_where_nothing_changes_nothing_is_published(app: Running, ada: Somebody) -> None:
    start(app, "Weekly sync")
    ada.look()
    app.clock.move(3600)
    assert publish(app) == 0


def test_only_those_who_looked_lately_are_told(app: Running, ada: Somebody, clock: MovedClock) -> None:
    ada.look()
    clock.move(WATCHED.total_seconds() + 1)
    start(app, "Weekly sync")
    assert publish(app) == 0


def test_whoever_has_started_a_call_may_end_it_there(app: Running, grace: Somebody) -> None:
    start(app, "Weekly sync")
    assert "End" in grace.look().splitlines()
    grace.press("end_call")
    app.settle()
    publish(app)
    assert "No call is running." in grace.home


def test_admins_may_end_any_and_others_may_not(app: Running, ada: Somebody) -> None:
    start(app, "Weekly sync")
    assert "End" in ada.look().splitlines()  # she is the workspace's admin
    start(app, "Another", by=ADA)
    assert Somebody(app, GRACE).look().splitlines().count("End") == 1


def test_a_button_that_is_no_longer_good_says_why(app: Running, ada: Somebody) -> None:
    start(app, "Weekly sync")
    ada.look()
    tell(app, "meeting.ended")
    ada.press("end_call")
    assert "That call is over already." in str(ada.form["blocks"])


def test_calls_of_private_conversations_are_seen_by_those_who_are_in_them(
    app: Running, ada: Somebody, grace: Somebody
) -> None:
    start(app, "Quietly", channel="G0SECRET")
    assert "*Quietly*" in grace.look()
    assert "Quietly" not in ada.look()


def test_another_workspace_sees_nothing_of_it(database: Database, ada: Somebody) -> None:
    given_call(database, team_id="T0OTHER", title="Elsewhere", is_private=False)
    assert "Elsewhere" not in ada.look()


def test_whoever_is_recognised_is_told_how(app: Running, ada: Somebody) -> None:
    start(app, "Weekly sync")
    joined = {**person("Ada"), "email": "ada@example.com", "email_verified": True}
    tell(app, "participant.joined", participant=joined)
    assert "by your e-mail address" in ada.look()


def test_slack_is_asked_now_and_then_who_somebody_is(app: Running, slack: Emulator, ada: Somebody) -> None:
    ada.look()
    ada.look()
    assert len(slack.requests("users.info")) == 1
    app.clock.move(ROLE_LASTS.total_seconds() + 1)
    ada.look()
    assert len(slack.requests("users.info")) == 2


@pytest.mark.parametrize(("kind", "status"), [("status", 429), ("status", 500), ("drop_before", 0)])
def test_what_slack_does_not_take_now_it_gets_later(
    app: Running, slack: Emulator, ada: Somebody, kind: FaultKind, status: int
) -> None:
    slack.faults.add("views.publish", kind, times=1, status=status)
    app.slack.open_home(ADA)
    publish(app)
    app.clock.move(60)
    assert publish(app) == 1
    assert "Running now" in ada.home


def test_in_a_large_workspace_all_get_theirs_within_the_pace(app: Running, slack: Emulator) -> None:
    people = [f"U{number:04}" for number in range(40)]
    for user_id in people:
        slack.workspace().add_user(User(user_id, user_id.lower(), "Somebody"))
        slack.open_home(user_id)
    for _ in range(60):
        publish(app)
        app.clock.move(1)
    assert all(home_of(slack.workspace(), user_id) for user_id in people)
    assert not [request for request in slack.requests("views.publish") if request.status == 429]


def test_a_tab_that_is_not_the_home_is_slacks_own(app: Running, slack: Emulator) -> None:
    slack.send_event({"type": "app_home_opened", "user": ADA, "channel": "D0ADA", "tab": "messages"})
    assert publish(app) == 0
