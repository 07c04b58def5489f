"""Cookies: who somebody is on the join page, and which browser has begun to sign in or to install the app.

Scripts cannot read them, other pages' forms do not send them, and they go to no other app.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Response, request

from app.clock import Clock
from app.slack.openid import Member
from app.web.seals import Seal

MEMBER = "switchboard_member"
VISITOR = "switchboard_visitor"
SIGN_IN = "switchboard_sign_in"
INSTALL = "switchboard_install"
KNOWN_FOR = timedelta(days=30)
SIGN_IN_WITHIN = timedelta(minutes=10)
MOST_SIGN_INS = 4
"""Begun in one browser and not finished: more tabs than that are not signed in at once, and a cookie has its limits."""


class Cookies:
    """Reads the cookies of the request at hand, and writes them to an answer."""

    def __init__(self, public_url: str, secret: str, clock: Clock, *, below: str = "/join") -> None:
        """``below`` is the part of the app that they are for."""
        parts = urlsplit(public_url)
        # Over https they are never sent in the clear.
        self._secure = parts.scheme == "https"
        # A cookie with this prefix comes from this very host: its neighbours in the domain cannot plant one, and sign
        # people in as somebody else. It must be of the whole host, so not where another app may be under it.
        # https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
        is_alone = self._secure and not parts.path
        self._prefix, self._path = ("__Host-", "/") if is_alone else ("", parts.path + below)
        self._members = Seal(secret, "cookie: member", Member, good_for=KNOWN_FOR, clock=clock)

    def member(self) -> Member | None:
        """Who has signed in with Slack in this browser."""
        return self._members.open(self._given(MEMBER))

    def keep_member(self, response: Response, member: Member) -> None:
        self._keep(response, MEMBER, self._members.close(member), KNOWN_FOR)

    def visitor_id(self) -> str:
        """The guest's secret, made now if they have none: whoever comes back is the same person on the card."""
        known = self._given(VISITOR)
        return known if re.fullmatch(r"[0-9a-f]{32}", known) else secrets.token_hex(16)

    def keep_visitor(self, response: Response, visitor_id: str) -> None:
        self._keep(response, VISITOR, visitor_id, KNOWN_FOR)

    def forget_person(self, response: Response) -> None:
        """Forget who somebody is, as member and as guest."""
        self._forget(response, MEMBER)
        self._forget(response, VISITOR)

    def has_begun_sign_in(self, secret: str) -> bool:
        """Whether this is the browser in which the sign-in was begun, and the sign-in is not finished yet."""
        given = secret.encode()
        return any(hmac.compare_digest(known.encode(errors="replace"), given) for known in self._sign_ins())

    def keep_sign_in(self, response: Response, secret: str) -> None:
        """Beside those that were begun in other tabs, the oldest of which is forgotten when there are too many."""
        self._keep_sign_ins(response, [*self._sign_ins(), secret])

    def forget_sign_in(self, response: Response, secret: str) -> None:
        self._keep_sign_ins(response, [known for known in self._sign_ins() if known != secret])

    def _sign_ins(self) -> list[str]:
        return [secret for secret in self._given(SIGN_IN).split(".") if secret][-MOST_SIGN_INS:]

    def _keep_sign_ins(self, response: Response, begun: list[str]) -> None:
        if begun:
            self._keep(response, SIGN_IN, ".".join(begun[-MOST_SIGN_INS:]), SIGN_IN_WITHIN)
        else:
            self._forget(response, SIGN_IN)

    def installing(self) -> str:
        """The secret of a browser that has begun to install the app; empty for others."""
        return self._given(INSTALL)

    def keep_installing(self, response: Response, browser: str, good_for: timedelta) -> None:
        self._keep(response, INSTALL, browser, good_for)

    def _given(self, name: str) -> str:
        return request.cookies.get(self._prefix + name, "")

    def _keep(self, response: Response, name: str, value: str, good_for: timedelta) -> None:
        # "Lax", not "Strict": people come here from Slack, and must be known then.
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=good_for,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
            path=self._path,
        )

    def _forget(self, response: Response, name: str) -> None:
        response.delete_cookie(self._prefix + name, secure=self._secure, httponly=True, samesite="Lax", path=self._path)


def is_from_elsewhere() -> bool:
    """Whether another site's page has sent this form. Browsers of before 2023 do not tell; there ``SameSite`` keeps
    the cookies from being sent along. ``Origin`` is no help: without referrers browsers say ``null``.

    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
    """
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
