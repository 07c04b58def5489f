"""What the log says, and does not say, of people who join."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from app import logs
from app.emulator import Emulator
from app.web.sign_in import RETURN_PATH
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_history import start_call
from tests.web.people import CLIENT, MEET, Somebody, send_back_to


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The whole log of the app at its most talkative, redacted as it always is."""
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    level, stream = root.level, io.StringIO()
    logs.set_up("DEBUG", stream)
    # Slack lives in this process too, and its log is not the app's.
    emulator = logging.getLogger("app.emulator")
    emulator.setLevel(logging.WARNING)
    yield stream
    emulator.setLevel(logging.NOTSET)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_log_holds_no_secret_of_a_sign_in(
    run_app: Callable[..., Running], slack: Emulator, written: io.StringIO
) -> None:
    with LiveKitServer() as livekit, Somebody() as grace:
        app = run_app(**livekit.settings(), **CLIENT, LIVEKIT_MEET_URL=MEET)
        send_back_to(slack, app, RETURN_PATH)
        start_call(app, livekit)
        join_url = str(slack.cards("C0GENERAL")[0]["join_url"])
        to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
        browser = grace.http.cookies["switchboard_sign_in"]
        back = grace.agree(to_slack)
        grace.open(back)
        link = grace.open(join_url).headers["Location"]
        slack.faults.add("openid.connect.token", "error", error="invalid_code")
        refused = grace.agree(grace.http.get(f"{join_url}/sign-in"))
        grace.open(refused)
        grace.http.post(join_url, data={"name": "Grace Hopper"})

    told = written.getvalue()
    assert "signed in team_id=T0LOCAL user_id=U0GRACE" in told
    assert re.search(r"not signed in reference=[0-9a-f]{8} why=invalid_code", told)
    sent = [parse_qs(urlsplit(address).query) for address in (to_slack.headers["Location"], back, refused)]
    secrets = [values[0] for each in sent for name, values in each.items() if name in {"state", "nonce", "code"}]
    secrets += [browser, *grace.http.cookies.values(), CLIENT["SLACK_CLIENT_SECRET"], join_url.rpartition("/")[2]]
    secrets += [parse_qs(urlsplit(link).query)["token"][0], "grace@example.com"]
    assert len(secrets) >= 10
    assert [secret for secret in secrets if secret in told] == []
