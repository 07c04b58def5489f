"""What README.md and docs/settings.md say of the providers, made from the code that it is about."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from app.cli.abilities import ABILITIES, needed_settings, page_of
from app.providers.base import Provider
from app.providers.registry import PROVIDERS, default_of, settings_of

ROOT = Path(__file__).parent.parent.parent

# Who is behind these is for the reader to say, so they have no vendor's name.
_ROWS = {
    "standard": "[your own](docs/standard-provider.md), by a small contract",
    "link": "[plain links](docs/providers/link.md): Jitsi Meet, a fixed room, …",
}
_HEADINGS = {"standard": "Your own provider", "link": "Plain links"}

_MADE = re.compile(
    r"(?P<begin>^ *<!-- made by [^>]*-->\n)(?P<made>.*?)(?P<end>^ *<!-- end -->$)", re.DOTALL | re.MULTILINE
)


def provider_table() -> str:
    """One row for each provider, one column for each ability; what it needs comes last."""
    columns = ["provider", *ABILITIES, "settings"]
    rows = [columns, ["---"] * len(columns), *(_row(provider) for provider in PROVIDERS)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(provider: type[Provider]) -> list[str]:
    label = _ROWS.get(provider.name, f"[{provider.display_name}]({page_of(provider)})")
    can = ["yes" if ability(provider.capabilities) else "–" for ability in ABILITIES.values()]
    return [label, *can, ", ".join(f"`{name}`" for name in needed_settings(provider))]


def settings_of_all() -> str:
    return "\n".join("".join(f"{line}\n" for line in _settings_section(provider)) for provider in PROVIDERS)


def _settings_section(provider: type[Provider]) -> Iterator[str]:
    page = page_of(provider).removeprefix("docs/")
    yield f"### {_HEADINGS.get(provider.name, provider.display_name)} (`{provider.name}`)"
    yield f"\nMore in [{page}]({page}).\n"
    yield "| setting | default | what it is |"
    yield "|---|---|---|"
    for name, setting in settings_of(provider).items():
        default = default_of(setting)
        shown = "needed" if setting.is_required() else f"`{default}`" if default else ""
        yield f"| `{name}` | {shown} | {setting.description} |"


DOCUMENTS: Mapping[Path, Callable[[], str]] = {
    ROOT / "README.md": provider_table,
    ROOT / "docs" / "settings.md": settings_of_all,
}


def made_anew(document: Path) -> str:
    """The whole text of ``document``, with what is made from the code as it must be now."""
    text = document.read_text(encoding="utf-8")
    made = _MADE.search(text)
    if made is None:
        raise ValueError(f"{document.name} has no place for what is made from the code")
    indent = " " * (len(made["begin"]) - len(made["begin"].lstrip()))
    return text[: made.start("made")] + textwrap.indent(DOCUMENTS[document](), indent) + text[made.end("made") :]


def write_anew() -> None:
    for document in DOCUMENTS:
        document.write_text(made_anew(document), encoding="utf-8")
