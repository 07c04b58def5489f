"""The app's manifest, as a local workspace is seeded from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

EXAMPLE = "https://example.com"
MANIFEST = Path(__file__).parent.parent.parent / "manifest.yml"


def read_manifest(public_url: str = EXAMPLE) -> dict[str, Any]:
    """The manifest of an app that is reached at ``public_url``."""
    text = MANIFEST.read_text(encoding="utf-8").replace(f"{EXAMPLE}/", f"{public_url}/")
    manifest: dict[str, Any] = yaml.safe_load(text)
    return manifest
