"""Install what the tests need, a browser too, and run all of them.

`python3 scripts/test.py` runs all suites, `python3 scripts/test.py units python` those named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from environment import (
    ROOT,
    build_extension,
    check_machine,
    install_browser,
    install_pandas2,
    install_python,
    programs,
    python,
    run,
    variables_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REPORTS = ROOT / "build" / "reports"
Counts = tuple[int, int]


def units() -> Counts:
    """The TypeScript units."""
    report = REPORTS / "jest.json"
    call("jest", programs(ROOT / ".venv") / "jlpm", "jest", "--json", f"--outputFile={report}")
    found = json.loads(report.read_text())
    # A suite that does not even load has no tests that could fail.
    broken = found["numRuntimeErrorTestSuites"]
    return found["numPassedTests"], found["numFailedTests"] + broken


def python_tests() -> Counts:
    """The Python units, the server's tests, and those on real kernels."""
    # Threads that other tests leave behind would make every measurement say that it may be off.
    alone = [f"jupyter_memguard/kernel/tests/{name}.py" for name in ("test_sizing", "test_steps")]
    runs = {"sizing": alone, "pytest": [f"--ignore={file}" for file in alone]}
    passed = failed = 0
    for name, arguments in runs.items():
        report = REPORTS / f"{name}.xml"
        call(name, python(), "-m", "pytest", "-q", *arguments, f"--junitxml={report}")
        for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314
            wrong = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            passed += int(suite.get("tests", 0)) - wrong - int(suite.get("skipped", 0))
            failed += wrong
    return passed, failed


def browser() -> Counts:
    """The stories, in a real browser on a real JupyterLab."""
    report = REPORTS / "playwright.json"
    call(
        "playwright",
        ROOT / "ui-tests" / "node_modules" / ".bin" / "playwright",
        "test",
        cwd=ROOT / "ui-tests",
        PLAYWRIGHT_JSON_OUTPUT_FILE=str(report),
        MEMGUARD_BROWSER=install_browser(),
    )
    stats = json.loads(report.read_text())["stats"]
    return stats["expected"], stats["unexpected"] + stats["flaky"]


SUITES: dict[str, Callable[[], Counts]] = {
    "units": units,
    "python": python_tests,
    "browser": browser,
}


def call(name: str, *command: str | Path, cwd: Path = ROOT, **variables: str) -> None:
    """Run a suite's program; what it found is in its report, so its exit status says no more."""
    print(f"\n== {name} ==", flush=True)
    subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        check=False,
        env=variables_of(
            MEMGUARD_PANDAS2_PYTHON=str(python(".venv-pandas2")),
            JUPYTER_PLATFORM_DIRS="1",
            **variables,
        ),
    )


def install() -> None:
    """Everything that the tests need and that is not there yet."""
    check_machine()
    install_python("dev,test")
    install_pandas2()
    build_extension()
    run(programs(ROOT / ".venv") / "jlpm", "install", "--immutable", cwd=ROOT / "ui-tests")


def main(names: list[str]) -> int:
    """Run the suites and count; 0 only if all ran and none failed."""
    unknown = set(names) - set(SUITES)
    if unknown:
        print(f"no such suite: {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
        return 2
    install()
    REPORTS.mkdir(parents=True, exist_ok=True)
    for old in REPORTS.iterdir():
        old.unlink()
    passed = failed = 0
    for name in names or SUITES:
        began = time.monotonic()
        try:
            good, bad = SUITES[name]()
        except (OSError, ValueError, KeyError, ET.ParseError) as error:
            print(f"{name} left no report: {error}")
            good, bad = 0, 1
        if good == 0 and bad == 0:
            print(f"{name} ran no test")
            bad = 1
        seconds = time.monotonic() - began
        print(f"{name}: {good} passed, {bad} failed, {seconds:.0f} s", flush=True)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
