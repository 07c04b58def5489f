"""The emulator as tests and demos use it: a Slack that listens on a port of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from app.emulator import interactions, local_team, outgoing, people, steps, uninstalling
from app.emulator.app_link import Answered
from app.emulator.errors import JsonObject, Misused
from app.emulator.journal import RecordedRequest
from app.emulator.loopback import LoopbackServer
from app.emulator.manifest import ManifestSource
from app.emulator.outgoing import SlashAnswer
from app.emulator.slack import Slack
from app.emulator.steps import Step
from app.emulator.web import create_app


class Emulator(Slack):
    """Slack on localhost.

    `now` returns unix seconds and is the only clock for what Slack itself would time: message ids, starts and
    ends of calls, rate windows, the life of response URLs, triggers, codes and tokens, the retries of events.

    With a `manifest` (a mapping, or the path of a JSON file) the app gets what that asks for and nothing else.
    """

    bot_token = local_team.BOT_TOKEN
    app_token = local_team.APP_TOKEN

    def __init__(self, now: Callable[[], float] = time.time, manifest: ManifestSource | None = None) -> None:
        super().__init__(now, manifest)
        self._server: LoopbackServer | None = None

    def start(self, port: int = 0) -> Emulator:
        """Listen on a port of 127.0.0.1 (0: any free one), in the background."""
        if self._server is not None:
            raise RuntimeError("the emulator is already running")
        self._server = LoopbackServer(create_app(self), port)
        self.base_url = self._server.url
        self._server.start()
        if self.now is time.time:
            self.deliveries.start()
        return self

    def stop(self) -> None:
        """Stop listening, let go of held connections; what happened can still be read."""
        self.faults.clear()
        self.deliveries.stop()
        if self._server is not None:
            self._server.stop()
            self._server = None
        # Open streams find out that nobody listens any more.
        self.journal.touch()
        self.app_link.close()

    def __enter__(self) -> Emulator:
        return self if self._server else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the emulator listens, without a slash at the end."""
        return self.base_url

    @property
    def api_url(self) -> str:
        """The Web API's base URL, for a client's `base_url`."""
        return f"{self.base_url}/api/"

    @property
    def signing_secret(self) -> str:
        """The secret with which the emulator signs."""
        return self.app.signing_secret

    def connect_app(self, request_url: str, *, verify: bool = False) -> None:
        """Say where the app listens; with `verify` only if it answers a challenge first, as Slack does."""
        self.app_link.connect(request_url)
        if verify and not self.app_link.verify_url(self.ids.secret() * 2, self.app.verification_token):
            self.app_link.close()
            raise Misused(f"{request_url} did not answer with the challenge")

    def slash(
        self,
        command: str,
        text: str = "",
        user: str = "U0ADA",
        channel: str = "C0GENERAL",
        team: str | None = None,
    ) -> SlashAnswer:
        """Let somebody type a slash command, and return how the app answered."""
        return outgoing.slash(self, command, text, user, channel, team)

    def send_event(
        self,
        event: JsonObject,
        team: str | None = None,
        retry: tuple[int, str] | None = None,
        event_id: str | None = None,
    ) -> Answered:
        """Send an event to the app once; `retry` is the number and the reason of a retry."""
        return outgoing.send_event(self, event, team, retry, event_id)

    def say(
        self, user: str, channel: str, text: str, thread_ts: str | None = None, team: str | None = None
    ) -> JsonObject:
        """Let somebody post a message, and return it; the app hears of its links."""
        return people.say(self, user, channel, text, thread_ts, team)

    def decline_call(self, user: str, channel: str, call_id: str, team: str | None = None) -> Answered:
        """Let somebody decline a call on its card in a direct message."""
        return people.decline_call(self, user, channel, call_id, team)

    def open_home(self, user: str, team: str | None = None) -> Answered:
        """Let somebody look at the app's Home."""
        return interactions.open_home(self, user, team)

    def uninstall(self, team: str | None = None) -> None:
        """Take the app out of a workspace; it hears of that."""
        uninstalling.uninstall(self, self.workspace(team))
        self.deliveries.deliver_due()

    def run_step(self, callback_id: str, inputs: JsonObject, team: str | None = None) -> Step:
        """Run one of the app's functions as a workflow would."""
        return steps.run_step(self, callback_id, inputs, team)

    def deliver_due(self) -> list[Answered]:
        """Send the events whose time has come by this emulator's clock, and return the answers.

        By the real clock that happens by itself.
        """
        return self.deliveries.deliver_due()

    def signed_headers(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Slack's signature headers for a request made by hand."""
        return self.app_link.signed_headers(body, timestamp)

    def requests(self, method: str | None = None) -> list[RecordedRequest]:
        """The app's requests, oldest first; with a name only those of that method (or `response_url`)."""
        return self.journal.received(method)

    def wait_until(self, is_true: Callable[[], object], timeout: float = 5.0) -> bool:
        """Wait until a condition holds, looking again after each request; False if it never did in time."""
        return self.journal.wait_until(is_true, timeout)
