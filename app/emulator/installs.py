"""Installing the app: codes, tokens and their rotation, and taking it all back.

OAuth: https://docs.slack.dev/authentication/installing-with-oauth and
https://docs.slack.dev/authentication/using-token-rotation
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.emulator.errors import JsonObject, SlackError
from app.emulator.local_team import BOT_ID, BOT_USER_ID
from app.emulator.workspace import Grant, Workspace

if TYPE_CHECKING:
    from app.emulator.slack import Slack

CODE_SECONDS = 600
TOKEN_SECONDS = 43_200
GRACE_SECONDS = 60
"""How long a used refresh token still works; Slack only says `a short grace period`."""

MOST_LIVE_TOKENS = 2


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to on the install page or the sign-in page, and where."""

    team_id: str
    user_id: str
    bot_scopes: frozenset[str] = frozenset()
    user_scopes: frozenset[str] = frozenset()
    redirect_uri: str | None = None
    for_enterprise: bool = False
    is_sign_in: bool = False
    nonce: str | None = None


@dataclass
class _Code:
    consent: Consent
    expires_at: float


@dataclass
class _Rotation:
    """The tokens of one installation that follow each other."""

    grant: Grant
    team_ids: list[str]
    tokens: list[str] = field(default_factory=list)


@dataclass
class _Refresh:
    rotation: _Rotation
    good_until: float | None = None


class Installs:
    """All codes and refresh tokens that were given out; changes grants in the workspaces.

    ``token_seconds`` is how long tokens last that rotate: Slack's are the same for everybody, a test's may be shorter.
    """

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self.clear()

    def clear(self) -> None:
        """Forget everything, and rotate as the manifest says."""
        manifest = self._slack.manifest
        self.rotates = bool(manifest and manifest.token_rotation)
        self.token_seconds = TOKEN_SECONDS
        self._codes: dict[str, _Code] = {}
        self._refreshes: dict[str, _Refresh] = {}
        self._dead: dict[str, str] = {}

    def grant_code(self, consent: Consent) -> str:
        """A code for the app to exchange: once, within ten minutes."""
        code = f"{self._slack.ids.number()}.{self._slack.ids.number()}.{self._slack.ids.secret()}"
        self._codes[code] = _Code(consent, self._slack.now() + CODE_SECONDS)
        return code

    def take_code(self, code: str | None, redirect_uri: str | None, *, is_sign_in: bool = False) -> Consent:
        """What the code stands for; `invalid_code` or `bad_redirect_uri` if it cannot be exchanged."""
        known = self._codes.get(code or "")
        if known is None or known.expires_at < self._slack.now() or known.consent.is_sign_in != is_sign_in:
            raise SlackError("invalid_code")
        if known.consent.redirect_uri != redirect_uri:
            raise SlackError("bad_redirect_uri")
        del self._codes[code or ""]
        return known.consent

    def install(self, consent: Consent) -> JsonObject:
        """Give out the tokens that were agreed to, as `oauth.v2.access` answers them."""
        places = self._places(consent)
        user = self._user_part(consent, places)
        if not consent.bot_scopes:
            return self._about(places[0], consent.for_enterprise) | {"authed_user": user}
        grant = self._bot_grant(consent, places)
        bot = {"token_type": "bot", "scope": _listed(grant.scopes), "bot_user_id": grant.user_id}
        issued = self._issue(grant, places)
        return issued | bot | self._about(places[0], consent.for_enterprise) | {"authed_user": user}

    def refresh(self, refresh_token: str | None) -> JsonObject:
        """New tokens for a refresh token, which is then worn out after a short grace."""
        known = self._refreshes.get(refresh_token or "")
        if known is None or (known.good_until is not None and known.good_until < self._slack.now()):
            raise SlackError("invalid_refresh_token")
        if known.good_until is None:
            known.good_until = self._slack.now() + GRACE_SECONDS
        rotation = known.rotation
        return self._renewed(rotation) | self._described(rotation.grant, self._slack.workspace(rotation.team_ids[0]))

    def exchange(self, token: str) -> JsonObject:
        """Rotating tokens in the place of a lasting one: https://docs.slack.dev/reference/methods/oauth.v2.exchange"""
        caller = self._slack.caller(token)
        if caller is None or caller.grant.expires_at is not None:
            raise SlackError("invalid_auth" if caller is None else "token_already_exchanged")
        places = [each for each in self._slack.workspaces.values() if token in each.grants]
        self.revoke(token)
        return self._start_rotation(caller.grant, places) | self._described(caller.grant, caller.workspace)

    def revoke(self, token: str, code: str = "token_revoked") -> None:
        """Make a token worthless everywhere; `code` is what it is answered with from now on."""
        self._dead[token] = code
        for workspace in self._slack.workspaces.values():
            if token in workspace.grants:
                with workspace.lock:
                    workspace.grants.pop(token, None)

    def uninstall(self, workspace: Workspace) -> None:
        """Take the app out of a workspace, or where it was installed for an organisation out of all of them."""
        tokens = list(workspace.grants)
        for token in tokens:
            self.revoke(token, "account_inactive")
        for each in self._slack.workspaces.values():
            if each.bot_id is None:
                with each.lock:
                    each.views.forget()
        self._refreshes = {
            name: each for name, each in self._refreshes.items() if not set(each.rotation.tokens) & set(tokens)
        }

    def why_dead(self, token: str | None) -> str:
        """Why a token that nobody holds is refused."""
        if token is None:
            return "not_authed"
        return self._dead.get(token, "invalid_auth")

    def _places(self, consent: Consent) -> list[Workspace]:
        home = self._slack.workspace(consent.team_id)
        if not consent.for_enterprise or home.enterprise is None:
            return [home]
        return [each for each in self._slack.workspaces.values() if each.enterprise == home.enterprise]

    def _bot_grant(self, consent: Consent, places: list[Workspace]) -> Grant:
        """The bot's grant, with the scopes it had before: they only ever grow."""
        home = places[0]
        enterprise_id = home.enterprise.id if consent.for_enterprise and home.enterprise else None
        old = home.bot_grant() if home.bot_id else None
        if old is None or old.enterprise_id != enterprise_id:
            token = f"xoxb-{self._slack.ids.number()}-{self._slack.ids.secret()}"
            return Grant(token, BOT_USER_ID, consent.bot_scopes, BOT_ID, enterprise_id=enterprise_id)
        return replace(old, scopes=old.scopes | consent.bot_scopes)

    def _user_part(self, consent: Consent, places: list[Workspace]) -> JsonObject:
        part: JsonObject = {"id": consent.user_id}
        if not consent.user_scopes:
            return part
        token = f"xoxp-{self._slack.ids.number()}-{self._slack.ids.secret()}"
        grant = Grant(token, consent.user_id, consent.user_scopes)
        return part | {"scope": _listed(grant.scopes), "token_type": "user"} | self._issue(grant, places)

    def _issue(self, grant: Grant, places: list[Workspace]) -> JsonObject:
        if self.rotates:
            return self._start_rotation(grant, places)
        _give(grant, places)
        return {"access_token": grant.token}

    def _start_rotation(self, grant: Grant, places: list[Workspace]) -> JsonObject:
        return self._renewed(_Rotation(grant, [each.team_id for each in places]))

    def _renewed(self, rotation: _Rotation) -> JsonObject:
        """The next token of an installation; more than two are never alive."""
        ids, grant = self._slack.ids, rotation.grant
        token = f"xoxe.{'xoxb' if grant.bot_id else 'xoxp'}-1-{ids.number()}{ids.secret()}"
        expires_at = self._slack.now() + self.token_seconds
        places = [self._slack.workspace(team_id) for team_id in rotation.team_ids]
        _give(replace(grant, token=token, expires_at=expires_at), places)
        rotation.tokens.append(token)
        for old in rotation.tokens[:-MOST_LIVE_TOKENS]:
            self.revoke(old)
        refresh_token = f"xoxe-1-{ids.number()}{ids.secret()}"
        self._refreshes[refresh_token] = _Refresh(rotation)
        return {"access_token": token, "expires_in": self.token_seconds, "refresh_token": refresh_token}

    def _described(self, grant: Grant, home: Workspace) -> JsonObject:
        kind: JsonObject = {"token_type": "bot" if grant.bot_id else "user", "scope": _listed(grant.scopes)}
        if grant.bot_id:
            kind["bot_user_id"] = grant.user_id
        return kind | self._about(home, grant.enterprise_id is not None)

    def _about(self, home: Workspace, for_enterprise: bool) -> JsonObject:
        """Where the app is installed; for an organisation there is no single team."""
        enterprise = home.enterprise
        return {
            "app_id": self._slack.app.app_id,
            "team": None if for_enterprise and enterprise else {"id": home.team_id, "name": home.name},
            "enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise else None,
            "is_enterprise_install": bool(for_enterprise and enterprise),
        }


def _give(grant: Grant, places: Iterable[Workspace]) -> None:
    for workspace in places:
        with workspace.lock:
            workspace.add_grant(grant)


def _listed(scopes: Iterable[str]) -> str:
    return ",".join(sorted(scopes))
