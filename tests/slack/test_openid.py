"""Sign in with Slack: what is believed of what Slack says, against the emulator and against forgers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.emulator import Emulator
from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.slack.openid import WORN_OUT_CODES, Member, SlackOpenId
from tests.clocks import MovedClock
from tests.providers.standin import HANG_UP, Asked, Reply, StandIn, nobody_there

RETURN = "https://example.com/join/signed-in"
CLIENT_ID, CLIENT_SECRET = "1000000000.2000000000", "local-client-secret"
NONCE = "n-1"


@pytest.fixture
def openid(slack: Emulator, clock: MovedClock) -> SlackOpenId:
    return SlackOpenId(slack.api_url, CLIENT_ID, CLIENT_SECRET, RETURN, clock)


def agreed(openid: SlackOpenId, who: str = "T0LOCAL/U0ADA") -> dict[str, str]:
    """Somebody signs in at Slack and agrees; what Slack sends them back to us with."""
    address = openid.address(state="s-1", nonce=NONCE, team_id="T0LOCAL")
    asked = dict(httpx.QueryParams(urlsplit(address).query))
    answer = httpx.post(address, data={**asked, "who": who, "decision": "allow"}, trust_env=False)
    location = answer.headers["Location"]
    assert location.startswith(RETURN + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def test_somebody_signs_in(openid: SlackOpenId) -> None:
    back = agreed(openid, "T0LOCAL/U0GRACE")
    assert back["state"] == "s-1"
    assert openid.member(back["code"], nonce=NONCE) == Member(
        team_id="T0LOCAL",
        user_id="U0GRACE",
        name="Grace Hopper",
        email="grace@example.com",
        avatar_url="https://avatars.example.com/U0GRACE_192.png",
    )


def test_they_are_asked_in_the_workspace_of_the_call(openid: SlackOpenId, slack: Emulator) -> None:
    address = urlsplit(openid.address(state="s-1", nonce=NONCE, team_id="T0OTHER"))
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{slack.url}/openid/connect/authorize"
    assert parse_qs(address.query) == {
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "scope": ["openid profile email"],
        "redirect_uri": [RETURN],
        "state": ["s-1"],
        "nonce": [NONCE],
        "team": ["T0OTHER"],
    }


def test_a_code_works_once(openid: SlackOpenId) -> None:
    code = agreed(openid)["code"]
    openid.member(code, nonce=NONCE)
    with pytest.raises(PermanentFailure) as refused:
        openid.member(code, nonce=NONCE)
    assert refused.value.code in WORN_OUT_CODES


def test_a_code_of_another_sign_in_is_refused(openid: SlackOpenId) -> None:
    with pytest.raises(PermanentFailure, match="another sign-in"):
        openid.member(agreed(openid)["code"], nonce="n-2")


def test_a_wrong_secret_is_not_the_persons_to_mend(slack: Emulator, openid: SlackOpenId, clock: MovedClock) -> None:
    other = SlackOpenId(slack.api_url, CLIENT_ID, "another", RETURN, clock)
    with pytest.raises(PermanentFailure) as refused:
        other.member(agreed(openid)["code"], nonce=NONCE)
    assert refused.value.code == "bad_client_secret"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 429, "retry_after": 7}, RateLimited),
        ({"kind": "status", "status": 503}, TemporaryFailure),
        ({"kind": "malformed"}, TemporaryFailure),
        ({"kind": "drop_before"}, TemporaryFailure),
        ({"kind": "ok_true_error", "error": "invalid_code"}, PermanentFailure),
    ],
)
def test_when_slack_does_not_answer_as_it_should(
    openid: SlackOpenId, slack: Emulator, fault: dict[str, Any], kind: type[RequestFailed]
) -> None:
    code = agreed(openid)["code"]
    slack.faults.add("openid.connect.token", **fault)
    with pytest.raises(kind):
        openid.member(code, nonce=NONCE)


def test_a_slack_that_is_not_there_may_be_there_later(clock: MovedClock) -> None:
    openid = SlackOpenId(f"{nobody_there()}/api/", CLIENT_ID, CLIENT_SECRET, RETURN, clock)
    with pytest.raises(TemporaryFailure):
        openid.member("code", nonce=NONCE)


# Against somebody who stands where Slack should


class Forger(StandIn):
    """Answers every code with ``id_token``; ``keys`` are those it publishes."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.id_token: object = ""
        self.keys = Reply(200, json.dumps({"keys": [_published(KEY)]}).encode())

    def _answer(self, asked: Asked) -> Reply:
        if asked.path == "/openid/connect/keys":
            return self.keys
        assert asked.path == "/api/openid.connect.token"
        body = {"ok": True, "access_token": "xoxp-1", "token_type": "Bearer", "id_token": self.id_token}
        return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _published(key: rsa.RSAPrivateKey) -> dict[str, object]:
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "k-1", "use": "sig"}


@pytest.fixture
def forger() -> Iterator[Forger]:
    with Forger() as server:
        yield server


@pytest.fixture
def told(forger: Forger, clock: MovedClock) -> Callable[[object], Member]:
    """Who we believe has signed in when this id token comes."""
    openid = SlackOpenId(f"{forger.url}/api/", CLIENT_ID, CLIENT_SECRET, RETURN, clock)

    def signed_in(id_token: object) -> Member:
        forger.id_token = id_token
        return openid.member("code", nonce=NONCE)

    return signed_in


def claims(clock: MovedClock, **changes: object) -> dict[str, object]:
    """As on https://docs.slack.dev/reference/methods/openid.connect.token, read in November 2026."""
    now = int(clock.unix())
    usual: dict[str, object] = {
        "iss": "https://slack.com",
        "sub": "U0ADA",
        "aud": CLIENT_ID,
        "exp": now + 300,
        "iat": now,
        "auth_time": now,
        "nonce": NONCE,
        "https://slack.com/team_id": "T0LOCAL",
        "https://slack.com/user_id": "U0ADA",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Lovelace",
        "https://slack.com/user_image_192": "https://avatars.example.com/ada.png",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def signed(told: dict[str, object], key: rsa.RSAPrivateKey = KEY, kid: str = "k-1") -> str:
    return jwt.encode(told, key, algorithm="RS256", headers={"kid": kid})


def test_what_slack_has_signed_is_believed(told: Callable[[object], Member], clock: MovedClock) -> None:
    assert told(signed(claims(clock))) == Member(
        team_id="T0LOCAL",
        user_id="U0ADA",
        name="Ada Lovelace",
        email="ada@example.com",
        avatar_url="https://avatars.example.com/ada.png",
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": "1000000000.9999999999"}, id="for another app"),
        pytest.param({"aud": None}, id="for nobody"),
        pytest.param({"iss": "https://slack.example.com"}, id="by somebody else"),
        pytest.param({"iss": None}, id="by nobody"),
        pytest.param({"nonce": "n-2"}, id="for another sign-in"),
        pytest.param({"nonce": None}, id="for no sign-in"),
        pytest.param({"exp": None}, id="for ever"),
        pytest.param({"exp": "soon"}, id="until no time"),
        pytest.param({"https://slack.com/team_id": None}, id="of no workspace"),
        pytest.param({"https://slack.com/team_id": "T0LOCAL\n"}, id="of what is no workspace"),
        pytest.param({"https://slack.com/user_id": None}, id="about nobody"),
        pytest.param({"https://slack.com/user_id": "<@U0ADA>"}, id="about what is nobody"),
        pytest.param({"https://slack.com/user_id": ["U0ADA"]}, id="about several"),
    ],
)
def test_what_is_not_for_us_is_not_believed(
    told: Callable[[object], Member], clock: MovedClock, changes: dict[str, object]
) -> None:
    with pytest.raises(PermanentFailure) as refused:
        told(signed(claims(clock, **changes)))
    assert refused.value.code == "invalid_id_token"


def test_it_expires_by_our_clock(told: Callable[[object], Member], clock: MovedClock) -> None:
    token = signed(claims(clock))
    clock.move(359)
    told(token)
    clock.move(2)
    with pytest.raises(PermanentFailure, match="expired"):
        told(token)


def _public_pem() -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(encoding, form)


def _by_shared_secret(told: dict[str, object]) -> str:
    """HS256 with Slack's public key for the secret. A library that let the token choose would take it."""
    head, body, _ = signed(told).split(".")
    head = _encoded(json.dumps({"alg": "HS256", "kid": "k-1"}).encode())
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        f"{head}.{body}".encode(), _public_pem()
    )
    return f"{head}.{body}.{_encoded(signature)}"


def _encoded(value: bytes) -> str:
    return jwt.utils.base64url_encode(value).decode()


FORGERIES: dict[str, Callable[[dict[str, object]], object]] = {
    "signed by another key": lambda told: signed(told, OTHER_KEY),
    "signed by a key nobody has published": lambda told: signed(told, OTHER_KEY, kid="k-2"),
    "signed with the public key": _by_shared_secret,
    "not signed": lambda told: jwt.encode(told, "", algorithm="none", headers={"kid": "k-1"}),
    "without its signature": lambda told: signed(told).rpartition(".")[0] + ".",
    "with another body": lambda told: signed(told).replace(signed(told).split(".")[1], _encoded(b'{"sub":"U0"}')),
    "no token": lambda _: "nonsense",
    "nothing": lambda _: "",
    "no text": lambda _: {"deep": 1},
    "deeply nested": lambda _: f"{_encoded(b'[' * 20_000)}.e30.e30",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forgery_is_not_believed(
    told: Callable[[object], Member], clock: MovedClock, forgery: Callable[[dict[str, object]], object]
) -> None:
    with pytest.raises(PermanentFailure) as refused:
        told(forgery(claims(clock)))
    assert refused.value.code == "invalid_id_token"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"email_verified": False}, {"email": None}, id="an unverified address"),
        pytest.param({"email_verified": None}, {"email": None}, id="an address nobody has verified"),
        pytest.param({"email": "ada@example.com\r\nx: y"}, {"email": None}, id="no address"),
        pytest.param({"email": "a" * 250 + "@example.com"}, {"email": None}, id="an endless address"),
        pytest.param({"name": None}, {"name": "U0ADA"}, id="no name"),
        pytest.param({"name": " Ada\n\u202eLovelace "}, {"name": "Ada Lovelace"}, id="a name of two lines"),
        pytest.param({"name": "x" * 500}, {"name": "x" * 80}, id="an endless name"),
        pytest.param(
            {"https://slack.com/user_image_192": None, "picture": "https://avatars.example.com/p.png"},
            {"avatar_url": "https://avatars.example.com/p.png"},
            id="only a picture",
        ),
        pytest.param(
            {"https://slack.com/user_image_192": "javascript:alert(1)"}, {"avatar_url": None}, id="no picture"
        ),
    ],
)
def test_what_is_odd_about_a_person_keeps_nobody_out(
    told: Callable[[object], Member], clock: MovedClock, changes: dict[str, object], expected: dict[str, object]
) -> None:
    member = told(signed(claims(clock, **changes)))
    assert {name: getattr(member, name) for name in expected} == expected


def test_slacks_keys_are_asked_for_once_in_a_while(
    told: Callable[[object], Member], forger: Forger, clock: MovedClock
) -> None:
    for _ in range(3):
        told(signed(claims(clock)))
    assert [asked.path for asked in forger.asked].count("/openid/connect/keys") == 1


@pytest.mark.parametrize("keys", [Reply(500), Reply(302, b"", {"Location": "/"}), Reply(200, b"<html>"), HANG_UP])
def test_without_slacks_keys_nobody_is_believed_for_now(
    told: Callable[[object], Member], forger: Forger, clock: MovedClock, keys: Reply
) -> None:
    forger.keys = keys
    with pytest.raises(TemporaryFailure):
        told(signed(claims(clock)))


def test_secrets_do_not_show(openid: SlackOpenId) -> None:
    assert CLIENT_SECRET not in repr(openid) + str(openid)
