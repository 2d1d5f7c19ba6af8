"""The catalogue has the texts of the code, and JupyterLab finds the translation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyterlab_server import translation_utils

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "de_DE"
DOMAIN = "jupyter_memguard"


def test_catalogue_is_up_to_date_and_translated() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "catalogue.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_jupyterlab_finds_the_translation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As `pip install ./translations` makes it known, in an environment with the language pack."""
    about = tmp_path / "jupyter_memguard_locale-0.1.0.dist-info"
    about.mkdir()
    project = (ROOT / "translations" / "pyproject.toml").read_text()
    group = '[project.entry-points."jupyterlab.locale"]'
    assert group in project
    entry = project.split(group)[1].strip().splitlines()[0].replace('"', "")
    (about / "METADATA").write_text("Name: jupyter_memguard_locale\nVersion: 0.1.0\n")
    (about / "entry_points.txt").write_text(f"[jupyterlab.locale]\n{entry}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "translations")
    found, said = translation_utils.get_language_pack(LOCALE)
    assert said.strip() == ""
    ours = found[DOMAIN]
    assert ours["Free memory"] == ["Speicher freigeben"]
    assert ours["%1 result"] == ["%1 Ergebnis", "%1 Ergebnisse"]
    assert ours[""]["language"] == "de-DE"


def test_both_packages_have_the_same_version() -> None:
    version = json.loads((ROOT / "package.json").read_text())["version"]
    assert f'version = "{version}"' in (ROOT / "translations" / "pyproject.toml").read_text()
