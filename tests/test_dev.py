"""What scripts/dev.py builds while somebody works: see scripts/transpile.mjs."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project of one source, which is watched."""
    for name in ("scripts/transpile.mjs", "tsconfig.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "one.ts").write_text("export const one: number = 1;\n")
    watcher = subprocess.Popen(["node", "scripts/transpile.mjs"], cwd=tmp_path)
    yield tmp_path
    watcher.terminate()
    watcher.wait(PATIENCE_SECONDS)


def until_written(file: Path, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (file.exists() and file.read_text().startswith(text)):
        assert time.monotonic() < deadline, file
        time.sleep(0.02)


def test_what_is_saved_is_written_whatever_its_types(project: Path) -> None:
    until_written(project / "lib" / "one.js", "export const one = 1;\n//#")
    source_map = json.loads((project / "lib" / "one.js.map").read_text())
    assert source_map["sources"] == ["../src/one.ts"]
    (project / "src" / "one.ts").write_text("export const one: number = 'a text';\n")
    until_written(project / "lib" / "one.js", "export const one = 'a text';\n")
    folder = project / "src" / "new"
    folder.mkdir()
    (folder / "two.tsx").write_text("export const two = (): JSX.Element => <b>2</b>;\n")
    until_written(project / "lib" / "new" / "two.js", "export const two = () => React.createEl")
    (folder / "two.tsx").unlink()
    (project / "src" / "one.ts").write_text("export const one = 3;\n")
    until_written(project / "lib" / "one.js", "export const one = 3;\n")


def test_each_source_can_be_written_without_the_others() -> None:
    options = json.loads((ROOT / "tsconfig.json").read_text())["compilerOptions"]
    assert options["isolatedModules"] is True
