"""20,000 requests are thrown at each provider's webhooks, hardly one of them genuine.

Whatever comes in, only the answers of the policy go out, nothing is raised, nothing that was not proven is stored, and
no answer holds a piece of a secret. The requests are the same each time; ``FUZZ_SEED`` gives others.

The database is always a file of SQLite: a run on PostgreSQL would tell nothing new.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text
from werkzeug.test import run_wsgi_app

from app.providers.base import Provider
from app.providers.registry import PROVIDERS, setting_prefix
from app.services.deliveries import without_secrets
from app.web.factory import Switchboard, build
from tests.conftest import migrate_url
from tests.providers.contract import WebhookCase, WebhookContract
from tests.web.thrown import Thrower, Thrown, Verdict

SEED = os.environ.get("FUZZ_SEED", "1")
REQUESTS = 20_000
"""For each provider, shared out among the settings with which it is held to the contract."""
POLICY = frozenset({200, 400, 401, 404, 405, 413})
# So long that no answer has one in common with a secret that is made of words.
PIECE = 12
PUBLIC_URL = "https://calls.example.com"


def throw_at(case: WebhookCase, requests: int, folder: Path) -> None:
    thrower = Thrower(case, f"{SEED} {case.provider.name}")
    pieces = {secret[at : at + PIECE] for secret in case.secrets for at in range(len(secret) - PIECE + 1)}
    proven: set[bytes] = set()
    statuses: Counter[tuple[Verdict, int]] = Counter()
    with app_with(case, folder) as app, errors_logged() as errors:
        for number in range(requests):
            thrown = thrower.next()
            status, told = answer_to(app, case.provider.name, thrown)
            which = f"FUZZ_SEED={SEED}, request {number}: {status} {told[:200]!r} for {str(thrown)[:3000]}"
            assert not errors, f"{errors} after {which}"
            assert status in POLICY, which
            assert pieces.isdisjoint(told[at : at + PIECE] for at in range(len(told))), which
            assert_judged_rightly(case.provider, thrown, status, which)
            statuses[thrown.verdict, status] += 1
            if thrown.verdict is not Verdict.FORGED:
                proven.add(without_secrets(thrown.body_seen, case.provider.secret_fields))
        assert stored_bodies(app) <= proven
    assert statuses[Verdict.GENUINE, 200] > requests / 100
    assert statuses[Verdict.FORGED, 401] > requests / 5


def assert_judged_rightly(provider: Provider, thrown: Thrown, status: int, which: str) -> None:
    """As far as it is known from how the request was made."""
    match thrown.verdict:
        case Verdict.GENUINE:
            assert status == 200, which
        case Verdict.SIGNED:
            # Libraries that sign texts refuse what is none.
            refused = set() if is_text(thrown.request.body) else {401}
            assert status in {200, provider.malformed_status, 413, *refused}, which
        case Verdict.FORGED:
            assert status in {401, 413}, which
        case Verdict.UNCLEAR:
            pass


def is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def answer_to(app: Switchboard, name: str, thrown: Thrown) -> tuple[int, str]:
    """The status, and all that is told: the headers and the body."""
    pieces, status, headers = run_wsgi_app(app.flask, thrown.environ(name), buffered=True)
    body = b"".join(pieces).decode("latin-1")
    return int(status.split()[0]), f"{headers}{body}"


def stored_bodies(app: Switchboard) -> set[bytes]:
    with app.database.reading() as connection:
        return {row.body for row in connection.execute(text("SELECT body FROM deliveries"))}


@contextmanager
def app_with(case: WebhookCase, folder: Path) -> Iterator[Switchboard]:
    url = f"sqlite:///{folder / 'fuzz.db'}"
    migrate_url(url)
    env = {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_SIGNING_SECRET": "local-secret",
        "PUBLIC_URL": case.provider.webhook_url.removesuffix(f"/webhooks/{case.provider.name}") or PUBLIC_URL,
        "DATABASE_URL": url,
        **settings_given(case.provider),
    }
    app = build(env, case.clock)
    try:
        yield app
    finally:
        app.database.close()


def settings_given(provider: Provider) -> Mapping[str, str]:
    """The settings that this provider was made from, as the environment would hold them."""
    prefix = setting_prefix(type(provider))
    given = {(prefix + field).upper(): _written(value) for field, value in provider.account if value is not None}
    return {name: value for name, value in given.items() if value}


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple | list | frozenset):
        return ",".join(map(_written, value))
    return str(value)


@contextmanager
def errors_logged() -> Iterator[list[str]]:
    """The errors with a stack that are logged from here on. Not by ``caplog``: it would keep 20,000 rejections too."""
    errors: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info:  # else it is a genuine request that cannot be read
                errors.append(self.format(record))

    keeper = Keeper(level=logging.ERROR)
    logging.getLogger().addHandler(keeper)
    try:
        yield errors
    finally:
        logging.getLogger().removeHandler(keeper)


def contracts_of(provider: type[Provider]) -> list[type[WebhookContract]]:
    """What holds ``provider`` to the contract. That there is something is seen to in tests/providers."""
    module = importlib.import_module(f"tests.providers.{provider.name}.test_contract")
    classes = [one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    return [one for one in classes if issubclass(one, WebhookContract)]


def with_one_test(contract: type[WebhookContract], requests: int) -> type[WebhookContract]:
    """The provider's contract with its ``case``, and with a single test in place of all of its own."""

    def test_only_what_the_policy_says_comes_back(case: WebhookCase, tmp_path: Path) -> None:
        throw_at(case, requests, tmp_path)

    own_tests = dict.fromkeys(name for name in dir(contract) if name.startswith("test_"))
    the_test = {"test_only_what_the_policy_says_comes_back": staticmethod(test_only_what_the_policy_says_comes_back)}
    return type(contract.__name__, (contract,), {**own_tests, **the_test, "__module__": __name__})


for told_things in (provider for provider in PROVIDERS if provider.capabilities.sends_events):
    contracts = contracts_of(told_things)
    globals().update({one.__name__: with_one_test(one, REQUESTS // len(contracts)) for one in contracts})
