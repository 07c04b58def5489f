"""Modals and the app's Home, drawn from the views that the app opened or published."""

from __future__ import annotations

from dataclasses import dataclass

from app.emulator import views
from app.emulator.errors import JsonObject
from app.emulator.page.block_views import BlockReader, BlockView
from app.emulator.page.elements import plain
from app.emulator.page.forms import filled
from app.emulator.workspace import User, Workspace


@dataclass(frozen=True)
class Pane:
    """A view on the screen; `depth` is how many modals lie under it."""

    id: str
    title: str
    submit: str
    close: str
    blocks: list[BlockView]
    depth: int = 0


def modal(workspace: Workspace, user: User) -> Pane | None:
    """The modal that lies on top for a person."""
    stack = views.views_of(workspace, user.id)
    return _pane(workspace, stack[-1], len(stack) - 1) if stack else None


def home(workspace: Workspace, user: User) -> Pane | None:
    """The app's Home as it was published for a person."""
    view = views.home_of(workspace, user.id)
    return _pane(workspace, view) if view else None


def _pane(workspace: Workspace, view: JsonObject, depth: int = 0) -> Pane:
    held = view.get("state", {}).get("values", {})
    blocks = BlockReader(workspace).all(filled(view.get("blocks", []), held))
    has_inputs = any(block.kind == "input" for block in blocks)
    return Pane(
        id=view["id"],
        title=plain(view.get("title")),
        submit=plain(view.get("submit")) or ("Submit" if has_inputs else ""),
        close=plain(view.get("close")) or "Close",
        blocks=blocks,
        depth=depth,
    )
