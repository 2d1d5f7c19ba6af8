"""How many branches of the code the tests take: `scripts/test.py` measures and prints it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What jest is told, beside jest.config.js, which names the files.
OF_JEST = ("--coverage",)
LEAST = 85  # per cent


def told(reports: Path) -> list[str]:
    """Return a sentence for each part that was measured in this run."""
    summary = reports / "branches" / "coverage-summary.json"
    if not summary.exists():
        return []
    found = json.loads(summary.read_text())["total"]["branches"]
    share = f"{found['covered']} of {found['total']} branches ({found['pct']} %)"
    return [f"front end: the units take {share}; at least {LEAST} % are wanted"]
