"""The error family. A class's docstring is its message; its base says what the reconciler does about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class SwitchboardError(Exception):
    """Something went wrong in Switchboard."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        message = (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(f"{message} {detail}".strip())


class ConfigurationError(SwitchboardError):
    """The settings are not right."""


class DatabaseUnusable(SwitchboardError):
    """The database cannot be used."""


# --- What came of a request we sent, decided by the adapter that knows the vendor ------------------------------


class RequestFailed(SwitchboardError):
    """A request to Slack or to a provider did not succeed.

    ``code`` is the vendor's own word for it (``missing_scope``, ``http_503``): for logs and for tables. ``said`` is
    what else there is to say. ``effect_unknown`` is True when the request was sent and nothing that came back tells
    what was done: it may have had its effect.
    """

    def __init__(self, code: str, detail: str = "", *, effect_unknown: bool = False) -> None:
        self.code = code
        self.said = detail
        self.effect_unknown = effect_unknown
        super().__init__(f"[{code}] {detail}".strip())


class PermanentFailure(RequestFailed):
    """The same request would be refused again."""


class TemporaryFailure(RequestFailed):
    """The same request may succeed later."""


class RateLimited(RequestFailed):
    """Too many requests; nothing was done."""

    def __init__(self, retry_after_seconds: float, detail: str = "") -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__("ratelimited", detail)


class OutOfStep(RequestFailed):
    """What we believed is not so: look, correct the belief, plan again."""


# --- A provider's webhook -------------------------------------------------------------------------------------


class WebhookRejected(SwitchboardError):
    """The request is not proven to come from the provider."""


class WebhookMalformed(SwitchboardError):
    """The request is genuine, but its body is not what the provider documents."""


# --- A wish that cannot be granted; the sentence for the person stands in slack/texts.py ------------------------


class WishRefused(SwitchboardError):
    """What the person asked for cannot be done."""


class NothingRunning(WishRefused):
    """No call is running in this channel."""


class NotYours(WishRefused):
    """Only the one who started the call, or an admin, may do this."""


class TitleMissing(WishRefused):
    """A new title is needed."""


class TitleTooLong(WishRefused):
    """The title is longer than a card can show."""


class CannotTell(WishRefused):
    """Slack did not say in time who somebody is."""


class MayNotStart(WishRefused):
    """The workspace lets only some people start calls."""


class MembersOnly(WishRefused):
    """Only members of the workspace may do this."""


class AdminsOnly(WishRefused):
    """Only admins of the workspace may do this."""


class OfAnotherTeam(WishRefused):
    """Only people of the workspace may do this."""


class NoSuchCall(WishRefused):
    """The workspace has no such call, or it is over."""


class NoAccount(WishRefused):
    """The workspace has no account at a provider."""


class NoDefaultAccount(WishRefused):
    """The workspace has several accounts, and has chosen none of them."""


class TooManyAccounts(WishRefused):
    """The workspace has as many accounts as it can have."""


class NoKeys(WishRefused):
    """Secrets cannot be kept encrypted here."""


class NoSuchAccount(WishRefused):
    """The workspace has no such account."""


class NotAsEntered(WishRefused):
    """What was entered is not right.

    ``problems`` are sentences, by the name of the field that each stands at; none of them quotes what was entered.
    """

    def __init__(self, problems: Mapping[str, str] = MappingProxyType({})) -> None:
        self.problems = dict(problems)
        super().__init__(", ".join(sorted(problems)))


# --- What is stored --------------------------------------------------------------------------------------------


class StoredUnreadable(SwitchboardError):
    """What is stored cannot be read by this version."""


# --- The work list --------------------------------------------------------------------------------------------


class LeaseLost(SwitchboardError):
    """Another worker has taken this call over; what was to be saved is not."""
