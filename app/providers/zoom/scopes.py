"""What the app must be allowed to do. https://developers.zoom.us/docs/integrations/oauth-scopes-granular/"""

from __future__ import annotations

from collections.abc import Iterable

# Each need, by the scope of today's apps, with the broad one of older apps that holds it too.
# https://developers.zoom.us/docs/integrations/oauth-scopes/
NEEDED = {
    "meeting:write:meeting:admin": "meeting:write:admin",
    "meeting:update:meeting:admin": "meeting:write:admin",
    "meeting:update:status:admin": "meeting:write:admin",
    "meeting:delete:meeting:admin": "meeting:write:admin",
    "meeting:read:meeting:admin": "meeting:read:admin",
    "meeting:read:list_meetings:admin": "meeting:read:admin",
    "meeting:read:list_past_instances:admin": "meeting:read:admin",
    # Zoom asks for it with the subscription to webhooks about participants.
    "meeting:read:participant:admin": "meeting:read:admin",
    "user:read:user:admin": "user:read:admin",
}
FOR_REGISTRATION = {
    "meeting:write:registrant:admin": "meeting:write:admin",
    "meeting:read:list_registrants:admin": "meeting:read:admin",
}
FOR_NAMES = {"meeting:write:invite_links:admin": "meeting:write:admin"}
FOR_PARTICIPANTS = {"dashboard:read:list_meeting_participants:admin": "dashboard_meetings:read:admin"}


class Scopes:
    """What a token allows. Zoom may not say it: then everything may be tried."""

    def __init__(self, told: Iterable[str]) -> None:
        self._told = frozenset(told)

    @property
    def are_told(self) -> bool:
        return bool(self._told)

    def missing(self, needs: dict[str, str]) -> list[str]:
        """Those of ``needs`` that are not met."""
        if not self._told:
            return []
        return [scope for scope, broad in needs.items() if self._told.isdisjoint((scope, broad))]

    def allow(self, needs: dict[str, str]) -> bool:
        return not self.missing(needs)
