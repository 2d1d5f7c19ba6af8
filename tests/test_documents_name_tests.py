"""The tests that docs/reliability.md and docs/security.md name exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"`([\w./-]+\.(?:py|tsx?))::([^`]+)`")
DOCUMENTS = [name for name in ("reliability", "security") if (ROOT / f"docs/{name}.md").exists()]


def names_in(file: Path) -> set[str]:
    """Return the names of a file's tests, in Python or in TypeScript."""
    text = file.read_text()
    if file.suffix == ".py":
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        return {
            node.name
            for node in ast.parse(text).body
            if isinstance(node, functions) and node.name.startswith("test_")
        }
    # `it('...'`, `test("..."`, and those of a table, whose name stands on a line of its own.
    found = re.findall(
        r"""(?:\b(?:it|test)|[\])])\(\s*(?:'([^'\n]+)'|"([^"\n]+)"|`([^`\n]+)`)""", text
    )
    return {single or double or template for single, double, template in found}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_test_that_a_document_names_exists(document: str) -> None:
    named = NAMED.findall((ROOT / f"docs/{document}.md").read_text())
    assert len(named) > 10
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or name not in names_in(ROOT / path)
    ]
    assert missing == []
