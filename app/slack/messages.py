"""Messages: the card in its channel, and what only one person sees."""

from __future__ import annotations

import http.client
from typing import Any

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from app.errors import PermanentFailure, TemporaryFailure
from app.slack.blocks import call_blocks
from app.slack.web_api import TIMEOUT_SECONDS, send, unanswered

# The channel does not take messages from us; a response_url may still write there.
# https://docs.slack.dev/apis/web-api/using-the-calls-api (private channels, direct messages)
CLOSED_TO_US = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "no_permission",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    }
)
NO_SUCH_BLOCK = frozenset({"invalid_blocks", "invalid_blocks_format"})


class MessagesApi:
    """``chat.*`` for one token, and response_urls. Every method raises a kind of ``RequestFailed``."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def post_card(self, channel_id: str, slack_call_id: str, text: str, response_url: str | None) -> str | None:
        """Put the card into the channel, through ``response_url`` where we may not post.

        Returns the message's ``ts``; None when it went through the response_url, whose answer does not tell it.
        """
        try:
            return self._post(channel_id, text, call_blocks(slack_call_id))
        except PermanentFailure as refusal:
            if refusal.code in NO_SUCH_BLOCK:
                # A place that cannot show cards still shows the link.
                return self._post(channel_id, text, None)
            if refusal.code not in CLOSED_TO_US or response_url is None:
                raise
        self._respond(response_url, text, blocks=call_blocks(slack_call_id), response_type="in_channel")
        return None

    def tell(self, channel_id: str, user_id: str, text: str, response_url: str | None) -> None:
        """Tell one person something that nobody else sees."""
        if response_url is None:
            send(self._client.chat_postEphemeral, channel=channel_id, user=user_id, text=text)
        else:
            self._respond(response_url, text, response_type="ephemeral")

    def _post(self, channel_id: str, text: str, blocks: list[dict[str, Any]] | None) -> str:
        answer = send(self._client.chat_postMessage, channel=channel_id, text=text, blocks=blocks, unfurl_links=False)
        return str(answer.get("ts", ""))

    def _respond(self, response_url: str, text: str, **message: Any) -> None:
        client = WebhookClient(response_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
        try:
            answer = client.send_dict({"text": text, **message})
        except (OSError, http.client.HTTPException) as error:
            raise unanswered(error) from error
        if answer.status_code >= http.client.INTERNAL_SERVER_ERROR:
            raise TemporaryFailure(f"response_url_http_{answer.status_code}", effect_unknown=True)
        if answer.status_code != http.client.OK:
            # Used five times, or older than half an hour.
            raise PermanentFailure(f"response_url_http_{answer.status_code}")
