"""Who is let in, and where to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.domain.meetings import Visitor
from app.emulator import Emulator
from app.services.visits import Door, VisitService
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_history import start_call

GRACE = Visitor(key="guest-1", name="Grace")


@pytest.fixture
def livekit() -> Iterator[LiveKitServer]:
    with LiveKitServer() as server:
        yield server


@pytest.fixture
def app(run_app: Callable[..., Running], livekit: LiveKitServer) -> Running:
    return run_app(**livekit.settings())


@pytest.fixture
def visits(app: Running) -> VisitService:
    return VisitService(app.switchboard.database, app.switchboard.providers)


def token(slack: Emulator) -> str:
    return str(slack.cards("C0GENERAL")[0]["join_url"]).rpartition("/")[2]


def test_a_running_call_is_open(app: Running, visits: VisitService, livekit: LiveKitServer, slack: Emulator) -> None:
    start_call(app, livekit, title="Weekly sync")
    visit = visits.find(token(slack))
    assert visit is not None
    assert (visit.title, visit.door) == ("Weekly sync", Door.OPEN)
    assert "token=" in str(visits.link(token(slack), GRACE))


def test_nobody_is_let_into_a_call_that_is_over(
    app: Running, visits: VisitService, livekit: LiveKitServer, slack: Emulator
) -> None:
    start_call(app, livekit)
    slack.slash("/ring", "end")
    visit = visits.find(token(slack))
    assert visit is not None
    assert visit.door is Door.OVER
    assert visits.link(token(slack), GRACE) is None


def test_an_unknown_token_opens_nothing(visits: VisitService) -> None:
    assert visits.find("nothing") is None
    assert visits.link("nothing", GRACE) is None


def test_where_links_are_not_personal_everybody_gets_the_plain_one(
    run_app: Callable[..., Running], slack: Emulator
) -> None:
    app = run_app(LINK_TEMPLATE="https://meet.example.com/{slug}")
    slack.slash("/ring", "Weekly sync")
    app.settle(within_seconds=5)
    with app.switchboard.database.reading() as connection:
        join_token = str(connection.exec_driver_sql("SELECT join_token FROM calls").scalar_one())
    visits = VisitService(app.switchboard.database, app.switchboard.providers)
    assert visits.link(join_token, GRACE) == slack.cards("C0GENERAL")[0]["join_url"]
