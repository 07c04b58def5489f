"""What people read."""

from __future__ import annotations

import pytest

from app.errors import NothingRunning, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure, WishRefused
from app.slack import texts
from app.slack.messages import CLOSED_TO_US
from app.slack.texts import RunningCall

REFERENCE = "1a2b3c4d"
MENTIONS = ["<!channel>", "<!here>", "<@U0ADA>", "<#C0GENERAL|general>", "<https://evil.example.com|free money>"]
REFUSALS = WishRefused.__subclasses__()


# --- Foreign text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", MENTIONS)
def test_a_title_mentions_nobody_and_hides_no_link(title: str) -> None:
    said = [
        texts.starting(title, "/ring", 1),
        texts.card_text(title, "https://meet.example.com/1"),
        texts.ended(title, for_everybody=True),
        texts.ended(title, for_everybody=False),
        texts.renamed(title),
        texts.running([RunningCall(title, "https://meet.example.com/1", "U0GRACE", 3)]),
        texts.running([RunningCall(title, None, "U0GRACE", 3)]),
        texts.could_not_start(title, PermanentFailure("not_authorized"), None, REFERENCE),
    ]
    assert [text for text in said if title in text] == []
    assert all(title.replace("<", "&lt;").replace(">", "&gt;") in text for text in said)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("AT&T", "AT&amp;T"), ("a < b > c", "a &lt; b &gt; c"), ("&lt;", "&amp;lt;"), ("&copy", "&amp;copy")],
)
def test_what_slack_escapes_comes_back_as_it_was(text: str, escaped: str) -> None:
    assert texts.escape(text) == escaped
    assert texts.unescape(escaped) == text


def test_only_what_slack_escapes_is_unescaped() -> None:
    assert texts.unescape("R&D&copy=1 &eacute;") == "R&D&copy=1 &eacute;"


def test_a_link_cannot_be_broken_out_of() -> None:
    url = "https://meet.example.com/?a=1&b=<!channel>|x"
    assert texts.link(url) == "<https://meet.example.com/?a=1&amp;b=&lt;!channel&gt;%7Cx>"
    assert texts.link(url, "R&D") == "<https://meet.example.com/?a=1&amp;b=&lt;!channel&gt;%7Cx|R&amp;D>"


# --- Sentences -------------------------------------------------------------------------------------------------------


def test_the_text_beside_the_card_carries_the_link() -> None:
    assert texts.card_text("Weekly sync", "https://m.example.com/1") == "Weekly sync: join at <https://m.example.com/1>"


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_refused_wish_has_its_own_sentence(refusal: type[WishRefused]) -> None:
    sentence = texts.refused(refusal(), "/ring")
    others = {texts.refused(other(), "/ring") for other in REFUSALS if other is not refusal}
    assert sentence not in {str(refusal()), *others}
    assert sentence.endswith(".")


def test_a_refused_wish_says_the_command_as_it_is_called_here() -> None:
    assert "`/meet Weekly sync`" in texts.refused(NothingRunning(), "/meet")


def test_what_the_provider_cannot_end_is_not_said_to_be_ended_for_everybody() -> None:
    assert texts.ended("Retro", for_everybody=True) == "Ending *Retro* for everybody."
    assert texts.ended("Retro", for_everybody=False) == ("The call *Retro* is over in Slack. Its link goes on working.")


def test_help_tells_who_may_end_and_rename() -> None:
    assert "Only the one who started a call, or an admin of the workspace" in texts.help_text("/ring")


def test_help_names_every_form_of_the_command() -> None:
    said = texts.help_text("/ring")
    assert all(f"`/ring {form}`" in said for form in ("Weekly sync", "end", "rename Another title", "list"))


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        (0, "Starting *Retro* …"),
        (1, "Starting *Retro* … (1 more call is running here; `/ring list` shows them.)"),
        (2, "Starting *Retro* … (2 more calls are running here; `/ring list` shows them.)"),
    ],
)
def test_a_start_tells_what_else_is_running(others: int, sentence: str) -> None:
    assert texts.starting("Retro", "/ring", others) == sentence


def test_the_list_of_calls() -> None:
    calls = [
        RunningCall("Retro", "https://m.example.com/1", "U0ADA", 61),
        RunningCall("Planning", None, "U0GRACE", 0),
        RunningCall("Lunch", "https://m.example.com/2", "U0ALAN", 1),
    ]
    assert texts.running(calls).splitlines() == [
        "Running in this channel:",
        "• <https://m.example.com/1|Retro>, by <@U0ADA>, for 61 minutes",
        "• Planning (starting), by <@U0GRACE>, just started",
        "• <https://m.example.com/2|Lunch>, by <@U0ALAN>, for 1 minute",
    ]
    assert texts.running([]) == "No call is running in this channel."


@pytest.mark.parametrize(
    ("channel_name", "title"),
    [
        ("general", "Call in #general"),
        ("directmessage", "Call"),
        ("privategroup", "Call"),
        ("mpdm-ada--grace-1", "Call"),
        ("", "Call"),
    ],
)
def test_a_call_without_a_title_is_named_after_its_channel(channel_name: str, title: str) -> None:
    assert texts.default_title(channel_name) == title


# --- When it goes wrong ----------------------------------------------------------------------------------------------

FAILURES = [
    (PermanentFailure("not_authorized"), None, "Ask an admin"),
    (PermanentFailure("missing_scope", "needed: calls:write"), None, "install it again"),
    (PermanentFailure("is_archived"), None, "in another one"),
    (PermanentFailure("no_such_advice"), None, "Slack refused. Tell the people who run Switchboard"),
    (TemporaryFailure("internal_error"), None, "Slack did not answer as it should. Please try again in a minute."),
    (RateLimited(30), None, "Please try again in a minute."),
    (PermanentFailure("http_403"), "LiveKit", "LiveKit refused. Tell the people who run Switchboard"),
    (PermanentFailure("not_authorized"), "Zoom", "Zoom refused."),
    (TemporaryFailure("http_503"), "LiveKit", "LiveKit did not answer as it should. Please try again in a minute."),
]


@pytest.mark.parametrize(("failure", "provider", "advice"), FAILURES)
def test_a_failure_says_what_to_do_and_carries_a_reference(
    failure: RequestFailed, provider: str | None, advice: str
) -> None:
    sentence = texts.could_not_start("Retro", failure, provider, REFERENCE)
    assert sentence.startswith("*Retro* could not be started. ")
    assert advice in sentence
    assert sentence.endswith(f"Reference: {REFERENCE}")


def test_a_sentence_for_people_holds_no_details_for_operators() -> None:
    failure = PermanentFailure("invalid_arguments", "[json-pointer:/users/3] https://secret.example.com")
    sentence = texts.could_not_start("Retro", failure, None, REFERENCE)
    assert "invalid_arguments" not in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("code", sorted(CLOSED_TO_US - {"no_permission", "restricted_action_non_threadable_channel"}))
def test_a_closed_channel_is_not_blamed_on_the_app_alone(code: str) -> None:
    assert "another" in texts.could_not_start("Retro", PermanentFailure(code), None, REFERENCE)


def test_what_nobody_expected_carries_a_reference_too() -> None:
    assert REFERENCE in texts.went_wrong(REFERENCE)
    assert "nothing was done" not in texts.went_wrong(REFERENCE)
