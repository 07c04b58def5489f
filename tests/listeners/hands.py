"""Somebody in front of the app's Home and its forms: what they see, and what they press and enter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.emulator.acts import ACTS
from app.emulator.views import home_of, views_of
from tests.running import Running

MOST_HOMES = 200
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Somebody:
    app: Running
    id: str = "U0ADA"
    team: str | None = None

    def look(self) -> str:
        """Open the Home; returns all that it says, a line for each text."""
        self.app.slack.open_home(self.id, self.team)
        publish(self.app)
        return self.home

    @property
    def home(self) -> str:
        return words(self._home())

    @property
    def form(self) -> Json:
        """The form or text that lies before them."""
        return views_of(self._workspace(), self.id)[-1]

    def press(self, action: str, value: str = "") -> None:
        """A button of the Home, or ``value`` of a menu there."""
        block = next(block for block, its in _elements(self._home()) if _matches(its, action, value))
        asked = {"view": self._home()["id"], "block": block["block_id"], "action": action, "values": [value]}
        self._act("act", asked)

    def enter(self, **values: str) -> Mapping[str, str]:
        """Fill in the form, with what stood in it already, and send it; returns the problems, by field."""
        state = {block["block_id"]: {"entered": [_initial(block)]} for block in self._inputs()}
        state |= {name: {"entered": [value]} for name, value in values.items()}
        answered = self._act("submit", {"view": self.form["id"], "state": state})
        errors: Mapping[str, str] = answered.get("errors") or {}
        return errors

    def fields(self) -> list[str]:
        return [str(block["block_id"]) for block in self._inputs()]

    def _inputs(self) -> list[Json]:
        return [block for block in self.form["blocks"] if block["type"] == "input"]

    def _act(self, act: str, asked: Json) -> Json:
        return ACTS[act](self.app.slack, {"user": self.id, "team": self.team, **asked})

    def _home(self) -> Json:
        home = home_of(self._workspace(), self.id)
        assert home is not None
        return home

    def _workspace(self) -> Any:
        return self.app.slack.workspace(self.team)


def publish(app: Running) -> int:
    """Publish all Homes that are out of date; returns how many."""
    for published in range(MOST_HOMES):
        if not app.switchboard.homes.publish_one():
            return published
    raise AssertionError("there is always a Home to publish")


def words(view: Json) -> str:
    return "\n".join(_texts(view["blocks"]))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for name in ("text", "elements", "accessory", "options"):
            if not isinstance(part.get(name), str):
                yield from _texts(part.get(name))


def _elements(view: Json) -> Iterator[tuple[Json, Json]]:
    for block in view["blocks"]:
        its = [*block.get("elements", ()), block.get("accessory")]
        yield from ((block, element) for element in its if isinstance(element, dict) and "action_id" in element)


def _matches(element: Json, action: str, value: str) -> bool:
    offered = {element.get("value", ""), *(option["value"] for option in element.get("options", ()))}
    return element["action_id"] == action and (not value or value in offered)


def _initial(block: Json) -> str:
    element = block["element"]
    return str(element.get("initial_value") or (element.get("initial_option") or {}).get("value") or "")
