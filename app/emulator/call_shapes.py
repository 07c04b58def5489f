"""The two shapes in which Slack shows a call: the API's `call` object, and the card inside a message.

They name the same things differently; recorded at https://github.com/slackapi/java-slack-sdk/issues/466.
"""

from __future__ import annotations

from app.emulator.calls import Call
from app.emulator.errors import JsonObject
from app.emulator.participants import Person
from app.emulator.switches import Switches

_ICON_SIZES = ("32", "36", "48", "64", "72", "96", "128", "192", "512", "1024")


def call_object(call: Call, switches: Switches, *, channels: bool = True, date_end: bool = False) -> JsonObject:
    """The `call` of an API answer. Slack leaves out what is not known instead of sending null."""
    shown: JsonObject = {
        "id": call.id,
        "date_start": call.date_start,
        "external_unique_id": call.external_unique_id,
        "join_url": call.join_url,
    }
    if date_end and call.has_ended:
        shown["date_end"] = call.date_end
    if channels and call.channels:
        shown["channels"] = list(call.channels)
    for name in ("desktop_app_join_url", "external_display_id", "title"):
        if getattr(call, name) is not None:
            shown[name] = getattr(call, name)
    if call.present or switches.empty_users_key == "empty_list":
        shown["users"] = _copies(call.present)
    return shown


def card(call: Call, app_id: str) -> JsonObject:
    """The `call.v1` of a call block: what a client draws."""
    shown: JsonObject = {
        "id": call.id,
        "app_id": app_id,
        "app_icon_urls": _icon_urls(app_id),
        "date_start": call.date_start,
        "active_participants": [] if call.has_ended else _copies(call.present),
        "all_participants": _copies(call.everyone),
        "display_id": call.external_display_id or "",
        "join_url": call.join_url,
    }
    if call.desktop_app_join_url is not None:
        shown["desktop_app_join_url"] = call.desktop_app_join_url
    return shown | {
        "name": call.title or "",
        "created_by": call.created_by,
        "date_end": call.date_end,
        "channels": list(call.channels),
        "is_dm_call": False,
        "was_rejected": call.was_rejected,
        "was_missed": False,
        "was_accepted": False,
        "has_ended": call.has_ended,
    }


def expanded_block(block: JsonObject, call: Call, app_id: str) -> JsonObject:
    """The `call` block of a message as it is read back: the posted one, filled in with the card."""
    return {
        "type": "call",
        "call_id": call.id,
        "block_id": block["block_id"],
        "api_decoration_available": False,
        "call": {"v1": card(call, app_id), "media_backend_type": "platform_call"},
    }


def _copies(people: list[Person]) -> list[Person]:
    return [dict(person) for person in people]


def _icon_urls(app_id: str) -> dict[str, str]:
    base = f"https://avatars.example.com/{app_id}"
    return {f"image_{size}": f"{base}_{size}.png" for size in _ICON_SIZES} | {"image_original": f"{base}_original.png"}
