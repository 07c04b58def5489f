"""Nobody of one team sees or touches anything of another's, by whatever way into the app.

Each entry has an attempt here. Whoever adds one is told by the tests of completeness to add how it is tried.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import pytest
from slack_bolt.listener import CustomListener

from app import services
from app.domain.permissions import Wish
from app.domain.workspaces import Preferences, WorkspaceSettings
from app.emulator import Emulator
from app.emulator.views import home_of, views_of
from app.errors import NotAsEntered, WishRefused
from app.listeners.bolt import Services, make_bolt_app
from app.services.calls import Start
from app.services.home_settings import HomeSettings
from app.services.installations import INSTALL_PATH, REDIRECT_PATH
from app.slack import choices, home, modals
from app.web.sign_in import RETURN_PATH
from tests.listeners.hands import publish
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.scenarios.two_teams import CHANNEL, MARK, MEMBER, STRANGER, TwoTeams, two_teams
from tests.services.settings_of_teams import OURS, THEIRS, caller
from tests.web.installers import INSTALLABLE, Installer
from tests.web.people import Somebody, send_back_to

Attempt: TypeAlias = Callable[[TwoTeams], object]
"""Returns what whoever tried it was told."""
CALLER = caller(STRANGER.role, team_id=THEIRS, user_id=STRANGER.user_id)


@pytest.fixture
def stage(run_app: Callable[..., Running], slack: Emulator, livekit: LiveKitServer) -> TwoTeams:
    return two_teams(run_app(**INSTALLABLE, ALLOW_PRIVATE_ADDRESSES="true"), slack, livekit)


def try_all(stage: TwoTeams, attempts: Mapping[str, Attempt]) -> None:
    """What is ours stays as it is, and nothing of it is told."""
    before, unseen = stage.all_of_ours(), len(stage.slack.requests())
    assert {name for name, rows in before.items() if rows} >= {"calls", "participants", "accounts", "deliveries"}
    for name, attempt in attempts.items():
        try:
            said = str(attempt(stage))
        except WishRefused as refusal:
            said = f"{refusal} {refusal.problems if isinstance(refusal, NotAsEntered) else ''}"
        workspace = stage.slack.workspace(THEIRS)
        seen = [home_of(workspace, STRANGER.user_id), *views_of(workspace, STRANGER.user_id)]
        assert stage.is_ours(f"{said} {seen} {stage.told_since(unseen)}") == [], name
        assert stage.all_of_ours() == before, name
    stage.app.settle(within_seconds=5)
    card = stage.slack.cards(CHANNEL, team=OURS)[-1]
    people = [user["display_name"] for user in card["active_participants"]]
    assert (card["name"], people, card["has_ended"]) == (f"Plans {MARK}", [f"Grace {MARK}"], False)


# --- What comes from Slack


def type_everything(stage: TwoTeams) -> object:
    return [stage.slash(text) for text in ("list", "end", "rename Mine now", "help", "settings", "Mine", "end")]


def change_our_account(stage: TwoTeams) -> object:
    verbs = (choices.EDIT, choices.TEST, choices.MAKE_DEFAULT, choices.REMOVE)
    return [stage.choose(choices.CHANGE_ACCOUNT, f"{verb} {stage.account.key}") for verb in verbs]


def enter_for_our_account(stage: TwoTeams) -> object:
    entered = {"account_name": "Mine now", "url": "wss://elsewhere.example.com", "api_key": "k", "api_secret": "s" * 32}
    return stage.send_form(modals.ACCOUNT_ENTERED, str(stage.account.key), **entered)


def look(stage: TwoTeams) -> object:
    stage.slack.open_home(STRANGER.user_id, THEIRS)
    assert publish(stage.app) == 1
    return ""


def choose_our_account(stage: TwoTeams) -> object:
    chosen = {modals.CHANNEL: CHANNEL, modals.ACCOUNT: str(stage.account.key)}
    return stage.send_form(modals.CHANNEL_ENTERED, **chosen)


REVOKED = {"tokens": {"oauth": [], "bot": ["U0BOT"]}}
LISTENERS: Mapping[str, Attempt] = {
    "RingCommand.answer": type_everything,
    "AppHome.opened": look,
    "CallButtons.join": lambda stage: stage.press(home.JOIN_CALL, stage.call_id),
    "CallButtons.end": lambda stage: stage.press(home.END_CALL, stage.call_id),
    "SettingsButtons.add_account": lambda stage: stage.press(choices.ADD_ACCOUNT),
    "SettingsButtons.change_account": change_our_account,
    "SettingsButtons.change_settings": lambda stage: stage.press(choices.CHANGE_SETTINGS, str(stage.account.key)),
    "SettingsButtons.change_channel": lambda stage: stage.press(choices.CHANGE_CHANNEL, str(stage.account.key)),
    "SettingsButtons.change_preferences": lambda stage: stage.press(choices.CHANGE_PREFERENCES),
    "SettingsForms.account_chosen": lambda stage: stage.send_form(
        modals.ACCOUNT_CHOSEN, str(stage.account.key), provider="livekit"
    ),
    "SettingsForms.account_entered": enter_for_our_account,
    "SettingsForms.account_removed": lambda stage: stage.send_form(modals.ACCOUNT_REMOVED, str(stage.account.key)),
    "SettingsForms.settings_entered": lambda stage: stage.send_form(
        modals.SETTINGS_ENTERED, default_account=str(stage.account.key)
    ),
    "SettingsForms.channel_entered": choose_our_account,
    "SettingsForms.preferences_entered": lambda stage: stage.send_form(
        modals.PREFERENCES_ENTERED, title_template="Mine"
    ),
    # Last, because the other team is gone afterwards.
    "Uninstalling.team_access_revoked": lambda stage: stage.send_event("team_access_revoked", team_ids=[OURS]),
    "Uninstalling.tokens_revoked": lambda stage: stage.send_event("tokens_revoked", **REVOKED),
    "Uninstalling.app_uninstalled": lambda stage: stage.send_event("app_uninstalled"),
}


def test_nothing_that_comes_from_slack_reaches_another_team(stage: TwoTeams) -> None:
    try_all(stage, LISTENERS)


def test_every_listener_is_tried(stage: TwoTeams) -> None:
    switchboard = stage.app.switchboard
    served = Services(
        calls=stage.calls,
        accounts=stage.accounts,
        workspaces=stage.workspaces,
        homes=switchboard.home_service,
        uninstall=switchboard.installations.uninstall,
    )
    bolt_app = make_bolt_app(switchboard.settings, switchboard.clients, served)
    listeners = [each for each in bolt_app._listeners if isinstance(each, CustomListener)]
    assert {each.ack_function.__qualname__ for each in listeners} == LISTENERS.keys()


# --- What comes from browsers and vendors


def bring_their_webhook_to_us(stage: TwoTeams) -> object:
    assert stage.deliver(stage.account.webhook_url).status_code == 401
    assert stage.deliver(f"/webhooks/livekit/{stage.account.key.account_id}/x").status_code == 404
    mixed = stage.theirs.webhook_url.replace("livekit", "zoom")
    assert stage.deliver(mixed).status_code == 404
    told = stage.deliver(stage.theirs.webhook_url)
    assert told.text == "unmatched"
    return told.text


def come_with_our_link(stage: TwoTeams) -> object:
    """Whoever has a join token sees the title of its call; they come in only as guests, and we have none."""
    send_back_to(stage.slack, stage.app, RETURN_PATH)
    address = f"{stage.app.url}/join/{stage.join_token}"
    with Somebody(f"{THEIRS}/{STRANGER.user_id}") as somebody:
        somebody.sign_in(address)
        page = somebody.open(address)
        refused = somebody.http.post(address, data={"name": "Ada"})
    assert (page.status_code, refused.status_code) == (200, 403)
    assert "Location" not in {**page.headers, **refused.headers}
    return (page.text + refused.text).replace(f"Plans {MARK}", "").replace(stage.join_token, "")


def sign_out(stage: TwoTeams) -> object:
    with Somebody(f"{THEIRS}/{STRANGER.user_id}") as somebody:
        return (
            somebody.open(f"{stage.app.url}/join/sign-out").text
            + somebody.http.post(f"{stage.app.url}/join/sign-out").text
        )


def install_elsewhere(stage: TwoTeams) -> object:
    send_back_to(stage.slack, stage.app, REDIRECT_PATH)
    with Installer(stage.app, f"{THEIRS}/{STRANGER.user_id}") as somebody:
        page = somebody.install()
    assert "is installed in Other" in page.text
    return page.text


def look_at(path: str) -> Attempt:
    return lambda stage: stage.app.http.get(path).text


ROUTES: Mapping[str, Attempt] = {
    "GET /static/<path:filename>": look_at("/static/../data/switchboard.db"),
    "POST /slack/events": lambda stage: stage.slash("list"),
    "POST /webhooks/<path:_>": bring_their_webhook_to_us,
    "GET /join/<token>": come_with_our_link,
    "POST /join/<token>": come_with_our_link,
    "GET /join/<token>/sign-in": come_with_our_link,
    f"GET {RETURN_PATH}": come_with_our_link,
    "GET /join/sign-out": sign_out,
    "POST /join/sign-out": sign_out,
    f"GET {INSTALL_PATH}": look_at(INSTALL_PATH),
    f"POST {INSTALL_PATH}": install_elsewhere,
    f"GET {REDIRECT_PATH}": install_elsewhere,
    "GET /healthz": look_at("/healthz"),
    "GET /readyz": look_at("/readyz"),
    "GET /metrics": look_at("/metrics"),
}


def test_no_page_and_no_webhook_reaches_another_team(stage: TwoTeams) -> None:
    try_all(stage, ROUTES)


def test_every_route_is_tried(stage: TwoTeams) -> None:
    rules = stage.app.switchboard.flask.url_map.iter_rules()
    served = {f"{method} {rule.rule}" for rule in rules for method in rule.methods or ()}
    assert {each for each in served if not each.startswith(("HEAD ", "OPTIONS "))} == ROUTES.keys()


# --- What the services do for somebody


def compose(stage: TwoTeams) -> object:
    return [block.to_dict() for block in home.blocks_of(stage.app.switchboard.home_service.compose(STRANGER))]


def settings_of_home(stage: TwoTeams) -> object:
    settings = stage.workspaces.settings(STRANGER.team_id)
    return [block.to_dict() for block in HomeSettings(stage.accounts, stage.workspaces).blocks(STRANGER, settings)]


def start_and_end(stage: TwoTeams) -> object:
    """At an account of their own, also where our channel of the same id has chosen one."""
    told = stage.calls.start(CALLER, Start(title="", request_key=None, response_url=None, channel_name="general"))
    return (told, stage.calls.end(CALLER))


SERVICES: Mapping[str, Attempt] = {
    "CallService.running": lambda stage: stage.calls.running(CALLER),
    "CallService.end": lambda stage: stage.calls.end(CALLER),
    "CallService.rename": lambda stage: stage.calls.rename(CALLER, "Mine now"),
    "CallService.end_call": lambda stage: stage.calls.end_call(STRANGER, stage.call_id),
    "CallService.start": start_and_end,
    "AccountService.list": lambda stage: stage.accounts.list(STRANGER),
    "AccountService.check_may_add": lambda stage: stage.accounts.check_may_add(STRANGER),
    "AccountService.find": lambda stage: stage.accounts.find(STRANGER, stage.account.key.account_id),
    "AccountService.add": lambda stage: stage.accounts.add(
        STRANGER, "livekit", stage.account.name.replace(MARK, "too"), {"url": "wss://x.example.com", "api_key": "k"}
    ),
    "AccountService.change": lambda stage: stage.accounts.change(
        STRANGER, stage.account.key.account_id, "Mine now", {}, forget=["api_secret"]
    ),
    "AccountService.remove": lambda stage: stage.accounts.remove(STRANGER, stage.account.key.account_id),
    "AccountService.test": lambda stage: stage.accounts.test(STRANGER, stage.account.key.account_id),
    "AccountService.make_default": lambda stage: stage.accounts.make_default(STRANGER, stage.account.key),
    "WorkspaceService.may": lambda stage: stage.workspaces.may(Wish.MANAGE, STRANGER),
    "WorkspaceService.change": lambda stage: stage.workspaces.change(
        STRANGER, WorkspaceSettings(default_account=stage.account.key)
    ),
    "WorkspaceService.changes": lambda stage: stage.workspaces.changes(STRANGER),
    "WorkspaceService.channel_accounts": lambda stage: stage.workspaces.channel_accounts(STRANGER),
    "WorkspaceService.choose_for_channel": lambda stage: stage.workspaces.choose_for_channel(
        STRANGER, CHANNEL, stage.account.key
    ),
    "WorkspaceService.preferences": lambda stage: stage.workspaces.preferences(STRANGER),
    "WorkspaceService.prefer": lambda stage: stage.workspaces.prefer(STRANGER, Preferences(title_template="Mine now")),
    "HomeService.compose": compose,
    "HomeSettings.blocks": settings_of_home,
    "VisitService.admit_member": lambda stage: stage.visits.admit_member(stage.join_token, MEMBER),
}
WHO = {"Actor", "Caller", "Member"}
"""What a method takes that does something for somebody."""
ONLY_NOTES = {"Changes.record"}
"""What others have checked and done by then."""


def test_no_service_reaches_another_team(stage: TwoTeams) -> None:
    try_all(stage, SERVICES)


def test_every_service_that_takes_somebody_is_tried() -> None:
    assert set(_methods()) - ONLY_NOTES == SERVICES.keys()


def _methods() -> Iterator[str]:
    for module in pkgutil.iter_modules(services.__path__, "app.services."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name:
                yield from (f"{name}.{method}" for method, takes in _takes(kind) if takes & WHO)


def _takes(kind: type) -> Iterator[tuple[str, set[str]]]:
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            takes = (str(each.annotation) for each in inspect.signature(method).parameters.values())
            yield name, set(re.findall(r"\w+", " ".join(takes)))
