"""Messages: the card in its channel, and what only one person sees."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

from app import logs
from app.errors import PermanentFailure, TemporaryFailure
from app.slack.blocks import call_blocks
from app.slack.web_api import malformed, refusal, send, unanswered

# The channel does not take messages from us; a response_url may still write there.
# https://docs.slack.dev/apis/web-api/using-the-calls-api (private channels, direct messages)
CLOSED_TO_US = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "no_permission",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    }
)
NO_SUCH_BLOCK = frozenset({"invalid_blocks", "invalid_blocks_format"})
log = logs.get(__name__)


class MessagesApi:
    """``chat.*`` for one token, and response_urls. Every method raises a kind of ``RequestFailed``."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def post_card(
        self, channel_id: str, slack_call_id: str, text: str, response_url: str | None, thread_ts: str | None = None
    ) -> str | None:
        """Put the card into the channel, through ``response_url`` where we may not post; or into the thread
        ``thread_ts`` there.

        Returns the message's ``ts``; None when it went through the response_url, whose answer does not tell it.
        """
        # The card is the message; what Slack would fetch from the link (a login page, mostly) is not.
        words = {"text": text, "unfurl_links": False, "unfurl_media": False, "thread_ts": thread_ts}
        card = {**words, "blocks": call_blocks(slack_call_id)}
        try:
            return self._post(channel_id, card)
        except PermanentFailure as refusal:
            # One more request and no third: two are what fits into a lease.
            if refusal.code in NO_SUCH_BLOCK:
                # A place that cannot show cards still shows the link.
                return self._post(channel_id, words)
            if refusal.code not in CLOSED_TO_US or response_url is None:
                raise
            self._respond_instead(response_url, card, refusal)
            return None

    def reply(self, channel_id: str, thread_ts: str, text: str) -> None:
        """Say something in a thread."""
        self._post(channel_id, {"text": text, "thread_ts": thread_ts})

    def tell(self, channel_id: str, user_id: str, text: str, response_url: str | None) -> None:
        """Tell one person something that nobody else sees."""
        if response_url is not None:
            try:
                return self._respond(response_url, {"text": text, "response_type": "ephemeral"})
            except PermanentFailure as worn_out:
                log.info("response_url worn out", channel_id=channel_id, why=worn_out.code)
        send(self._client.chat_postEphemeral, channel=channel_id, user=user_id, text=text)
        return None

    def _post(self, channel_id: str, message: dict[str, Any]) -> str:
        ts = send(self._client.chat_postMessage, channel=channel_id, **message).get("ts")
        if not ts:
            raise malformed()
        return str(ts)

    def _respond_instead(self, response_url: str, message: dict[str, Any], refusal: PermanentFailure) -> None:
        try:
            self._respond(response_url, {**message, "response_type": "in_channel"})
        except PermanentFailure as failure:
            # What the channel had against us is what a person can do something about.
            raise refusal from failure

    def _respond(self, response_url: str, message: dict[str, Any]) -> None:
        client = WebhookClient(response_url, timeout=self._client.timeout, retry_handlers=[])
        try:
            answer = client.send_dict(message)
        except (OSError, http.client.HTTPException) as error:
            raise unanswered(error) from error
        if answer.status_code == http.client.OK:
            return _check_success(answer)
        ours_to_mend = answer.status_code < http.client.INTERNAL_SERVER_ERROR
        if ours_to_mend and answer.status_code != http.client.TOO_MANY_REQUESTS:
            raise PermanentFailure(_why(answer))
        raise TemporaryFailure(f"response_url_http_{answer.status_code}", effect_unknown=not ours_to_mend)


def _check_success(answer: WebhookResponse) -> None:
    """Raise what stands in an answer whose status is a success. Slack says ``ok`` there, or the same in JSON; a page in
    HTML is somebody else's."""
    body = answer.body.strip()
    if not body.startswith(("{", "[", "<")):
        return
    try:
        told = json.loads(body)
    except ValueError as error:
        raise malformed() from error
    said = told if isinstance(told, dict) else {}
    if said.get("error") or not said.get("ok"):
        raise refusal(answer.status_code, answer.headers, said)


def _why(answer: WebhookResponse) -> str:
    """Slack's word, such as ``used_url`` (five times) or ``expired_url`` (half an hour), where the body is one."""
    word = answer.body.strip()
    return word if re.fullmatch(r"[a-z_]{1,60}", word) else f"response_url_http_{answer.status_code}"
