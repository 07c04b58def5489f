"""Blocks as a page draws them: Slack's JSON turned into what a template needs, with all text made safe."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from app.emulator import mrkdwn
from app.emulator.call_shapes import card
from app.emulator.errors import JsonObject
from app.emulator.page.cards import CardView, card_view
from app.emulator.page.elements import ElementView, element_view, lines, plain
from app.emulator.page.faces import names_of
from app.emulator.page.rich_text import rich_text
from app.emulator.workspace import Workspace

_NOTHING = Markup("")


@dataclass(frozen=True)
class BlockView:
    """A block. `kind` is its type, or `unknown`."""

    kind: str
    block_id: str = ""
    text: Markup = _NOTHING
    label: str = ""
    hint: str = ""
    is_optional: bool = False
    acts_at_once: bool = False
    fields: list[Markup] = field(default_factory=list)
    elements: list[ElementView | Markup] = field(default_factory=list)
    accessory: ElementView | None = None
    card: CardView | None = None


class BlockReader:
    """Reads the blocks of one workspace, where people and channels have names."""

    def __init__(self, workspace: Workspace, callee: str | None = None) -> None:
        """`callee` is who may decline the calls that others started, which only a direct message offers."""
        self._callee = callee
        self._workspace = workspace
        self._names = names_of(workspace)
        self._kinds: dict[str, Callable[[JsonObject], BlockView]] = {
            "section": self._section,
            "header": self._header,
            "context": self._context,
            "actions": self._actions,
            "input": self._input,
            "image": self._image,
            "call": self._call,
            "rich_text": self._rich_text,
            "markdown": self._markdown,
            "divider": lambda block: BlockView("divider", block.get("block_id", "")),
        }

    @property
    def kinds(self) -> Set[str]:
        """The types of block that are drawn."""
        return self._kinds.keys()

    def all(self, blocks: list[JsonObject]) -> list[BlockView]:
        """Every block, in order."""
        return [self._kinds.get(str(block.get("type")), _unknown)(block) for block in blocks]

    def text(self, text: Any) -> Markup:
        """A text object, or bare mrkdwn, as HTML."""
        if isinstance(text, dict) and text.get("type") == "plain_text":
            return lines(plain(text))
        return mrkdwn.as_html(plain(text), self._names)

    def _element(self, element: JsonObject) -> ElementView:
        return element_view(self._workspace, element)

    def _section(self, block: JsonObject) -> BlockView:
        accessory = block.get("accessory")
        return BlockView(
            "section",
            block.get("block_id", ""),
            self.text(block.get("text")),
            fields=[self.text(each) for each in block.get("fields") or []],
            accessory=self._element(accessory) if isinstance(accessory, dict) else None,
        )

    def _header(self, block: JsonObject) -> BlockView:
        return BlockView("header", block.get("block_id", ""), self.text(block.get("text")))

    def _context(self, block: JsonObject) -> BlockView:
        parts = [self._context_part(each) for each in block.get("elements", [])]
        return BlockView("context", block.get("block_id", ""), elements=parts)

    def _context_part(self, part: JsonObject) -> ElementView | Markup:
        return self._element(part) if part.get("type") == "image" else self.text(part)

    def _actions(self, block: JsonObject) -> BlockView:
        elements: list[ElementView | Markup] = [self._element(each) for each in block.get("elements", [])]
        return BlockView("actions", block.get("block_id", ""), elements=elements)

    def _input(self, block: JsonObject) -> BlockView:
        return BlockView(
            "input",
            block.get("block_id", ""),
            label=plain(block.get("label")),
            hint=plain(block.get("hint")),
            is_optional=bool(block.get("optional")),
            acts_at_once=bool(block.get("dispatch_action")),
            accessory=self._element(block["element"]),
        )

    def _image(self, block: JsonObject) -> BlockView:
        title = block.get("title")
        return BlockView(
            "image", block.get("block_id", ""), self.text(title) if title else Markup(""), block["alt_text"]
        )

    def _rich_text(self, block: JsonObject) -> BlockView:
        return BlockView("rich_text", block.get("block_id", ""), rich_text(block, self._names))

    def _markdown(self, block: JsonObject) -> BlockView:
        return BlockView("section", block.get("block_id", ""), lines(str(block.get("text", ""))))

    def _call(self, block: JsonObject) -> BlockView:
        """The card of a call; unfurled messages carry only its id."""
        filled = block.get("call")
        workspace = self._workspace
        shown = filled["v1"] if filled else card(workspace.calls.get(block["call_id"]), workspace.app.app_id)
        can_decline = self._callee not in (None, shown.get("created_by"))
        return BlockView("call", block.get("block_id", ""), card=card_view(workspace, shown, can_decline=can_decline))


def _unknown(block: JsonObject) -> BlockView:
    return BlockView("unknown", block.get("block_id", ""), label=str(block.get("type", "")))
