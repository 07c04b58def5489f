"""A real browser for the tests that need one: Debian's Chromium, driven through Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# No sandbox: continuous integration runs as root. The rest keeps it from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launched(flags: Sequence[str] = FLAGS) -> Iterator[Browser]:
    """The browser, or a skip that says what is missing."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="there is no Playwright here: ./dev test installs it"
    )
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=list(flags))
        yield browser
        browser.close()


class Tabs:
    """Opens pages, and remembers everything that any of them complained about."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[Any] = []
        self.complaints: list[str] = []

    def open(self, path: str = "/", *, size: dict[str, int] = DESK, colours: str = "light", **query: str) -> Page:
        context = self._browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            color_scheme=colours,  # type: ignore[arg-type]
            has_touch=size is PHONE,
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self._url}{path}" + (f"?{urlencode(query)}" if query else ""))
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


def picture(page: Page, name: str, folder: Path) -> None:
    """Take a screenshot; it becomes one of the documentation's when UPDATE_SCREENSHOTS=1."""
    wanted = PICTURES if os.environ.get("UPDATE_SCREENSHOTS") == "1" else folder
    wanted.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=wanted / f"{name}.png", animations="disabled")
