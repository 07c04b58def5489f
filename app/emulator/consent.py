"""The pages on which people agree: to install the app, or to be known to it.

https://docs.slack.dev/authentication/installing-with-oauth and
https://docs.slack.dev/authentication/sign-in-with-slack
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict

from app.emulator.errors import SlackError
from app.emulator.installs import Consent
from app.emulator.known_names import SCOPES
from app.emulator.openid import SCOPES as SIGN_IN_SCOPES
from app.emulator.openid import discovery
from app.emulator.page.reader import HOME, read_reader
from app.emulator.scope_words import SCOPE_WORDS
from app.emulator.signing_key import public_keys
from app.emulator.slack import Slack

_PERSON = "emulator_person"
_WORDS = {
    "invalid_client_id": "There is no app with this client_id.",
    "bad_redirect_uri": "redirect_uri did not match any configured URIs.",
    "invalid_scope": "The app asks for a scope that does not exist or is not in its manifest",
    "no_scopes": "The app asks for no scopes.",
    "unsupported_response_type": "response_type must be code.",
    "user_not_found": "Choose somebody who is in the workspace.",
    "team_not_found": "Choose a workspace.",
}


@dataclass(frozen=True)
class Asked:
    """What an app asks people to agree to."""

    bot_scopes: tuple[str, ...]
    user_scopes: tuple[str, ...]
    redirect_uri: str | None
    leads_to: str
    is_sign_in: bool


def add_consent(app: Flask, slack: Slack) -> None:
    """Serve the pages, and what apps need to check a sign-in."""

    @app.route("/oauth/v2/authorize", methods=["GET", "POST"])
    def install() -> Response:
        return _page(slack, is_sign_in=False)

    @app.route("/openid/connect/authorize", methods=["GET", "POST"])
    def sign_in() -> Response:
        return _page(slack, is_sign_in=True)

    @app.get("/app_redirect")
    def open_app() -> Response:
        """From elsewhere to the app's Home: https://docs.slack.dev/interactivity/deep-linking"""
        return make_response(redirect(f"/?{urlencode({'team': request.args.get('team', ''), 'view': HOME})}"))

    @app.get("/openid/connect/keys")
    def keys() -> Response:
        return make_response(public_keys())

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        return make_response(discovery(slack.base_url))

    @app.after_request
    def remember_person(response: Response) -> Response:
        """A browser is signed in to Slack as somebody: here as whoever opened the workspace last."""
        if request.endpoint == "workspace" and request.headers.get("Sec-Fetch-Dest", "document") == "document":
            reader = read_reader(slack, request.args)
            who = f"{reader.workspace.team_id}/{reader.user.id}"
            response.set_cookie(_PERSON, who, path="/openid", httponly=True, samesite="Lax")
        return response


def _page(slack: Slack, *, is_sign_in: bool) -> Response:
    try:
        asked = _read(slack, request.values, is_sign_in=is_sign_in)
        if request.method == "POST":
            return _decided(slack, asked, request.form)
    except SlackError as error:
        words = " ".join((_WORDS.get(error.code, ""), *error.messages))
        return _rendered("'self'", 400, error=error.code, words=words)
    return _question(slack, asked)


def _question(slack: Slack, asked: Asked) -> Response:
    target = urlsplit(asked.leads_to)
    places = [
        (workspace, [user for user in workspace.users.values() if not (user.is_bot or user.deleted)])
        for workspace in slack.workspaces.values()
    ]
    return _rendered(
        # Browsers also hold the redirect after a form against this.
        f"'self' {target.scheme}://{target.netloc}",
        app=slack.app,
        scope_words=SCOPE_WORDS,
        asked=asked,
        places=places,
        enterprise=next((place.enterprise for place, _ in places if place.enterprise), None),
        chosen=_chosen(request.args.get("team", ""), request.cookies.get(_PERSON, "")),
        hidden=[(name, value) for name, value in request.args.items() if name != "team"],
    )


def _chosen(team_id: str, person: str) -> str:
    """Who is offered first, as `T…/U…`: in another workspace than their own, nobody is known; then only `T…/`."""
    return person if not team_id or person.startswith(f"{team_id}/") else f"{team_id}/"


def _rendered(form_action: str, status: int = 200, **view: object) -> Response:
    response = make_response(render_template("consent.html", **view), status)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    )
    # With no referrer at all, browsers send a form's origin as "null", even to its own site.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _read(slack: Slack, fields: MultiDict[str, str], *, is_sign_in: bool) -> Asked:
    if fields.get("client_id") != slack.app.client_id:
        raise SlackError("invalid_client_id")
    redirect_uri = fields.get("redirect_uri") or None
    leads_to = _checked_redirect(slack, redirect_uri)
    if is_sign_in:
        if fields.get("response_type") != "code":
            raise SlackError("unsupported_response_type")
        scopes = _listed(fields.get("scope", ""))
        if "openid" not in scopes or not set(scopes) <= set(SIGN_IN_SCOPES):
            raise SlackError("invalid_scope", "(scopes of a sign-in are openid, email and profile).")
        return Asked((), scopes, redirect_uri, leads_to, is_sign_in)
    bot, user = _listed(fields.get("scope", "")), _listed(fields.get("user_scope", ""))
    if not bot and not user:
        raise SlackError("no_scopes")
    _check_scopes(slack, bot, user)
    return Asked(bot, user, redirect_uri, leads_to, is_sign_in)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _check_scopes(slack: Slack, bot: tuple[str, ...], user: tuple[str, ...]) -> None:
    manifest = slack.manifest
    for scopes, allowed in (
        (bot, manifest.bot_scopes if manifest else SCOPES),
        (user, manifest.user_scopes if manifest else SCOPES),
    ):
        unknown = [scope for scope in scopes if scope not in allowed]
        if unknown:
            raise SlackError("invalid_scope", f"({', '.join(unknown)}).")


def _checked_redirect(slack: Slack, redirect_uri: str | None) -> str:
    """Where the answer goes: to the given address, which must be one of the app's or lie below it."""
    allowed = slack.manifest.redirect_urls if slack.manifest else ()
    if slack.manifest is None and redirect_uri and urlsplit(redirect_uri).scheme in ("http", "https"):
        return redirect_uri
    if redirect_uri is None and allowed:
        return allowed[0]
    if redirect_uri and any(_lies_below(redirect_uri, each) for each in allowed):
        return redirect_uri
    raise SlackError("bad_redirect_uri", f"Passed URI: {redirect_uri}")


def _lies_below(url: str, base: str) -> bool:
    """https://docs.slack.dev/authentication/installing-with-oauth#redirect_urls"""
    one, other = urlsplit(url), urlsplit(base)
    same_place = (one.scheme, one.netloc) == (other.scheme, other.netloc)
    return same_place and (one.path == other.path or one.path.startswith(other.path.rstrip("/") + "/"))


def _decided(slack: Slack, asked: Asked, form: MultiDict[str, str]) -> Response:
    if request.headers.get("Origin") not in (None, f"{request.scheme}://{request.host}"):
        raise SlackError("foreign_origin", "This form was sent by another site's page.")
    if form.get("decision") != "allow":
        return _answered(asked, error="access_denied", state=form.get("state", ""))
    team_id, _, user_id = form.get("who", "").partition("/")
    if team_id not in slack.workspaces:
        raise SlackError("team_not_found")
    if user_id not in slack.workspaces[team_id].users:
        raise SlackError("user_not_found")
    consent = Consent(
        team_id,
        user_id,
        frozenset(asked.bot_scopes),
        frozenset(asked.user_scopes),
        asked.redirect_uri,
        for_enterprise=form.get("for_enterprise") == "yes",
        is_sign_in=asked.is_sign_in,
        nonce=form.get("nonce") or None,
    )
    return _answered(asked, code=slack.installs.grant_code(consent), state=form.get("state", ""))


def _answered(asked: Asked, **answer: str) -> Response:
    mark = "&" if urlsplit(asked.leads_to).query else "?"
    response = redirect(asked.leads_to + mark + urlencode(answer), 302)
    assert isinstance(response, Response)
    return response
