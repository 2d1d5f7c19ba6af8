"""Which part of what a kernel has grown by has a name, and code that lets it go.

    python benchmarks/rest.py [NAME ...]

Needs the extra `test` of pyproject.toml; about three minutes. Each of the situations of
rest_situations.py, or those whose names have one of the words, happens in a kernel of its own.
Printed are, in MB: by how much its memory grew; what of that was named before hoards were
(results, variables, outputs, tracebacks); what is named now and has code that lets it go; and what
is left. At the end the code of all named hoards is run, and printed is what the process lost.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from rest_situations import SITUATIONS, Situation

from jupyter_memguard.kernel.tests.support import Kernel, running_kernel

PATIENCE_MS = 30_000
NAMED_BEFORE = ("results", "shared", "variables", "shown", "tracebacks")
GOAL = 0.9
TRIM = "import gc, ctypes; gc.collect(); ctypes.CDLL(None).malloc_trim(0);"


class Reading:
    """The memory of a kernel at one moment, and who has it."""

    def __init__(self, comm: Any) -> None:
        """Ask over a comm."""
        self.rest = comm.request("rest", budget_ms=PATIENCE_MS)
        overview = comm.request("overview", budget_ms=PATIENCE_MS)
        self.rss = int(self.rest["rss_bytes"])
        self.before = sum(overview[name]["bytes"] for name in NAMED_BEFORE)
        # What of a hoard is in a part that had a name before is counted there.
        self.hoards = sum(
            hoard["bytes"]
            for hoard in self.rest["hoards"]
            if hoard["remedy"] and hoard["part"] not in NAMED_BEFORE
        )


def grown(situation: Situation, folder: Path) -> tuple[float, float, float, float]:
    """Return the growth of a kernel, what was and is named of it, and what came back, in MB."""
    for name, text in situation.modules.items():
        folder.joinpath(f"{name}.py").write_text(text, "utf-8")
    with running_kernel(cwd=folder) as kernel:
        kernel.inject()
        comm = kernel.comm()
        kernel.run(situation.before)
        Reading(comm)  # what is imported for it is there
        first = Reading(comm)
        kernel.run(situation.grow)
        last = Reading(comm)
        let_go(kernel, last, first)
        end = Reading(comm)
    before = last.before - first.before
    named = before + last.hoards - first.hoards
    growth = last.rss - first.rss
    return growth / 1e6, before / 1e6, named / 1e6, (last.rss - end.rss) / 1e6


def let_go(kernel: Kernel, last: Reading, first: Reading) -> None:
    """Run the code of the hoards that came."""
    known = {(hoard["kind"], hoard["name"]) for hoard in first.rest["hoards"]}
    for hoard in last.rest["hoards"]:
        is_new = (hoard["kind"], hoard["name"]) not in known or hoard["bytes"] > 10**7
        if hoard["remedy"] and is_new:
            kernel.run(hoard["remedy"])
    kernel.run(TRIM)


def main() -> None:
    """Print the table."""
    words = sys.argv[1:]
    chosen = [each for each in SITUATIONS if not words or any(w in each.name for w in words)]
    print("| situation | thread | grew | named before | named now | left | came back |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    met = 0
    for each in chosen:
        with tempfile.TemporaryDirectory() as folder:
            growth, before, named, back = grown(each, Path(folder))
        met += named >= GOAL * growth
        print(
            f"| {each.name} | {each.thread} | {growth:.0f} | {before:.0f} | {named:.0f} "
            f"| {growth - named:.0f} | {back:.0f} |",
            flush=True,
        )
    print(f"\nIn {met} of {len(chosen)} at least 90 % has a name and code that lets it go.")


if __name__ == "__main__":
    main()
