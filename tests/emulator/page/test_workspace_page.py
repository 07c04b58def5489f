"""The workspace as one person sees it, with nothing of it unescaped."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from tests.emulator.page.words import card_words, words
from tests.emulator.slack_side import ADA, KIM, Clock


def post_card(client: WebClient, channel: str = "C0GENERAL", **details: Any) -> str:
    call = client.calls_add(external_unique_id="1", join_url="https://example.com/j/1", **details)["call"]["id"]
    client.chat_postMessage(channel=channel, text="A call", blocks=[{"type": "call", "call_id": call}])
    return str(call)


def test_it_lists_what_a_person_can_open(http: httpx.Client) -> None:
    page = words(http.get("/", params={"user": "U0ADA"}).text)
    for name in ("general", "secret", "Grace Hopper", "Switchboard"):
        assert name in page


def test_it_hides_what_a_person_is_not_in(http: httpx.Client) -> None:
    page = http.get("/", params={"user": "U0ALAN", "channel": "G0SECRET"}).text
    assert "G0SECRET" not in page
    assert "<title>general" in page


def test_a_live_card_says_who_is_in(client: WebClient, http: httpx.Client) -> None:
    post_card(client, title="Weekly", external_display_id="705-292", users=[ADA, KIM])
    page = http.get("/").text
    assert 'href="https://example.com/j/1"' in page
    assert "Weekly Live since 22:13 Meeting id 705-292 Join Weekly" in card_words(page)
    assert "AL Ada Lovelace KP Kim Possible 2 on the call" in card_words(page)


def test_who_left_is_shown_apart(client: WebClient, http: httpx.Client) -> None:
    call = post_card(client, users=[ADA, KIM])
    client.calls_participants_remove(id=call, users=[KIM])
    page = http.get("/").text
    assert "Ada Lovelace 1 on the call KP Kim Possible left 1 left" in card_words(page)
    assert 'aria-label="Left the call"' in page


def test_an_ended_card_says_how_long_it_took(client: WebClient, http: httpx.Client, clock: Clock) -> None:
    call = post_card(client, title="Weekly", users=[ADA, KIM])
    clock.forward(12 * 60 + 30)
    client.calls_end(id=call)
    card = card_words(http.get("/").text)
    assert card.startswith("Weekly Ended · 12 minutes")
    assert "2 took part" in card
    assert "Join" not in card


def test_a_live_call_lights_its_channel(client: WebClient, http: httpx.Client) -> None:
    assert "a call is live" not in words(http.get("/").text)
    post_card(client, channel="C0RANDOM")
    assert "random , a call is live" in words(http.get("/").text)


def test_only_the_one_who_asked_sees_the_answer(client: WebClient, http: httpx.Client) -> None:
    client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="Psst")
    assert "Only visible to you Switchboard app 22:13 Psst" in re.sub(
        r"SB |  +", "", words(http.get("/", params={"user": "U0ADA"}).text)
    )
    assert "Psst" not in http.get("/", params={"user": "U0GRACE"}).text


def test_blocks_go_before_the_fallback_text(client: WebClient, http: httpx.Client) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "In a *block*"}}
    client.chat_postMessage(channel="C0GENERAL", text="Fallback", blocks=[block])
    page = http.get("/").text
    assert "In a <strong>block</strong>" in page
    assert '<div class="words">Fallback' not in page


def test_buttons_carry_their_ids(client: WebClient, http: httpx.Client) -> None:
    button = {"type": "button", "action_id": "go", "value": "1", "text": {"type": "plain_text", "text": "Go"}}
    actions = {"type": "actions", "block_id": "b", "elements": [button]}
    client.chat_postMessage(channel="C0GENERAL", text="x", blocks=[actions])
    assert re.search(
        r'<button type="button" class="button " value="1" data-block="b" data-action="go" data-at-once>Go</button>',
        http.get("/").text,
    )


def test_replies_stand_in_their_thread(client: WebClient, http: httpx.Client) -> None:
    root = str(client.chat_postMessage(channel="C0GENERAL", text="Root")["ts"])
    client.chat_postMessage(channel="C0GENERAL", text="Leaf", thread_ts=root)
    assert "1 reply" in words(http.get("/").text)
    assert "Leaf" not in words(http.get("/").text)
    assert "Leaf" in words(http.get("/", params={"thread": root}).text.partition('<aside class="thread"')[2])


def test_a_form_works_without_script(emulator: Emulator, http: httpx.Client) -> None:
    sent = {"text": "Hello <b>you</b>", "user": "U0GRACE", "channel": "C0RANDOM"}
    answer = http.post("/emulator/say", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?user=U0GRACE&channel=C0RANDOM")
    assert emulator.messages("C0RANDOM")[0]["text"] == "Hello &lt;b&gt;you&lt;/b&gt;"
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in http.get(answer.headers["Location"]).text


def test_a_form_that_cannot_be_sent_leads_back_with_the_reason(http: httpx.Client) -> None:
    answer = http.post("/emulator/say", data={"text": "/ring"})
    page = http.get(answer.headers["Location"]).text
    assert "No app is connected" in page


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' autofocus x='"])
def test_nothing_is_unescaped(emulator: Emulator, client: WebClient, http: httpx.Client, evil: str) -> None:
    emulator.workspace().users["U0ADA"].real_name = evil
    people = [ADA, {"external_id": "x", "display_name": evil}]
    post_card(client, external_display_id=evil, title=evil, users=people)
    client.chat_postMessage(channel="C0GENERAL", text=evil)
    http.post("/emulator/say", json={"text": evil})
    http.post(f"/api/{evil.replace('/', '')}")
    workspace = http.get("/", params={"notice": evil, "user": evil, "thread": evil, "view": evil}).text
    inspector = http.get("/inspector").text
    for page in (workspace, inspector):
        assert evil not in page
        assert page.count("<script") == 1
        assert "<img" not in page


@pytest.mark.parametrize("path", ["/", "/?view=home", "/inspector", "/coverage"])
def test_pages_run_only_our_own_files(http: httpx.Client, path: str) -> None:
    page = http.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert not re.search(r"<script(?! type=\"module\" src=\"/static/)|<style| style=| on\w+=", page.text)


def test_it_says_when_no_app_is_connected(emulator: Emulator, http: httpx.Client) -> None:
    assert "No app is connected" in http.get("/").text
    emulator.connect_app("http://127.0.0.1:1/")
    assert "No app is connected" not in http.get("/").text


def test_it_shows_the_team_that_is_asked_for(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_team("T0ACME", "Acme", "xoxb-acme")
    assert "Acme</title>" in http.get("/", params={"team": "T0ACME"}).text
    assert "Local</title>" in http.get("/", params={"team": "T0NONE"}).text


def test_an_archived_channel_cannot_be_written_in(http: httpx.Client) -> None:
    page = http.get("/", params={"channel": "C0ARCHIVED"}).text
    assert "nothing can be posted" in page
    assert "<textarea" not in page


def test_each_place_has_an_address_of_its_own(http: httpx.Client) -> None:
    page = http.get("/", params={"user": "U0GRACE", "channel": "C0RANDOM"}).text
    for address in ("/?user=U0GRACE&amp;channel=C0GENERAL", "/?user=U0GRACE&amp;view=home"):
        assert f'href="{address}"' in page
    home = http.get("/", params={"user": "U0GRACE", "view": "home"}).text
    assert 'href="/?user=U0ADA&amp;view=home"' in home
    assert 'href="/?user=U0GRACE&amp;channel=C0GENERAL"' in home


def test_the_home_is_what_the_app_published(client: WebClient, http: httpx.Client) -> None:
    assert "Nothing at home yet" in http.get("/", params={"view": "home"}).text
    block = {"type": "header", "text": {"type": "plain_text", "text": "Your calls"}}
    client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": [block]})
    assert "Your calls" in http.get("/", params={"view": "home", "user": "U0ADA"}).text
    assert "Your calls" not in http.get("/", params={"view": "home", "user": "U0GRACE"}).text


def test_slack_itself_says_when_the_app_does_not_answer(emulator: Emulator, http: httpx.Client) -> None:
    emulator.connect_app("http://127.0.0.1:1/")
    http.post("/emulator/say", json={"text": "/ring Weekly", "user": "U0ADA"})
    page = words(http.get("/", params={"user": "U0ADA"}).text)
    assert "Slackbot 22:13 /ring failed with the error &#34;dispatch_failed&#34;" in page


def test_a_card_in_an_attachment_is_drawn(client: WebClient, http: httpx.Client, call_id: str) -> None:
    below: list[dict[str, Any]] = [
        {"blocks": [{"type": "call", "call_id": call_id}]},
        {"text": "Without blocks", "blocks": None},
    ]
    assert client.chat_postMessage(channel="C0GENERAL", text="Look", attachments=below)["ok"]
    page = http.get("/", params={"user": "U0ADA", "channel": "C0GENERAL"})
    assert page.status_code == 200
    assert "Without blocks" in words(page.text)
