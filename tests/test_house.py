"""The walls of app/ that import-linter cannot express, and the order kept in its rooms.

Each rule is a function from a module to the places where it is broken, so a failure names file and line.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}

# The borders that must survive anything. A new one needs a reason beside its `except` and a place here.
BROAD_EXCEPTS = {
    "app.cli": 1,
    "app.emulator": 2,
    "app.listeners": 1,
    "app.reconciler": 2,
    "app.services": 4,
    "app.web": 2,
}

SYSTEM_CLOCK = {
    "time": {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep", "time", "time_ns"},
    "datetime.datetime": {"now", "today", "utcnow"},
    "datetime.date": {"today"},
}
CALLS_METHOD = re.compile(r"calls[._](add|end|info|update|participants[._](add|remove))")


@dataclass(frozen=True)
class Module:
    """One Python file of ours."""

    name: str
    source: str
    is_package: bool = False

    @property
    def tree(self) -> ast.Module:
        return _parse(self.source)

    @property
    def lines(self) -> list[str]:
        return self.source.splitlines()

    def is_in(self, *rooms: str) -> bool:
        return any(self.name == room or self.name.startswith(room + ".") for room in rooms)

    def at(self, node: ast.expr | ast.stmt | ast.excepthandler) -> str:
        return f"{self.name}:{node.lineno}"


@cache
def _parse(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def app_modules() -> tuple[Module, ...]:
    return tuple(_read(path) for path in sorted(APP.rglob("*.py")))


def _read(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if is_package else parts), path.read_text("utf-8"), is_package)


def imports(module: Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every dotted name that the module imports: `from a import b` gives `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute_origin(module, node)
            yield from ((f"{origin}.{alias.name}", node) for alias in node.names)


def _absolute_origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    here = package[: len(package) - node.level + module.is_package]
    return ".".join([*here, *(node.module or "").split(".")]).rstrip(".")


# The rules


def talks_to_the_calls_api(module: Module) -> Iterator[str]:
    """Methods of the Calls API, called on a client or handed to something that sends; a table may list them."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and CALLS_METHOD.fullmatch(node.attr):
            yield f"{module.at(node)} {node.attr}"
        elif isinstance(node, ast.Call):
            handed = [*node.args, *(keyword.value for keyword in node.keywords)]
            names = [one.value for one in handed if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            yield from (f"{module.at(node)} {name}" for name in names if CALLS_METHOD.fullmatch(name))


def imports_of(module: Module, target: str) -> Iterator[str]:
    for name, node in imports(module):
        if name == target or name.startswith(target + "."):
            yield f"{module.at(node)} {name}"


def reads_the_system_clock(module: Module) -> Iterator[str]:
    origins = _names_brought_in(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = _full_name(node, origins)
            origin, _, attribute = name.rpartition(".")
            if attribute in SYSTEM_CLOCK.get(origin, ()):
                yield f"{module.at(node)} {name}"


def _names_brought_in(module: Module) -> dict[str, str]:
    """What each imported name stands for: after `import datetime as dt`, dt stands for datetime."""
    brought: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            brought |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute_origin(module, node)
            brought |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names}
    return brought


def _full_name(node: ast.expr, origins: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return origins.get(node.id, "")
    if isinstance(node, ast.Attribute):
        return f"{_full_name(node.value, origins)}.{node.attr}"
    return ""


def names_another_provider(module: Module, providers: set[str]) -> Iterator[str]:
    """Imports of a concrete provider's folder from outside of it."""
    for provider in sorted(providers):
        folder = f"app.providers.{provider}"
        if not module.is_in(folder, "app.providers.registry"):
            yield from imports_of(module, folder)


def broad_excepts(module: Module) -> Iterator[ast.expr | ast.excepthandler]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            yield node
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            yield from (node for argument in node.args if _is_broad(argument))


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(one) for one in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def has_a_reason(module: Module, node: ast.expr | ast.excepthandler) -> bool:
    """A comment of at least three words on the line itself or on the one above or below."""
    for line in module.lines[max(node.lineno - 2, 0) : node.lineno + 1]:
        comment = re.sub(r"noqa(: *[A-Z]+\d+(, *[A-Z]+\d+)*)?", "", line.partition("#")[2])
        if len(re.findall(r"[^\W\d_]+", comment)) >= 3:
            return True
    return False


def long_functions(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{module.at(node)} {node.name} has {length} lines"


# The house as it stands


def test_only_one_module_talks_to_the_calls_api() -> None:
    others = [module for module in app_modules() if not module.is_in("app.slack.calls", "app.emulator", "app.room")]
    assert [place for module in others for place in talks_to_the_calls_api(module)] == []


def test_only_the_reconciler_uses_it() -> None:
    allowed = ("app.slack.calls", "app.reconciler", "app.cli")
    others = [module for module in app_modules() if not module.is_in(*allowed)]
    assert [place for module in others for place in imports_of(module, "app.slack.calls")] == []


def test_time_comes_in_through_one_door() -> None:
    others = [module for module in app_modules() if not module.is_in("app.clock", "app.emulator", "app.room")]
    assert [place for module in others for place in reads_the_system_clock(module)] == []


def test_only_the_registry_names_a_provider() -> None:
    providers = {path.parent.name for path in APP.glob("providers/*/*.py")}
    assert [place for module in app_modules() for place in names_another_provider(module, providers)] == []


def test_every_room_is_on_the_map() -> None:
    the_map = ast.get_docstring(_read(APP / "__init__.py").tree) or ""
    entrances = {path.relative_to(APP).parts[0].removesuffix(".py") for path in APP.rglob("*.py")}
    rooms = entrances - {"__init__", "__main__"}
    assert sorted(room for room in rooms if not re.search(rf"\b{room}\b", the_map)) == []


def test_every_folder_says_what_it_is_for() -> None:
    migrations = APP / "db" / "migrations"  # found by Alembic as files, not imported
    folders = {path.parent for path in APP.rglob("*.py") if not path.is_relative_to(migrations)}
    entrances = [folder / "__init__.py" for folder in sorted(folders)]
    silent = [path for path in entrances if not path.exists() or not ast.get_docstring(_read(path).tree)]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_every_name_says_something() -> None:
    modules = [module.name for module in app_modules()]
    assert [name for name in modules if NAMES_THAT_SAY_NOTHING & set(re.split(r"[._]", name))] == []


def test_modules_stay_short() -> None:
    lengths = {module.name: len(module.lines) for module in app_modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_functions_stay_short() -> None:
    modules = [module for module in app_modules() if not module.is_in("app.db.migrations")]  # lists of columns
    assert [place for module in modules for place in long_functions(module)] == []


def test_broad_excepts_are_few() -> None:
    found = Counter(".".join(module.name.split(".")[:2]) for module in app_modules() for _ in broad_excepts(module))
    assert {room: count for room, count in found.items() if count > BROAD_EXCEPTS.get(room, 0)} == {}


def test_broad_excepts_have_a_reason() -> None:
    bare = [
        module.at(node) for module in app_modules() for node in broad_excepts(module) if not has_a_reason(module, node)
    ]
    assert bare == []


# What is installed


def requirements(file: str) -> list[Requirement]:
    lines = (line.partition(" #")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines())
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def direct_requirements() -> set[str]:
    """The distributions that requirements.txt lists with a reason, not because another one needs them."""
    direct, _, _ = (ROOT / "requirements.txt").read_text("utf-8").partition("# Needed by those above")
    lines = [line for line in direct.splitlines() if "==" in line]
    return {canonicalize_name(re.split(r"[\[=]", line)[0]) for line in lines}


def needed_by(requirement: Requirement) -> Iterator[str]:
    """What a distribution needs here, by what it says of itself."""
    for line in metadata.requires(requirement.name) or []:
        needed = Requirement(line)
        extras = requirement.extras or {""}
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            yield canonicalize_name(needed.name)


def test_what_the_app_imports_is_a_direct_requirement() -> None:
    origins = metadata.packages_distributions()
    direct = direct_requirements()
    unlisted = {
        f"{module.name}: {name}"
        for module in app_modules()
        for name in {dotted.partition(".")[0] for dotted, _ in imports(module)}
        if name != "app" and name not in sys.stdlib_module_names
        if direct.isdisjoint(canonicalize_name(origin) for origin in origins.get(name, []))
    }
    assert sorted(unlisted) == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_version_is_pinned(file: str) -> None:
    loose = [str(one) for one in requirements(file) if not re.fullmatch(r"==[\w.]+", str(one.specifier))]
    assert loose == []


@pytest.mark.parametrize("files", [["requirements.txt"], ["requirements.txt", "requirements-dev.txt"]])
def test_what_is_needed_indirectly_is_pinned_too(files: list[str]) -> None:
    pinned = [one for file in files for one in requirements(file)]
    names = {canonicalize_name(one.name) for one in pinned}
    missing = {f"{one.name} needs {needed}" for one in pinned for needed in needed_by(one)}
    assert sorted(line for line in missing if line.split()[-1] not in names) == []


def test_what_is_installed_is_what_is_pinned() -> None:
    pinned = [*requirements("requirements.txt"), *requirements("requirements-dev.txt")]
    different = [
        f"{one.name}: {metadata.version(one.name)} installed, {one.specifier} pinned"
        for one in pinned
        if not one.specifier.contains(metadata.version(one.name), prereleases=True)
    ]
    assert different == []


# The rules themselves: each finds what it is there to find, and only that.


def module_of(source: str, name: str = "app.services.start") -> Module:
    return Module(name, source)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("client.calls_add(title='x')", 1),
        ("client.api_call('calls.participants.remove')", 1),
        ("send(method='calls.end')", 1),
        ("PACE = {'calls.add': 50}", 0),
        ("log('The card is made by calls.add.')", 0),
        ("store.calls.add(call)", 0),
    ],
)
def test_calls_api_rule(source: str, found: int) -> None:
    assert len(list(talks_to_the_calls_api(module_of(source)))) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from app.slack import calls", 1),
        ("from app.slack.calls import CallsApi", 1),
        ("import app.slack.calls", 1),
        ("from ..slack.calls import CallsApi", 1),
        ("from app.slack import texts", 0),
    ],
)
def test_import_rule(source: str, found: int) -> None:
    assert len(list(imports_of(module_of(source), "app.slack.calls"))) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time\ntime.sleep(1)", 1),
        ("import time as t\nnow = t.monotonic", 1),
        ("from time import sleep\nsleep(1)", 1),
        ("from datetime import UTC, datetime\ndatetime.now(UTC)", 1),
        ("import datetime as dt\ndt.datetime.now(dt.UTC)\ndt.date.today()", 2),
        ("from sqlalchemy import func\nfunc.now()", 0),
        ("from app import clock\nclock.now()\nclock.sleep(1)", 0),
        ("def wait(time):\n    time.sleep(1)", 0),
    ],
)
def test_clock_rule(source: str, found: int) -> None:
    assert len(list(reads_the_system_clock(module_of(source)))) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("app.providers.registry", 0),
        ("app.providers.zoom.events", 0),
        ("app.providers.livekit.events", 1),
        ("app.services.start", 1),
    ],
)
def test_provider_rule(name: str, found: int) -> None:
    module = module_of("from app.providers.zoom import ZoomProvider", name)
    assert len(list(names_another_provider(module, {"livekit", "zoom"}))) == found


@pytest.mark.parametrize(
    ("handler", "broad", "reason"),
    [
        ("except Exception:  # noqa: BLE001", 1, False),
        ("except Exception:  # noqa: BLE001 - a listener must always answer", 1, True),
        ("except (ValueError, Exception):", 1, False),
        ("except:", 1, False),
        ("except ValueError:", 0, False),
    ],
)
def test_broad_except_rule(handler: str, broad: int, reason: bool) -> None:
    module = module_of(f"try:\n    go()\n{handler}\n    pass")
    found = list(broad_excepts(module))
    assert len(found) == broad
    assert any(has_a_reason(module, node) for node in found) == reason


def test_length_rule() -> None:
    body = "    pass\n" * LONGEST_FUNCTION
    assert len(list(long_functions(module_of(f"def long():\n{body}")))) == 1
    assert list(long_functions(module_of("def short():\n    pass"))) == []
