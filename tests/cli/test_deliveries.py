"""``python -m app deliveries``: an operator finds what failed, sees why, and has it read again after the mend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.clock import SystemClock
from app.db import deliveries
from app.db.deliveries import Delivery, Outcome, Taken
from app.db.session import Database
from tests.cli.saying import Say
from tests.clocks import MovedClock
from tests.db.given import given_call, known
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook

NOW = SystemClock().now()


@pytest.fixture
def standard() -> Iterator[dict[str, str]]:
    """The settings of a provider."""
    with ReferenceServer() as server:
        yield server.settings()


def joined(person: dict[str, str], **changes: Any) -> Delivery:
    body = webhook("participant.joined", NOW, "m-1", participant=person)
    what = Delivery(
        provider="standard",
        account_id="default",
        dedupe_key=person.get("id", "none"),
        meeting_id="m-1",
        received_at=NOW,
        headers={"webhook-id": f"msg_{person.get('id')}", "user-agent": "example \x1b[31m"},
        body=body,
    )
    return replace(what, **changes)


ADA, GRACE = joined({"id": "ada", "name": "Ada Lovelace"}), joined({"id": "grace", "name": "Grace \u202eHopper 🎥"})


def stored(database: Database, what: Delivery, outcome: Outcome = Outcome.FAILED, **came_to: str) -> str:
    with database.transaction() as connection:
        taken = Taken(delivery=what, outcome=outcome, **came_to)
        [delivery_id] = deliveries.store(connection, [taken]).values()
        return delivery_id


def test_the_newest_come_first(say: Say, database: Database) -> None:
    old = stored(database, replace(ADA, received_at=NOW - timedelta(hours=3)), Outcome.APPLIED, call_id="call-1")
    new = stored(database, GRACE, error="KeyError")
    said = say("deliveries", "list")
    assert said.code == 0
    assert said.lines[0] == ["received", "id", "provider", "outcome", "call", "error"]
    assert [line[1:] for line in said.lines[1:]] == [
        [new, "standard", "failed", "–", "KeyError"],
        [old, "standard", "applied", "call-1", "–"],
    ]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--outcome", "failed"), {"grace"}),
        (("--outcome", "applied"), {"ada"}),
        (("--provider", "standard"), {"ada", "grace"}),
        (("--provider", "zoom"), set()),
        (("--since", "2h"), {"grace"}),
        (("--since", "7d"), {"ada", "grace"}),
        (("--limit", "1"), {"grace"}),
    ],
)
def test_a_list_can_be_narrowed(say: Say, database: Database, options: tuple[str, ...], found: set[str]) -> None:
    ids = {
        stored(database, replace(ADA, received_at=NOW - timedelta(hours=3)), Outcome.APPLIED): "ada",
        stored(database, GRACE): "grace",
    }
    said = say("deliveries", "list", "--json", *options)
    assert {ids[each["id"]] for each in said.json} == found
    assert said.code == (0 if found else 1)


def test_an_empty_list_says_so(say: Say) -> None:
    said = say("deliveries", "list", "--outcome", "failed")
    assert (said.code, said.out) == (1, "There are no such deliveries.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--since", "soon"),
        ("list", "--outcome", "lost"),
        ("list", "--limit", "many"),
        ("list", "--limit", "-1"),
        ("show",),
        ("replay",),
        ("replay", "--failed", "d-1"),
    ],
)
def test_what_is_not_understood_is_refused(say: Say, arguments: tuple[str, ...]) -> None:
    assert say("deliveries", *arguments).code == 2


def test_one_is_shown_whole(say: Say, database: Database, standard: dict[str, str]) -> None:
    said = say("deliveries", "show", stored(database, GRACE, error="KeyError"), **standard)
    assert said.code == 0
    assert ["error", "KeyError"] in said.lines
    assert "  webhook-id: msg_grace" in said.out
    assert '      "name": "Grace \\u202eHopper 🎥"' in said.out
    assert "ParticipantJoined  meeting m-1  person grace (Grace Hopper 🎥)" in said.out
    for trick in ("\x1b", "\u202e"):
        assert trick not in said.out


def test_one_is_shown_also_when_nobody_can_read_it(say: Say, database: Database, standard: dict[str, str]) -> None:
    said = say("deliveries", "show", stored(database, replace(ADA, body=b"\xff garbage")), **standard)
    assert said.code == 0
    assert "  \\xff garbage" in said.out
    assert "It cannot be read: body: Invalid JSON" in said.out


def test_one_is_shown_also_when_its_provider_is_gone(say: Say, database: Database) -> None:
    said = say("deliveries", "show", stored(database, ADA))
    assert said.code == 0
    assert "The provider of this delivery is not set up. standard" in said.out


def test_one_can_be_shown_to_a_program(say: Say, database: Database, standard: dict[str, str]) -> None:
    delivery_id = stored(database, GRACE)
    shown = say("deliveries", "show", delivery_id, "--json", **standard).json
    assert (shown["id"], shown["headers"]["webhook-id"]) == (delivery_id, "msg_grace")
    assert shown["body"]["data"]["participant"]["id"] == "grace"


def test_all_that_failed_is_read_again(say: Say, database: Database, standard: dict[str, str]) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    mended, broken = stored(database, ADA), stored(database, joined({"name": "Nobody"}))
    said = say("deliveries", "replay", "--failed", **standard)
    assert said.code == 1
    assert f"{mended}: Applied to call-1; its card follows within seconds.\n" in said.out
    assert f"{broken}: Fails again: data.participant.id: Field required\n" in said.out
    assert set(known(database).participants) == {"ada"}
    assert [each["id"] for each in say("deliveries", "list", "--outcome", "failed", "--json").json] == [broken]


def test_one_is_read_again_as_often_as_one_likes(say: Say, database: Database, standard: dict[str, str]) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    delivery_id = stored(database, ADA)
    for _ in range(2):
        said = say("deliveries", "replay", delivery_id, "--json", **standard)
        assert said.code == 0
        assert said.json == [
            {"id": delivery_id, "came_to": "Applied to call-1; its card follows within seconds.", "ok": True}
        ]
    assert len(known(database).participants["ada"].connections) == 1


def test_of_the_failed_those_of_one_provider_can_be_chosen(
    say: Say, database: Database, standard: dict[str, str]
) -> None:
    stored(database, ADA)
    said = say("deliveries", "replay", "--failed", "--provider", "zoom", **standard)
    assert (said.code, said.err) == (1, "No delivery has failed.\n")


def test_what_is_about_no_call_of_ours_is_said(say: Say, database: Database, standard: dict[str, str]) -> None:
    delivery_id = stored(database, ADA)
    said = say("deliveries", "replay", delivery_id, "d-none", **standard)
    assert said.code == 1
    assert said.out == f"{delivery_id}: Read, but about no call of ours.\nd-none: There is no such delivery.\n"


def test_one_that_no_key_opens_does_not_keep_the_others_from_being_read(
    say: Say, database: Database, database_url: str, standard: dict[str, str]
) -> None:
    given_call(database, meeting_id="m-1", provider="standard")
    sealed = Database(database_url, keys=[Fernet.generate_key().decode()])
    lost, plain = stored(sealed, GRACE), stored(database, ADA)
    sealed.close()
    said = say("deliveries", "replay", lost, plain, **standard)
    assert said.code == 1
    assert [line.partition(": ")[2] for line in said.out.splitlines()] == [
        "What is stored cannot be read by this version. It is encrypted, and ENCRYPTION_KEYS is not set.",
        "Applied to call-1; its card follows within seconds.",
    ]


def test_a_provider_that_is_gone_is_said(say: Say, database: Database) -> None:
    delivery_id = stored(database, ADA)
    said = say("deliveries", "replay", delivery_id)
    assert (said.code, said.out) == (
        1,
        f"{delivery_id}: The provider of this delivery is not set up. standard\n",
    )


def test_a_database_that_is_not_up_to_date_is_said(say: Say) -> None:
    said = say("deliveries", "list", DATABASE_URL="sqlite:///new.db")
    assert said.code == 2
    assert "python -m app db upgrade" in said.err


def test_what_a_genuine_webhook_failed_with_is_found_by_the_id_in_the_log(
    say: Say,
    run_app: Any,
    standard: dict[str, str],
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = run_app(**standard)
    body = webhook("participant.joined", clock.now(), "m-1", participant={"name": "Nobody"})
    answer = app.http.post("/webhooks/standard", content=body, headers=delivered(body, clock.now()))
    assert answer.status_code == 400
    [line] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    [listed] = say("deliveries", "list", "--outcome", "failed", "--json").json
    assert f"delivery_id={listed['id']}" in line
