"""The people of a call as the Calls API takes them: objects with a `slack_id`, an `external_id`, or both.

Documented at https://docs.slack.dev/apis/web-api/using-the-calls-api (section "Users").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.emulator.errors import SlackError, invalid_arguments

Person = dict[str, str]
_FIELDS = ("slack_id", "external_id", "display_name", "avatar_url")


def read_people(value: object, limit: int | None) -> list[Person]:
    """The `users` argument as people, or `invalid_arguments` that says where it is wrong."""
    if not isinstance(value, list):
        raise invalid_arguments("must provide an array [json-pointer:/users]")
    if limit is not None and len(value) > limit:
        raise invalid_arguments(f"no more than {limit} items allowed [json-pointer:/users]")
    return [_read_person(item, f"/users/{index}") for index, item in enumerate(value)]


def _read_person(item: object, where: str) -> Person:
    if not isinstance(item, dict):
        raise invalid_arguments(f"must provide an object [json-pointer:{where}]")
    for name, value in item.items():
        if name not in _FIELDS:
            raise invalid_arguments(f"no additional properties allowed: {name} [json-pointer:{where}]")
        if not isinstance(value, str):
            raise invalid_arguments(f"must provide a string [json-pointer:{where}/{name}]")
    if not (item.get("slack_id") or item.get("external_id")):
        raise invalid_arguments(f"missing required field: slack_id or external_id [json-pointer:{where}]")
    return dict(item)


def require_names(people: Iterable[Person]) -> None:
    """Refuse an external person without a `display_name`: there would be nothing to show on the card."""
    for index, person in enumerate(people):
        if "slack_id" not in person and not person.get("display_name"):
            raise invalid_arguments(f"missing required field: display_name [json-pointer:/users/{index}]")


def require_known(people: Iterable[Person], is_user: Callable[[str], bool]) -> None:
    """Refuse with `user_not_found` when somebody's `slack_id` is not of this workspace."""
    for person in people:
        if "slack_id" in person and not is_user(person["slack_id"]):
            raise SlackError("user_not_found")


def same_person(one: Person, other: Person) -> bool:
    """Whether two objects name one person: any id they share decides."""
    return any(one.get(key) and one.get(key) == other.get(key) for key in ("slack_id", "external_id"))


def find_person(person: Person, among: Iterable[Person]) -> Person | None:
    """The object among those given that names the same person, if there is one."""
    return next((each for each in among if same_person(each, person)), None)
