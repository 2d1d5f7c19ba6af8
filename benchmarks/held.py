"""For how long the panel's questions hold the kernel's main thread in one go.

    python benchmarks/held.py [--times 11]

A shell of IPython's shows 0, 100 and 10,000 results, each an array of 8 kB and
more in an instance of a class of the notebook's, and two variables. Then it is
asked as the panel asks: for a report of at most 1,000 rows and for an overview.
Each answer is one piece of work, behind which a cell waits; told are the median
and the longest, in milliseconds of the thread's own processor time.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import time
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell

from jupyter_memguard.kernel.channel import LIMIT
from jupyter_memguard.kernel.session import current

if TYPE_CHECKING:
    from collections.abc import Callable

SETUP = """
import numpy as np
class Result:
    def __init__(self, size): self.data = np.ones(size)
    def _ipython_display_(self): pass
array, lists = np.ones(10**6), [[n] for n in range(1000)]
# IPython's own limit is 1,000 results.
get_ipython().displayhook.cache_size = 20_000
"""
COUNTS = (0, 100, 10_000)


def show(shell: Any, first: int, last: int) -> None:
    """Show results, one for each cell, without a word."""
    with contextlib.redirect_stdout(io.StringIO()):
        for number in range(first, last):
            shell.run_cell(f"Result({1000 + number})", store_history=True)


def held(ask: Callable[[], Any], times: int) -> str:
    """Return the median and the longest of some answers, in milliseconds."""
    figures = []
    for _ in range(times):
        began = time.thread_time()
        ask()
        figures.append((time.thread_time() - began) * 1000)
    return f"{statistics.median(figures):.0f} / {max(figures):.0f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=11)
    times = parser.parse_args().times
    shell = InteractiveShell.instance()
    shell.run_cell(SETUP)
    session = current()
    print("| results | report, ms | overview, ms |")
    print("| ------: | ---------: | -----------: |")
    there = 0
    for count in COUNTS:
        show(shell, there, count)
        there = count
        report = held(lambda: session.report(limit=LIMIT), times)
        print(f"| {count:,} | {report} | {held(session.overview, times)} |", flush=True)


if __name__ == "__main__":
    main()
