"""What the tests of the built packages share: one build, environments, servers, a browser."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
# A test that waits longer than this for a condition fails.
PATIENCE_SECONDS = 120


def build(source: Path, out: Path, **variables: str) -> None:
    """Run `python -m build` on what git knows, and on nothing else, in a folder of its own."""
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
    # The installed packages, so that none is fetched: the build looks whether they are right.
    shutil.copytree(
        ROOT / "node_modules", source / "node_modules", symlinks=True, copy_function=_link
    )
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)],
        cwd=source,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel that was made of the sdist."""
    out = tmp_path_factory.mktemp("dist")
    build(tmp_path_factory.mktemp("source"), out)
    return out


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    [built] = dist.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def sdist(dist: Path) -> Path:
    [built] = dist.glob("*.tar.gz")
    return built


@pytest.fixture(scope="session")
def builder() -> Callable[..., None]:
    """What builds both packages: `build(source, out, **variables)`."""
    return build


class Server:
    """A JupyterLab of another environment, without a token, on a free port."""

    def __init__(self, programs: Path, place: Path) -> None:
        """Start it with a home of its own in a folder, and wait until it answers."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        words = ["--no-browser", "--allow-root", f"--ServerApp.port={self.url.split(':')[-1]}"]
        words += ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
        self.log = place / "server.log"
        with self.log.open("w") as output:
            self._process = subprocess.Popen(
                [programs / "python", "-m", "jupyterlab", *words],
                cwd=place,
                env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(place)},
                stdout=output,
                stderr=output,
            )
        self.until(lambda: isinstance(self.get("api/kernels"), list))

    def get(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What an endpoint answers; with a body it is a POST."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/{path}", data=data) as answer:  # noqa: S310 - ours
            return json.load(answer)

    def until(self, condition: Callable[[], bool]) -> None:
        """Ask again until a condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if condition():
                    return
            time.sleep(0.2)
        pytest.fail(self.log.read_text()[-3000:])

    def look(self) -> dict[str, Any]:
        """What a browser shows there: see ui-tests/look.mjs."""
        environment = import_module("environment")
        done = subprocess.run(
            ["node", ROOT / "ui-tests" / "look.mjs", self.url],
            env={**os.environ, "MEMGUARD_BROWSER": environment.install_browser()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def stop(self) -> None:
        """End the server, which ends its kernels."""
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def serve(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Path], Server]]:
    """What starts a JupyterLab by its environment's programs; the session's end stops it."""
    sys.path.insert(0, str(ROOT / "scripts"))
    started: list[Server] = []

    def start(programs: Path) -> Server:
        started.append(Server(programs, tmp_path_factory.mktemp("home")))
        return started[-1]

    yield start
    for server in started:
        server.stop()
    sys.path.remove(str(ROOT / "scripts"))


def uv(*words: str | Path) -> None:
    """Run uv, which keeps what it has fetched, and links it."""
    subprocess.run([Path(sys.executable).with_name("uv"), *words], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """What makes an environment of some packages, and returns where its programs are."""

    def make(*words: str | Path) -> Path:
        place = tmp_path_factory.mktemp("new") / "environment"
        uv("venv", "-q", "--python", sys.executable, place)
        uv("pip", "install", "-q", "--python", place / "bin" / "python", *words)
        return place / "bin"

    return make


@pytest.fixture(scope="session")
def installed(wheel: Path, environment: Callable[..., Path]) -> Path:
    """A new environment's programs: JupyterLab, the wheel, and an extension of another maker."""
    return environment(
        "-c", "constraints.txt", "jupyterlab", f"{wheel}[lab]", "jupyter-resource-usage"
    )
