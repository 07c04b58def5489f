"""Sign in with Slack, on the way into a call: ``/join/<token>/sign-in`` → Slack → ``/join/signed-in``.

What comes back from Slack names no address: the sealed state holds the token of the call, and nothing else is ever
redirected to. It is bound to the browser by a secret in a cookie, which is deleted with its use, so a state works once
and only for whoever began. A few may be on their way in one browser, each in a tab of its own.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Blueprint, Response, request

from app import logs
from app.clock import Clock
from app.errors import PermanentFailure, RequestFailed
from app.services.visits import Door, VisitService
from app.slack.openid import WORN_OUT_CODES, SlackOpenId
from app.web.cookies import SIGN_IN_WITHIN, Cookies, is_from_elsewhere
from app.web.join_pages import Pages
from app.web.pages import USED_UP, Problem, problem_page, to, why_no_code
from app.web.seals import Seal

RETURN_PATH = "/join/signed-in"
log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in on its way: to which call, with which nonce, and in which browser."""

    token: str
    nonce: str
    browser: str


class SignIn:
    """The pages by which somebody signs in and out."""

    def __init__(
        self, slack: SlackOpenId, visits: VisitService, pages: Pages, cookies: Cookies, *, secret: str, clock: Clock
    ) -> None:
        self._slack = slack
        self._visits = visits
        self._pages = pages
        self._cookies = cookies
        self._states = Seal(secret, "state: sign-in", Begun, good_for=SIGN_IN_WITHIN, clock=clock)

    def add_to(self, blueprint: Blueprint) -> None:
        blueprint.add_url_rule("/join/<token>/sign-in", view_func=self.begin, methods=["GET"])
        blueprint.add_url_rule(RETURN_PATH, view_func=self.finish, methods=["GET"])
        blueprint.add_url_rule("/join/sign-out", view_func=self.look_who, methods=["GET"])
        blueprint.add_url_rule("/join/sign-out", view_func=self.sign_out, methods=["POST"])

    def begin(self, token: str) -> Response:
        visit = self._visits.find(token)
        if visit is None:
            return self._pages.unknown()
        if visit.door is not Door.OPEN:
            return to(self._pages.address(token))
        begun = Begun(token=token, nonce=secrets.token_urlsafe(16), browser=secrets.token_urlsafe(24))
        state = self._states.close(begun)
        response = to(self._slack.address(state=state, nonce=begun.nonce, team_id=visit.team_id))
        self._cookies.keep_sign_in(response, begun.browser)
        return response

    def finish(self) -> Response:
        begun = self._states.open(request.args.get("state", ""))
        if begun is None or not self._cookies.has_begun_sign_in(begun.browser):
            return problem_page(_NOT_BEGUN_HERE)
        # Whatever Slack says, this sign-in is over.
        response = self._finished(begun, request.args.get("code", ""), request.args.get("error", ""))
        self._cookies.forget_sign_in(response, begun.browser)
        return response

    def look_who(self) -> Response:
        return self._pages.sign_out(self._cookies.member())

    def sign_out(self) -> Response:
        if is_from_elsewhere():
            return self.look_who()
        response = self._pages.sign_out(None)
        self._cookies.forget_person(response)
        return response

    def _finished(self, begun: Begun, code: str, error: str) -> Response:
        back = self._pages.address(begun.token)
        if error or not code:
            return problem_page(_refused(error, back))
        try:
            member = self._slack.member(code, nonce=begun.nonce)
        except RequestFailed as failure:
            return self._failed(failure, back)
        log.info("signed in", team_id=member.team_id, user_id=member.user_id)
        response = self._pages.signed_in(begun.token, member)
        self._cookies.keep_member(response, member)
        return response

    def _failed(self, failure: RequestFailed, back: str) -> Response:
        reference = logs.new_reference()
        # Not the whole message: what Slack adds to its code is Slack's, and may repeat what it was sent.
        log.warning("not signed in", reference=reference, why=failure.code)
        return problem_page(_problem(failure, reference, back), failure)


_NOT_BEGUN_HERE = Problem(
    heading="This sign-in cannot be finished",
    words=(
        f"It was begun in another browser, has been used already, or took longer than "
        f"{int(SIGN_IN_WITHIN.total_seconds() // 60)} minutes. Please press Join on the card in Slack again."
    ),
    status=400,
)


def _refused(error: str, back: str) -> Problem:
    """Slack sent somebody back without a code. https://openid.net/specs/openid-connect-core-1_0.html#AuthError"""
    if error == "access_denied":
        words = "You did not allow it in Slack, so Slack has told us nothing about you."
        return Problem(heading="You are not signed in", words=words, status=403, back=back)
    reference = logs.new_reference()
    log.warning("sent back without a code", reference=reference, why=why_no_code(error))
    return Problem(heading="You are not signed in", words=_MISCONFIGURED, status=502, reference=reference, back=back)


_MISCONFIGURED = (
    "Slack refused to sign you in. If it happens again, tell the people who run Switchboard this reference."
)


def _problem(failure: RequestFailed, reference: str, back: str) -> Problem:
    if failure.code in WORN_OUT_CODES:
        words, status = f"{USED_UP} Please sign in again.", 400
    elif isinstance(failure, PermanentFailure):
        words, status = _MISCONFIGURED, 502
    else:
        words, status = "Slack does not answer as it should at the moment. Please try again in a minute.", 503
    return Problem(heading="You are not signed in", words=words, status=status, reference=reference, back=back)
