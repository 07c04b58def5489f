"""A real browser's window with somebody in a call."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # A machine whose only network is the one within it.
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

# The page keeps its connections to itself, so they are noted as they are made.
NOTE_CONNECTIONS = """
window.connectionsMade = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.connectionsMade.push(this); }
};
"""
NO_DEVICES = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("none", "NotFoundError"); };
"""

_RECEIVED = """
async () => {
  const received = [];
  for (const connection of window.connectionsMade) {
    if (connection.connectionState !== "connected") continue;
    const one = { frames: 0, audio: 0 };
    for (const each of (await connection.getStats()).values()) {
      if (each.type === "inbound-rtp" && each.kind === "video") one.frames = each.framesDecoded;
      if (each.type === "inbound-rtp" && each.kind === "audio") one.audio = each.bytesReceived;
    }
    received.push(one);
  }
  return received;
}
"""
_PLAYED = "() => [...document.querySelectorAll('#tiles .tile:not(.self) video')].map((video) => video.currentTime)"

_PATIENCE_MS = 20_000


@dataclass(frozen=True)
class Received:
    """What has come from one other browser: pictures decoded, bytes of sound, seconds played."""

    frames: int
    audio: int
    seconds: float


class Window:
    """``complaints`` are the errors in the page's console, and errors that nobody caught."""

    def __init__(self, context: BrowserContext) -> None:
        context.add_init_script(NOTE_CONNECTIONS)
        self.context = context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.set_default_timeout(_PATIENCE_MS)

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def join(self, address: str, name: str) -> Window:
        """Through the lobby into the call, waiting for the camera."""
        self.open(address)
        self.page.wait_for_selector("#preview-tile.has-video")
        return self.come_in(name)

    def open(self, address: str) -> None:
        self.page.goto(address)

    def come_in(self, name: str) -> Window:
        self.page.fill("#name", name)
        self.page.click("text=Join the call")
        self.page.wait_for_selector("#tiles .tile.self")
        return self

    def names(self) -> list[str]:
        """Whose tiles are there, oneself first."""
        return [str(name) for name in self.page.locator("#tiles .name").all_inner_texts()]

    def wait_for_names(self, *names: str) -> None:
        shown = "[...document.querySelectorAll('#tiles .name')].map((name) => name.textContent)"
        self.wait(f"JSON.stringify({shown}) === JSON.stringify({json.dumps(names)})")

    def wait(self, condition: str) -> None:
        """Until this is true in the page."""
        self.page.wait_for_function(f"() => {condition}")

    def received(self) -> list[Received]:
        counts = self.page.evaluate(_RECEIVED)
        seconds = self.page.evaluate(_PLAYED)
        return [
            Received(count["frames"], count["audio"], played) for count, played in zip(counts, seconds, strict=False)
        ]

    def wait_for_moving_pictures(self, people: int) -> None:
        """Until sound and pictures of this many others come, and go on coming."""
        self.wait_for_connections(people)
        before = now = self.received()
        for _ in range(40):
            self.page.wait_for_timeout(250)
            now = self.received()
            if len(before) == len(now) == people and all(map(_moved, before, now)):
                return
        raise AssertionError(f"nothing moves: {before} and then {now}")

    def wait_for_connections(self, people: int) -> None:
        connected = "connectionsMade.filter((one) => one.connectionState === 'connected').length"
        self.wait(f"{connected} === {people}")

    def is_wider_than_the_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def _moved(before: Received, now: Received) -> bool:
    return now.frames > before.frames + 3 and now.audio > before.audio and now.seconds > before.seconds
