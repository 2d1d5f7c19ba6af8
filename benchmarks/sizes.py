"""What comes back if a displayed value is let go: this package's answer and other tools'.

Run `python benchmarks/sizes.py` (needs the extras `bench` and `test` of pyproject.toml).
Every value is built in a process of its own. "freed" is what the process lost when the value was
let go: resident memory, or the allocator's own count for a heap of small objects, which leaves
part-used arenas behind (both are printed by `--raw`). The speeds are ratios of processor times
that were taken in one process, one after the other, on the same objects. Then whole reports, as
the panel asks for them. `--speeds` leaves the table of cases out.
"""

# ruff: noqa: PLC0415, BLE001, PERF203

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "jupyter_memguard" / "kernel" / "tests" / "size_cases"
sys.path.insert(0, str(CASES))

if TYPE_CHECKING:
    from collections.abc import Callable

import size_cases  # noqa: E402
import size_child  # noqa: E402

MEGABYTE = 10**6
TOOLS = ("getsizeof", "dask", "pympler", "objsize", "exclusive")
LIMIT_S = 40
BUDGET_MS = 100
RUNS = 9
MANY = ("1,000 DataFrames", "10,000 small results")


def ask(tool: str, name: str) -> None:
    """Build a case and print what one tool says of it, in bytes."""
    keep: dict[str, Any] = {}
    value = size_cases.TABLE[name](keep)
    if tool == "getsizeof":
        print(sys.getsizeof(value))
    elif tool == "dask":
        from dask.sizeof import sizeof

        print(sizeof(value))
    elif tool == "pympler":
        from pympler.asizeof import asizeof

        print(asizeof(value))
    else:
        import objsize

        if tool == "objsize":
            print(objsize.get_deep_size(value))
        else:
            print(objsize.get_exclusive_deep_size(value))


def in_child(*arguments: str) -> str:
    """Run a child and return the last line that it printed; raises what went wrong."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        raise RuntimeError(lines[-1].partition(":")[0])
    return done.stdout.strip().splitlines()[-1]


def right(said: float, freed: float) -> bool:
    """Tell whether a figure is within 5 %, or 1 MB where that is below 20 MB."""
    return abs(said - freed) <= max(0.05 * freed, MEGABYTE)


def print_table(*, raw: bool) -> None:
    """Print the table of cases, one line each, and how often each tool is right."""
    counts = dict.fromkeys(("ours", *TOOLS), 0)
    print("| displayed value | freed | ours | " + " | ".join(TOOLS) + " |")
    print("| --- |" + " --- |" * (len(TOOLS) + 2))
    for name in size_cases.TABLE:
        answer = json.loads(in_child(str(CASES / "size_child.py"), name, "20000"))
        ours = answer["freed_bytes"]
        # heaps of small objects leave part-used arenas behind: there the allocator counts
        freed = answer["resident"]
        if not right(freed, answer["allocator"]) and right(freed, 0.93 * answer["allocator"]):
            freed = answer["allocator"]
        cells = [
            f"{freed / MEGABYTE:.1f}",
            f"{'' if answer['exact'] else '>= '}{ours / MEGABYTE:.1f}",
        ]
        counts["ours"] += right(ours, freed)
        for tool in TOOLS:
            try:
                said = float(in_child(__file__, "--ask", tool, name))
            except subprocess.TimeoutExpired:
                cells.append(f"> {LIMIT_S} s")
            except RuntimeError as error:
                cells.append(str(error))
            else:
                cells.append(f"{said / MEGABYTE:.1f}")
                counts[tool] += right(said, freed)
        if raw:
            cells.append(f"{answer['resident']} {answer['allocator']}")
        print(f"| `{name}` | " + " | ".join(cells) + " |", flush=True)
    total = len(size_cases.TABLE)
    print(f"| right, of {total} | | " + " | ".join(str(counts[t]) for t in counts) + " |")


def seconds(
    call: Callable[[], object], times: int = 3, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the median of the seconds that a call takes, of processor time by default."""
    taken = []
    for _ in range(times):
        gc.collect()
        begin = clock()
        call()
        taken.append(clock() - begin)
    return statistics.median(taken)


def heaps() -> dict[str, Callable[[], list[Any]]]:
    """Return the heaps whose measuring is timed: functions that build the results."""

    def frames() -> list[Any]:
        import numpy as np
        import pandas as pd

        return [pd.DataFrame({"a": np.arange(1000), "b": np.ones(1000)}) for _ in range(1000)]

    return {
        "list of 10**6 one-element lists": lambda: [[[i] for i in range(10**6)]],
        "set of 2 x 10**5 tuples": lambda: [{(i, str(i)) for i in range(200_000)}],
        "3 x 10**5 dicts in a cycle": lambda: [size_cases.TABLE["3 x 10**5 dicts in a cycle"]({})],
        "1,000 DataFrames": frames,
        "10,000 small results": lambda: [[1000 + i, str(i)] for i in range(10_000)],
    }


def print_speeds() -> None:
    """Print how our time compares with others' and with a collection of the same heap."""
    print("\nProcessor time")
    print("| heap | ours | pympler / ours | objsize / ours | ours / gc.collect() |")
    print("| --- | --- | --- | --- | --- |")
    for name in heaps():
        print(in_child(__file__, "--speed", name), flush=True)
    print(f"\nTime on the clock of a report with a budget of {BUDGET_MS} ms, {RUNS} times")
    print("| results | median | slowest | exact | next page |")
    print("| --- | --- | --- | --- | --- |")
    for name in MANY:
        print(in_child(__file__, "--report", name), flush=True)


def speed(name: str) -> None:
    """Print one line of the table of speeds."""
    import objsize
    from pympler import asizeof

    sizing = size_child.engine()
    objects = heaps()[name]()
    roots = [sizing.Root(obj, 1) for obj in objects]
    sizing.measure(roots, budget_ms=1)
    ours = seconds(lambda: sizing.measure(roots, budget_ms=10**6))
    collect = seconds(gc.collect)
    cells = [f"{ours * 1000:.0f} ms"]
    for call in (asizeof.asizesof, lambda *objs: [objsize.get_deep_size(obj) for obj in objs]):
        try:
            cells.append(f"{seconds(lambda call=call: call(*objects), 1) / ours:.1f}")
        except Exception as error:
            cells.append(type(error).__name__)
    cells.append(f"{ours / collect:.1f}")
    print(f"| {name} | " + " | ".join(cells) + " |")


def report(name: str) -> None:
    """Print one line of the table of reports, in a shell of IPython's with so many results."""
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_memguard.kernel.session import Session

    with tempfile.TemporaryDirectory() as place:
        os.environ["IPYTHONDIR"] = place
        shell = InteractiveShell.instance()
        shell.displayhook.cache_size = 10**6
        session = Session(shell)
        results = heaps()[name]()
        while results:
            shell.displayhook.update_user_ns(results.pop())
            shell.execution_count += 1
        taken, pages = [], []
        for _ in range(RUNS):
            gc.collect()
            begin = time.perf_counter()
            session.report(budget_ms=BUDGET_MS, limit=1000)
            taken.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            session.report(budget_ms=BUDGET_MS, limit=1000, offset=1000)
            pages.append(time.perf_counter() - begin)
        answer = session.report(budget_ms=BUDGET_MS)
        exact = sum(row["exact"] for row in answer["results"])
        cells = [name, *(f"{1000 * f(taken):.0f} ms" for f in (statistics.median, max))]
        cells += [f"{exact} of {answer['count']}", f"{1000 * statistics.median(pages):.0f} ms"]
        shell.history_manager.end_session()
    print("| " + " | ".join(cells) + " |")


def main(arguments: list[str]) -> None:
    """Print everything, or do a child's part."""
    if arguments[:1] == ["--ask"]:
        ask(*arguments[1:])
    elif arguments[:1] == ["--speed"]:
        speed(arguments[1])
    elif arguments[:1] == ["--report"]:
        report(arguments[1])
    else:
        if "--speeds" not in arguments:
            print_table(raw="--raw" in arguments)
        print_speeds()


if __name__ == "__main__":
    main(sys.argv[1:])
