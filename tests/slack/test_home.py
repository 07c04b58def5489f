"""The Home as Slack takes it."""

from __future__ import annotations

from slack_sdk import WebClient

from app.domain.calls import Confidence
from app.domain.workspaces import WorkspaceSettings
from app.emulator import Emulator
from app.emulator.views import home_of
from app.services.account_settings import LONGEST_NAME, MOST_ACCOUNTS
from app.services.home_settings import MOST_CHANGES, MOST_CHANNELS
from app.services.homes import MOST_RECENT, MOST_RUNNING
from app.slack import home
from app.slack.choices import AccountLine, ChangeLine, ChannelLine, admin_blocks, personal_blocks
from app.slack.home import Home, RecentLine, Recognition, RunningLine
from tests.clocks import START

OF_THE_APP = 9
"""Accounts of the app's own settings: all providers at once."""
NAME = "&" * LONGEST_NAME
"""Each is five characters of mrkdwn."""


def running(number: int) -> RunningLine:
    return RunningLine(
        call_id=f"call-{number}",
        title="T" * 150,
        channel_id=f"C{number}",
        started_by="U0ADA",
        started_at=START,
        join_url=f"https://meet.example.com/{number}",
        people=[NAME] * 200,
        may_end=True,
    )


def recent(number: int) -> RecentLine:
    return RecentLine(title="T" * 150, channel_id=f"C{number}", started_at=START, seconds=60, people=200)


def account(number: int) -> AccountLine:
    return AccountLine(
        key=f"zoom/acc-{number}",
        name=NAME,
        provider_name="Zoom",
        is_shared=number > MOST_ACCOUNTS,
        is_default=False,
        webhook_url=f"https://calls.example.com/webhooks/zoom/acc-{number:020}",
        last_delivery_at=START,
    )


def test_slack_takes_the_home_of_an_admin_with_everything_that_there_can_be(client: WebClient, slack: Emulator) -> None:
    accounts = [account(number) for number in range(MOST_ACCOUNTS + OF_THE_APP)]
    channels = [ChannelLine(channel_id=f"C{number}", account=NAME) for number in range(MOST_CHANNELS)]
    changes = [ChangeLine(at=START, user_id="U0ADA", what="account added")] * MOST_CHANGES
    settings = [*personal_blocks(), *admin_blocks(accounts, channels, WorkspaceSettings(), changes)]
    full = Home(
        command="/ring",
        running=[running(number) for number in range(MOST_RUNNING)],
        recent=[recent(number) for number in range(MOST_RECENT)],
        recognised=[Recognition(provider_name=NAME, how=Confidence.EMAIL)] * OF_THE_APP,
        settings=settings,
    )
    home.publish(client, "T0LOCAL", "U0ADA", full)

    shown = home_of(slack.workspace(), "U0ADA")
    assert shown is not None
    assert len(shown["blocks"]) > 90
