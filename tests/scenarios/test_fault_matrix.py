"""Each method of Slack, and each request to a provider, has each kind of trouble while a call with twenty people needs
it. When the trouble is over, the card is true again, nothing is doubled, and who asked for a call that failed was told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from app.cli.manifest import read_manifest
from app.db.models import CALLS
from app.db.session import Database
from app.emulator import Emulator
from app.errors import PermanentFailure
from app.providers.registry import load_providers
from tests.clocks import MovedClock
from tests.conftest import migrate_url
from tests.databases import chosen_kind, fresh_database_url
from tests.processes import ROOT
from tests.reconciler.stage import PATIENCE_SECONDS, Stage
from tests.running import Running, running_app
from tests.scenarios.fault_cases import CELLS, COLUMNS, METHODS, Cell, Method, Phase, Trouble, is_tried_on_postgresql
from tests.scenarios.fault_play import Play
from tests.scenarios.one_call import CONVERGED_SECONDS
from tests.scenarios.provider_faults import OPERATIONS, PROVIDER_CELLS, ProviderCell, ProviderPlay
from tests.scenarios.provider_vendors import (
    VENDOR_COLUMNS,
    LiveKitVendor,
    StandardVendor,
    TroubledLiveKit,
    TroubledReference,
    TroubledZoom,
    Vendor,
    ZoomVendor,
)
from tests.slack.methods import dotted, methods_used

HOUR = 3600
COUNTED = ("on SQLite", "on PostgreSQL")


ON_POSTGRESQL = [cell for cell in CELLS if is_tried_on_postgresql(cell)]
PROVIDER_CELLS_ON_POSTGRESQL = [cell for cell in PROVIDER_CELLS if cell.provider == "standard"]


def slack_row(method: Method) -> list[object]:
    cells = [cell for cell in CELLS if cell.method == method]
    counts = Counter(cell.trouble.column for cell in cells)
    on_postgresql = len([cell for cell in ON_POSTGRESQL if cell.method == method])
    return [f"`{method}`", method.phase, *(counts[column] or "" for column in COLUMNS), len(cells), on_postgresql]


def provider_row(provider: str, operation: str) -> list[object]:
    def is_of(cell: ProviderCell) -> bool:
        return (cell.provider, cell.operation) == (provider, operation)

    counts = Counter(cell.trouble.column for cell in PROVIDER_CELLS if is_of(cell))
    on_postgresql = len([cell for cell in PROVIDER_CELLS_ON_POSTGRESQL if is_of(cell)])
    return [provider, operation, *(counts[column] for column in VENDOR_COLUMNS), counts.total(), on_postgresql or ""]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [" | ".join(map(str, row)) for row in [head, *rows]]
    return "\n".join([f"| {lines[0]} |", "|---" * len(head) + "|", *(f"| {line} |" for line in lines[1:])])


def slack_table() -> str:
    return table(["method", "has trouble", *COLUMNS, *COUNTED], map(slack_row, METHODS))


def provider_table() -> str:
    rows = [provider_row(provider, operation) for provider, all_ in OPERATIONS.items() for operation in all_]
    return table(["provider", "request", *VENDOR_COLUMNS, *COUNTED], rows)


@pytest.mark.parametrize("expected", [slack_table(), provider_table()], ids=["slack", "providers"])
def test_the_documented_table_holds_every_cell(expected: str) -> None:
    page = (ROOT / "docs" / "fault-matrix.md").read_text(encoding="utf-8")
    assert expected in page, expected


def test_the_page_counts_all_cells() -> None:
    page = (ROOT / "docs" / "fault-matrix.md").read_text(encoding="utf-8")
    on_sqlite, on_postgresql = len(CELLS) + len(PROVIDER_CELLS), len(ON_POSTGRESQL) + len(PROVIDER_CELLS_ON_POSTGRESQL)
    assert f"{on_sqlite} cells on SQLite and {on_postgresql} on PostgreSQL" in page
    assert f"within {CONVERGED_SECONDS} seconds" in page


def test_every_method_that_a_call_needs_has_its_row() -> None:
    used = {dotted(method) for method in methods_used()}
    of_a_call = {method for method in used if method.startswith(("calls.", "chat.", "users."))}
    assert {method.name for method in METHODS} == of_a_call | {"response_url"}


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One for all cells."""
    folder: Path = tmp_path_factory.mktemp("faults")
    with fresh_database_url(folder, migrate_url) as url:
        yield url


@pytest.fixture(scope="module")
def vendors() -> Iterator[dict[str, Vendor]]:
    with TroubledReference() as reference, TroubledLiveKit() as livekit, TroubledZoom() as zoom:
        known = (StandardVendor(reference), LiveKitVendor(livekit), ZoomVendor(zoom))
        yield {vendor.name: vendor for vendor in known}


@pytest.fixture(scope="module")
def stage(database_url: str, vendors: dict[str, Vendor]) -> Iterator[Stage]:
    clock, database = MovedClock(), Database(database_url)
    settings = {name: value for vendor in vendors.values() for name, value in vendor.settings().items()}
    providers, reference = load_providers(settings, clock), vendors["standard"].server
    assert isinstance(reference, TroubledReference)
    with Emulator(now=clock.unix, manifest=read_manifest()) as slack:
        slack.switches.change({"repeated_external_unique_id": "same_call"})
        yield Stage(database=database, clock=clock, slack=slack, vendor=reference, providers=providers)
    database.close()


@pytest.fixture
def calm(stage: Stage) -> Stage:
    """Nothing is left of a cell that failed."""
    stage.slack.faults.clear()
    stage.slack.journal.clear()
    stage.patience_seconds = PATIENCE_SECONDS
    with stage.database.transaction() as connection:
        connection.execute(CALLS.update().values(shown_generation=CALLS.c.generation, deadline_at=None))
    return stage


@pytest.fixture(scope="module")
def commands(stage: Stage, database_url: str) -> Iterator[Running]:
    """The app that answers commands about the calls on the stage."""
    settings = {"SLACK_BOT_TOKEN": "xoxb-local", "SLACK_SIGNING_SECRET": "local-secret", **stage.vendor.settings()}
    where = {"SLACK_API_URL": stage.slack.api_url, "DATABASE_URL": database_url}
    with running_app({**settings, **where}, stage.clock, stage.slack) as running:
        yield running


def chosen(*phases: Phase) -> list[Cell]:
    """What is tried on this kind of database."""
    cells = CELLS if chosen_kind() == "sqlite" else ON_POSTGRESQL
    return [cell for cell in cells if cell.method.phase in phases]


@pytest.mark.parametrize("cell", chosen(Phase.START, Phase.RUN, Phase.END, Phase.FAIL), ids=str)
def test_trouble_with_slack_passes_and_leaves_nothing_wrong(calm: Stage, cell: Cell) -> None:
    Play(calm, cell, CELLS.index(cell)).run()


@pytest.mark.parametrize("cell", PROVIDER_CELLS if chosen_kind() == "sqlite" else PROVIDER_CELLS_ON_POSTGRESQL, ids=str)
def test_trouble_with_a_provider_passes_and_leaves_nothing_wrong(
    calm: Stage, vendors: dict[str, Vendor], cell: ProviderCell
) -> None:
    vendor = vendors[cell.provider]
    vendor.server.standing = None
    ProviderPlay(calm, vendor, cell, PROVIDER_CELLS.index(cell)).run()


@pytest.mark.parametrize("method", [one for one in METHODS if one.phase in {Phase.RUN, Phase.END}], ids=str)
def test_what_an_operator_mends_after_an_hour_comes_right_too(calm: Stage, method: Method) -> None:
    missing = Trouble("missing_scope", "refused", "error", PermanentFailure, {"error": "missing_scope"})
    Play(calm, Cell(method, missing), len(CELLS) + METHODS.index(method), seconds=HOUR).run()


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize("cell", chosen(Phase.ASK), ids=str)
def test_when_slack_does_not_say_who_is_an_admin_the_call_goes_on(calm: Stage, cell: Cell) -> None:
    Play(calm, cell, CELLS.index(cell)).run()
