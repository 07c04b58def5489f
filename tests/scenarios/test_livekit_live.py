"""A real LiveKit server with real clients, where there is one on PATH."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.emulator import Emulator
from tests.processes import free_port, serving, settings

pytestmark = pytest.mark.live
KEY, SECRET = "APIlive", "the-secret-of-a-server-on-this-machine"
SERVER = shutil.which("livekit-server")


@dataclass(frozen=True, slots=True)
class Live:
    """The app, and the workspace and the LiveKit server it works with."""

    slack: Emulator

    def names(self) -> list[str]:
        [card] = self.slack.cards("C0GENERAL")
        return sorted(str(person["display_name"]) for person in card["active_participants"])

    def shows(self, *names: str) -> bool:
        """Whether the card comes to show just these people."""
        return self.slack.wait_until(lambda: self.names() == sorted(names), timeout=20)

    def token_for(self, name: str) -> str:
        """Press Join, enter a name, and take the token out of the personal link."""
        join_url = str(self.slack.cards("C0GENERAL")[0]["join_url"])
        location = httpx.post(join_url, data={"name": name}, trust_env=False).headers["Location"]
        return parse_qs(urlsplit(location).query)["token"][0]


@pytest.fixture
def live(database_url: str) -> Iterator[Live]:
    if SERVER is None:
        pytest.skip("no livekit-server on PATH")
    app_port, livekit_port = free_port(), free_port()
    config = {
        "port": livekit_port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {"tcp_port": free_port(), "udp_port": free_port(), "use_external_ip": False},
        "keys": {KEY: SECRET},
        "webhook": {"api_key": KEY, "urls": [f"http://127.0.0.1:{app_port}/webhooks/livekit"]},
    }
    livekit = {
        "LIVEKIT_URL": f"ws://127.0.0.1:{livekit_port}",
        "LIVEKIT_API_KEY": KEY,
        "LIVEKIT_API_SECRET": SECRET,
        "DEFAULT_PROVIDER": "livekit",
    }
    server = subprocess.Popen([SERVER, "--config-body", json.dumps(config), "--node-ip", "127.0.0.1"])
    try:
        with Emulator() as slack, serving({**settings(slack, database_url, app_port), **livekit}):
            slack.connect_app(f"http://127.0.0.1:{app_port}/slack/events")
            yield Live(slack)
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_the_card_follows_real_clients(live: Live) -> None:
    rtc = pytest.importorskip("livekit.rtc", reason="the livekit client is not installed")
    live.slack.slash("/ring", "Weekly sync")
    assert live.slack.wait_until(lambda: live.slack.cards("C0GENERAL"), timeout=20)
    url = str(live.slack.cards("C0GENERAL")[0]["join_url"])
    assert "/join/" in url

    async def meet() -> None:
        ada, grace = rtc.Room(), rtc.Room()
        server = parse_qs(urlsplit(await asyncio.to_thread(_location, url)).query)["liveKitUrl"][0]
        await ada.connect(server, live.token_for("Ada"))
        assert await asyncio.to_thread(live.shows, "Ada")
        await grace.connect(server, live.token_for("Grace"))
        assert await asyncio.to_thread(live.shows, "Ada", "Grace")
        await ada.disconnect()
        assert await asyncio.to_thread(live.shows, "Grace")
        live.slack.slash("/ring", "end")
        assert await asyncio.to_thread(live.shows)

    asyncio.run(meet())
    [card] = live.slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert sorted(person["display_name"] for person in card["all_participants"]) == ["Ada", "Grace"]


def _location(join_url: str) -> str:
    return httpx.post(join_url, data={"name": "Somebody"}, trust_env=False).headers["Location"]
