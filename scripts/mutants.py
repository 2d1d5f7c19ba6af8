"""Change the Python code in small ways, and count how many changes no test notices.

`.venv/bin/pip install cosmic-ray` installs what makes the changes; then
`python3 scripts/mutants.py limits --sample 30` tries 30 changes of that part, chosen by chance,
and prints the score and each change that survived. Without `--sample` it tries all of them, which
takes hours. It works on a clone of the last commit.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from environment import ROOT, programs, python, variables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = "jupyter_memguard/tests/"
KERNEL = "jupyter_memguard/kernel/"
HISTORIES = KERNEL + "tests/test_histories.py"


class Part(NamedTuple):
    """Files that are changed, and the tests that have to notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


PARTS = {
    "limits": Part(
        ("jupyter_memguard/limits.py", "jupyter_memguard/limit_choice.py"),
        (TESTS + "test_limits.py", TESTS + "test_limit_choice.py"),
    ),
    "process": Part(
        ("jupyter_memguard/process.py",),
        (TESTS + "test_processes.py", TESTS + "test_memory_endpoint.py"),
    ),
    "protocol": Part((KERNEL + "protocol.py",), (KERNEL + "tests/test_protocol.py",)),
    "retention": Part(
        tuple(
            f"{KERNEL}retention/{name}.py"
            for name in ("holders", "release", "keys", "outputs", "tracebacks", "still_alive")
        ),
        (HISTORIES, KERNEL + "tests/retention", KERNEL + "tests/test_channel.py"),
    ),
    "guard": Part(
        (KERNEL + "guard/guard.py", KERNEL + "guard/hook.py"),
        (HISTORIES, KERNEL + "tests/guard"),
    ),
}
# How many random histories notice a change: fewer than the suite runs, for time.
HISTORIES_COUNT = 60
LONGEST_S = 600


def annotations(source: str) -> Iterator[tuple[int, int, int, int]]:
    """Return where the annotations of a source are: nobody evaluates them."""
    for node in ast.walk(ast.parse(source)):
        found = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        for each in found:
            if isinstance(each, ast.expr):
                end = each.end_lineno or 0, each.end_col_offset or 0
                yield each.lineno, each.col_offset, *end


def configuration(part: Part, folder: Path) -> str:
    """Return the configuration of cosmic-ray."""
    command = [str(python()), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *part.tests]
    values = {
        "module-path": [str(folder / name) for name in part.files],
        "timeout": LONGEST_S,
        "excluded-modules": [],
        "test-command": " ".join(command),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(["[cosmic-ray]", *lines, "[cosmic-ray.distributor]", 'name = "local"', ""])


def choose(session: Path, sample: int | None, seed: int) -> tuple[int, int]:
    """Leave the changes that mean something, or some of them; return how many there are of both."""
    with sqlite3.connect(session) as database:
        specs = database.execute(
            "SELECT job_id, module_path, start_pos_row, start_pos_col FROM mutation_specs"
        ).fetchall()
        places = {
            path: list(annotations(Path(path).read_text(encoding="utf-8")))
            for path in {spec[1] for spec in specs}
        }
        jobs = sorted(
            job
            for job, path, row, column in specs
            if not any(
                (top, left) <= (row, column) < (bottom, right)
                for top, left, bottom, right in places[path]
            )
        )
        chance = random.Random(seed)  # noqa: S311 - the same changes again
        chosen = set(jobs if sample is None else chance.sample(jobs, min(sample, len(jobs))))
        for job, *_ in specs:
            if job not in chosen:
                database.execute("DELETE FROM mutation_specs WHERE job_id = ?", (job,))
                database.execute("DELETE FROM work_items WHERE job_id = ?", (job,))
    return len(jobs), len(chosen)


def told(session: Path, count: int, of: int) -> None:
    """Print the score and what survived."""
    with sqlite3.connect(session) as database:
        results = database.execute("SELECT test_outcome, diff FROM work_results").fetchall()
    survived = [diff for outcome, diff in results if "survived" in str(outcome).lower()]
    for diff in survived:
        print(diff)
    killed = len(results) - len(survived)
    share = 100 * killed / max(1, len(results))
    print(f"{killed} of {len(results)} changes noticed ({share:.0f} %); {count} chosen of {of}")


def main() -> int:
    """Change one part, and print the score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "memguard"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
        for built in ("jupyter_memguard/_version.py", KERNEL + "digest.txt"):
            (folder / built).write_text((ROOT / built).read_text())
        config, session = Path(place) / "config.toml", Path(place) / "session.sqlite"
        config.write_text(configuration(PARTS[options.part], folder))
        ray = os.environ.get("COSMIC_RAY", str(programs(ROOT / ".venv") / "cosmic-ray"))
        environment = variables_of(
            PYTHONPATH=str(folder), MEMGUARD_HISTORIES=str(HISTORIES_COUNT), COLUMNS="100"
        )
        subprocess.run([ray, "init", config, session], cwd=folder, env=environment, check=True)
        of, count = choose(session, options.sample, options.seed)
        subprocess.run([ray, "exec", config, session], cwd=folder, env=environment, check=True)
        told(session, count, of)
    return 0


if __name__ == "__main__":
    sys.exit(main())
