"""Links that people can read and nobody can guess."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.meetings import MeetingRequest
from app.errors import ConfigurationError
from app.providers.base import Provider
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock

TEMPLATE = "https://meet.example.com/{slug}"


def link(template: str = TEMPLATE, **more: str) -> Provider:
    return load_providers({"LINK_TEMPLATE": template, **more}, MovedClock(NOON))["link"]


def slug(title: str, key: str = "key-1") -> str:
    return link().create_meeting(MeetingRequest(key=key, title=title)).id


def test_the_slug_stands_in_the_template() -> None:
    meeting = link("https://meet.example.com/r/{slug}?lang=en").create_meeting(MeetingRequest(key="k", title="Weekly"))
    assert meeting.join_url == f"https://meet.example.com/r/{meeting.id}?lang=en"


@pytest.mark.parametrize(
    ("title", "readable"),
    [
        ("Weekly sync", "weekly-sync"),
        ("  Q3: Überblick / Plan!  ", "q3-uberblick-plan"),
        ("週次会議", "call"),
        ("🎥", "call"),
        ("", "call"),
        ("../../etc", "etc"),
        ("x" * 500, "x" * 40),
        ("x" * 39 + " y", "x" * 39),
    ],
)
def test_the_title_makes_it_readable(title: str, readable: str) -> None:
    assert re.fullmatch(rf"{readable}-[0-9a-f]{{20}}", slug(title))


def test_the_key_makes_it_one_of_its_kind() -> None:
    assert slug("Weekly", key="key-1") != slug("Weekly", key="key-2")


def test_the_key_cannot_be_read_from_it() -> None:
    assert "key-1" not in slug("Weekly", key="key-1")


def test_another_title_leaves_the_unguessable_part_as_it_is() -> None:
    assert slug("Weekly")[-20:] == slug("Monthly")[-20:]


@given(st.text())
def test_any_title_gives_a_slug_that_needs_no_quoting(title: str) -> None:
    assert re.fullmatch("[a-z0-9][a-z0-9-]{0,60}", slug(title))


def test_a_call_ends_after_four_hours() -> None:
    assert link().limit_seconds == 4 * 3600


def test_or_after_what_is_set() -> None:
    assert link(LINK_LIMIT_HOURS="1.5").limit_seconds == 5400


def test_the_service_has_a_name() -> None:
    assert link(LINK_NAME="Jitsi Meet").display_name == "Jitsi Meet"


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ({"LINK_TEMPLATE": "https://meet.example.com/"}, "LINK_TEMPLATE: must be an address with {slug}"),
        ({"LINK_TEMPLATE": "https://meet.example.com/{slug}/{slug}"}, "LINK_TEMPLATE: must be an address"),
        ({"LINK_TEMPLATE": "meet.example.com/{slug}"}, "LINK_TEMPLATE: must be an address"),
        ({"LINK_TEMPLATE": "javascript:{slug}"}, "LINK_TEMPLATE: must be an address"),
        ({"LINK_NAME": "Jitsi Meet"}, "LINK_TEMPLATE: is missing"),
        ({"LINK_TEMPLATE": TEMPLATE, "LINK_LIMIT_HOURS": "0"}, "LINK_LIMIT_HOURS: Input should be greater than 0"),
        ({"LINK_TEMPLATE": TEMPLATE, "LINK_LIMIT_HOURS": "nan"}, "LINK_LIMIT_HOURS: Input should be"),
        ({"LINK_TEMPLATE": TEMPLATE, "LINK_LIMIT_HOURS": "long"}, "LINK_LIMIT_HOURS: Input should be"),
    ],
)
def test_wrong_settings_are_told(env: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_providers(env, MovedClock(NOON))
    assert complaint in str(raised.value)
