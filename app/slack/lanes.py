"""The pace of each method of Slack, for one team."""

from __future__ import annotations

from app.domain.lanes import Pace

# https://docs.slack.dev/apis/web-api/rate-limits: calls.* are Tier 3, 50 and more in a minute; chat.postMessage has a
# limit of its own, about one a second in a channel and several hundred a minute in a workspace.
PACES = {
    "calls.add": Pace(50),
    "calls.update": Pace(50),
    "calls.end": Pace(50),
    "calls.info": Pace(50),
    "calls.participants.add": Pace(50),
    "calls.participants.remove": Pace(50),
    # Tier 3 as well: https://docs.slack.dev/reference/methods/users.lookupByEmail
    "users.lookupByEmail": Pace(50),
    "chat.postMessage": Pace(100, burst=10),
    "chat.postEphemeral": Pace(100, burst=10),
    # Tier 4, 100 and more: https://docs.slack.dev/reference/methods/views.publish
    "views.publish": Pace(100, burst=20),
}
