"""Sign in with Slack: OpenID Connect."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import httpx
import jwt
import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.signing_key import public_keys, signed_token
from tests.emulator.slack_side import Clock, error_of
from tests.emulator.test_oauth import ASKED, CLIENT, REDIRECT, agree, browser, with_token

Json = dict[str, Any]
PATH = "/openid/connect/authorize"


@pytest.fixture
def anybody(emulator: Emulator) -> WebClient:
    return WebClient(base_url=emulator.api_url, retry_handlers=[])


def code_for(emulator: Emulator, scope: str = "openid email profile", **asked: str) -> str:
    return str(agree(emulator, PATH, response_type="code", scope=scope, nonce="n1", **asked)["code"])


def sign_in(emulator: Emulator, anybody: WebClient, scope: str = "openid email profile") -> Json:
    code = code_for(emulator, scope)
    answer = anybody.openid_connect_token(**CLIENT, code=code, redirect_uri=REDIRECT)
    assert isinstance(answer.data, dict)
    return answer.data


def claims_of(answer: Json) -> Json:
    claims: Json = jwt.decode(answer["id_token"], options={"verify_signature": False})
    return claims


def test_an_app_learns_who_somebody_is(emulator: Emulator, anybody: WebClient) -> None:
    answer = sign_in(emulator, anybody)
    assert (answer["token_type"], answer["access_token"][:5]) == ("Bearer", "xoxp-")
    claims = claims_of(answer)
    assert (
        claims.items()
        >= {
            "iss": "https://slack.com",
            "sub": "U0ADA",
            "aud": CLIENT["client_id"],
            "iat": 1_700_000_000,
            "exp": 1_700_000_300,
            "nonce": "n1",
            "https://slack.com/user_id": "U0ADA",
            "https://slack.com/team_id": "T0LOCAL",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada Lovelace",
            "given_name": "Ada",
            "family_name": "Lovelace",
        }.items()
    )


def test_the_token_is_signed_with_the_published_key(emulator: Emulator, anybody: WebClient) -> None:
    token = sign_in(emulator, anybody)["id_token"]
    key = browser.get(emulator.url + "/openid/connect/keys").json()["keys"][0]
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    head, body, signature = token.split(".")
    assert verifies(f"{head}.{body}", signature, key)
    assert not verifies(f"{head}.{body[:-1]}A", signature, key)


def verifies(signed: str, signature: str, key: Json) -> bool:
    """RS256 by the book, so that the test needs no library for it."""
    number, modulus, exponent = (
        int.from_bytes(jwt.utils.base64url_decode(each), "big") for each in (signature, key["n"], key["e"])
    )
    digest = hashlib.sha256(signed.encode()).digest()
    return pow(number, exponent, modulus).to_bytes(256, "big").endswith(digest)


def test_the_same_claims_are_signed_the_same() -> None:
    assert signed_token({"a": 1}) == signed_token({"a": 1})
    assert set(public_keys()["keys"][0]) == {"kty", "use", "alg", "kid", "n", "e"}


def test_the_scopes_decide_what_is_said(emulator: Emulator, anybody: WebClient) -> None:
    claims = claims_of(sign_in(emulator, anybody, "openid"))
    assert claims["sub"] == "U0ADA"
    assert not claims.keys() & {"email", "name", "picture"}


def test_user_info_says_the_same_later(emulator: Emulator, anybody: WebClient) -> None:
    answer = sign_in(emulator, anybody, "openid email")
    info = with_token(emulator, answer["access_token"]).openid_connect_userInfo()
    assert (info["sub"], info["email"], "name" in info.data) == ("U0ADA", "ada@example.com", False)


def test_a_bot_is_nobody_to_user_info(client: WebClient) -> None:
    assert error_of(client.openid_connect_userInfo) == "not_allowed_token_type"


def test_the_configuration_leads_to_the_emulator(emulator: Emulator) -> None:
    configuration = browser.get(emulator.url + "/.well-known/openid-configuration").json()
    assert configuration["issuer"] == "https://slack.com"
    assert configuration["authorization_endpoint"] == emulator.url + PATH
    assert configuration["token_endpoint"] == emulator.api_url + "openid.connect.token"
    assert configuration["id_token_signing_alg_values_supported"] == ["RS256"]


def offered_first(visitor: httpx.Client, emulator: Emulator, **asked: str) -> str:
    """Who is chosen on the page already; the browser chooses the first where nobody is."""
    page = visitor.get(emulator.url + PATH, params={**ASKED, "response_type": "code", "scope": "openid", **asked}).text
    chosen = re.findall(r'<option value="([^"]+)" selected>', page)
    return str(chosen[0] if chosen else re.findall(r'<option value="([^"]+)"', page)[0])


def test_whoever_opened_the_workspace_last_is_offered_first(emulator: Emulator) -> None:
    emulator.add_team("T0OTHER", "Other", None)
    with httpx.Client(trust_env=False) as visitor:
        assert offered_first(visitor, emulator) == "T0LOCAL/U0ADA"
        visitor.get(f"{emulator.url}/?user=U0GRACE")
        assert offered_first(visitor, emulator) == "T0LOCAL/U0GRACE"
        # A page that looks for news is not opened anew.
        visitor.get(f"{emulator.url}/?user=U0ALAN", headers={"Sec-Fetch-Dest": "empty"})
        assert offered_first(visitor, emulator, team="T0LOCAL") == "T0LOCAL/U0GRACE"
        assert offered_first(visitor, emulator, team="T0OTHER") == "T0OTHER/U0ADA"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code", "scope": "email"}, "invalid_scope"),
        ({"response_type": "code", "scope": "openid,chat:write"}, "invalid_scope"),
        ({"response_type": "code", "scope": "openid", "client_id": "1.2"}, "invalid_client_id"),
    ],
)
def test_a_wrong_link_is_explained(emulator: Emulator, asked: dict[str, str], error: str) -> None:
    answer = browser.get(emulator.url + PATH, params={**ASKED, **asked})
    assert (answer.status_code, error in answer.text) == (400, True)


def test_another_sites_form_agrees_to_nothing(emulator: Emulator) -> None:
    """Only a page that lets its forms say where they come from can tell."""
    asked = {**ASKED, "response_type": "code", "scope": "openid"}
    assert browser.get(emulator.url + PATH, params=asked).headers["Referrer-Policy"] == "same-origin"
    sent = {**asked, "who": "T0LOCAL/U0ADA", "decision": "allow"}
    for origin, status in ((emulator.url, 302), ("https://elsewhere.example.com", 400), ("null", 400)):
        answer = browser.post(emulator.url + PATH, params=asked, data=sent, headers={"Origin": origin})
        assert answer.status_code == status


def test_a_code_to_sign_in_is_no_code_to_install(emulator: Emulator, anybody: WebClient) -> None:
    code = code_for(emulator)
    refused = error_of(lambda: anybody.oauth_v2_access(**CLIENT, code=code, redirect_uri=REDIRECT))
    assert refused == "invalid_code"
    install = agree(emulator)["code"]
    refused = error_of(lambda: anybody.openid_connect_token(**CLIENT, code=install, redirect_uri=REDIRECT))
    assert refused == "invalid_code"


def test_a_code_is_worn_out(emulator: Emulator, anybody: WebClient, clock: Clock) -> None:
    code = code_for(emulator)
    clock.forward(601)
    late = error_of(lambda: anybody.openid_connect_token(**CLIENT, code=code, redirect_uri=REDIRECT))
    assert late == "invalid_code"


def test_sign_ins_rotate_too(emulator: Emulator, anybody: WebClient) -> None:
    emulator.installs.rotates = True
    answer = sign_in(emulator, anybody)
    assert answer["expires_in"] == 43200
    again = anybody.openid_connect_token(
        **CLIENT, grant_type="refresh_token", refresh_token=answer["refresh_token"], code="", redirect_uri=REDIRECT
    )
    assert claims_of(again.data)["sub"] == "U0ADA"  # type: ignore[arg-type]
