"""What whoever runs the app can ask it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from tests.running import Running

TEMPLATE = "https://meet.example.com/{slug}"


def test_a_working_app_is_healthy_and_ready(run_app: Callable[..., Running]) -> None:
    app = run_app(LINK_TEMPLATE=TEMPLATE)
    assert [app.http.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


def test_an_app_whose_tables_are_old_is_not_ready(run_app: Callable[..., Running]) -> None:
    app = run_app(LINK_TEMPLATE=TEMPLATE)
    with app.switchboard.database.transaction() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    answer = app.http.get("/readyz")
    assert answer.status_code == 503
    assert "python -m app db upgrade" in answer.text
    assert app.http.get("/healthz").status_code == 200


def test_an_app_without_its_database_is_not_ready(run_app: Callable[..., Running]) -> None:
    app = run_app(LINK_TEMPLATE=TEMPLATE, DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")
    answer = app.http.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "The database cannot be reached.")


def test_what_nobody_serves_is_not_found(run_app: Callable[..., Running]) -> None:
    app = run_app(LINK_TEMPLATE=TEMPLATE)
    assert app.http.get("/").status_code == 404
