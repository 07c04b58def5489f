"""Our side of Slack, over HTTP against the emulator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.slack.calls import CallsApi
from app.slack.messages import MessagesApi
from app.slack.web_api import make_client

PATIENCE_SECONDS = 20
LITTLE_PATIENCE_SECONDS = 0.5


@pytest.fixture
def client(slack: Emulator) -> WebClient:
    return make_client(slack.bot_token, slack.api_url, timeout_seconds=PATIENCE_SECONDS)


@pytest.fixture
def impatient_client(slack: Emulator) -> WebClient:
    return make_client(slack.bot_token, slack.api_url, timeout_seconds=LITTLE_PATIENCE_SECONDS)


@pytest.fixture
def calls(client: WebClient) -> CallsApi:
    return CallsApi(client)


@pytest.fixture
def messages(client: WebClient) -> MessagesApi:
    return MessagesApi(client)


@pytest.fixture
def response_url(slack: Emulator) -> Callable[[str], str]:
    """The response_url of something that Grace does in this channel now."""
    return lambda channel: slack.url + slack.workspace().response_urls.mint(channel, "U0GRACE").path
