"""Where Daily sends its webhooks. https://docs.daily.co/reference/rest-api/webhooks

A hook is of the whole domain. Daily stops one that fails, says so nowhere but here, and starts it again when it is
posted anew. Making or changing a hook makes Daily send a check to its address first, which must be answered at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, Field, RootModel, SecretStr, model_validator

from app import logs
from app.clock import Clock
from app.config import is_web_address
from app.errors import PermanentFailure, RequestFailed
from app.providers.daily.api import NOT_FOUND, Api
from app.providers.daily.webhooks import FOLLOWED
from app.providers.now_and_then import NowAndThen
from app.providers.payloads import Payload

LOOK_AFTER_EVERY = timedelta(minutes=5)

_STOPPED = frozenset({"FAILED", "INACTIVE"})
log = logs.get(__name__)


class _HookWanted(BaseModel):
    """``exponential``: a delivery that fails is sent again for 15 minutes and then dropped. By default Daily would
    stop the whole hook after three failures instead."""

    url: str
    retry_type: str = Field(default="exponential", serialization_alias="retryType")
    event_types: tuple[str, ...] = Field(default=FOLLOWED, serialization_alias="eventTypes")
    hmac: str


class _Hook(Payload):
    uuid: str
    url: str = ""
    state: str = ""

    @property
    def is_stopped(self) -> bool:
        return self.state in _STOPPED


class _Hooks(RootModel[tuple[_Hook, ...]]):
    """Documented as a list; other lists of Daily's are in ``data``."""

    @model_validator(mode="before")
    @classmethod
    def _unwrapped(cls, told: Any) -> Any:
        return told.get("data") if isinstance(told, dict) else told


class Hooks:
    """Our hook among those of the domain: the one with our ``url``."""

    def __init__(self, api: Api, clock: Clock, *, url: str, secret: SecretStr) -> None:
        self._api = api
        self._url = url
        self._secret = secret
        self._now_and_then = NowAndThen(clock, LOOK_AFTER_EVERY)

    def set_up(self) -> str:
        """Make our hook, or change it to what we want, its secret among it. Of several one stays: the others would tell
        all of it again. Returns what was done, as a sentence."""
        if not is_web_address(self._url):
            raise PermanentFailure("no_address", "PUBLIC_URL is not set, so Daily cannot be told where we are.")
        ours = self._ours()
        self._put(ours[0] if ours else None)
        for surplus in ours[1:]:
            self._delete(surplus)
        return f"Daily sends its webhooks to {self._url}."

    def check(self) -> tuple[str, ...]:
        """How it stands with our hook, in sentences."""
        if not is_web_address(self._url):
            return ()
        hook = self._find()
        if hook is None:
            return (f"Daily does not know {self._url} yet: the first call tells it.",)
        if hook.is_stopped:
            return (f"Daily has stopped its webhooks to {self._url}: the next call starts them again.",)
        return (f"Daily sends its webhooks to {self._url}.",)

    def look_after(self) -> None:
        """Make our hook where there is none, and start it again where Daily has stopped it. Asks every five minutes
        at the most, and fails quietly: a call can do without its webhooks."""
        if not is_web_address(self._url) or not self._now_and_then.is_time():
            return
        try:
            hook = self._find()
            if hook is None or hook.is_stopped:
                self._put(hook)
                log.info("webhooks set up", provider="daily", was=hook.state if hook else "missing")
        except RequestFailed as failure:
            log.warning("webhooks may not arrive", provider="daily", why=str(failure))

    def _find(self) -> _Hook | None:
        return next(iter(self._ours()), None)

    def _ours(self) -> list[_Hook]:
        """Those that work first."""
        hooks = [hook for hook in self._api.ask("GET", "/webhooks").read(_Hooks).root if hook.url == self._url]
        return sorted(hooks, key=lambda hook: hook.is_stopped)

    def _put(self, hook: _Hook | None) -> None:
        wanted = _HookWanted(url=self._url, hmac=self._secret.get_secret_value())
        if hook is not None:
            if not self._api.ask("POST", _path(hook), wanted).read(_Hook).is_stopped:
                return
            self._delete(hook)
        self._api.ask("POST", "/webhooks", wanted)

    def _delete(self, hook: _Hook) -> None:
        self._api.ask("DELETE", _path(hook), expected=NOT_FOUND)


def _path(hook: _Hook) -> str:
    return f"/webhooks/{quote(hook.uuid, safe='')}"
