"""Who may what, all of it."""

from __future__ import annotations

from itertools import product

import pytest

from app.domain.permissions import OF_THE_WORKSPACE, Role, Wish, is_for_all, refusal
from app.domain.workspaces import Enders, Starters, WorkspaceSettings
from app.errors import AdminsOnly, MayNotStart, MembersOnly, NotYours, OfAnotherTeam, WishRefused

A, M, G, S, U = Role.ADMIN, Role.MEMBER, Role.GUEST, Role.STRANGER, Role.UNKNOWN
ALL_SETTINGS = [
    WorkspaceSettings(who_may_start=start, who_may_end=end, allows_guests=guests)
    for start, end, guests in product(Starters, Enders, (True, False))
]


def chosen(**changes: object) -> WorkspaceSettings:
    return WorkspaceSettings(**{"allows_guests": True, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "settings", "may", "why_not"),
    [
        (Wish.START, chosen(), {A, M, G}, MayNotStart),
        (Wish.START, chosen(who_may_start=Starters.MEMBERS), {A, M}, MayNotStart),
        (Wish.START, chosen(who_may_start=Starters.ADMINS), {A}, MayNotStart),
        (Wish.END, chosen(), {A}, NotYours),
        (Wish.END, chosen(who_may_end=Enders.EVERYBODY), {A, M, G}, NotYours),
        (Wish.RENAME, chosen(), {A}, NotYours),
        (Wish.RENAME, chosen(who_may_end=Enders.EVERYBODY), {A, M, G}, NotYours),
        (Wish.SEE, chosen(), {A, M, G}, OfAnotherTeam),
        (Wish.PREFER, chosen(), {A, M, G}, OfAnotherTeam),
        (Wish.MANAGE, chosen(), {A}, AdminsOnly),
        (Wish.JOIN, chosen(), {A, M, G, S, U}, MembersOnly),
        (Wish.JOIN, chosen(allows_guests=False), {A, M, G}, MembersOnly),
    ],
)
def test_who_may_what(wish: Wish, settings: WorkspaceSettings, may: set[Role], why_not: type[WishRefused]) -> None:
    outside = MembersOnly if wish is Wish.JOIN else OfAnotherTeam
    expected = {role: None if role in may else why_not if role in OF_THE_WORKSPACE else outside for role in Role}
    assert {role: refusal(wish, role, settings) for role in Role} == expected


@pytest.mark.parametrize("settings", ALL_SETTINGS)
def test_whoever_started_a_call_may_end_and_rename_it(settings: WorkspaceSettings) -> None:
    for wish, role in product((Wish.END, Wish.RENAME), OF_THE_WORKSPACE):
        assert refusal(wish, role, settings, is_starter=True) is None


@pytest.mark.parametrize("settings", ALL_SETTINGS)
def test_a_stranger_may_nothing_but_join(settings: WorkspaceSettings) -> None:
    for wish, role, is_starter in product(set(Wish) - {Wish.JOIN}, (S, U), (True, False)):
        assert refusal(wish, role, settings, is_starter=is_starter) is OfAnotherTeam


@pytest.mark.parametrize("settings", ALL_SETTINGS)
def test_to_have_started_a_call_opens_nothing_else(settings: WorkspaceSettings) -> None:
    for wish, role in product(set(Wish) - {Wish.END, Wish.RENAME}, Role):
        assert refusal(wish, role, settings, is_starter=True) == refusal(wish, role, settings)


@pytest.mark.parametrize("settings", ALL_SETTINGS)
def test_nobody_is_asked_about_only_when_the_answer_would_not_matter(settings: WorkspaceSettings) -> None:
    for wish, is_starter in product(Wish, (True, False)):
        answers = {refusal(wish, role, settings, is_starter=is_starter) for role in OF_THE_WORKSPACE}
        assert is_for_all(wish, settings, is_starter=is_starter) == (answers == {None})


@pytest.mark.parametrize("settings", ALL_SETTINGS)
def test_an_admin_may_everything(settings: WorkspaceSettings) -> None:
    assert {refusal(wish, A, settings) for wish in Wish} == {None}
