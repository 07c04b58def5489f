"""The page at /: what people see, with nothing of it unescaped."""

from __future__ import annotations

import re

import httpx
import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.mrkdwn import as_html, link
from tests.emulator.slack_side import ADA, KIM, Clock

NAMES = {"U0ADA": "Ada Lovelace", "C0GENERAL": "general"}


def words(html: str) -> str:
    """The page without its tags, as one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_it_lists_the_channels(http: httpx.Client) -> None:
    page = http.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for name in ("#general", "#secret", "Ada Lovelace, Grace Hopper"):
        assert name in page.text


def test_it_shows_a_live_card(client: WebClient, http: httpx.Client, clock: Clock) -> None:
    call = client.calls_add(
        external_unique_id="1",
        external_display_id="705-292",
        join_url="https://example.com/j?a=1&b=2",
        title="Weekly",
        users=[ADA, KIM],
    )["call"]["id"]
    client.chat_postMessage(channel="C0GENERAL", text="A call", blocks=[{"type": "call", "call_id": call}])
    client.calls_participants_remove(id=call, users=[KIM])
    page = http.get("/").text
    assert 'href="https://example.com/j?a=1&amp;b=2"' in page
    assert '<li class="gone">Kim Possible</li>' in page
    assert "Join Weekly Since 22:13:20 · 705-292 Ada Lovelace Kim Possible" in words(page)
    clock.forward(12 * 60 + 30)
    client.calls_end(id=call)
    assert "Weekly Ended · 12 min · 705-292" in words(http.get("/").text)
    assert "Join" not in words(http.get("/").text)


def test_it_shows_what_only_one_person_sees(client: WebClient, http: httpx.Client) -> None:
    client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="Psst")
    assert "only visible to Ada Lovelace Psst" in words(http.get("/").text)


def test_it_shows_blocks_before_the_fallback_text(client: WebClient, http: httpx.Client) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "In a *block*"}}
    client.chat_postMessage(channel="C0GENERAL", text="Fallback", blocks=[block])
    page = http.get("/").text
    assert "In a <strong>block</strong>" in page
    assert "Fallback" not in page


def test_it_shows_the_last_requests(client: WebClient, http: httpx.Client) -> None:
    client.auth_test()
    http.post("/api/calls.info")
    assert re.search(r"calls\.info invalid_arguments [\d.]+ ms 22:13:20 auth\.test 200", words(http.get("/").text))


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_nothing_is_unescaped(emulator: Emulator, client: WebClient, http: httpx.Client, evil: str) -> None:
    emulator.workspace().users["U0ADA"].real_name = evil
    people = [ADA, {"external_id": "x", "display_name": evil}]
    call = client.calls_add(
        external_unique_id="1",
        external_display_id=evil,
        join_url="https://example.com/" + evil.replace(" ", ""),
        title=evil,
        users=people,
    )["call"]["id"]
    client.chat_postMessage(channel="C0GENERAL", text=evil, blocks=[{"type": "call", "call_id": call}])
    http.post(f"/api/{evil.replace('/', '')}")
    page = http.get("/", params={"notice": evil, "user": evil}).text
    assert evil not in page
    assert page.count("<script") == 1
    assert "<img" not in page


def test_scripts_need_the_pages_own_nonce(http: httpx.Client) -> None:
    first, second = http.get("/"), http.get("/")
    policy = first.headers["Content-Security-Policy"]
    (nonce,) = re.findall(r"script-src 'nonce-([\w-]+)'", policy)
    assert f'<script nonce="{nonce}">' in first.text
    assert policy.startswith("default-src 'none';")
    assert policy != second.headers["Content-Security-Policy"]


def test_it_says_when_no_app_is_connected(emulator: Emulator, http: httpx.Client) -> None:
    assert "No app is connected" in http.get("/").text
    emulator.connect_app("http://127.0.0.1:1/")
    assert "No app is connected" not in http.get("/").text


def test_it_shows_the_team_that_is_asked_for(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_team("T0ACME", "Acme", "xoxb-acme")
    assert "<title>Acme" in http.get("/", params={"team": "T0ACME"}).text
    assert "<title>Local" in http.get("/", params={"team": "T0NONE"}).text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("a &lt; b &amp;amp; c", "a &lt; b &amp;amp; c"),
        ("*bold* `code` 2*3*4", "<strong>bold</strong> <code>code</code> 2*3*4"),
        ("one\ntwo", "one<br>two"),
        (
            "<@U0ADA> in <#C0GENERAL|old>",
            '<span class="mention">@Ada Lovelace</span> in <span class="mention">#general</span>',
        ),
        ("<@U0NOBODY>", '<span class="mention">@U0NOBODY</span>'),
        ("<javascript:alert(1)|Join>", "Join"),
        ("<!here>", "!here"),
    ],
)
def test_mrkdwn_becomes_html(text: str, html: str) -> None:
    assert as_html(text, NAMES) == html


def test_a_link_shows_its_label_and_keeps_its_query() -> None:
    assert as_html("<https://example.com/?a=1&amp;b=2|Join &amp; talk>", {}) == (
        '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noreferrer noopener">Join &amp; talk</a>'
    )


def test_only_web_links_can_be_followed() -> None:
    assert link("javascript:alert(1)", "<b>Join</b>") == "&lt;b&gt;Join&lt;/b&gt;"
