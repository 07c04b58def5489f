"""Socket Mode: what Slack says, through a WebSocket that we open, where Slack cannot reach us.

https://docs.slack.dev/apis/events-api/using-socket-mode. The same listeners answer as to requests over HTTP. An
envelope that is not acknowledged is sent again, over whichever socket of the app is open then.
"""

from __future__ import annotations

import threading

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.builtin import SocketModeClient

from app import logs
from app.errors import RateLimited, RequestFailed
from app.slack.tokens import socket_address

LOOK_SECONDS = 1.0
"""A line that the other end has closed is noticed at the second look."""
PING_SECONDS = 5.0
"""A line on which nothing comes back, because something between the ends has died, is given up after four of these."""
LONGEST_PAUSE_SECONDS = 60.0
ANSWERED_AT_ONCE = 32
PIECE_BYTES = 64 * 1024
"""Read at once. The SDK goes one call deeper for each piece of a message, so in small ones a large form is too deep."""

log = logs.get(__name__)


class SocketMode:
    """One socket from this process to Slack, opened again whenever it is lost. Each process has its own: Slack sends
    each envelope to one of them, and takes ten of an app."""

    def __init__(self, bolt_app: App, app_token: str) -> None:
        self._bolt_app = bolt_app
        self._app_token = app_token
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._stay, name="socket-mode")

    def start(self) -> None:
        """Be there until ``stop``. Call it after the fork: threads survive none."""
        self._thread.start()

    def stop(self) -> None:
        """What has come is answered first."""
        self._stopping.set()
        self._thread.join()

    def _stay(self) -> None:
        handler = SocketModeHandler(
            self._bolt_app,
            self._app_token,
            # The SDK's own way tries again every few seconds, whatever Slack has said.
            auto_reconnect_enabled=False,
            ping_interval=PING_SECONDS,
            receive_buffer_size=PIECE_BYTES,
            concurrency=ANSWERED_AT_ONCE,
        )
        try:
            self._keep_connected(handler.client)
        finally:
            # What lies in the queue now is not acknowledged, and sent again to another process.
            handler.client.closed = True
            handler.client.message_workers.shutdown()
            handler.close()  # type: ignore[no-untyped-call]

    def _keep_connected(self, client: SocketModeClient) -> None:
        failures, pause = 0, 0.0
        while not self._stopping.wait(pause):
            try:
                self._connect(client)
            except RequestFailed as failure:
                failures += 1
                pause = _pause(failure, failures)
                log.warning("no socket to Slack", why=failure.code, again_in_seconds=pause)
            else:
                failures, pause = 0, LOOK_SECONDS

    def _connect(self, client: SocketModeClient) -> None:
        """Make sure that there is a socket. Raises a kind of ``RequestFailed``."""
        # When Slack asks for it, the SDK itself changes to a new socket, and holds this lock.
        with client.connect_operation_lock:
            if _is_alive(client):
                return
            client.wss_uri = socket_address(client.web_client, self._app_token)
            client.connect()
        if client.is_connected():
            log.info("socket to Slack is open")


def _is_alive(client: SocketModeClient) -> bool:
    """The SDK reads on from a line that the other end has closed, for half a minute and as fast as it can. Only what is
    sent finds out."""
    session = client.current_session
    if session is None or not session.is_active():
        return False
    try:
        session.ping()
    except OSError:
        session.disconnect()
        return False
    return True


def _pause(failure: RequestFailed, failures: int) -> float:
    """Until the next attempt, in seconds."""
    backoff = min(2.0 ** min(failures, 10), LONGEST_PAUSE_SECONDS)
    return max(backoff, failure.retry_after_seconds) if isinstance(failure, RateLimited) else backoff
