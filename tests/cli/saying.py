"""What a command says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[list[str]]:
        """The words of each line: columns are two spaces apart."""
        return [[word.strip() for word in line.split("  ") if word.strip()] for line in self.out.splitlines()]

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Say = Callable[..., Said]
