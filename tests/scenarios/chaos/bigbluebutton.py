"""BigBlueButton: a meeting is made once and never comes back; a look tells people, and nothing of their devices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.providers.bigbluebutton.api import EMPTY_MINUTES
from tests.clocks import MovedClock
from tests.providers.bigbluebutton.server import SECRET, BigBlueButtonServer, HeldMeeting
from tests.providers.bigbluebutton.signing import form, signed
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {
    What.JOINED: "user-joined",
    What.LEFT: "user-left",
    What.ENDED: "meeting-ended",
}


class BigBlueButton(Vendor):
    name = "bigbluebutton"
    makes = ("GET", "/create")
    # bbb-webhooks tries for five minutes. We do not ask to be told that a meeting was made.
    traits = Traits(
        latest=300,
        empty_for=EMPTY_MINUTES * 60,
        begins_with_people=False,
        begins_again=False,
        tells_beginnings=False,
    )

    def __init__(self, _clock: MovedClock) -> None:
        self.bbb = BigBlueButtonServer()
        super().__init__(self.bbb)

    def settings(self) -> dict[str, str]:
        return self.bbb.settings()

    def forget(self) -> None:
        self.bbb.meetings.clear()

    def show(self, now: Now) -> None:
        self.bbb.meetings.clear()
        if now.is_running:
            people = {who: NAMES[who] for who in now.present}
            self.bbb.meetings[self.meeting] = HeldMeeting({"name": now.title}, people)

    def webhook(self, happening: Happening, _sent_at: datetime) -> Webhook:
        at = self.unix(happening.at) * 1000
        ids = {"internal-meeting-id": f"internal-{self.meeting}", "external-meeting-id": self.meeting}
        attributes: dict[str, Any] = {"meeting": ids}
        if happening.who:
            attributes["user"] = _user(happening)
        told = {
            "type": "event",
            "id": _WORDS[happening.what],
            "attributes": attributes,
            "event": {"ts": at},
        }
        # The same over all attempts.
        body = form({"data": told}, timestamp=str(at + happening.number))
        proof = signed(self.address, body, SECRET)
        return Webhook(body, proof.headers, query=proof.query)


def _user(happening: Happening) -> dict[str, str]:
    """Without a name when somebody leaves."""
    ids = {"internal-user-id": happening.connection, "external-user-id": happening.who}
    return ids | ({"name": NAMES[happening.who]} if happening.what is What.JOINED else {})
