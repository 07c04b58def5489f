"""The pages on the way into a workspace, and what is said when it does not work."""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import Response, make_response, redirect, render_template
from markupsafe import Markup

from app import logs
from app.db.oauth_states import Finish
from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.services.installation_store import STATE_LASTS
from app.services.installing import Welcome
from app.slack.openid import WORN_OUT_CODES
from app.slack.scopes import BOT_SCOPES
from app.web.join_pages import STYLE, Problem

log = logs.get(__name__)

_HEADING = "Switchboard is not installed"
_OPERATOR = "Tell the people who run this Switchboard the reference."
# What Slack refuses, and what can be done about it. https://docs.slack.dev/reference/methods/oauth.v2.access
_REFUSALS = {
    "cannot_install_an_org_installed_app": "Your organisation has installed it already. Ask an admin of the "
    "organisation to allow it in your workspace; nobody needs to install it there.",
    "enterprise_is_restricted": "Your organisation does not let this app in. Ask an admin of the organisation.",
    "invalid_team_for_non_distributed_app": "It may be installed only in the workspace that it was made in, until the "
    f"people who run it make it public. {_OPERATOR}",
    "no_bot_token": "Slack has granted it nothing, so it could not do anything. Please allow what it asks for.",
    "no_scopes": "Slack has granted it nothing, so it could not do anything. Please allow what it asks for.",
    "not_allowed_for_org": "Your organisation does not let this app in. Ask an admin of the organisation.",
    "org_login_required": "Your workspace is just being moved into an organisation. Please try again later.",
    "restricted_action": "You may not install apps in this workspace. Ask one of its admins.",
    "team_access_not_granted": "Your organisation has not allowed it in this workspace. Ask an admin of the "
    "organisation.",
    "team_added_to_org": "Your workspace is just being moved into an organisation. Please try again later.",
} | dict.fromkeys(
    sorted(WORN_OUT_CODES),
    "What Slack sent along has been used already or is too old. If you have loaded this page twice, look in Slack "
    "first: the app may be there.",
)
_STATES = {
    Finish.UNKNOWN: "It was not begun on this page, or too long ago. Please begin here.",
    Finish.EXPIRED: f"It took longer than {int(STATE_LASTS.total_seconds() // 60)} minutes. Please begin again.",
    Finish.USED: "This page has been opened before, and it works once. Look in Slack first: the app may be there.",
    Finish.ELSEWHERE: "It was begun in another browser. Please go on in that one, or begin again in this one.",
}


class InstallPages:
    """Makes the pages. ``start`` is the address at which everybody begins."""

    def __init__(self, start: str, command: str) -> None:
        self._start = start
        self._command = command

    def offer(self) -> Response:
        return self._page("offer.html", HTTPStatus.OK, scopes=BOT_SCOPES)

    def installed(self, welcome: Welcome) -> Response:
        return self._page("installed.html", HTTPStatus.OK, welcome=welcome, scopes=BOT_SCOPES, again=self._start)

    def not_finished(self, finish: Finish) -> Response:
        """What came back from Slack cannot be used."""
        return self._problem(_STATES[finish], HTTPStatus.BAD_REQUEST)

    def not_agreed(self, error: str) -> Response:
        """Slack sent somebody back without a code. https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1"""
        if error == "access_denied":
            return self._problem("You did not allow it in Slack, so nothing has changed.", HTTPStatus.FORBIDDEN)
        known = error if re.fullmatch(r"[a-z_]{1,60}", error) else "no_code"
        return self._refused(PermanentFailure(known))

    def failed(self, failure: RequestFailed) -> Response:
        if isinstance(failure, PermanentFailure):
            return self._refused(failure)
        reference = _noted(failure)
        words = "Slack does not answer as it should at the moment. Please begin again in a minute."
        if isinstance(failure, TemporaryFailure) and failure.code in _REFUSALS:
            words = _REFUSALS[failure.code]
        response = self._problem(words, HTTPStatus.SERVICE_UNAVAILABLE, reference)
        if isinstance(failure, RateLimited):
            response.headers["Retry-After"] = str(int(failure.retry_after_seconds))
        return response

    def to(self, address: str) -> Response:
        return make_response(redirect(address, HTTPStatus.SEE_OTHER))

    def _refused(self, failure: PermanentFailure) -> Response:
        reference = _noted(failure)
        if failure.code in _REFUSALS:
            return self._problem(_REFUSALS[failure.code], HTTPStatus.BAD_REQUEST, reference)
        return self._problem(f"Slack refused to install it. {_OPERATOR}", HTTPStatus.BAD_GATEWAY, reference)

    def _problem(self, words: str, status: HTTPStatus, reference: str = "") -> Response:
        problem = Problem(heading=_HEADING, words=words, status=status, reference=reference, back=self._start)
        return self._page("problem.html", status, problem=problem)

    def _page(self, template: str, status: HTTPStatus, **view: object) -> Response:
        style = Markup(STYLE)  # noqa: S704  # a file of ours
        page = render_template(f"install/{template}", style=style, command=self._command, **view)
        return make_response(page, status)


def _noted(failure: RequestFailed) -> str:
    """A reference that finds the line in the log. Not the whole message: what Slack adds to its code is Slack's."""
    reference = logs.new_reference()
    log.warning("not installed", reference=reference, why=failure.code)
    return reference
