"""Install what the tests need, a browser too, and run all of them, several suites side by side.

`python3 scripts/test.py` runs all suites, `python3 scripts/test.py units python` those named,
`python3 scripts/test.py --changed` the tests of what differs from the main branch.
What a suite prints goes to `build/reports/*.log`; what failed, and why, is told at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import branches
import changed
from environment import (
    ROOT,
    build_extension,
    check_machine,
    install_browser,
    install_pandas2,
    install_python,
    install_stories,
    programs,
    python,
    variables_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REPORTS = ROOT / "build" / "reports"
LONGEST = 3000  # characters told of one failure; its log has the rest
# Each waits a third of its time, for kernels and pages: two cores are busy with three.
SIDE_BY_SIDE = max(3, (os.cpu_count() or 2) * 3 // 2)
# Seconds after which a suite is ended: a machine can be three times as slow as at other times.
LIMITS = {
    "stories-1": 3600,
    "stories-2": 3600,
    "kernels": 4500,
    "server": 2400,
    "sizing": 1200,
    "jest": 1200,
}
# Threads that other tests leave behind would make every measurement say that it may be off.
ALONE = changed.SIZING


class Found(NamedTuple):
    """What a suite found: how many tests passed, and what each that did not said, by its name."""

    passed: int
    failures: list[tuple[str, str]]


def jest(*arguments: str) -> Found:
    """Run the TypeScript units."""
    report = REPORTS / "jest.json"
    jlpm = programs(ROOT / ".venv") / "jlpm"
    call("jest", jlpm, "jest", "--json", f"--outputFile={report}", *arguments)
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


def pytest(name: str, *arguments: str, measured: bool = False) -> Found:
    """Run Python tests: units, the server's, and those on real kernels."""
    report = REPORTS / f"{name}.xml"
    variables = branches.variables(REPORTS) if measured else {}
    call(name, python(), "-m", "pytest", "-v", *arguments, f"--junitxml={report}", **variables)
    passed = 0
    failures = []
    for test in ET.parse(report).getroot().iter("testcase"):  # noqa: S314
        wrong = [*test.iter("failure"), *test.iter("error")]
        if wrong:
            title = f"{test.get('classname')}: {test.get('name')}"
            failures.append((title, "\n".join(part.text or "" for part in wrong)))
        elif test.find("skipped") is None:
            passed += 1
    return Found(passed, failures)


def stories(part: int, *arguments: str) -> Found:
    """Run stories in a real browser, on a JupyterLab that other parts do not use."""
    name = f"stories-{part}"
    report = REPORTS / f"{name}.json"
    call(
        name,
        ROOT / "ui-tests" / "node_modules" / ".bin" / "playwright",
        "test",
        f"--output=test-results/{name}",
        *arguments,
        cwd=ROOT / "ui-tests",
        PLAYWRIGHT_JSON_OUTPUT_FILE=str(report),
        MEMGUARD_TEST_PORT=str(int(os.environ.get("MEMGUARD_TEST_PORT", "8888")) + 10 * part - 10),
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


measured = partial(pytest, measured=True)
SUITES: dict[str, dict[str, Callable[[], Found]]] = {
    "units": {"jest": partial(jest, *branches.OF_JEST)},
    "python": {
        "kernels": partial(measured, "kernels", "jupyter_memguard/kernel", f"--ignore={ALONE}"),
        "server": partial(
            measured, "server", "jupyter_memguard", "tests", "--ignore=jupyter_memguard/kernel"
        ),
        "sizing": partial(measured, "sizing", ALONE),
    },
    "browser": {
        "stories-1": partial(stories, 1, "--shard=1/2"),
        "stories-2": partial(stories, 2, "--shard=2/2"),
    },
}


def of_what_changed() -> dict[str, Callable[[], Found]]:
    """The tests of what differs from the main branch."""
    base = changed.base()
    paths = changed.paths(base)
    print("changed:", " ".join(paths) or "nothing", flush=True)
    chosen: dict[str, Callable[[], Found]] = {}
    units = changed.units_of(paths, base)
    if units is not None:
        chosen["jest"] = partial(jest, *units)
    tests = changed.python_tests_of(paths)
    sizing = [test for test in tests if test.startswith(ALONE)]
    others = [test for test in tests if test not in sizing]
    if others:
        chosen["kernels"] = partial(pytest, "kernels", *others, f"--ignore={ALONE}")
    if any(ALONE.startswith(f"{test}/") for test in others):
        sizing = [ALONE]
    if sizing:
        chosen["sizing"] = partial(pytest, "sizing", *sizing)
    named = changed.stories_of(paths)
    if named:
        chosen["stories-1"] = partial(stories, 1, *named)
    return chosen


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
    install_stories()


def run_one(name: str, suite: Callable[[], Found]) -> Found:
    """Run a suite and say how it went; what keeps it from running is a failure."""
    began = time.monotonic()
    try:
        found = suite()
    except (OSError, ValueError, KeyError, ET.ParseError) as error:
        found = Found(0, [(name, f"left no report: {error}")])
    seconds = time.monotonic() - began
    counts = f"{found.passed} passed, {len(found.failures)} failed"
    print(f"{name}: {counts}, {seconds:.0f} s", flush=True)
    return found


def run_all(suites: dict[str, Callable[[], Found]]) -> dict[str, Found]:
    """Run suites side by side, the longest first."""
    names = sorted(suites, key=lambda name: -LIMITS[name])
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        running = {pool.submit(run_one, name, suites[name]): name for name in names}
        return {running[done]: done.result() for done in as_completed(running)}


def main(arguments: list[str]) -> int:
    """Run the suites and count; 0 only if all ran and none failed."""
    only_changed = arguments == ["--changed"]
    unknown = set(arguments) - set(SUITES)
    if unknown and not only_changed:
        print(f"no such suite: {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
        return 2
    install()
    REPORTS.mkdir(parents=True, exist_ok=True)
    for old in REPORTS.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    suites = (
        of_what_changed()
        if only_changed
        else {name: suite for kind in arguments or SUITES for name, suite in SUITES[kind].items()}
    )
    if any(name.startswith("stories") for name in suites):
        os.environ["MEMGUARD_BROWSER"] = install_browser()  # once for both halves
    found = run_all(suites)
    for name, of_suite in found.items():
        # What changed may have no test of a kind.
        if not of_suite.passed and not of_suite.failures and not only_changed:
            of_suite.failures.append((name, "ran no test"))
    failures = [failure for of_suite in found.values() for failure in of_suite.failures]
    for title, message in failures:
        print(f"\nFAILED {title}\n{message[:LONGEST]}")
    passed = sum(of_suite.passed for of_suite in found.values())
    for sentence in branches.told(REPORTS):
        print(sentence)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
