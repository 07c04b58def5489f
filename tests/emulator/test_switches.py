"""The switches: every open question has a default, positions and a sentence about it."""

from __future__ import annotations

import pytest

from app.emulator.errors import Misused
from app.emulator.switches import Switches


def test_every_switch_is_described() -> None:
    described = Switches().described()
    assert set(described) == set(vars(Switches()))
    for name, switch in described.items():
        assert switch["value"] == getattr(Switches(), name)
        assert str(switch["help"]).endswith(".")


def test_the_defaults_are_the_strict_ones() -> None:
    assert vars(Switches()) == {
        "repeated_external_unique_id": "new_call",
        "call_errors_as": "ok_false",
        "mixed_batch": "reject_all",
        "removal_matches": "full_object",
        "max_users_per_request": None,
        "created_by": "optional",
        "update_after_end": "allow",
        "empty_update": "invalid_arguments",
        "empty_users_key": "missing",
        "info_shows_date_end": False,
        "call_block_in_ephemeral": "allow",
    }


def test_several_are_changed_at_once() -> None:
    switches = Switches()
    switches.change({"removal_matches": "id", "max_users_per_request": 50, "info_shows_date_end": True})
    assert (switches.removal_matches, switches.max_users_per_request) == ("id", 50)
    assert switches.info_shows_date_end is True


@pytest.mark.parametrize(
    "wrong",
    [
        {"no_such_switch": True},
        {"removal_matches": "name"},
        {"removal_matches": None},
        {"removal_matches": ["id"]},
        {"info_shows_date_end": "yes"},
        {"info_shows_date_end": 1},
        {"max_users_per_request": 0},
        {"max_users_per_request": True},
        {"max_users_per_request": "5"},
    ],
)
def test_a_wrong_position_changes_nothing(wrong: dict[str, object]) -> None:
    switches = Switches()
    with pytest.raises(Misused):
        switches.change({"mixed_batch": "apply_rest", **wrong})
    assert switches == Switches()


def test_they_can_be_put_back() -> None:
    switches = Switches(removal_matches="id", max_users_per_request=3)
    switches.reset()
    assert switches == Switches()
