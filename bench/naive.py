"""The bridge that most people write first, and that all the open ones are: a request to Slack for each event."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from app.emulator import Emulator
from bench.scene import CHANNEL, JOINED, STARTER, Told
from tests.clocks import MovedClock


@dataclass(slots=True)
class NaiveBridge:
    """One call and its card. On 429 it either ``waits`` as long as Slack says and sends the request again, everything
    else behind it, or drops the update, which is what the known ones do."""

    client: WebClient
    call_id: str
    clock: MovedClock
    waits: bool

    def take(self, told: Told) -> None:
        method = self.client.calls_participants_add if told.event == JOINED else self.client.calls_participants_remove
        person = {"external_id": f"person-{told.person}", "display_name": "Ada Lovelace"}
        while True:
            try:
                method(id=self.call_id, users=[person])
            except SlackApiError as refusal:
                if not self.waits or refusal.response.status_code != 429:
                    return
                self.clock.move(float(refusal.response.headers["Retry-After"]))
            else:
                return


def naive_bridge(slack: Emulator, clock: MovedClock, *, waits: bool) -> NaiveBridge:
    """With a new call, whose card stands in the channel."""
    client = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    call = client.calls_add(
        external_unique_id=f"naive-{clock.unix()}",
        join_url="https://meet.example.com/naive",
        created_by=STARTER,
        title="Naive",
    )["call"]
    client.chat_postMessage(channel=CHANNEL, text="Naive", blocks=[{"type": "call", "call_id": call["id"]}])
    return NaiveBridge(client, str(call["id"]), clock, waits)
