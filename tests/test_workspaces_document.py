"""What docs/workspaces.md says of permissions, titles and limits is what the code does."""

from __future__ import annotations

import re

import pytest

from app.cli.documents import ROOT
from app.db.accounts import ENDING_LASTS, SECRETS_LAST
from app.domain.permissions import Role, Wish, roles_that_may
from app.domain.titles import LONGEST_TEMPLATE, PLACEHOLDERS
from app.domain.workspaces import Enders, Starters, WorkspaceSettings
from app.providers.registry import PROVIDERS
from app.services.account_settings import MOST_ACCOUNTS

TEXT = (ROOT / "docs" / "workspaces.md").read_text(encoding="utf-8")
WISHES = {
    "start a call": {Wish.START},
    "end or rename another's call": {Wish.END, Wish.RENAME},
    "see what is running": {Wish.SEE},
    "join by the join page": {Wish.JOIN},
    "change accounts and settings": {Wish.MANAGE},
    "choose what counts for oneself": {Wish.PREFER},
}
CHOSEN = {
    "": WorkspaceSettings(),
    "everybody may start": WorkspaceSettings(who_may_start=Starters.EVERYBODY),
    "members may start": WorkspaceSettings(who_may_start=Starters.MEMBERS),
    "admins may start": WorkspaceSettings(who_may_start=Starters.ADMINS),
    "whoever started it may end": WorkspaceSettings(who_may_end=Enders.STARTER),
    "everybody may end": WorkspaceSettings(who_may_end=Enders.EVERYBODY),
    "guests may join": WorkspaceSettings(allows_guests=True),
    "guests may not join": WorkspaceSettings(allows_guests=False),
}
ROLES = (Role.ADMIN, Role.MEMBER, Role.GUEST, Role.STRANGER)


def rows(heading: str) -> list[list[str]]:
    """The table below a heading, without its own."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


PERMISSIONS = rows("Who may what")


@pytest.mark.parametrize("row", PERMISSIONS, ids=lambda row: " ".join(row[:2]))
def test_who_may_what_is_as_it_is_written(row: list[str]) -> None:
    wish, chosen, *may = row
    written = {role for role, word in zip(ROLES, may, strict=True) if word == "yes"}
    for each in WISHES[wish]:
        assert roles_that_may(each, CHOSEN[chosen]) & set(ROLES) == written


def test_every_wish_and_every_choice_is_written() -> None:
    assert {wish for row in PERMISSIONS for wish in WISHES[row[0]]} == set(Wish)
    assert {row[1] for row in PERMISSIONS} == set(CHOSEN)


def test_people_who_are_not_signed_in_are_as_those_of_other_workspaces() -> None:
    for wish in Wish:
        for settings in CHOSEN.values():
            allowed = roles_that_may(wish, settings)
            assert (Role.UNKNOWN in allowed) == (Role.STRANGER in allowed)


def test_every_placeholder_is_written() -> None:
    assert [row[0] for row in rows("Titles")] == [f"`{{{name}}}`" for name in PLACEHOLDERS]


def test_limits_are_as_they_are_written() -> None:
    assert f"{LONGEST_TEMPLATE} characters" in TEXT
    assert f"can have {MOST_ACCOUNTS} accounts" in TEXT
    assert (SECRETS_LAST.days, ENDING_LASTS.total_seconds()) == (1, 600)
    told = {provider.display_name for provider in PROVIDERS if provider.capabilities.registers_webhooks}
    assert set(re.findall(r"(\w+) and (\w+) are told", TEXT)[0]) == told
