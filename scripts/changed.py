"""Which tests a change touches: those in the folder of tests that mirrors the changed file's.

Jest finds the units by their imports. Of the stories those run that have changed, or import what
has, and the main one after a change in the front end or in the kernel's code.
"""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

from environment import ROOT

SIZING = "jupyter_memguard/kernel/tests/sizing"
MAIN_STORY = "see-and-free.spec.ts"
# What every Python test depends on; what the stories and the units are run with.
EVERY_PYTHON_TEST = {"conftest.py", "constraints.txt", "pyproject.toml"}
EVERY_UNIT = {"babel.config.js", "jest.config.js", "package.json", "tsconfig.json", "yarn.lock"}
SLOW = "tests/test_wheel.py"
HOOKS = {"scripts/readme_hook.py", "scripts/wheel_hook.py"}
PACKAGED = {"install.json", "package.json", "pyproject.toml", *HOOKS}


def base() -> str:
    """The commit at which the work left the main branch."""
    for branch in ("origin/main", "origin/master", "main", "master"):
        found = git("merge-base", "HEAD", branch)
        if found:
            return found[0]
    return "HEAD"


def paths(since: str) -> list[str]:
    """The files that differ from a commit, also those that git does not know yet."""
    known = git("diff", "--name-only", "--no-renames", since)
    new = git("ls-files", "--others", "--exclude-standard")
    return sorted({*known, *new})


def git(*command: str) -> list[str]:
    """What git says, line by line; nothing if it fails."""
    done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def python_tests_of(changed: list[str], root: Path = ROOT) -> list[str]:
    """The files and folders of Python tests that changed files touch, for pytest.

    Args:
        changed: paths of files that differ or are gone.
        root: the checkout.

    """
    if EVERY_PYTHON_TEST & set(changed):
        return ["jupyter_memguard", "tests"]
    found = {test for path in changed for test in _python_tests_of(PurePosixPath(path), root)}
    # What lies in a folder that runs anyway is not named again.
    return sorted(
        test for test in found if not any(str(above) in found for above in Path(test).parents)
    )


def _python_tests_of(path: PurePosixPath, root: Path) -> list[str]:
    if path.parts[0] in {"src", "style", "ui-tests"}:
        return []
    if path.match("test_*.py"):
        return [str(path)] if (root / path).exists() else []
    if "tests" in path.parts:
        return [str(path.parent)] if (root / path.parent).is_dir() else []
    for package in path.parents:
        tests = root / package / "tests"
        if not tests.is_dir():
            continue
        mirror = tests / path.parent.relative_to(package)
        if mirror != tests and mirror.is_dir():
            return [str(mirror.relative_to(root))]
        direct = [str(test.relative_to(root)) for test in sorted(tests.glob("test_*.py"))]
        packaged = str(path) in PACKAGED or path.parts[0] == "jupyter-config"
        return [test for test in direct if packaged or test != SLOW]
    return []


def units_of(changed: list[str], since: str) -> list[str] | None:
    """Jest's arguments for the TypeScript units that changed files touch; None for no unit."""
    if EVERY_UNIT & set(changed):
        return []
    # The kernel's samples of the protocol are read by the units, too.
    if not any(path.startswith(("src/", "schema/")) or path.endswith(".json") for path in changed):
        return None
    return [f"--changedSince={since}", "--passWithNoTests"]


def stories_of(changed: list[str], root: Path = ROOT) -> list[str]:
    """The files of the browser's stories that changed files touch."""
    folder = root / "ui-tests" / "tests"
    inside = {PurePosixPath(path).name for path in changed if path.startswith("ui-tests/tests/")}
    found = {
        story.name
        for story in folder.glob("*.spec.ts")
        if story.name in inside
        or any(f"'./{PurePosixPath(name).stem}'" in story.read_text() for name in inside)
    }
    if any(_reaches_the_page(PurePosixPath(path)) for path in changed):
        found.add(MAIN_STORY)
    return sorted(found)


def _reaches_the_page(path: PurePosixPath) -> bool:
    if {"tests", "__tests__"} & set(path.parts):
        return False
    if path.parts[0] == "ui-tests":
        return path.parent.name == "ui-tests"
    return path.parts[0] in {"src", "style", "schema", "jupyter_memguard"}
