"""People who install the app, each in a browser of their own."""

from __future__ import annotations

import httpx
from cryptography.fernet import Fernet

from app.emulator import Emulator
from app.services.installations import INSTALL_PATH, REDIRECT_PATH
from tests.running import Running
from tests.web.people import CLIENT, Somebody, send_back_to

INSTALLABLE = {**CLIENT, "SLACK_BOT_TOKEN": "", "ENCRYPTION_KEYS": Fernet.generate_key().decode()}
"""Settings of an app that any workspace installs."""
ADA = "T0ACME/U0ADA"


def add_acme(slack: Emulator, app: Running) -> None:
    """A workspace without the app, and a Slack that knows where the app has people sent back to."""
    slack.add_team("T0ACME", "Acme Ltd", token=None)
    send_back_to(slack, app, REDIRECT_PATH)


class Installer(Somebody):
    """``who`` is who they are at Slack."""

    def __init__(self, app: Running, who: str = ADA) -> None:
        super().__init__(who)
        self._app = app

    def begin(self) -> httpx.Response:
        """Press the button; returns where it leads."""
        return self.http.post(self._app.url + INSTALL_PATH)

    def install(self, **form: str) -> httpx.Response:
        """All of it; returns the page that follows."""
        return self.http.get(self.agree(self.begin(), **form))

    def install_for_all(self) -> httpx.Response:
        return self.install(for_enterprise="yes")
