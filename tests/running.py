"""The whole app, run by a test: real HTTP in both directions, time and the reconciler in the test's hands."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from werkzeug.serving import WSGIRequestHandler, make_server

from app.db import work
from app.emulator import Emulator
from app.web.factory import Switchboard, build
from tests.clocks import MovedClock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_UNITS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """``http`` speaks to the app as providers and people do; Slack's side is the emulator's."""

    switchboard: Switchboard
    clock: MovedClock
    slack: Emulator
    url: str
    http: httpx.Client

    def reconcile(self) -> None:
        """Do all that can be done at this moment."""
        for _ in range(MOST_UNITS):
            if not self.switchboard.reconciler.reconcile_one():
                return
        raise AssertionError("the work never ends")

    def settle(self, within_seconds: float = 120) -> None:
        """Do all there is to do, moving the clock to whatever is waited for, if it comes so soon."""
        last = self.clock.now() + timedelta(seconds=within_seconds)
        for _ in range(MOST_UNITS):
            self.reconcile()
            with self.switchboard.database.reading() as connection:
                due = work.next_due(connection, self.clock.now())
            if due is None or due > last:
                return
            self.clock.move_to(due)
        raise AssertionError("there is always something to wait for")


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Tests print nothing."""


@contextmanager
def running_app(env: Mapping[str, str], clock: MovedClock, slack: Emulator) -> Iterator[Running]:
    """The app with these settings behind a real server, with ``slack`` sending its requests there."""
    # The address is known only once the server listens, and the settings need it.
    server = make_server("127.0.0.1", 0, _no_app, threaded=True, request_handler=_Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    switchboard = build({"PUBLIC_URL": url, **env}, clock)
    server.app = switchboard.flask
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    slack.connect_app(f"{url}/slack/events")
    try:
        with httpx.Client(base_url=url, follow_redirects=False, timeout=10) as http:
            yield Running(switchboard=switchboard, clock=clock, slack=slack, url=url, http=http)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        switchboard.database.close()


def _no_app(_environ: WSGIEnvironment, _start_response: StartResponse) -> list[bytes]:
    raise AssertionError("a request came before the app was built")
