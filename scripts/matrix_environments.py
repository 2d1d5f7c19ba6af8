"""The environments of scripts/matrix.py: what is in each, and how it is made."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from matrix_ways import variables

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent


class Environment(NamedTuple):
    """What is installed together, and the ways to run cells there."""

    python: str
    packages: list[str]
    ways: list[str]
    told: list[str]  # packages whose versions are told


NEWEST = ["ipykernel", "ipython"]
ENVIRONMENTS = {
    "python3.8-ipython7": Environment(
        "3.8", ["ipython==7.34.*", "ipykernel==6.9.*", "jupyter_client<8"], ["kernel", "terminal"],
        NEWEST,
    ),
    "python3.8": Environment("3.8", ["ipykernel==6.29.*"], ["kernel", "terminal"], NEWEST),
    "python3.9": Environment("3.9", ["ipykernel==6.29.*"], ["kernel", "terminal"], NEWEST),
    "python3.10": Environment(
        "3.10", ["ipykernel==6.29.*", "ipython==8.*"], ["kernel", "terminal"], NEWEST
    ),
    "python3.11": Environment("3.11", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "python3.12": Environment("3.12", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "python3.13": Environment("3.13", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "python3.14": Environment("3.14", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "console": Environment("3.11", ["jupyter_console"], ["console"], ["jupyter_console", *NEWEST]),
    "nbclient": Environment("3.11", ["nbclient", "ipykernel"], ["nbclient"], ["nbclient", *NEWEST]),
    "papermill": Environment(
        "3.11", ["papermill", "ipykernel"], ["papermill"], ["papermill", *NEWEST]
    ),
    "nbconvert": Environment(
        "3.11", ["nbconvert", "ipykernel"], ["nbconvert"], ["nbconvert", *NEWEST]
    ),
    "jupyterlab": Environment(
        "3.11", ["jupyterlab>=4,<5", "psutil>=6"], ["lab"], ["jupyterlab", *NEWEST]
    ),
    "jupyterlab4.2": Environment(
        "3.11", ["jupyterlab==4.2.*", "psutil>=6"], ["lab"], ["jupyterlab", *NEWEST]
    ),
    "notebook": Environment("3.11", ["notebook>=7", "psutil>=6"], ["lab"], ["notebook", *NEWEST]),
    "gateway": Environment(
        "3.11", ["jupyter_kernel_gateway", "ipykernel"], ["gateway"],
        ["jupyter_kernel_gateway", *NEWEST],
    ),
    "xeus-python": Environment("3.11", ["xeus-python"], ["xeus"], ["xeus-python", "ipython"]),
    "spyder": Environment("3.11", ["spyder-kernels"], ["spyder"], ["spyder-kernels", *NEWEST]),
    "ipyparallel": Environment(
        "3.11", ["ipyparallel"], ["ipyparallel"], ["ipyparallel", *NEWEST]
    ),
    "experiments": Environment(
        "3.11", ["ipykernel", "pandas==2.2.*"], ["experiments"], ["pandas", *NEWEST]
    ),
}  # fmt: skip


def interpreter(version: str) -> str | None:
    """Find a Python by its version: on the path, or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in sorted(pyenv.glob(f"{version}.*/bin/python")):
        return str(found)
    on_path = shutil.which(f"python{version}")
    return None if on_path is None or "shims" in on_path else on_path


def uv(*words: str | Path) -> None:
    """Run uv, which is in the project's own environment."""
    command = [str(Path(sys.executable).with_name("uv")), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])


def wheel(place: Path) -> Path:
    """Build the wheel of this tree, with the front end that is built already."""
    shutil.rmtree(place / "dist", ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place / "dist"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    [found] = (place / "dist").glob("*.whl")
    return found


def versions(python: Path, names: list[str]) -> str:
    """Return Python's version and those of packages, as a text."""
    code = (
        "import json, platform, sys\n"
        "from importlib.metadata import version\n"
        "print(json.dumps([platform.python_version()] + [version(n) for n in sys.argv[1:]]))"
    )
    done = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True)
    numbers = json.loads(done.stdout)
    return ", ".join(
        f"{name} {number}" for name, number in zip(["Python", *names], numbers, strict=True)
    )


@contextlib.contextmanager
def always_on(python: Path) -> Iterator[None]:
    """Return a context in which the environment has the guard from its start."""
    command = [str(python.with_name("jupyter-memguard"))]
    subprocess.run([*command, "enable"], check=True, capture_output=True, env=variables(python))
    try:
        yield
    finally:
        subprocess.run(
            [*command, "disable"], check=True, capture_output=True, env=variables(python)
        )
