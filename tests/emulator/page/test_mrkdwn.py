"""Slack's own markup as safe HTML."""

from __future__ import annotations

import pytest

from app.emulator.mrkdwn import as_html, link

NAMES = {"U0ADA": "Ada Lovelace", "C0GENERAL": "general"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("a &lt; b &amp;amp; c", "a &lt; b &amp;amp; c"),
        ("*bold* `code` 2*3*4", "<strong>bold</strong> <code>code</code> 2*3*4"),
        ("_quiet_ ~gone~ snake_case_name", "<em>quiet</em> <s>gone</s> snake_case_name"),
        ("`*not bold*`", "<code>*not bold*</code>"),
        ("```\nif a < b:\n    *go*\n```", "<pre>if a &lt; b:\n    *go*</pre>"),
        ("one\ntwo", "one<br>two"),
        (
            "<@U0ADA> in <#C0GENERAL|old>",
            '<span class="mention">@Ada Lovelace</span> in <span class="mention">#general</span>',
        ),
        ("<@U0NOBODY>", '<span class="mention">@U0NOBODY</span>'),
        ("<javascript:alert(1)|Join>", "Join"),
        ("<!here>", '<span class="mention">@here</span>'),
        (
            "<!date^1700000000^{date} at {time}^https://example.com/|in November>",
            '<time datetime="2023-11-14T22:13:20Z" data-date="{date} at {time}">in November</time>',
        ),
        ("<!date^soon^{date}|soon>", "soon"),
        (":white_check_mark: at 10:20:30 :nothing:", "\N{WHITE HEAVY CHECK MARK} at 10:20:30 :nothing:"),
    ],
)
def test_mrkdwn_becomes_html(text: str, html: str) -> None:
    assert as_html(text, NAMES) == html


@pytest.mark.parametrize(
    "evil", ["<b>", "```<b>```", "`<b>`", "*<b>*", "<!date^1^<b>|<b>>", "<https://example.com/|<b>>", "<@<b>>"]
)
def test_no_markup_of_others_gets_through(evil: str) -> None:
    assert "<b>" not in as_html(evil, {})


def test_a_link_shows_its_label_and_keeps_its_query() -> None:
    assert as_html("<https://example.com/?a=1&amp;b=2|Join &amp; talk>", {}) == (
        '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noreferrer noopener">Join &amp; talk</a>'
    )


def test_only_web_links_can_be_followed() -> None:
    assert link("javascript:alert(1)", "<b>Join</b>") == "&lt;b&gt;Join&lt;/b&gt;"
