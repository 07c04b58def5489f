"""Who is let in, where to, and what is remembered of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from app.db import calls
from app.domain.calls import Confidence, Participant, SlackIdentity
from app.domain.meetings import Capabilities, Meeting, PersonalLink, Visitor
from app.emulator import Emulator
from app.errors import MembersOnly, PermanentFailure
from app.providers.base import Provider
from app.providers.link.provider import Link
from app.services.accounts import SettingsAccounts
from app.services.visits import Door, Ending, VisitService
from app.slack.openid import Member
from tests.clocks import MovedClock
from tests.providers.livekit.server import SECRET, LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_history import Told, start_call

ADA = Member(team_id="T0LOCAL", user_id="U0ADA", name="Ada Lovelace", email="ada@example.com")
GRACE = Member(team_id="T0LOCAL", user_id="U0GRACE", name="Grace Hopper")
GUEST_ID = "6f" * 16


@pytest.fixture
def app(run_app: Callable[..., Running], livekit: LiveKitServer) -> Running:
    return run_app(**livekit.settings())


@pytest.fixture
def token(app: Running, livekit: LiveKitServer, slack: Emulator) -> str:
    """The token of a running call that Ada has started."""
    start_call(app, livekit)
    return str(slack.cards("C0GENERAL")[-1]["join_url"]).rpartition("/")[2]


def service(app: Running, *, key: bytes = b"k" * 32, providers: Mapping[str, Provider] | None = None) -> VisitService:
    switchboard = app.switchboard
    known = SettingsAccounts(switchboard.providers if providers is None else providers, "livekit")
    return VisitService(switchboard.database, app.clock, known, switchboard.bell.ring, key=key)


@pytest.fixture
def visits(app: Running) -> VisitService:
    return service(app)


def identity_in(link: str | None) -> str:
    """Who LiveKit will say that somebody with this link is."""
    [signed] = parse_qs(urlsplit(link or "").query)["token"]
    return str(jwt.decode(signed, SECRET, algorithms=["HS256"], options={"verify_nbf": False})["sub"])


def known_people(app: Running, token: str) -> dict[str, Participant]:
    with app.switchboard.database.reading() as connection:
        call = calls.find_by_join_token(connection, token)
        assert call is not None
        return dict(calls.load_participants(connection, call).snapshot.participants)


def test_a_running_call_is_open(visits: VisitService, token: str) -> None:
    visit = visits.find(token)
    assert visit is not None
    assert (visit.title, visit.door, visit.team_id) == ("Weekly sync", Door.OPEN, "T0LOCAL")
    assert (visit.plain_link, visit.ending) == (None, None)


def test_who_a_member_is_stands_there_before_they_have_their_link(
    app: Running, visits: VisitService, token: str, clock: MovedClock
) -> None:
    person = identity_in(visits.admit_member(token, GRACE))
    known = known_people(app, token)[person]
    assert known.slack == SlackIdentity(Confidence.LINK, clock.now(), "U0GRACE")
    assert known.first_joined_at is None


def test_the_workers_hear_of_it(app: Running, visits: VisitService, token: str) -> None:
    """A webhook that finds a change waiting wakes nobody, so whoever makes the change must."""
    heard = app.switchboard.bell.rings
    visits.admit_member(token, GRACE)
    assert app.switchboard.bell.rings > heard


def test_the_same_member_has_the_same_key_in_a_call_and_another_one_in_the_next(
    app: Running, visits: VisitService, token: str, livekit: LiveKitServer, slack: Emulator
) -> None:
    first, again = (identity_in(visits.admit_member(token, GRACE)) for _ in range(2))
    assert first == again
    assert re.fullmatch(r"slack-[0-9a-f]{30}", first)
    start_call(app, livekit)
    other = str(slack.cards("C0GENERAL")[-1]["join_url"]).rpartition("/")[2]
    assert identity_in(visits.admit_member(other, GRACE)) != first


def test_nobody_works_out_a_key_without_the_secret(app: Running, visits: VisitService, token: str) -> None:
    elsewhere = service(app, key=b"x" * 32)
    assert identity_in(visits.admit_member(token, GRACE)) != identity_in(elsewhere.admit_member(token, GRACE))
    guests = (each.admit_guest(token, GUEST_ID, "Grace") for each in (visits, elsewhere))
    assert len({identity_in(link) for link in guests}) == 2


def test_a_member_of_another_workspace_is_not_let_in_as_a_member(
    app: Running, visits: VisitService, token: str
) -> None:
    assert visits.admit_member(token, replace(ADA, team_id="T0OTHER")) is None
    assert known_people(app, token) == {}


def test_nobody_knows_who_a_guest_is_in_slack(app: Running, visits: VisitService, token: str) -> None:
    person = identity_in(visits.admit_guest(token, GUEST_ID, "Ada Lovelace"))
    assert re.fullmatch(r"guest-[0-9a-f]{30}", person)
    assert known_people(app, token) == {}


def test_a_call_that_is_over_says_how_it_went(
    app: Running, visits: VisitService, livekit: LiveKitServer, slack: Emulator, clock: MovedClock
) -> None:
    began = clock.now()
    told = Told(app, start_call(app, livekit), began)
    clock.move(30)
    told.deliver_all([1, 2])
    clock.move(30)
    slack.slash("/ring", "end")
    token = str(slack.cards("C0GENERAL")[0]["join_url"]).rpartition("/")[2]
    visit = visits.find(token)
    assert visit is not None
    assert visit.door is Door.OVER
    assert visit.ending == Ending(at=clock.now(), seconds=60, people=2)


def test_whoever_asked_for_a_link_and_never_came_was_not_there(
    visits: VisitService, token: str, slack: Emulator
) -> None:
    visits.admit_member(token, GRACE)
    slack.slash("/ring", "end")
    visit = visits.find(token)
    assert visit is not None
    assert visit.ending is not None
    assert visit.ending.people == 0


def test_nobody_is_let_into_a_call_that_is_over(visits: VisitService, token: str, slack: Emulator) -> None:
    slack.slash("/ring", "end")
    assert visits.admit_member(token, ADA) is None
    assert visits.admit_guest(token, GUEST_ID, "Ada") is None


def test_an_unknown_token_opens_nothing(visits: VisitService) -> None:
    for token in ("nothing", "x" * 32, "", "x" * 100_000):
        assert visits.find(token) is None
        assert visits.admit_member(token, ADA) is None
        assert visits.admit_guest(token, GUEST_ID, "Ada") is None


def test_a_call_that_could_not_be_started_says_so(
    run_app: Callable[..., Running], slack: Emulator, livekit: LiveKitServer
) -> None:
    app = run_app(**livekit.settings())
    slack.faults.add("calls.add", "error", error="not_authorized")
    slack.slash("/ring", "Weekly sync")
    app.settle()
    with app.switchboard.database.reading() as connection:
        token = str(connection.exec_driver_sql("SELECT join_token FROM calls").scalar_one())
    visit = service(app).find(token)
    assert visit is not None
    assert visit.door is Door.FAILED


@pytest.fixture
def plain_token(run_app: Callable[..., Running], slack: Emulator) -> tuple[Running, str]:
    app = run_app(LINK_TEMPLATE="https://meet.example.com/{slug}")
    slack.slash("/ring", "Weekly sync")
    app.settle(within_seconds=5)
    with app.switchboard.database.reading() as connection:
        return app, str(connection.exec_driver_sql("SELECT join_token FROM calls").scalar_one())


def test_where_links_are_not_personal_everybody_gets_the_plain_one(
    plain_token: tuple[Running, str], slack: Emulator
) -> None:
    app, token = plain_token
    on_card = slack.cards("C0GENERAL")[0]["join_url"]
    visit = service(app).find(token)
    assert visit is not None
    assert visit.plain_link == on_card
    assert service(app).admit_guest(token, GUEST_ID, "Ada") == on_card
    assert service(app).admit_member(token, ADA) == on_card
    assert known_people(app, token) == {}


def test_a_provider_that_is_not_set_up_any_more_is_told_as_a_failure(plain_token: tuple[Running, str]) -> None:
    app, token = plain_token
    with pytest.raises(PermanentFailure, match="provider_not_set_up"):
        service(app, providers={}).admit_guest(token, GUEST_ID, "Ada")


@dataclass
class Gatekeeper(Link):
    """A provider whose links tell, or prove, less."""

    answer: PersonalLink
    visitors: list[Visitor] = field(default_factory=list)
    capabilities = Capabilities(personal_links=True)

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        assert meeting.join_url
        self.visitors.append(visitor)
        return self.answer


OWN_LINK = PersonalLink(url="https://meet.example.com/own")


def test_what_the_visitor_could_have_changed_is_only_a_claim(plain_token: tuple[Running, str]) -> None:
    app, token = plain_token
    provider = Gatekeeper(replace(OWN_LINK, person_key="ada-7", is_proof=False))
    assert service(app, providers={"link": provider}).admit_member(token, ADA) == OWN_LINK.url
    known = known_people(app, token)["ada-7"].slack
    assert known is not None
    assert (known.confidence, known.user_id) == (Confidence.CLAIM, "U0ADA")


def test_where_events_do_not_say_who_it_is_nothing_is_remembered(plain_token: tuple[Running, str]) -> None:
    app, token = plain_token
    assert service(app, providers={"link": Gatekeeper(OWN_LINK)}).admit_member(token, ADA) == OWN_LINK.url
    assert known_people(app, token) == {}


def test_only_the_one_who_started_the_call_is_its_host(plain_token: tuple[Running, str]) -> None:
    app, token = plain_token
    provider = Gatekeeper(OWN_LINK)
    visits = service(app, providers={"link": provider})
    for member in (ADA, GRACE):
        visits.admit_member(token, member)
    visits.admit_guest(token, GUEST_ID, "Ada Lovelace")
    assert [visitor.is_host for visitor in provider.visitors] == [True, False, False]
    assert [visitor.email for visitor in provider.visitors] == ["ada@example.com", None, None]
    assert all(re.fullmatch(r"[a-z0-9-]{1,36}", visitor.key) for visitor in provider.visitors)


def test_a_call_that_ends_while_the_link_is_made_lets_nobody_in(plain_token: tuple[Running, str]) -> None:
    app, token = plain_token

    @dataclass
    class Slow(Gatekeeper):
        def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
            app.slack.slash("/ring", "end")
            return super().personal_link(meeting, visitor)

    provider = Slow(replace(OWN_LINK, person_key="ada-7"))
    assert service(app, providers={"link": provider}).admit_member(token, ADA) is None
    assert known_people(app, token) == {}


def test_where_guests_may_not_join_none_is_admitted(app: Running, token: str) -> None:
    """Whatever the page has shown: it may have been changed since then."""
    switchboard = app.switchboard
    visits = VisitService(
        switchboard.database, app.clock, switchboard.accounts, switchboard.bell.ring, key=b"k" * 32, allow_guests=False
    )
    visit = visits.find(token)
    assert visit is not None
    assert not visit.allows_guests
    with pytest.raises(MembersOnly):
        visits.admit_guest(token, GUEST_ID, "Guest")
    assert visits.admit_member(token, GRACE)
