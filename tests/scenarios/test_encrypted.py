"""The whole app with keys: all works as without, nothing of it is readable, and a lost key is nobody else's trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from app.db.models import Base
from app.reconciler.worker import CallCrashed
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_history import ADA, DELIVERIES, GRACE, GUEST, Told, people, start_call

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def livekit() -> Iterator[LiveKitServer]:
    with LiveKitServer() as server:
        yield server


def stored(app: Running) -> bytes:
    with app.switchboard.database.reading() as connection:
        rows = [row for table in Base.metadata.tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)


def test_a_call_runs_from_the_command_to_the_end(run_app: Callable[..., Running], livekit: LiveKitServer) -> None:
    app = run_app(**livekit.settings(), ENCRYPTION_KEYS=NEW)
    room = start_call(app, livekit, "Weekly sync of Ada")
    Told(app, room, app.clock.now() + timedelta(seconds=1)).deliver_all(range(DELIVERIES))
    app.settle()
    [card] = app.slack.cards("C0GENERAL")
    assert card["name"] == "Weekly sync of Ada"
    assert people(card["all_participants"]) == [GUEST, ADA, GRACE]
    assert card["has_ended"]
    token = card["join_url"].rpartition("/")[2]
    assert app.http.get(f"/join/{token}").status_code == 410, "it is found, and over"
    kept = stored(app)
    for word in ("Lovelace", "Weekly sync", "Hopper", token, "/commands/", "participant_joined", "slack:U0AAAA001"):
        assert word.encode() not in kept


def test_a_call_whose_key_is_lost_does_not_hold_up_the_others(
    run_app: Callable[..., Running], caplog: pytest.LogCaptureFixture
) -> None:
    link = {"LINK_TEMPLATE": "https://meet.example.com/{slug}", "DEFAULT_PROVIDER": "link"}
    before = run_app(**link, ENCRYPTION_KEYS=OLD)
    before.slack.slash("/ring", "Lost", channel="C0RANDOM")
    after = run_app(**link, ENCRYPTION_KEYS=NEW)
    after.slack.slash("/ring", "Weekly sync")
    with pytest.raises(CallCrashed) as crashed:
        after.reconcile()
    assert "not among ENCRYPTION_KEYS" in str(crashed.value.__cause__)
    after.reconcile()
    assert [card["name"] for card in after.slack.cards("C0GENERAL")] == ["Weekly sync"]
    assert OLD not in caplog.text
