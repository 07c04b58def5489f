"""What a browser keeps for us."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.slack.openid import Member
from app.web.seals import Seal, derived_key
from app.web.sign_in import Begun
from tests.clocks import MovedClock

ADA = Member(team_id="T0LOCAL", user_id="U0ADA", name="Ada Lovelace")


def seal(clock: MovedClock, secret: str = "secret", purpose: str = "cookie", hours: int = 1) -> Seal[Member]:
    return Seal(secret, purpose, Member, good_for=timedelta(hours=hours), clock=clock)


def test_what_was_sealed_comes_back(clock: MovedClock) -> None:
    assert seal(clock).open(seal(clock).close(ADA)) == ADA


def test_it_is_good_for_a_while(clock: MovedClock) -> None:
    sealed = seal(clock).close(ADA)
    clock.move(3600)
    assert seal(clock).open(sealed) == ADA
    clock.move(1)
    assert seal(clock).open(sealed) is None


def test_it_is_good_for_one_purpose_and_under_one_secret(clock: MovedClock) -> None:
    sealed = seal(clock).close(ADA)
    assert seal(clock, purpose="state").open(sealed) is None
    assert seal(clock, secret="another").open(sealed) is None


def test_it_does_not_show_what_it_holds(clock: MovedClock) -> None:
    first, second = seal(clock).close(ADA), seal(clock).close(ADA)
    assert "Ada" not in first
    assert first != second


def test_what_an_older_version_has_sealed_is_worth_nothing(clock: MovedClock) -> None:
    older = Seal("secret", "cookie", Begun, good_for=timedelta(hours=1), clock=clock)
    sealed = older.close(Begun(token="t", nonce="n", browser="b"))
    assert seal(clock).open(sealed) is None


@pytest.mark.parametrize("garbage", ["", "x", "gAAAA", "=" * 40, "\u00e9", "\ud800", "A" * 100_000])
def test_garbage_is_worth_nothing(clock: MovedClock, garbage: str) -> None:
    assert seal(clock).open(garbage) is None


def test_keys_for_two_purposes_have_nothing_in_common() -> None:
    one, other = derived_key("secret", "cookie"), derived_key("secret", "state")
    assert len(one) == len(other) == 32
    assert one != other
    assert derived_key("secret", "cookie") == one
