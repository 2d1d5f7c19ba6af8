"""IPython's own tests of the code that the guard changes: all that pass without us pass with us.

They come from IPython's source release of the installed version, which is
downloaded once. With MEMGUARD_FULL=1, IPython's tests of its magics as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import IPython
import pytest

import jupyter_memguard

FULL = bool(os.environ.get("MEMGUARD_FULL"))
# One pass of these files shows some 30 results. The display hook's own tests run eight times, so
# that our hook handles more than 100 results.
FILES = ["test_displayhook"] * 8 + ["test_history", "test_interactiveshell"]
FILES += ["test_magic"] * FULL
CACHE = Path.home() / ".cache" / "jupyter-memguard-tests"
PACKAGE = Path(jupyter_memguard.__file__).parent.parent
GUARDS: dict[str, dict[str, Any]] = {
    "off": {"mode": "off"},
    "large": {"mode": "large"},
    "last": {"mode": "last", "keep_last": 1000},
}


@pytest.fixture(scope="module")
def source() -> Path:
    """Return the folder of IPython's source release, or skip where it cannot be had."""
    folder = CACHE / f"ipython-{IPython.__version__}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--no-build-isolation", "--dest", str(CACHE)]
        done = subprocess.run(
            [*command, f"ipython=={IPython.__version__}"],
            capture_output=True,
            check=False,
            text=True,
        )
        archive = next(CACHE.glob(f"ipython-{IPython.__version__}.tar.gz"), None)
        if archive is None:
            pytest.skip(f"IPython's source release is not to be had here: {done.stderr[-200:]}")
        with tarfile.open(archive) as release:
            release.extractall(CACHE)  # noqa: S202 - from the registry that IPython itself is from
    if not (folder / "tests").exists():
        pytest.skip("this IPython has its tests elsewhere")
    return folder


def passed(source: Path, folder: Path, guard: dict[str, Any] | None) -> tuple[set[str], int]:
    """Run IPython's tests; return those that passed and how many results our hook handled."""
    outcome, count = folder / "outcome.xml", folder / "count"
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "--junitxml", str(outcome)]
    command += [
        "--keep-duplicates",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:jupyter_server",
        # It compares two times, so that other work on the machine makes it fail.
        "-k",
        "not test_stream_scales_linearly",
        "--rootdir",
        str(source),
    ]
    if guard is not None:
        command += ["-p", "jupyter_memguard.kernel.tests.guard.ipython_guarded"]
    done = subprocess.run(
        [*command, *(str(source / "tests" / f"{name}.py") for name in FILES)],
        cwd=folder,
        env={
            **os.environ,
            "MEMGUARD_GUARD": json.dumps(guard),
            "MEMGUARD_COUNT": str(count),
            "PYTHONPATH": str(PACKAGE),
        },
        capture_output=True,
        check=False,
        text=True,
    )
    assert outcome.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    cases = list(ET.parse(outcome).getroot().iter("testcase"))  # noqa: S314 - our own run's
    names = {(f"{c.get('classname')}::{c.get('name')}", len(c) == 0) for c in cases}
    names_passed = {name for name, passed in names if passed and (name, False) not in names}
    return names_passed, int(count.read_text()) if guard is not None else 0


@pytest.fixture(scope="module")
def without_us(source: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return passed(source, tmp_path_factory.mktemp("stock"), None)[0]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", GUARDS if FULL else ["large", "last"])
def test_what_passes_without_us_passes_with_the_guard(
    source: Path, without_us: set[str], tmp_path: Path, mode: str
) -> None:
    names, handled = passed(source, tmp_path, GUARDS[mode])
    assert len(without_us) > 50
    assert without_us - names == set()
    assert mode == "off" or handled > 100
