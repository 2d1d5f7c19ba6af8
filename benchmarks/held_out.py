"""What a report says of results that the engine was not made for, and what then comes back.

Run `python benchmarks/held_out.py` (POSIX; needs the extras `bench` and `test` of pyproject.toml).
Each case of `held_out_cases.txt`, or of another file, is run in a process of its own, forked from
one that ran the preamble: a shell as a kernel has it, with every formatter on, runs the case's
cells, and then deletes all names that they bound but those which the case keeps, modules, and what
was imported from modules. One report is asked for with each budget, each between two cells, so that
none goes on with an earlier one. Then exactly that result is released. What came back is the larger
of what the process lost of its resident memory (after a collection and giving free memory back,
once nothing has come back for 1.5 seconds, before as after) and what the allocators got back by
their own count.

Options:
  --budget MS    a budget in ms of processor time; several times for several (100 and 8000)
  --cases PATH   the cases (held_out_cases.txt); held_out_more_cases.txt, _fourth_ and _fifth_ have
                 others
  --only TEXT    only the cases whose name has this text
  --json PATH    writes all figures to this file
  --workers N    processes side by side (2)

The verdicts, with a tolerance of 10 % of what came back or 1 MB, whichever is more:
  exact, right        told as exact, within the tolerance
  exact, wrong        told as exact, and not
  overstated          `freed_bytes`, told as "at least", above what came back and the tolerance
  estimate, near      within 15 % or 1 MB
  estimate, off       not
  bound, useful       "at least", of 30 % or more of what came back
  bound, low          "at least", of less
  "maybe", much less  "maybe", and less than half of that came back
  unknown             nothing told, a "maybe" that holds, or an "up to" that does
  "up to", wrong      more came back than "up to" and the tolerance
"""

# ruff: noqa: BLE001, PLC0415

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import re
import signal
import sys
import tempfile
import time
import types
from collections import Counter
from pathlib import Path
from typing import Any

# Threads do not survive a fork, and the processor time is the report's alone.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["MPLBACKEND"] = "agg"

import jupyter_memguard.kernel as memguard  # noqa: E402

CASES = Path(__file__).with_name("held_out_cases.txt")
MEGABYTE = 10**6
TOLD_BYTES = 64 * 1024
SETTLE_S = 1.5
MOST_S = 10.0
LIMIT_S = 300
BUDGETS_MS = (100.0, 8000.0)
VERDICTS = (
    "exact, right",
    "exact, wrong",
    "overstated",
    "estimate, near",
    "estimate, off",
    "bound, useful",
    "bound, low",
    "unknown",
    '"maybe", much less',
    '"up to", wrong',
)
LISTED = (
    "exact, wrong",
    "overstated",
    "estimate, off",
    "bound, low",
    '"maybe", much less',
    '"up to", wrong',
)


def read_cases(path: Path) -> list[tuple[str, str, set[str]]]:
    """Return the name, the code and the kept names of each case, the preamble first."""
    found = []
    for text in path.read_text().split("\n=== ")[1:]:
        head, code = text.split("\n", 1)
        name, _, kept = head.partition("; keeps ")
        found.append((name, code.strip(), set(kept.split())))
    return found


def settled_rss() -> int:
    """Return the resident bytes, after everything that is free was given back.

    Some allocators give back late, as polars' does: wait until nothing has come for a while.
    """
    import psutil

    process = psutil.Process()
    gc.collect()
    found = int(process.memory_info().rss)
    since = begin = time.monotonic()
    while time.monotonic() < min(since + SETTLE_S, begin + MOST_S):
        pyarrow = sys.modules.get("pyarrow")
        if pyarrow is not None:
            pyarrow.default_memory_pool().release_unused()
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)
        time.sleep(SETTLE_S / 5)
        now = int(process.memory_info().rss)
        if abs(now - found) > TOLD_BYTES:
            found, since = now, time.monotonic()
    return found


def stays(value: Any) -> bool:
    """Tell whether a name of a cell is no data: a module, or what was imported from one."""
    if isinstance(value, types.ModuleType):
        return True
    defined = isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType))
    return defined and value.__module__ != "__main__"


def measured(shell: Any, code: str, kept: set[str], budgets: list[float]) -> dict[str, Any]:
    """Run a case's cells, ask for reports, release the result; return what was told and freed."""
    answers: dict[str, Any] = {"told": []}

    def ask(budget_ms: float, number: int) -> None:
        began = time.process_time()
        report = memguard.report(budget_ms=budget_ms, rest=False)
        row = next(row for row in report["results"] if number in row["numbers"])
        answers["key"] = row["key"]
        names = ("type", "freed_bytes", "exact", "estimate_bytes", "size_bytes", "notes")
        told = {name: row[name] for name in (*names, "seen_bytes")}
        told["cpu_ms"] = round(1000 * (time.process_time() - began))
        answers["told"].append(told)

    def free() -> None:
        before = settled_rss()
        released = memguard.release(keys=[answers["key"]])
        answers["rss_bytes"] = before - settled_rss()
        answers["let_go_bytes"] = released["let_go_bytes"]
        answers["still_alive"] = [row["held_by"] for row in released["still_alive"]]

    def cell(text: str) -> None:
        shell.run_cell(text, store_history=True).raise_error()

    before = set(shell.user_ns)
    memguard.start({"guard": None})
    for text in re.split(r"^# ---$", code, flags=re.MULTILINE):
        cell(text)
    number = shell.execution_count - 1
    gone = [
        name
        for name in set(shell.user_ns) - before - kept
        if not name.startswith("_") and not stays(shell.user_ns[name])
    ]
    cell(f"del {', '.join(gone)}" if gone else "pass")
    shell.user_ns_hidden.update({"ask_": ask, "free_": free})
    shell.user_ns.update({"ask_": ask, "free_": free})
    for budget in budgets:
        cell(f"ask_({budget}, {number})")
    cell("free_()")
    answers["bytes"] = max(answers["rss_bytes"], answers["let_go_bytes"] or 0, 0)
    return answers


def run_case(shell: Any, case: tuple[str, str, set[str]], budgets: list[float], to: Path) -> None:
    """Run a case in this process, which is the case's own, and write what came of it."""
    signal.alarm(LIMIT_S)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        found = measured(shell, case[1], case[2], budgets)
    except BaseException as error:
        found = {"error": f"{type(error).__name__}: {error}"[:300]}
    to.write_text(json.dumps(found))


def verdict(told: dict[str, Any], freed: int) -> str:
    """Return what a row is worth, given what came back."""
    tolerance = max(freed / 10, MEGABYTE)
    bytes_ = told["freed_bytes"]
    if told["exact"]:
        return "exact, right" if abs(bytes_ - freed) <= tolerance else "exact, wrong"
    if bytes_ > freed + tolerance:
        return "overstated"
    if told["seen_bytes"] is not None:
        much_less = freed < told["seen_bytes"] / 2 - tolerance
        return '"maybe", much less' if much_less else "unknown"
    return verdict_of_likely(told, freed)


def verdict_of_likely(told: dict[str, Any], freed: int) -> str:
    """Return what an estimate or a bound is worth, given what came back."""
    tolerance = max(freed / 10, MEGABYTE)
    bytes_, estimate = told["freed_bytes"], told["estimate_bytes"]
    if estimate is not None:
        near = abs(estimate - freed) <= max(0.15 * freed, MEGABYTE)
        return "estimate, near" if near else "estimate, off"
    if bytes_ >= TOLD_BYTES:
        return "bound, useful" if bytes_ >= 0.3 * freed else "bound, low"
    bounded = told["size_bytes"] >= TOLD_BYTES and not {"opaque", "mapped"} & set(told["notes"])
    if bounded and freed > told["size_bytes"] + tolerance:
        return '"up to", wrong'
    return "unknown"


def figure(told: dict[str, Any]) -> str:
    """Return a row's figure as it is shown, in MB."""
    if told["exact"]:
        return f"{told['freed_bytes'] / MEGABYTE:.1f}"
    if told["seen_bytes"] is not None:
        return f"maybe {told['seen_bytes'] / MEGABYTE:.1f}"
    if told["estimate_bytes"] is not None:
        return f"about {told['estimate_bytes'] / MEGABYTE:.1f}"
    if told["freed_bytes"] >= TOLD_BYTES:
        return f"at least {told['freed_bytes'] / MEGABYTE:.1f}"
    if told["size_bytes"] < TOLD_BYTES or {"opaque", "mapped"} & set(told["notes"]):
        return "size unknown"
    about = "about " if {"cut", "moving"} & set(told["notes"]) else ""
    return f"up to {about}{told['size_bytes'] / MEGABYTE:.1f}"


def prepared_shell(preamble: str) -> Any:
    """Return a shell that ran the preamble, without threads."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell: Any = InteractiveShell.instance(config=config)
    shell.display_formatter.active_types = shell.display_formatter.format_types
    shell.run_cell(preamble, store_history=True).raise_error()
    gc.collect()
    return shell


def run_all(
    shell: Any, cases: list[tuple[str, str, set[str]]], budgets: list[float], workers: int
) -> dict[str, dict[str, Any]]:
    """Run the cases, each in a forked process; return what came of each by its name."""
    running: dict[int, tuple[str, Path]] = {}
    found: dict[str, dict[str, Any]] = {}
    waiting = list(reversed(cases))
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < workers:
                case = waiting.pop()
                path = Path(folder, str(len(waiting)))
                pid = os.fork()
                if pid == 0:
                    run_case(shell, case, budgets, path)
                    os._exit(0)
                running[pid] = (case[0], path)
            pid, status = os.wait()
            name, path = running.pop(pid)
            ended = {"error": f"ended with status {status}"}
            found[name] = json.loads(path.read_text()) if path.exists() else ended
            print(line(name, found[name]), flush=True)
    return found


def line(name: str, found: dict[str, Any]) -> str:
    """Return a case's line of the table: given back, then what each report told."""
    if "error" in found:
        return f"{name:36} {found['error']}"
    told = "".join(
        f" | {figure(row):18} {verdict(row, found['bytes']):15}" for row in found["told"]
    )
    return f"{name:36} {found['bytes'] / MEGABYTE:8.1f}{told}"


def main() -> None:
    """Run the cases, print a table, the counts and the cases that somebody should look at."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--budget", type=float, action="append")
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    budgets = options.budget or list(BUDGETS_MS)
    (_, preamble, _), *cases = read_cases(options.cases)
    shell = prepared_shell(preamble)
    print(f"{'case':36} {'MB back':>8}" + "".join(f" | told in {b:g} ms" for b in budgets))
    chosen = [case for case in cases if options.only in case[0]]
    found = run_all(shell, chosen, budgets, options.workers)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    good = {name: case for name, case in found.items() if "error" not in case}
    for index, budget in enumerate(budgets):
        worth = {n: verdict(case["told"][index], case["bytes"]) for n, case in good.items()}
        counts = Counter(worth.values())
        print(f"\n{budget:g} ms, {len(good)} cases")
        for text in VERDICTS:
            print(f"  {counts[text]:3} {text}")
        for name, text in worth.items():
            if text in LISTED:
                case = good[name]
                back = f"{case['bytes'] / MEGABYTE:.1f} MB came back"
                print(f"  {text}: {name}: told {figure(case['told'][index])}, {back}")


if __name__ == "__main__":
    main()
