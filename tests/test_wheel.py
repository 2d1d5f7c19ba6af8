"""The built wheel, installed next to JupyterLab where there is no Node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `python -m build` makes of what git knows, and of nothing else."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)],
        cwd=source,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment's programs: JupyterLab and the wheel."""
    place = tmp_path_factory.mktemp("new") / "environment"
    venv.create(place, with_pip=True)
    programs = place / "bin"
    pip = [str(programs / "python"), "-m", "pip", "install", "-q", "-c", "constraints.txt"]
    subprocess.run(
        [*pip, "jupyterlab", f"{wheel}[lab]"], cwd=ROOT, check=True, env=without_node(programs)
    )
    return programs


def without_node(programs: Path) -> dict[str, str]:
    """Variables with only the environment's own programs and the system's shell on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return {**kept, "PATH": str(programs)}


def ask(programs: Path, *command: str) -> str:
    """What a Jupyter command says, on either stream, without its colours."""
    done = subprocess.run(
        [programs / "jupyter", *command],
        capture_output=True,
        text=True,
        check=True,
        env=without_node(programs),
    )
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


@pytest.mark.timeout(900)
def test_wheel_carries_the_kernel_code_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "jupyter_memguard/kernel/bootstrap.py" in names
    assert "jupyter_memguard/kernel/digest.txt" in names
    assert any(name.endswith("labextensions/jupyter-memguard/package.json") for name in names)
    assert any(name.endswith("jupyter_server_config.d/jupyter_memguard.json") for name in names)
    assert not [name for name in names if "/tests/" in name or name.endswith(".ts")]


@pytest.mark.timeout(900)
def test_wheel_carries_a_production_build_of_the_front_end(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        scripts = {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if "labextensions/jupyter-memguard/static/" in name and name.endswith(".js")
        }
        others = [name for name in archive.namelist() if name.endswith(".map")]
    assert len(scripts) > 5, "the parts that are loaded later are files of their own"
    assert not others, "a development build has source maps"
    for name, text in scripts.items():
        assert not re.search(r"^//# sourceMappingURL=", text, re.MULTILINE), name
        assert "eval(" not in text, name
        # Minified code has a line or two; the style sheets within it keep theirs.
        assert re.sub(r"`[^`]*`", "", text).count("\n") < 10, f"{name} is not minified"


@pytest.mark.timeout(900)
def test_wheel_for_a_kernel_alone_asks_for_no_other_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [about] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        lines = archive.read(about).decode().splitlines()
        commands = archive.read(about.replace("METADATA", "entry_points.txt")).decode()
    wanted = [line for line in lines if line.startswith("Requires-Dist: ")]
    assert wanted
    assert [line for line in wanted if "extra ==" not in line] == []
    assert "Requires-Python: >=3.8" in lines
    assert "jupyter-memguard = jupyter_memguard.always_on:main" in commands


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["python3.8-ipython7", "papermill", "ipyparallel"])
def test_a_part_of_the_matrix(
    wheel: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The article's experiment by scripts/matrix.py, where that takes seconds."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    matrix = import_module("matrix")
    found = matrix.look(name, wheel, tmp_path)
    if "not_tried" in found:
        pytest.skip(found["not_tried"])
    assert found["ways"]
    for way, row in found["ways"].items():
        assert row["plain"] < 20, way
        assert matrix.is_right(row, "by_hand"), (way, row)
        assert matrix.is_right(row, "always"), (way, row)


@pytest.mark.timeout(900)
def test_both_extensions_are_enabled_and_ok_without_node(installed: Path) -> None:
    assert shutil.which("node", path=without_node(installed)["PATH"]) is None
    assert re.search(
        r"jupyter-memguard v[\d.]+\S* .*enabled.*OK", ask(installed, "labextension", "list")
    )
    server = ask(installed, "server", "extension", "list")
    assert re.search(r"jupyter_memguard .*enabled", server)
    assert re.search(r"jupyter_memguard \S+ .*OK", server)
