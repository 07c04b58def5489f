"""The pages on the way into a workspace, and what is said when it does not work."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from app import logs
from app.db.oauth_states import Finish
from app.errors import PermanentFailure, RequestFailed, TemporaryFailure
from app.services.installation_store import STATE_LASTS
from app.services.installing import Welcome
from app.slack.openid import WORN_OUT_CODES
from app.slack.scopes import BOT_SCOPES
from app.web.pages import USED_UP, Problem, page, problem_page, why_no_code

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
    f"{USED_UP} If you have loaded this page twice, look in Slack first: the app may be there.",
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
        return page("install/offer.html", HTTPStatus.OK, command=self._command, scopes=BOT_SCOPES)

    def installed(self, welcome: Welcome) -> Response:
        view = {"command": self._command, "welcome": welcome, "scopes": BOT_SCOPES, "again": self._start}
        return page("install/installed.html", HTTPStatus.OK, **view)

    def not_finished(self, finish: Finish) -> Response:
        """What came back from Slack cannot be used."""
        return self._problem(_STATES[finish], HTTPStatus.BAD_REQUEST)

    def not_agreed(self, error: str) -> Response:
        """Slack sent somebody back without a code. https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1"""
        if error == "access_denied":
            return self._problem("You did not allow it in Slack, so nothing has changed.", HTTPStatus.FORBIDDEN)
        return self._refused(PermanentFailure(why_no_code(error)))

    def failed(self, failure: RequestFailed) -> Response:
        if isinstance(failure, PermanentFailure):
            return self._refused(failure)
        reference = _noted(failure)
        words = "Slack does not answer as it should at the moment. Please begin again in a minute."
        if isinstance(failure, TemporaryFailure) and failure.code in _REFUSALS:
            words = _REFUSALS[failure.code]
        return self._problem(words, HTTPStatus.SERVICE_UNAVAILABLE, reference, failure)

    def _refused(self, failure: PermanentFailure) -> Response:
        reference = _noted(failure)
        if failure.code in _REFUSALS:
            return self._problem(_REFUSALS[failure.code], HTTPStatus.BAD_REQUEST, reference)
        return self._problem(f"Slack refused to install it. {_OPERATOR}", HTTPStatus.BAD_GATEWAY, reference)

    def _problem(
        self, words: str, status: HTTPStatus, reference: str = "", failure: RequestFailed | None = None
    ) -> Response:
        problem = Problem(
            heading=_HEADING,
            words=words,
            status=status,
            reference=reference,
            back=self._start,
            back_words="Begin again",
        )
        return problem_page(problem, failure)


def _noted(failure: RequestFailed) -> str:
    """A reference that finds the line in the log. Not the whole message: what Slack adds to its code is Slack's."""
    reference = logs.new_reference()
    log.warning("not installed", reference=reference, why=failure.code)
    return reference
