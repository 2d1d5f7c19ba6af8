"""The project's own environment: what is installed, where, and how it is found.

`python3 scripts/environment.py bench` installs an extra of pyproject.toml.

Everything goes into `.venv` (and, for the tests, `.venv-pandas2`), `node_modules` and
`ui-tests/node_modules` of this checkout. A step whose inputs have not changed since it last
succeeded is not run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
WINDOWS = os.name == "nt"
# What the front end is made of, and what the build made: somebody may have built other sources.
FRONT_END = ["src", "style", "schema", "jupyter_memguard/kernel", "scripts/kernel_bundle.py"]
FRONT_END += ["package.json", "yarn.lock", "tsconfig.json", "lib", "jupyter_memguard/labextension"]
# In these folders what no build reads, or what one has written.
NO_SOURCES = {"__tests__", "tests", "__pycache__", "sources", "digest.txt"}
LEAST_PYTHON = (3, 10)
LEAST_NODE = 20


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> None:
    """Run a command in the environment, printing it; a failure ends the script."""
    words = [str(word) for word in command]
    print("$", " ".join(words), flush=True)
    done = subprocess.run(words, cwd=cwd, env=variables_of(**variables), check=False)
    if done.returncode:
        sys.exit(f"failed with {done.returncode}: {' '.join(words)}")


def variables_of(**extra: str) -> dict[str, str]:
    """The environment variables of commands: the project's programs come first."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(programs(ROOT / ".venv")), os.environ.get("PATH", "")]),
        "VIRTUAL_ENV": str(ROOT / ".venv"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **extra,
    }


def programs(environment: Path) -> Path:
    """Where a virtual environment has its programs."""
    return environment / ("Scripts" if WINDOWS else "bin")


def python(environment: str = ".venv") -> Path:
    """The interpreter of one of the project's environments."""
    return programs(ROOT / environment) / ("python.exe" if WINDOWS else "python")


def check_machine() -> None:
    """End with a sentence if Python or Node is missing or too old."""
    if sys.version_info < LEAST_PYTHON:
        sys.exit(f"Python {LEAST_PYTHON[0]}.{LEAST_PYTHON[1]} or newer is needed.")
    node = shutil.which("node")
    if node is None:
        sys.exit(f"Node.js {LEAST_NODE} or newer is needed, and `node` is not on the PATH.")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.strip().lstrip("v").split(".")[0]) < LEAST_NODE:
        sys.exit(f"Node.js {LEAST_NODE} or newer is needed; this is {said.strip()}.")


def install_python(extras: str) -> None:
    """Make `.venv` with what the extension needs, and the extras of pyproject.toml."""
    make_environment(".venv")
    if not is_done(f"python-{extras}", ["pyproject.toml", "constraints.txt"]):
        names = requirements(extras)
        pip(".venv", *names)
        mark_done(f"python-{extras}", ["pyproject.toml", "constraints.txt"])


def install_pandas2() -> None:
    """Make `.venv-pandas2`: a kernel with the pandas whose `head()` is a view."""
    make_environment(".venv-pandas2")
    if not is_done("pandas2", ["constraints.txt"]):
        pip(".venv-pandas2", "ipykernel", "numpy", "pandas==2.2.*", constrained=False)
        mark_done("pandas2", ["constraints.txt"])


def make_environment(name: str) -> None:
    """Make a virtual environment, if it is not there."""
    if not python(name).exists():
        print(f"making {name}", flush=True)
        venv.create(ROOT / name, with_pip=True, symlinks=not WINDOWS)


def pip(environment: str, *packages: str, constrained: bool = True) -> None:
    """Install packages with the versions that the tests were run with."""
    limit = ["-c", CONSTRAINTS] if constrained else []
    run(python(environment), "-m", "pip", "install", "-q", *limit, *packages)


def requirements(extras: str) -> list[str]:
    """What pyproject.toml asks for: the dependencies and those of some extras."""
    code = (
        "import sys, json\n"
        "try: import tomllib\n"
        "except ImportError: from pip._vendor import tomli as tomllib\n"
        "project = tomllib.load(open('pyproject.toml', 'rb'))\n"
        "names = project['project']['dependencies'] + project['build-system']['requires']\n"
        "names += ['hatch-jupyter-builder>=0.5', 'editables']\n"
        "for extra in sys.argv[1].split(','):\n"
        "    names += project['project']['optional-dependencies'][extra]\n"
        "print(json.dumps(names))"
    )
    done = subprocess.run(
        [str(python()), "-c", code, extras], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def build_extension() -> None:
    """Install the front end's packages, build it, and install the extension as a link."""
    install_packages(ROOT)
    if not is_done("front-end", FRONT_END):
        run(programs(ROOT / ".venv") / "jlpm", "build")
        mark_done("front-end", FRONT_END)
    if not is_done("extension", ["pyproject.toml", "package.json", "install.json"]):
        pip(".venv", "--no-build-isolation", "--no-deps", "-e", ".")
        link_front_end()
        mark_done("extension", ["pyproject.toml", "package.json", "install.json"])


def install_stories() -> None:
    """Install what the browser's stories need, but for the browser."""
    install_packages(ROOT / "ui-tests")


def install_packages(folder: Path) -> None:
    """Install the packages that a folder's yarn.lock names."""
    inputs = [str((folder / name).relative_to(ROOT)) for name in ("package.json", "yarn.lock")]
    step = f"packages-{folder.name}"
    if not ((folder / "node_modules").exists() and is_done(step, inputs)):
        run(programs(ROOT / ".venv") / "jlpm", "install", "--immutable", cwd=folder)
        mark_done(step, inputs)


def link_front_end() -> None:
    """Replace the front end that an editable install copies by a link to what is built."""
    copied = ROOT / ".venv" / "share" / "jupyter" / "labextensions" / "jupyter-memguard"
    if copied.is_symlink():
        copied.unlink()
    else:
        shutil.rmtree(copied, ignore_errors=True)
    copied.symlink_to(ROOT / "jupyter_memguard" / "labextension", target_is_directory=True)


def install_browser() -> str:
    """Find Chromium or install one; returns its path, or "" for Playwright's own."""
    named = os.environ.get("MEMGUARD_BROWSER")
    for name in [named, "chromium", "chromium-browser", "google-chrome"]:
        found = shutil.which(name) if name else None
        if found:
            return found
    playwright = ROOT / "ui-tests" / "node_modules" / ".bin" / "playwright"
    print("no Chromium here: asking Playwright for its own", flush=True)
    asked = subprocess.run([str(playwright), "install", "--with-deps", "chromium"], check=False)
    if asked.returncode == 0:
        return ""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-y", "-q", "chromium", DEBIAN_FRONTEND="noninteractive")
        return shutil.which("chromium") or ""
    sys.exit("The browser tests need Chromium: install it, or name it in MEMGUARD_BROWSER.")


def is_done(step: str, inputs: list[str]) -> bool:
    """Whether a step has run since its inputs last changed."""
    mark = ROOT / ".venv" / f".done-{step.replace(',', '-')}"
    return mark.exists() and mark.read_text() == digest(inputs)


def mark_done(step: str, inputs: list[str]) -> None:
    """Remember that a step has run with these inputs."""
    (ROOT / ".venv" / f".done-{step.replace(',', '-')}").write_text(digest(inputs))


def digest(inputs: list[str]) -> str:
    """A digest of the contents of some files, and of folders with sources."""
    together = hashlib.sha256()
    for name in inputs:
        place = ROOT / name
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            inside = file.relative_to(ROOT)
            if file.is_file() and not NO_SOURCES & set(inside.parts):
                together.update(f"{inside}\n".encode() if place.is_dir() else b"")
                together.update(file.read_bytes())
    return together.hexdigest()


if __name__ == "__main__":
    install_python(",".join(sys.argv[1:]))
