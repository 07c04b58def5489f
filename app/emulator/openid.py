"""Sign in with Slack: who somebody is, as claims.

https://docs.slack.dev/authentication/sign-in-with-slack
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.emulator.errors import JsonObject
from app.emulator.signing_key import half_hash, signed_token
from app.emulator.workspace import User, Workspace

if TYPE_CHECKING:
    from app.emulator.slack import Slack

ISSUER = "https://slack.com"
"""As in Slack's own tokens, wherever the emulator listens: apps compare it."""

SCOPES = ("openid", "email", "profile")
TOKEN_SECONDS = 300


def id_token(slack: Slack, workspace: Workspace, user: User, access_token: str, nonce: str | None) -> str:
    """A signed statement of who signed in."""
    now = int(slack.now())
    claims: JsonObject = {
        "iss": ISSUER,
        "sub": user.id,
        "aud": slack.app.client_id,
        "exp": now + TOKEN_SECONDS,
        "iat": now,
        "auth_time": now,
        "at_hash": half_hash(access_token),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    scopes = workspace.grants[access_token].scopes
    return signed_token(claims | claims_about(workspace, user, scopes))


def claims_about(workspace: Workspace, user: User, scopes: frozenset[str]) -> JsonObject:
    """What the scopes let an app know of somebody."""
    claims: JsonObject = {f"{ISSUER}/user_id": user.id, f"{ISSUER}/team_id": workspace.team_id, "sub": user.id}
    if "email" in scopes:
        claims |= {"email": user.email, "email_verified": bool(user.email), "date_email_verified": 1622128723}
    if "profile" in scopes:
        claims |= _profile(workspace, user)
    return claims


def _profile(workspace: Workspace, user: User) -> JsonObject:
    first, _, last = user.real_name.partition(" ")
    sizes = ("24", "32", "48", "72", "192", "512")
    pictures = {f"{ISSUER}/user_image_{size}": f"https://avatars.example.com/{user.id}_{size}.png" for size in sizes}
    return {
        "name": user.real_name,
        "picture": f"https://avatars.example.com/{user.id}_512.png",
        "given_name": first,
        "family_name": last,
        "locale": "en-US",
        f"{ISSUER}/team_name": workspace.name,
        f"{ISSUER}/team_domain": workspace.domain,
        **pictures,
        f"{ISSUER}/team_image_34": "https://avatars.example.com/team_34.png",
        f"{ISSUER}/team_image_default": True,
    }


def discovery(base_url: str) -> JsonObject:
    """https://slack.com/.well-known/openid-configuration, with the emulator's addresses."""
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base_url}/openid/connect/authorize",
        "token_endpoint": f"{base_url}/api/openid.connect.token",
        "userinfo_endpoint": f"{base_url}/api/openid.connect.userInfo",
        "jwks_uri": f"{base_url}/openid/connect/keys",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "auth_time", "iss"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": True,
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }
