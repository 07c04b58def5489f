"""Slack: whether it is there, what it says of our tokens, and what it cannot say of the signing secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_sdk import WebClient

from app.cli.doctor.findings import Finding, ago, ok, skipped, unsure, wrong
from app.errors import RateLimited, RequestFailed, TemporaryFailure
from app.slack.openid import WORN_OUT_CODES
from app.slack.scopes import BOT_SCOPES, missing
from app.slack.tokens import Introduction, introduce, slacks_time, socket_address, try_client

WARNING_SECONDS = 60
REFUSAL_SECONDS = 300
"""Requests of Slack's that seem older, or from further ahead, are refused."""
RECENT = timedelta(days=1)

_FOR_NOW = (TemporaryFailure, RateLimited)
_OAUTH = "OAuth & Permissions in Slack's app settings"
_BASIC = "Basic Information in Slack's app settings"
_COPY_TOKEN = f"Copy the bot token (xoxb-…) from {_OAUTH}, and start the app again."
_INSTALL = f"Install the app again, under {_OAUTH}; then copy the bot token from there, and start the app again."
_TOKEN_FIXES = {
    "account_inactive": _INSTALL,
    "invalid_auth": _COPY_TOKEN,
    "not_authed": _COPY_TOKEN,
    "not_allowed_token_type": _COPY_TOKEN,
    "token_expired": _INSTALL,
    "token_revoked": _INSTALL,
}
_EXCHANGE = "Start a worker, which exchanges it for a new one, and look into its log."
_SOCKET_FIXES = {
    "missing_scope": f"Make an app-level token with the scope connections:write, under {_BASIC}.",
    "socket_mode_not_enabled": "Switch Socket Mode on in Slack's app settings.",
}
_CLIENT_SETTINGS = {"invalid_client_id": "SLACK_CLIENT_ID", "bad_client_secret": "SLACK_CLIENT_SECRET"}
_COPY_APP_TOKEN = f"Copy the app-level token (xapp-…) from {_BASIC}, and start the app again."


@dataclass(frozen=True, slots=True)
class Token:
    """A bot token that is in use. ``mark`` tells its checks apart: empty for the one of the settings, else the team or
    the organisation; ``name`` is how a person knows it. ``install`` is where the app can be installed again, if not by
    hand."""

    mark: str
    name: str
    client: WebClient
    install: str = ""

    @property
    def ids(self) -> tuple[str, str]:
        return (f"token.{self.mark}", f"scopes.{self.mark}") if self.mark else ("token", "scopes")

    def mended(self, code: str) -> str:
        """What to do when Slack refuses it with ``code``."""
        if not self.install:
            return _TOKEN_FIXES.get(code, _COPY_TOKEN)
        again = f"ave the app installed there again: {self.install}."
        return f"{_EXCHANGE} Or h{again}" if code == "token_expired" else f"H{again}"


def check_reach(client: WebClient, now: datetime, *, of_database: bool) -> list[Finding]:
    """Whether Slack answers, and the clocks agree. ``now`` is what the app takes for the time."""
    try:
        slacks = slacks_time(client)
    except RequestFailed as failure:
        return [_unreached(client.base_url, failure), skipped("clock", "Slack does not answer")]
    return [ok("slack", f"Slack answers at {client.base_url}."), judge_clock(now, slacks, of_database=of_database)]


def check_tokens(tokens: Sequence[Token]) -> Iterator[Finding]:
    """Whose each is, and what it may do."""
    for token in tokens:
        introduction: Introduction | RequestFailed
        try:
            introduction = introduce(token.client)
        except RequestFailed as failure:
            introduction = failure
        yield from judge_token(token, introduction)


def check_socket(client: WebClient, app_token: str) -> Finding:
    """Whether a socket could be opened. None is, and the app's own are left alone."""
    if not app_token:
        return judge_socket(None)
    try:
        return judge_socket(socket_address(client, app_token))
    except RequestFailed as failure:
        return judge_socket(failure)


def check_client(client: WebClient, client_id: str, client_secret: str) -> Finding:
    """Whether Slack knows the id and the secret that people sign in and install with. No tokens are made."""
    return judge_client(try_client(client, client_id, client_secret) if client_id else None)


# --- Judgement ---------------------------------------------------------------------------------------------------


def _unreached(api_url: str, failure: RequestFailed) -> Finding:
    says = f"Nothing that answers as Slack does is reached at {api_url} ({failure.code})."
    return wrong("slack", says, "Let this machine make requests there, and look at SLACK_API_URL and HTTPS_PROXY.")


def judge_clock(ours: datetime, slacks: datetime | None, *, of_database: bool) -> Finding:
    """The app takes its time from the database."""
    if slacks is None:
        return unsure("clock", "Slack's answer does not tell the time.")
    seconds = round((ours - slacks).total_seconds())
    apart = f"The app's clock is {abs(seconds)} seconds {'ahead of' if seconds > 0 else 'behind'} Slack's"
    fix = f"Set the clock of {'the database server' if of_database else 'this machine'}, such as by NTP."
    if abs(seconds) > REFUSAL_SECONDS:
        return wrong("clock", f"{apart}: all of Slack's requests are refused as too old or too new.", fix)
    if abs(seconds) > WARNING_SECONDS:
        return unsure("clock", f"{apart}; from {REFUSAL_SECONDS} on, all of Slack's requests would be refused.", fix)
    return ok("clock", f"The app's clock is within {max(abs(seconds), 1)} s of Slack's.")


def judge_token(token: Token, introduction: Introduction | RequestFailed) -> list[Finding]:
    check, scopes = token.ids
    if isinstance(introduction, RequestFailed):
        return [_refused(token, introduction), skipped(scopes, f"nothing is known of {token.name}")]
    if not introduction.is_bot:
        says = f"{token.name} is the token of a person, not of the app's bot."
        return [
            wrong(check, says, token.mended("not_allowed_token_type")),
            skipped(scopes, f"{token.name} is the wrong token"),
        ]
    whose = f"{token.name} is the bot's in {introduction.team} ({introduction.team_id})."
    return [ok(check, whose), _judge_scopes(token, introduction.scopes)]


def _refused(token: Token, failure: RequestFailed) -> Finding:
    check, _ = token.ids
    if isinstance(failure, _FOR_NOW):
        says = f"Slack has not said what it makes of {token.name} ({failure.code})."
        return unsure(check, says, "Ask again in a minute.")
    return wrong(check, f"Slack refuses {token.name} ({failure.code}).", token.mended(failure.code))


def _judge_scopes(token: Token, granted: frozenset[str] | None) -> Finding:
    _, check = token.ids
    name = token.name
    if granted is None:
        return unsure(check, f"Slack's answer does not tell the scopes of {name}.")
    if lacking := missing(granted):
        again = f", at {token.install}" if token.install else ""
        fix = f"Add {', '.join(lacking)} to the Bot Token Scopes under {_OAUTH}, and install the app again{again}."
        return wrong(check, f"{name} lacks {', '.join(lacking)}.", f"{fix} docs/scopes.md says what does not work so.")
    if surplus := sorted(granted - BOT_SCOPES.keys()):
        says = f"{name} has all the scopes that are needed, and {', '.join(surplus)} as well, which nothing needs."
        fix = (
            f"Take away under {_OAUTH} what is not needed. Slack forgets it when the app is removed and installed anew."
        )
        return unsure(check, says, fix)
    return ok(check, f"{name} has all the scopes that are needed, and no others.")


def judge_secret(
    secret: str, others: Mapping[str, str], last_command: datetime | None, now: datetime, *, by_socket: bool
) -> Finding:
    """``others`` are the secrets that it may be confused with, by name. Slack never says whether it is the right one:
    that shows when a request of its comes."""
    fix = f"Copy the signing secret from {_BASIC} into SLACK_SIGNING_SECRET, and start the app again."
    for name, other in others.items():
        if other and other == secret:
            return wrong("signing_secret", f"SLACK_SIGNING_SECRET is the same as {name}.", fix)
    if re.match(r"x(ox|app)", secret):
        return wrong("signing_secret", "SLACK_SIGNING_SECRET is a token.", fix)
    if by_socket:
        return ok("signing_secret", "Slack's requests come through the socket, which needs no signing secret.")
    if last_command is not None and now - last_command < RECENT:
        says = f"A call was asked for {ago(now, last_command)} ago, so SLACK_SIGNING_SECRET was right then."
        return ok("signing_secret", says)
    if not re.fullmatch(r"[0-9a-f]{32}", secret):
        return unsure("signing_secret", "SLACK_SIGNING_SECRET is not 32 of 0–9 and a–f, as Slack's are.", fix)
    says = "SLACK_SIGNING_SECRET has the form of one. Whether it is the right one cannot be found out from here."
    return unsure("signing_secret", says, "Type the command with `help` in Slack: if nothing answers, it is not.")


def judge_socket(outcome: str | RequestFailed | None) -> Finding:
    """``outcome`` is where a socket could be opened; None where none is wanted."""
    if outcome is None:
        return ok("socket_mode", "Not used: Slack sends its requests to PUBLIC_URL.")
    if isinstance(outcome, _FOR_NOW):
        says = f"Slack has not let us open a socket now ({outcome.code})."
        return unsure("socket_mode", says, "Ask again in a minute.")
    if isinstance(outcome, RequestFailed):
        fix = _SOCKET_FIXES.get(outcome.code, _COPY_APP_TOKEN)
        return wrong("socket_mode", f"Slack refuses SLACK_APP_TOKEN ({outcome.code}).", fix)
    return ok("socket_mode", "Slack lets SLACK_APP_TOKEN open sockets.")


def judge_client(refusal: RequestFailed | None) -> Finding:
    """``refusal`` is what came of a code that is none; None where nobody signs in or installs."""
    if refusal is None:
        return ok("client", "Not used: without SLACK_CLIENT_ID nobody signs in, and nobody installs the app by a page.")
    if refusal.code in WORN_OUT_CODES:
        return ok("client", "Slack knows SLACK_CLIENT_ID and SLACK_CLIENT_SECRET.")
    if refusal.code in _CLIENT_SETTINGS:
        setting = _CLIENT_SETTINGS[refusal.code]
        fix = f"Copy it from {_BASIC}, and start the app again."
        return wrong("client", f"Slack refuses {setting} ({refusal.code}).", fix)
    says = f"Slack has not said what it makes of SLACK_CLIENT_ID ({refusal.code})."
    return unsure("client", says, "Ask again in a minute.")
