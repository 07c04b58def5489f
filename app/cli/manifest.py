"""``manifest``: what to paste into Slack's app settings, for one's own host. A local workspace is seeded from the same.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, Field

from app import config
from app.config import BaseAddress, Settings
from app.errors import ConfigurationError

if TYPE_CHECKING:
    from app.cli import Commands

EXAMPLE = "https://example.com"
MANIFEST = Path(__file__).parent.parent.parent / "manifest.yml"

_REQUEST_ADDRESSES = ("url", "request_url", "message_menu_options_url")


class _Given(BaseModel):
    """What the command line says instead of the settings."""

    url: BaseAddress | None = None
    command: str | None = Field(default=None, pattern=config.COMMAND_PATTERN)


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("manifest", help="print the manifest of the Slack app, for your host")
    parser.add_argument("--url", help="the address of your server, https://…; PUBLIC_URL when it is left out")
    parser.add_argument("--command", help="the slash command; SLASH_COMMAND when it is left out")
    parser.add_argument(
        "--socket-mode", action="store_true", help="for an app that Slack cannot reach (with SLACK_APP_TOKEN)"
    )
    parser.add_argument(
        "--installable", action="store_true", help="for an app that any workspace installs (without SLACK_BOT_TOKEN)"
    )
    parser.add_argument("--json", action="store_true", help="as JSON, which Slack takes as well")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    env = config.environment()
    given = config.read_settings(_Given, {name: getattr(options, name.lower()) or "" for name in ("URL", "COMMAND")})
    url = given.url or config.read_setting(Settings, "public_url", env)
    command = given.command or config.read_setting(Settings, "slash_command", env)
    if not _is_https(url) and not options.socket_mode:
        raise ConfigurationError(
            f"\n  Slack takes no other addresses than https, and not {url}. Name the one of your server with --url, or "
            "use --socket-mode if Slack cannot reach it."
        )
    manifest = read_manifest(url, command=command, socket_mode=options.socket_mode, installable=options.installable)
    print(json.dumps(manifest, indent=2) if options.json else _as_yaml(manifest), end="\n" if options.json else "")
    return 0


def read_manifest(
    public_url: str = EXAMPLE, *, command: str | None = None, socket_mode: bool = False, installable: bool = False
) -> dict[str, Any]:
    """The manifest of an app that is reached at ``public_url``, and answers ``command``. One that is ``installable``
    keeps its tokens in the database, and can rotate them."""
    text = MANIFEST.read_text(encoding="utf-8").replace(f"{EXAMPLE}/", f"{public_url}/")
    manifest: dict[str, Any] = yaml.safe_load(text)
    if command is not None:
        manifest["features"]["slash_commands"][0]["command"] = command
    manifest["settings"]["token_rotation_enabled"] = installable
    return _for_sockets(manifest, public_url) if socket_mode else manifest


def _for_sockets(manifest: dict[str, Any], public_url: str) -> dict[str, Any]:
    """The same app, which comes to Slack by itself, so that no request of Slack's needs an address."""
    without: dict[str, Any] = _without_addresses(manifest)
    without["settings"]["socket_mode_enabled"] = True
    if not _is_https(public_url):
        # Nobody can sign in or install by an address that Slack does not take; all else goes without.
        del without["oauth_config"]["redirect_urls"]
    return without


def _without_addresses(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_addresses(one) for one in value]
    if isinstance(value, dict):
        return {name: _without_addresses(one) for name, one in value.items() if name not in _REQUEST_ADDRESSES}
    return value


def _is_https(url: str) -> bool:
    return urlsplit(url).scheme == "https"


def _as_yaml(manifest: dict[str, Any]) -> str:
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True)
