"""Somebody with a browser of their own, without JavaScript: they press what they are shown."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt

from app.emulator import Emulator
from tests.providers.livekit.server import SECRET
from tests.running import Running

CLIENT = {"SLACK_CLIENT_ID": "1000000000.2000000000", "SLACK_CLIENT_SECRET": "local-client-secret"}
MEET = "https://meet.example.com/room"


def send_back_to(slack: Emulator, app: Running, path: str) -> None:
    """Slack sends people back to this app: its address is known only once it runs."""
    assert slack.manifest is not None
    slack.manifest = replace(slack.manifest, redirect_urls=(app.url + path,))


class Somebody:
    """``who`` is who they are at Slack: the workspace and the person."""

    def __init__(self, who: str = "T0LOCAL/U0GRACE") -> None:
        self._who = who
        self.http = httpx.Client(trust_env=False, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def open(self, url: str) -> httpx.Response:
        return self.http.get(url)

    def press(self, page: httpx.Response, words: str) -> httpx.Response:
        """Follow the link with these words."""
        [address] = [found for found, label in _links(page.text) if label == words]
        return self.http.get(address)

    def agree(self, to_slack: httpx.Response, **form: str) -> str:
        """Allow what Slack asks; returns where Slack then sends the browser."""
        return self._decide(to_slack, "allow", **form)

    def refuse(self, to_slack: httpx.Response) -> str:
        return self._decide(to_slack, "cancel")

    def sign_in(self, join_url: str) -> httpx.Response:
        """All of it; returns the page that follows."""
        page = self.open(join_url)
        return self.http.get(self.agree(self.press(page, "Sign in with Slack")))

    def go_on(self, page: httpx.Response) -> httpx.Response:
        """Where the page sends the browser by itself."""
        [address] = re.findall(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page.text)
        return self.http.get(html.unescape(address))

    def _decide(self, to_slack: httpx.Response, decision: str, **form: str) -> str:
        address = to_slack.headers["Location"]
        asked = dict(httpx.QueryParams(urlsplit(address).query))
        answer = self.http.post(address, data={**asked, **form, "who": self._who, "decision": decision})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])


def _links(page: str) -> list[tuple[str, str]]:
    return [
        (html.unescape(address), words) for address, words in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>([^<]+)<', page)
    ]


def told_to_livekit(answer: httpx.Response) -> dict[str, object]:
    """What the token in the visitor's own link says of them."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["Location"]
    assert location.startswith(MEET + "?")
    [token] = parse_qs(urlsplit(location).query)["token"]
    told: dict[str, object] = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_nbf": False})
    return told
