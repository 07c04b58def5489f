"""Rules of which the tables of Block Kit are made: each looks at a value and says what is wrong with it, and where.

A rule yields complaints in Slack's form, with the JSON pointer at the end; none at all means the value is fine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.emulator.errors import JsonObject

Surface = Literal["message", "modal", "home"]
_ANY_URL = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_WEB_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)


@dataclass(frozen=True)
class Scene:
    """Where blocks are to be shown, and which calls there are."""

    surface: Surface
    is_call: Callable[[str], bool]


Complaints = Iterator[str]
Rule = Callable[[Any, str, Scene], Complaints]


def complaint(words: str, where: str) -> str:
    """A complaint about the value at a JSON pointer."""
    return f"{words} [json-pointer:{where}]"


@dataclass(frozen=True)
class Shape:
    """The fields of an object. `either` are groups of which exactly one field must be there."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    either: tuple[str, ...] = ()

    def check(self, value: Any, where: str, scene: Scene) -> Complaints:
        """What is wrong with an object that should have this shape."""
        if not isinstance(value, dict):
            yield complaint("must provide an object", where)
            return
        rules = {**self.required, **self.optional}
        for name in self.required:
            if value.get(name) is None:
                yield complaint(f"missing required field: {name}", where)
        for name, part in value.items():
            if name not in rules:
                yield complaint(f"invalid additional property: {name}", where)
            elif part is not None:
                yield from rules[name](part, f"{where}/{name}", scene)
        yield from self._check_either(value, where)

    def _check_either(self, value: JsonObject, where: str) -> Complaints:
        given = [name for name in self.either if value.get(name)]
        if self.either and len(given) != 1:
            words = "only one of these is allowed" if given else "missing required field"
            yield complaint(f"{words}: {' or '.join(self.either)}", where)


def anything(_value: Any, _where: str, _scene: Scene) -> Complaints:
    """Whatever it is, it is fine."""
    return iter(())


def string(most: int = 3000, least: int = 1) -> Rule:
    """Text of so many characters."""

    def check(value: Any, where: str, _scene: Scene) -> Complaints:
        if not isinstance(value, str):
            yield complaint("must provide a string", where)
        elif len(value) < least:
            yield complaint(f"must be more than {least - 1} characters", where)
        elif len(value) > most:
            yield complaint(f"must be less than {most + 1} characters", where)

    return check


def matching(pattern: str, what: str) -> Rule:
    """Text that looks like something."""

    def check(value: Any, where: str, _scene: Scene) -> Complaints:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield complaint(f"must be {what}", where)

    return check


def url(*, web: bool = False) -> Rule:
    """An address; `web` for pictures and videos, which Slack fetches."""
    pattern = _WEB_URL if web else _ANY_URL

    def check(value: Any, where: str, scene: Scene) -> Complaints:
        yield from string(3000)(value, where, scene)
        if isinstance(value, str) and value and not pattern.fullmatch(value):
            yield complaint("must be a valid URL", where)

    return check


def boolean(value: Any, where: str, _scene: Scene) -> Complaints:
    """Yes or no."""
    if not isinstance(value, bool):
        yield complaint("must provide a boolean", where)


def whole(least: int, most: int) -> Rule:
    """A whole number between two others."""

    def check(value: Any, where: str, _scene: Scene) -> Complaints:
        if isinstance(value, bool) or not isinstance(value, int):
            yield complaint("must provide an integer", where)
        elif not least <= value <= most:
            yield complaint(f"must be between {least} and {most}", where)

    return check


def one_of(*allowed: str) -> Rule:
    """One of a few words."""

    def check(value: Any, where: str, _scene: Scene) -> Complaints:
        if value not in allowed:
            yield complaint(f"value must be one of: {', '.join(allowed)}", where)

    return check


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    """A list of so many; every one of them fits the rule."""

    def check(value: Any, where: str, scene: Scene) -> Complaints:
        if not isinstance(value, list):
            yield complaint("must provide an array", where)
        elif len(value) < least:
            yield complaint(f"no less than {least} items allowed", where)
        elif len(value) > most:
            yield complaint(f"no more than {most} items allowed", where)
        else:
            for index, each in enumerate(value):
                yield from rule(each, f"{where}/{index}", scene)

    return check


def typed(shapes: Mapping[str, Shape], allowed: tuple[str, ...] = ()) -> Rule:
    """An object whose `type` says which shape it has."""
    kinds = allowed or tuple(shapes)

    def check(value: Any, where: str, scene: Scene) -> Complaints:
        if not isinstance(value, dict):
            yield complaint("must provide an object", where)
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            yield complaint(f"unsupported type: {kind}", f"{where}/type")
            return
        yield from shapes[kind].check({key: part for key, part in value.items() if key != "type"}, where, scene)

    return check
