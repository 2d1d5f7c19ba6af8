"""Install what the tests need, a browser too, and run all of them.

`python3 scripts/test.py` runs all suites, `python3 scripts/test.py units python` those named.
What a suite prints goes to `build/reports/*.log`; what failed, and why, is told at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple
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
    from collections.abc import Callable, Iterator
    from pathlib import Path

REPORTS = ROOT / "build" / "reports"
LONGEST = 3000  # characters told of one failure; its log has the rest
# Seconds after which a suite is ended, about twice what each takes on two cores.
LIMITS = {"jest": 600, "sizing": 600, "pytest": 2100, "playwright": 2700}


class Found(NamedTuple):
    """What a suite found: how many tests passed, and what each that did not said, by its name."""

    passed: int
    failures: list[tuple[str, str]]


def units() -> Found:
    """The TypeScript units."""
    report = REPORTS / "jest.json"
    call("jest", programs(ROOT / ".venv") / "jlpm", "jest", "--json", f"--outputFile={report}")
    found = json.loads(report.read_text())
    failures = []
    for suite in found["testResults"]:
        # A suite that does not even load has no tests that could fail.
        if suite["status"] == "failed" and not suite["assertionResults"]:
            failures.append((suite["name"], suite["message"]))
        failures += [
            (f"{suite['name']}: {test['fullName']}", "\n".join(test["failureMessages"]))
            for test in suite["assertionResults"]
            if test["status"] == "failed"
        ]
    return Found(found["numPassedTests"], failures)


def python_tests() -> Found:
    """The Python units, the server's tests, and those on real kernels."""
    # Threads that other tests leave behind would make every measurement say that it may be off.
    alone = "jupyter_memguard/kernel/tests/sizing"
    runs = {"sizing": [alone], "pytest": [f"--ignore={alone}"]}
    passed = 0
    failures = []
    for name, arguments in runs.items():
        report = REPORTS / f"{name}.xml"
        call(name, python(), "-m", "pytest", "-v", *arguments, f"--junitxml={report}")
        for test in ET.parse(report).getroot().iter("testcase"):  # noqa: S314
            wrong = [*test.iter("failure"), *test.iter("error")]
            if wrong:
                title = f"{test.get('classname')}: {test.get('name')}"
                failures.append((title, "\n".join(part.text or "" for part in wrong)))
            elif test.find("skipped") is None:
                passed += 1
    return Found(passed, failures)


def browser() -> Found:
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
    found = json.loads(report.read_text())
    failures = [("before any story", error["message"]) for error in found["errors"]]
    suites = list(found["suites"])
    for suite in suites:
        suites += suite.get("suites", [])
        failures += [
            (f"{suite['file']}: {spec['title']}", "\n".join(_messages(spec)))
            for spec in suite["specs"]
            if not spec["ok"]
        ]
    return Found(found["stats"]["expected"], failures)


def _messages(spec: dict[str, Any]) -> Iterator[str]:
    for test in spec["tests"]:
        for result in test["results"]:
            for error in result["errors"]:
                yield error["message"]


SUITES: dict[str, Callable[[], Found]] = {
    "units": units,
    "python": python_tests,
    "browser": browser,
}


def call(name: str, *command: str | Path, cwd: Path = ROOT, **variables: str) -> None:
    """Run a suite's program; what it found is in its report, so its exit status says no more.

    Raises TimeoutError with the end of its log if it does not end in time.
    """
    log = REPORTS / f"{name}.log"
    print(f"== {name}: see {log} ==", flush=True)
    with log.open("w") as output:
        try:
            subprocess.run(
                [str(word) for word in command],
                cwd=cwd,
                check=False,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=LIMITS[name],
                env=variables_of(
                    MEMGUARD_PANDAS2_PYTHON=str(python(".venv-pandas2")),
                    JUPYTER_PLATFORM_DIRS="1",
                    **variables,
                ),
            )
        except subprocess.TimeoutExpired:
            text = f"{name} still ran after {LIMITS[name]} s; its log ends:\n{_end_of(log)}"
            raise TimeoutError(text) from None


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-LONGEST // 2 :]


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
    passed = 0
    failures: list[tuple[str, str]] = []
    for name in names or SUITES:
        began = time.monotonic()
        try:
            found = SUITES[name]()
        except (OSError, ValueError, KeyError, ET.ParseError) as error:
            found = Found(0, [(name, f"left no report: {error}")])
        if not found.passed and not found.failures:
            found = Found(0, [(name, "ran no test")])
        seconds = time.monotonic() - began
        counts = f"{found.passed} passed, {len(found.failures)} failed"
        print(f"{name}: {counts}, {seconds:.0f} s", flush=True)
        passed += found.passed
        failures += found.failures
    for title, message in failures:
        print(f"\nFAILED {title}\n{message[:LONGEST]}")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
