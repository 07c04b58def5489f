"""Where BigBlueButton sends its webhooks. https://docs.bigbluebutton.org/development/webhooks/

A hook is of the whole server and known by its address. bbb-webhooks deletes one whose deliveries fail for five minutes,
tells nobody, and asks to be told again every five minutes or so: telling it what it knows changes nothing.
"""

from __future__ import annotations

from datetime import timedelta

from app import logs
from app.clock import Clock
from app.config import is_web_address
from app.errors import PermanentFailure, RequestFailed
from app.providers.bigbluebutton.answers import ApiAnswer
from app.providers.bigbluebutton.api import Api
from app.providers.now_and_then import NowAndThen

TELL_EVERY = timedelta(minutes=5)

# Not meeting-created: it holds the passwords of the meeting, and tells us nothing that we need. Versions before
# BigBlueButton 2.5 send everything all the same.
WANTED = "user-joined,user-left,meeting-ended"

# What a server without bbb-webhooks says.
_NO_SUCH_CALL = frozenset({"http_404", "unsupportedRequest"})

log = logs.get(__name__)


class Hooks:
    """Our hook on one server: the one with our ``url``."""

    def __init__(self, api: Api, clock: Clock, *, url: str) -> None:
        self._api = api
        self._url = url
        self._now_and_then = NowAndThen(clock, TELL_EVERY)

    def set_up(self) -> str:
        """Have the hook made, or kept. Returns what was done, as a sentence."""
        if not is_web_address(self._url):
            raise PermanentFailure("no_address", "PUBLIC_URL is not set, so BigBlueButton cannot be told where we are.")
        self._tell()
        return f"BigBlueButton sends its webhooks to {self._url}."

    def check(self) -> tuple[str, ...]:
        """How it stands with our hook, in sentences."""
        if not is_web_address(self._url):
            return ()
        hooks = self._ask("list", {}).element.iterfind("hooks/hook/callbackURL")
        if self._url in {(hook.text or "").strip() for hook in hooks}:
            return (f"BigBlueButton sends its webhooks to {self._url}.",)
        return (f"BigBlueButton does not know {self._url} yet: the next call tells it.",)

    def keep_alive(self) -> None:
        """Have the hook made again where it is gone, every five minutes at the most. Fails quietly: a call does not
        wait for its webhooks."""
        if not is_web_address(self._url) or not self._now_and_then.is_time():
            return
        try:
            if self._tell():
                log.info("webhooks set up", provider="bigbluebutton")
        except RequestFailed as failure:
            log.warning("webhooks may not arrive", provider="bigbluebutton", why=str(failure))

    def _tell(self) -> bool:
        """Whether the hook was not there before."""
        wanted = {"callbackURL": self._url, "eventID": WANTED, "getRaw": "false"}
        return self._ask("create", wanted).message_key != "duplicateWarning"

    def _ask(self, call: str, parameters: dict[str, str]) -> ApiAnswer:
        try:
            return self._api.ask(f"hooks/{call}", parameters)
        except PermanentFailure as failure:
            if failure.code not in _NO_SUCH_CALL:
                raise
        missing = "The server at BIGBLUEBUTTON_URL has no bbb-webhooks: without it cards show nobody."
        raise PermanentFailure("no_webhooks", missing)
