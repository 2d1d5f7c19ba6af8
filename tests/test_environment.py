"""What is installed and built already is not installed and built again."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The module, for a checkout where the front end has just been built."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    module = import_module("environment")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("src/index.ts", "src/__tests__/a.spec.ts", "lib/index.js", ".venv/python"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    module.mark_done("front-end", module.FRONT_END)
    return module


def test_a_front_end_that_is_built_is_not_built_again(environment: Any) -> None:
    (environment.ROOT / "src/__tests__/a.spec.ts").write_text("no build reads it")
    assert environment.is_done("front-end", environment.FRONT_END)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/index.ts", "changed"),
        ("src/new.ts", ""),
        ("jupyter_memguard/kernel/session.py", ""),
        ("lib/index.js", "built by somebody of other sources"),
        ("lib/index.js", None),
    ],
)
def test_a_change_in_sources_or_in_what_is_built_asks_for_a_build(
    environment: Any, name: str, text: str | None
) -> None:
    file = environment.ROOT / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink() if text is None else file.write_text(text)
    assert not environment.is_done("front-end", environment.FRONT_END)
