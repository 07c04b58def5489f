"""The slash command, as people type it."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from app.cli.manifest import read_manifest
from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.running import Running

ADMIN, GRACE, ALAN = "U0ADA", "U0GRACE", "U0ALAN"


@pytest.fixture
def app(run_app: Callable[..., Running]) -> Running:
    return run_app(LINK_TEMPLATE="https://meet.example.com/{slug}")


@pytest.fixture
def ring(app: Running, slack: Emulator) -> Callable[..., str]:
    """``ring("Weekly sync", user=GRACE)`` types the command, lets the app do all there is to do, and returns what the
    person is answered."""

    def type_it(text: str = "", user: str = GRACE, channel: str = "C0GENERAL") -> str:
        answer = slack.slash("/ring", text, user=user, channel=channel)
        app.settle(within_seconds=5)
        assert answer.status == 200
        return answer.text

    return type_it


def titles(slack: Emulator, channel: str = "C0GENERAL") -> list[str]:
    return [card["name"] for card in slack.cards(channel)]


# --- Starting


def test_the_title_stands_on_the_card(ring: Callable[..., str], slack: Emulator) -> None:
    assert ring("Weekly sync") == "Starting *Weekly sync* …"
    assert titles(slack) == ["Weekly sync"]


@pytest.mark.parametrize(
    ("channel", "title"), [("C0RANDOM", "Call in #random"), ("G0SECRET", "Call"), ("D0ADAGRACE", "Call")]
)
def test_a_call_without_a_title_is_named_after_its_channel(
    ring: Callable[..., str], slack: Emulator, channel: str, title: str
) -> None:
    ring("", channel=channel)
    assert titles(slack, channel) == [title]


@pytest.mark.parametrize(
    "title",
    [
        "review payload format",
        "payload",
        "payload={}",
        "R&D: 2 < 3",
        "end of year review",
        "list of wishes",
        "help wanted",
        "renaming party",
        "Besprechung über Ölpreise 🎥",
        "a=b&c=d;e",
        "x" * 200,
    ],
)
def test_any_words_can_be_a_title(ring: Callable[..., str], slack: Emulator, title: str) -> None:
    ring(title)
    assert titles(slack) == [title]


def test_mentions_become_plain_words_on_the_card(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Plan with <@U0ALAN|alan> in <#C0RANDOM|random>, see <https://example.com/a|notes>")
    assert titles(slack) == ["Plan with @alan in #random, see notes"]


def test_a_title_is_one_line_that_any_database_can_store(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly\x00 sync\n\u202e!")
    assert titles(slack) == ["Weekly sync !"]


def test_a_title_cannot_call_the_whole_channel(ring: Callable[..., str], slack: Emulator) -> None:
    answer = ring("<!channel> &lt;!here&gt;")

    assert titles(slack) == ["@channel <!here>"]
    [message] = slack.messages("C0GENERAL")
    assert "<!" not in message["text"]
    assert "<!" not in answer


def test_a_title_that_is_too_long_is_refused_in_words(ring: Callable[..., str], slack: Emulator) -> None:
    assert "200 characters at most" in ring("x" * 201)
    assert slack.requests("calls.add") == []


def test_whoever_starts_a_second_call_is_told_of_the_first(ring: Callable[..., str], slack: Emulator) -> None:
    ring("One")
    assert "1 more call is running here" in ring("Two", user=ALAN)
    assert "2 more calls are running here" in ring("Three")
    assert titles(slack) == ["One", "Two", "Three"]


def test_a_request_that_comes_twice_makes_one_call(app: Running, slack: Emulator) -> None:
    command = {
        "command": "/ring",
        "text": "Weekly sync",
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "team_id": "T0LOCAL",
        "channel_id": "C0GENERAL",
        "user_id": GRACE,
    }
    body = urlencode(command).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **slack.signed_headers(body)}
    answers = [app.http.post("/slack/events", content=body, headers=headers) for _ in range(2)]
    app.settle()

    assert [answer.status_code for answer in answers] == [200, 200]
    assert titles(slack) == ["Weekly sync"]
    assert len(slack.requests("calls.add")) == 1


# --- Where the bot may not post


@pytest.mark.parametrize("channel", ["G0SECRET", "D0ADAGRACE"])
def test_in_a_conversation_without_the_bot_the_card_is_posted_all_the_same(
    ring: Callable[..., str], slack: Emulator, channel: str
) -> None:
    ring("Just us", channel=channel)

    [card] = slack.cards(channel)
    assert card["name"] == "Just us"
    assert card["channels"] == [channel]

    ring("end", channel=channel)
    assert slack.cards(channel)[0]["has_ended"]


# --- Ending


def test_whoever_started_a_call_may_end_it(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    assert ring("end") == "The call *Weekly sync* is over in Slack. Its link goes on working."
    assert slack.cards("C0GENERAL")[0]["has_ended"]


def test_somebody_else_may_not_end_it(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    assert ring("end", user=ALAN) == "Only the one who started the call, or an admin of the workspace, may do this."
    assert not slack.cards("C0GENERAL")[0]["has_ended"]


def test_an_admin_may_end_any_call(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    assert ring("END", user=ADMIN) == "The call *Weekly sync* is over in Slack. Its link goes on working."
    assert slack.cards("C0GENERAL")[0]["has_ended"]


def test_nobody_is_asked_about_when_the_call_is_their_own(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    ring("end")
    assert slack.requests("users.info") == []


def test_people_end_their_own_call_first(ring: Callable[..., str], clock: MovedClock) -> None:
    ring("Admin's", user=ADMIN)
    clock.move(60)
    ring("Grace's")
    assert ring("end", user=ADMIN) == "The call *Admin's* is over in Slack. Its link goes on working."
    assert ring("end", user=ADMIN) == "The call *Grace's* is over in Slack. Its link goes on working."


def test_the_newest_of_several_calls_is_ended(ring: Callable[..., str], clock: MovedClock) -> None:
    ring("First")
    clock.move(60)
    ring("Second")
    assert ring("end") == "The call *Second* is over in Slack. Its link goes on working."
    assert ring("end") == "The call *First* is over in Slack. Its link goes on working."
    assert ring("end").startswith("No call is running in this channel.")


def test_a_call_of_another_channel_is_not_ended(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Elsewhere", channel="C0RANDOM")
    assert ring("end") == "No call is running in this channel. `/ring Weekly sync` starts one."
    assert not slack.cards("C0RANDOM")[0]["has_ended"]


def test_when_slack_does_not_tell_who_is_an_admin_nothing_is_ended(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    slack.faults.add("users.info", "status", status=500)
    assert ring("end", user=ADMIN) == "Slack did not say in time who you are in this workspace. Please try again."
    assert not slack.cards("C0GENERAL")[0]["has_ended"]


# --- Renaming


def test_a_call_is_renamed_on_the_card(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    assert ring("rename  Retro &amp; plan") == "The call is now called *Retro &amp; plan*."
    assert titles(slack) == ["Retro & plan"]


def test_renaming_needs_a_title(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    assert ring("rename") == "Say the new title as well: `/ring rename Another title`."
    assert titles(slack) == ["Weekly sync"]


def test_somebody_else_may_not_rename_it(ring: Callable[..., str], slack: Emulator) -> None:
    ring("Weekly sync")
    assert ring("rename Mine", user=ALAN).startswith("Only the one who started the call")
    assert titles(slack) == ["Weekly sync"]


# --- Listing and helping


def test_the_list_says_what_runs_since_when_and_how_to_join(ring: Callable[..., str], clock: MovedClock) -> None:
    assert ring("list") == "No call is running in this channel."
    ring("Weekly sync")
    clock.move(125)
    ring("Lunch", user=ALAN)
    answer = ring("list")

    assert re.fullmatch(
        r"Running in this channel:\n"
        r"• <https://meet\.example\.com/lunch-\S+\|Lunch>, by <@U0ALAN>, just started\n"
        r"• <https://meet\.example\.com/weekly-sync-\S+\|Weekly sync>, by <@U0GRACE>, for 2 minutes",
        answer,
    )


def test_help_names_every_wish(ring: Callable[..., str]) -> None:
    answer = ring("help")
    assert all(f"`/ring {wish}" in answer for wish in ("Weekly sync", "end", "rename", "list"))


def test_another_command_name_is_answered_by_that_name(run_app: Callable[..., Running], slack: Emulator) -> None:
    manifest = read_manifest()
    manifest["features"]["slash_commands"][0]["command"] = "/call"
    slack.seed(manifest)
    run_app(LINK_TEMPLATE="https://meet.example.com/{slug}", SLASH_COMMAND="/call")
    assert "`/call end`" in slack.slash("/call", "help").text


# --- When something goes wrong


def test_an_unexpected_failure_is_answered_with_a_reference_that_is_in_the_log(
    app: Running, slack: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    with app.switchboard.database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE calls RENAME TO calls_gone")
    answer = slack.slash("/ring", "Weekly sync")

    reference = re.search(r"reference: ([0-9a-f]{8})$", answer.text)
    assert answer.status == 200
    assert reference
    assert f"reference={reference[1]}" in caplog.text


def test_many_slow_commands_at_once_are_all_answered(app: Running, slack: Emulator) -> None:
    """Bolt's own pool of five threads would leave the sixth without an answer."""
    slack.slash("/ring", "Weekly sync", user=GRACE)
    app.settle()
    slack.faults.add("users.info", "slow", seconds=0.5)
    with ThreadPoolExecutor(12) as people:
        answers = list(people.map(lambda _: slack.slash("/ring", "rename Mine", user=ALAN), range(12)))

    assert [answer.status for answer in answers] == [200] * 12
    assert {answer.text[:37] for answer in answers} == {"Only the one who started the call, or"}
