"""How many branches of the code the tests take: `scripts/test.py` measures and prints it.

`.venv/bin/python scripts/branches.py FOLDER` adds up what the processes of a run of Python tests
wrote there, and prints it as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from environment import ROOT, python

# What jest is told, beside jest.config.js, which names the files.
OF_JEST = ("--coverage",)
PACKAGE = ROOT / "jupyter_memguard"
NOT_OURS = {"_version.py"}  # written by the build


class Part(NamedTuple):
    """A part of the code, and how many of its branches are wanted."""

    name: str
    tests: str
    least: int  # per cent


FRONT_END = Part("front end", "the units", 85)
KERNEL = Part("kernel", "the Python tests", 95)
REST = Part("server and magics", "the Python tests", 85)


def variables(reports: Path) -> dict[str, str]:
    """Return what makes each Python that a test starts, kernels too, measure itself."""
    folder = _python(reports)
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"),
        "MEMGUARD_BRANCHES": str(folder),
    }


def told(reports: Path) -> list[str]:
    """Return a sentence for each part that was measured in this run."""
    sentences = []
    summary = reports / "branches" / "coverage-summary.json"
    if summary.exists():
        found = json.loads(summary.read_text())["total"]["branches"]
        sentences.append(_sentence(FRONT_END, found["covered"], found["total"]))
    if any(_python(reports).glob("python.*")):
        command = [python(), __file__, _python(reports)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sentences.append(f"the branches of Python could not be counted: {done.stderr[-500:]}")
        else:
            counts = json.loads(done.stdout)
            sentences += [_sentence(part, *counts[part.name]) for part in (KERNEL, REST)]
    return sentences


def _python(reports: Path) -> Path:
    return reports / "branches" / "python"


def _sentence(part: Part, covered: int, total: int) -> str:
    share = f"{covered} of {total} branches ({100 * covered / total:.1f} %)"
    return f"{part.name}: {part.tests} take {share}; at least {part.least} % are wanted"


def count(folder: Path) -> dict[str, list[int]]:
    """Return how many branches were taken, and how many there are, in each part of Python.

    `taken.json` in the folder then says which were not.
    """
    import coverage  # noqa: PLC0415 - which the tests' environment has

    os.environ["MEMGUARD_BRANCHES"] = str(folder)
    measured = coverage.Coverage(config_file=str(ROOT / "pyproject.toml"))
    measured.combine([str(folder)], keep=True)
    # Named one by one, so that those which no test has imported count as well.
    files = [
        str(path)
        for path in sorted(PACKAGE.rglob("*.py"))
        if "tests" not in path.parts and path.name not in NOT_OURS
    ]
    report = folder / "taken.json"
    measured.json_report(morfs=files, outfile=str(report))
    found = {part.name: [0, 0] for part in (KERNEL, REST)}
    for name, file in json.loads(report.read_text())["files"].items():
        inside = (ROOT / name).is_relative_to(PACKAGE / "kernel")
        counts = found[(KERNEL if inside else REST).name]
        counts[0] += file["summary"]["covered_branches"]
        counts[1] += file["summary"]["num_branches"]
    return found


if __name__ == "__main__":
    os.chdir(ROOT)
    print(json.dumps(count(Path(sys.argv[1]))))
