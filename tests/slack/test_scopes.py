"""The app asks for the scopes that it needs, and for no others."""

from __future__ import annotations

import ast
from pathlib import Path

import yaml

from app.slack import openid
from app.slack.lanes import PACES

ROOT = Path(__file__).resolve().parents[2]

# The scope that each method's page asks for: https://docs.slack.dev/reference/methods
SCOPES = {
    "calls_add": {"calls:write"},
    "calls_end": {"calls:write"},
    "calls_info": {"calls:read"},
    "calls_participants_add": {"calls:write"},
    "calls_participants_remove": {"calls:write"},
    "calls_update": {"calls:write"},
    "chat_postEphemeral": {"chat:write"},
    # In a public channel that the bot has not joined it needs the second.
    "chat_postMessage": {"chat:write", "chat:write.public"},
    # With the client's secret in the place of a token.
    "openid_connect_token": set(),
    "users_info": {"users:read"},
    "users_lookupByEmail": {"users:read.email"},
}
OF_COMMANDS = {"commands"}


def methods_used() -> set[str]:
    """Every attribute of something called ``client`` in the room that speaks to Slack."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "app" / "slack").glob("*.py")]
    attributes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    of_client = [node.attr for node in attributes if ast.unparse(node.value) in {"client", "self._client"}]
    return {name for name in of_client if "_" in name and name != "send_dict"}


def asked_for(kind: str = "bot") -> set[str]:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
    return set(manifest["oauth_config"]["scopes"][kind])


def test_the_methods_are_those_of_the_table() -> None:
    assert methods_used() == set(SCOPES)


def test_the_manifest_asks_for_exactly_what_is_needed() -> None:
    assert asked_for() == OF_COMMANDS.union(*SCOPES.values())


def test_people_are_asked_for_no_more_than_signing_in_needs() -> None:
    assert asked_for("user") == set(openid.SCOPES)


def test_every_method_that_the_reconciler_sends_has_a_pace() -> None:
    unhurried = {"openid.connect.token", "users.info"}
    assert {name.replace("_", ".") for name in SCOPES} - unhurried == set(PACES)
