"""What workspaces and the people in them choose, and what follows for their calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.db.session import Database
from app.domain.permissions import Role
from app.domain.workspaces import AccountKey, Enders, Preferences, Starters, WorkspaceSettings
from app.errors import (
    AdminsOnly,
    CannotTell,
    MayNotStart,
    NoSuchCall,
    NotAsEntered,
    NothingRunning,
    NotYours,
    OfAnotherTeam,
)
from app.services.callers import Caller
from app.services.calls import Start, Started
from tests.clocks import MovedClock
from tests.services.settings_of_teams import (
    ADA,
    EVE,
    GRACE,
    OURS,
    SHARED,
    THEIRS,
    Services,
    actor,
    caller,
    nobody_answers,
    services_on,
)

ALAN = actor(Role.MEMBER, user_id="U0ALAN")


@pytest.fixture
def services(database: Database, clock: MovedClock) -> Services:
    return services_on(database, clock, shared=SHARED, default="link")


def start(services: Services, who: Caller, title: str = "Weekly sync", channel_name: str = "general") -> Started:
    return services.calls.start(who, Start(title=title, request_key=None, response_url=None, channel_name=channel_name))


def choose(services: Services, **changes: object) -> WorkspaceSettings:
    return services.workspaces.change(ADA, replace(services.workspaces.settings(OURS), **changes))  # type: ignore[arg-type]


def of_role(role: Role) -> Caller:
    return caller(lambda: role)


# --- Choosing


def test_what_a_workspace_has_not_chosen_the_settings_say(services: Services) -> None:
    assert services.workspaces.settings(OURS) == WorkspaceSettings(allows_guests=True)


def test_what_a_workspace_chooses_counts_for_it_alone(services: Services) -> None:
    chosen = choose(services, who_may_start=Starters.ADMINS, allows_guests=False, title_template=" Call  of {date} ")
    assert services.workspaces.settings(OURS) == chosen
    assert chosen.title_template == "Call of {date}"
    assert services.workspaces.settings(THEIRS) == WorkspaceSettings(allows_guests=True)
    [change] = services.workspaces.changes(ADA)
    assert change.details == {
        "who_may_start": "admins",
        "allows_guests": "False",
        "title_template": "Call of {date}",
    }


def test_choosing_the_same_again_is_no_change(services: Services) -> None:
    choose(services)
    assert services.workspaces.changes(ADA) == []


def test_what_cannot_be_chosen_is_told_at_its_field(database: Database, clock: MovedClock) -> None:
    services = services_on(database, clock, signs_in=False)
    theirs = services.livekit(EVE)
    with pytest.raises(NotAsEntered) as refused:
        choose(services, allows_guests=False, title_template="{team}", default_account=theirs.key)
    assert set(refused.value.problems) == {"allows_guests", "title_template", "default_account"}
    assert services.workspaces.settings(OURS).title_template == ""


def test_a_template_is_not_too_long(services: Services) -> None:
    with pytest.raises(NotAsEntered, match="title_template"):
        choose(services, title_template="x" * 101)
    with pytest.raises(NotAsEntered, match="title_template"):
        services.workspaces.prefer(GRACE, Preferences(title_template="{"))


def test_only_admins_choose(services: Services) -> None:
    for role in (Role.MEMBER, Role.GUEST):
        with pytest.raises(AdminsOnly):
            services.workspaces.change(actor(role), WorkspaceSettings())


# --- Titles


def test_a_call_without_a_title_has_the_workspaces(services: Services) -> None:
    choose(services, title_template="{channel} · {date}")
    assert start(services, caller(), "").title == "general · 2026-11-20"
    assert start(services, caller(team_id=THEIRS), "").title == "Call in #general"
    assert start(services, caller(), "Retro").title == "Retro"


def test_ones_own_template_goes_before_the_workspaces(services: Services) -> None:
    choose(services, title_template="Call of {date}")
    services.workspaces.prefer(GRACE, Preferences(title_template="Grace in {channel}"))
    assert start(services, caller(), "").title == "Grace in general"
    assert start(services, caller(user_id="U0ALAN"), "").title == "Call of 2026-11-20"
    assert start(services, caller(team_id=THEIRS), "").title == "Call in #general"


def test_where_there_is_no_channels_name_the_next_template_counts(services: Services) -> None:
    choose(services, title_template="Call of {date}")
    services.workspaces.prefer(GRACE, Preferences(title_template="Grace in {channel}"))
    assert start(services, caller(), "", "directmessage").title == "Call of 2026-11-20"


def test_preferences_are_ones_own(services: Services) -> None:
    services.workspaces.prefer(GRACE, Preferences(title_template="Mine"))
    assert services.workspaces.preferences(GRACE) == Preferences(title_template="Mine")
    assert services.workspaces.preferences(ADA) == Preferences()
    assert services.workspaces.preferences(replace(GRACE, team_id=THEIRS)) == Preferences()


def test_admins_see_that_somebody_has_changed_their_own_and_not_what(services: Services) -> None:
    services.workspaces.prefer(GRACE, Preferences(title_template="Mine"))
    [change] = services.workspaces.changes(ADA)
    assert (change.user_id, change.what, change.details) == (GRACE.user_id, "own preferences changed", {})


# --- Who may start and end


@pytest.mark.parametrize(
    ("who_may_start", "may"),
    [
        (Starters.EVERYBODY, {Role.ADMIN, Role.MEMBER, Role.GUEST}),
        (Starters.MEMBERS, {Role.ADMIN, Role.MEMBER}),
        (Starters.ADMINS, {Role.ADMIN}),
    ],
)
def test_who_may_start(services: Services, who_may_start: Starters, may: set[Role]) -> None:
    choose(services, who_may_start=who_may_start)
    for role in (Role.ADMIN, Role.MEMBER, Role.GUEST):
        if role in may:
            start(services, of_role(role))
        else:
            with pytest.raises(MayNotStart):
                start(services, of_role(role))


def test_slack_is_not_asked_when_everybody_may(services: Services) -> None:
    start(services, caller(nobody_answers))
    assert services.calls.end(caller(nobody_answers)).title == "Weekly sync"
    choose(services, who_may_start=Starters.MEMBERS)
    with pytest.raises(CannotTell):
        start(services, caller(nobody_answers))


def test_whoever_comes_from_elsewhere_is_asked_about(services: Services) -> None:
    with pytest.raises(CannotTell):
        start(services, caller(nobody_answers, home_team_id=THEIRS))
    with pytest.raises(OfAnotherTeam):
        start(services, caller(lambda: Role.STRANGER, home_team_id=THEIRS))
    start(services, caller(lambda: Role.MEMBER, home_team_id=THEIRS))
    start(services, caller(nobody_answers, home_team_id=OURS))


def test_who_may_end(services: Services) -> None:
    start(services, caller())
    alan = caller(user_id="U0ALAN")
    for wish in (services.calls.end, lambda who: services.calls.rename(who, "Retro")):
        with pytest.raises(NotYours):
            wish(alan)
    choose(services, who_may_end=Enders.EVERYBODY)
    assert services.calls.rename(alan, "Retro") == "Retro"
    assert services.calls.end(alan).title == "Retro"


def test_a_call_can_be_ended_from_anywhere_by_its_id(services: Services) -> None:
    start(services, caller())
    [call] = services.calls.running(caller())
    for who, refusal in ((ALAN, NotYours), (EVE, NoSuchCall), (actor(Role.STRANGER), OfAnotherTeam)):
        with pytest.raises(refusal):
            services.calls.end_call(who, call.id)
    assert services.calls.end_call(GRACE, call.id).title == "Weekly sync"
    with pytest.raises(NoSuchCall):
        services.calls.end_call(ADA, call.id)


# --- Another team


def test_nobody_reaches_the_calls_of_another_team(services: Services) -> None:
    """Not with the same ids of channel and person, nor as an admin there."""
    start(services, caller())
    [call] = services.calls.running(caller())
    elsewhere = caller(lambda: Role.ADMIN, team_id=THEIRS)
    assert services.calls.running(elsewhere) == []
    for wish in (services.calls.end, lambda who: services.calls.rename(who, "Mine")):
        with pytest.raises(NothingRunning):
            wish(elsewhere)
    with pytest.raises(NoSuchCall):
        services.calls.end_call(elsewhere, call.id)
    assert [each.snapshot.title.value for each in services.calls.running(caller())] == ["Weekly sync"]


def test_a_stranger_in_a_shared_channel_reaches_nothing(services: Services) -> None:
    start(services, caller())
    stranger = caller(lambda: Role.STRANGER, home_team_id=THEIRS)
    for wish in (
        lambda: start(services, stranger),
        lambda: services.calls.end(stranger),
        lambda: services.calls.rename(stranger, "Mine"),
        lambda: services.calls.running(stranger),
        lambda: services.workspaces.preferences(stranger),
        lambda: services.workspaces.prefer(stranger, Preferences()),
        lambda: services.workspaces.change(stranger, WorkspaceSettings()),
        lambda: services.workspaces.choose_for_channel(stranger, "C0GENERAL", AccountKey("link", "default")),
    ):
        with pytest.raises(OfAnotherTeam):
            wish()
