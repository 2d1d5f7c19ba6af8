"""The wheel in a browser: with the lowest versions, and beside other extensions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "kept-in-the-status-bar"
PROJECT = ROOT / "pyproject.toml"
# The least that docs/compatibility.md has a row of.
LEAST_IPYKERNEL = "6.9"
SHOWN_BYTES = 50_000_000

pytestmark = pytest.mark.timeout(900)


def look(server: Any) -> dict[str, Any]:
    """What a browser finds there, where it shows a result of 50 MB and opens the panel."""
    found: dict[str, Any] = server.look()
    assert SHOWN_BYTES <= found["bytes"] < SHOWN_BYTES + 100_000
    assert [text for text in found["status"] if re.match(r"Kernel [\d.]+ MiB", text)]
    [kernel] = server.get("api/kernels")
    memory = server.get(f"jupyter-memguard/kernels/{kernel['id']}/memory")
    assert memory["rss_bytes"] > SHOWN_BYTES
    # What JupyterLab says of languages and of its own packages is no business of ours.
    assert [text for text in found["said"] if "memguard" in text.lower()] == []
    return found


def test_the_lowest_promised_versions_work(
    wheel: Path, environment: Callable[..., Path], serve: Callable[[Path], Any]
) -> None:
    text = PROJECT.read_text()
    extra = re.search(r"^lab = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert extra is not None
    wanted = re.findall(r'"([^;"]+);', extra[1])
    assert len(wanted) == 2
    package = json.loads((ROOT / "package.json").read_text())
    least = package["dependencies"]["@jupyterlab/application"].removeprefix("^")
    programs = environment(
        *("--resolution", "lowest-direct", wheel, *wanted),
        *(f"jupyterlab>={least},<5", f"ipykernel>={LEAST_IPYKERNEL}"),
    )
    found = versions(programs, "jupyterlab", "jupyter_server", "psutil")
    promised = [least, *(re.findall(r">=([\d.]+)", name)[0] for name in wanted)]
    assert [f"{one}.0.0".startswith(other) for one, other in zip(found, promised, strict=True)] == [
        True
    ] * 3, (found, promised)
    look(serve(programs))


def versions(programs: Path, *names: str) -> list[str]:
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    done = subprocess.run(
        [programs / "python", "-c", code, *names], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.fixture(scope="module")
def together(installed: Path, serve: Callable[[Path], Any]) -> tuple[Any, dict[str, Any]]:
    """A server with jupyter-resource-usage, the example and us, and what a browser found."""
    add_example(installed.parent)
    server = serve(installed)
    return server, look(server)


def add_example(environment: Path) -> None:
    """Build the example with the checkout's packages, and put it into an environment."""
    packages = EXAMPLE / "node_modules"
    if not packages.exists():
        packages.symlink_to(Path("..", "..", "node_modules"))
    # Its types are those of the build in lib/.
    for words in (["node_modules/.bin/tsc"], ["jupyter-builder", "build", "."]):
        subprocess.run(words, cwd=EXAMPLE, check=True, env=variables())
    target = environment / "share" / "jupyter" / "labextensions" / "memguard-example"
    shutil.copytree(EXAMPLE / "labextension", target)


def variables() -> dict[str, str]:
    """The variables with which the project's own programs are found."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_beside_jupyter_resource_usage_each_works_as_alone(
    together: tuple[Any, dict[str, Any]],
) -> None:
    server, found = together
    assert [text for text in found["status"] if text.startswith("Mem:")]
    assert server.get("api/metrics/v1")["rss"] > 0
    [kernel] = server.get("api/kernels")
    usage = server.get(f"api/metrics/v1/kernel_usage/get_usage/{kernel['id']}")
    assert usage["content"]["kernel_memory"] > 0


def test_another_extension_reads_and_frees_by_the_token(
    together: tuple[Any, dict[str, Any]],
) -> None:
    _, found = together
    assert "Kept: 47.7 MiB, guard: off" in "\n".join(found["status"])
    assert found["example"] == "Kept: 0.0 MiB, guard: off", "after a click on it"
