"""Whether the figures hold in sessions as people have them: what is told, and what comes back.

    python benchmarks/sessions.py [--loaded] [--only 03,05] [--rows] [--json FILE]

Each notebook of benchmarks/sessions/ runs in a real kernel, of this Python environment or of
another one's (`--python`), which gets our code as the browser sends it. As an open panel does, the
program asks for a report after each cell and for an overview after some, and refines while no cell
runs. After the last cell one press of *Free memory* and a second one are compared with what was
told. `--loaded` keeps as many other processes busy as there are cores.

What comes back is the kernel's resident memory (RSS, without pages of files) before the press less
that after it. Before the press free memory was given back already, so that this is the results'
doing alone. An allocator that has results between objects that live keeps a part of what was let go
for the next objects: the answer to the press says how much. What is let go is counted by the
allocators themselves, too. `--rows` also
asks what each row and each group gives back by itself: a child that the kernel forks, and that
never answers, releases it. Needs Linux, and what sessions/requirements.txt names.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jupyter_memguard.kernel.protocol import METHODS, VERSION  # noqa: E402 (of this tree)
from jupyter_memguard.kernel.tests import support  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SESSIONS = ROOT / "benchmarks" / "sessions"
MIB = 2**20
# A figure is right within this share, or within this number of bytes.
SHARE, BYTES = 0.05, 1_000_000
# What the panel asks: an overview is slower, and the person is not always still for long.
CELLS_PER_OVERVIEW = 4
SLICES_BETWEEN_CELLS = 8
SLICE_MS = 30
MOST_SLICES = 3000
LIMIT = 1000
SETTLE_S = 2.0
# A figure below this says nothing, so a row that has only it counts as marked unknown.
TINY = 64 * 1024
# Rows that give back less are not judged: the pages of the allocator make that uncertain.
JUDGED = 2 * MIB

GIVE_BACK = """
import ctypes, gc, sys
gc.collect()
if "pyarrow" in sys.modules:
    sys.modules["pyarrow"].default_memory_pool().release_unused()
ctypes.CDLL(None).malloc_trim(0)
"""
# What Python's allocator, the system's and Arrow's have handed out, which tells memory that was not
# let go from memory that an allocator kept. Python writes its figure to the file 2.
HANDED_OUT = """
import ctypes, os, re, sys, tempfile
def handed_out():
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        sys._debugmallocstats()
        os.dup2(kept, 2)
        os.close(kept)
        file.seek(0)
        text = file.read().decode()
    found = int(re.search(r"bytes in allocated blocks +=\\s+([0-9,]+)", text)[1].replace(",", ""))
    class Info(ctypes.Structure):
        _fields_ = [(f"n{i}", ctypes.c_size_t) for i in range(10)]
    if "pyarrow" in sys.modules:
        pool = sys.modules["pyarrow"].default_memory_pool()
        if pool.backend_name != "system":
            found += pool.bytes_allocated()
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return found
    libc.mallinfo2.restype = Info
    info = libc.mallinfo2()
    return found + info.n4 + info.n7  # in mappings of their own, and in the heap
found = handed_out()
"""
# Each child is the kernel as it is, and releases one list of keys. A library's threads are not
# there in a child: what waits for them is ended. What a release itself brings along comes before.
CHILDREN = """
import json, os, select, signal, time, warnings
warnings.simplefilter("ignore")
shell = get_ipython()
session = vars(shell)["_jupyter_memguard"]
counting = {}
exec(HANDED_OUT, counting)
def figures():
    for _ in range(2):
        exec(GIVE_BACK, {})
        time.sleep(0.1)
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), counting["handed_out"]()
def child(keys, out):
    session.release(keys=[])
    session.report()
    before = figures()
    session.release(keys=keys)
    after = figures()
    os.write(out, json.dumps([a - b for a, b in zip(before, after)]).encode())
def came_back(keys):
    out, back = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            child(keys, back)
        finally:
            os._exit(0)
    os.close(back)
    ready = select.select([out], [], [], 30)[0]
    text = os.read(out, 99) if ready else b""
    if not ready:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(out)
    return json.loads(text) if text else None
found = [came_back(keys) for keys in KEYS]
"""


class SessionError(Exception):
    """A cell did not end as it is meant to, which most often is a library that is not there."""


class Asked(NamedTuple):
    """One answer: on the clock, in processor time of the kernel's main thread, and in memory."""

    method: str
    wall_ms: float
    processor_ms: float
    grown_bytes: int


class Pressed(NamedTuple):
    """What came of a press: what RSS lost, what is said to stay free, what allocators got back."""

    came_back: int
    stays_free: int
    let_go: int

    @property
    def told(self) -> int:
        """What the person reads: what came back, and what stays free."""
        return self.came_back + self.stays_free


class Watched:
    """A kernel with our code in it, asked as the panel asks."""

    def __init__(self, kernel: support.Kernel) -> None:
        """Take a kernel before its first cell."""
        self.kernel = kernel
        self.pid = int(kernel.value("__import__('os').getpid()"))
        kernel.inject(engine=False)
        self.comm = kernel.comm(VERSION)
        self.comm.event("hello")
        self.asked: list[Asked] = []
        self.engine = False

    def rss(self) -> int:
        """Return the resident memory of the kernel, without pages of files, which nobody frees."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        sizes = dict(re.findall(r"^(Rss\w+):\s+(\d+) kB$", status, re.MULTILINE))
        return (int(sizes["RssAnon"]) + int(sizes["RssShmem"])) * 1024

    def processor_ms(self) -> float:
        """Return the processor time of the kernel's main thread; psutil's steps are of 10 ms."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e6

    def ask(self, method: str, **params: Any) -> Any:
        """Ask, and keep what the answer cost."""
        if not self.engine:
            self.engine = True
            text = support.kernel_bundle.packed(support.kernel_bundle.stages()[1])
            self.ask("load_engine", digest="test", text=text)
            self.ask("subscribe", cell_end=True)
        rss, processor, clock = self.rss(), self.processor_ms(), time.perf_counter()
        answer = self.comm.request(method, **params)
        self.asked.append(
            Asked(
                method,
                (time.perf_counter() - clock) * 1000,
                self.processor_ms() - processor,
                self.rss() - rss,
            )
        )
        return answer

    def report(self) -> Any:
        """Ask for a report, with all its rows."""
        return self.ask("report", limit=LIMIT)

    def refine(self, most: int) -> int | None:
        """Let it measure slice by slice until all is final; return the number of slices."""
        if "refine" not in METHODS:
            return None
        for number in range(most):
            if self.ask("refine", budget_ms=SLICE_MS)["final"]:
                return number + 1
        return most

    def execute(self, code: str) -> Any:
        """Run code of ours, beside the user's names; return the value of its name `found`."""
        name = f"(lambda into: (exec({code!r}, into), into.get('found'))[1])"
        return self.kernel.value(f"{name}({{'get_ipython': get_ipython}})")

    def trimmed_rss(self) -> int:
        """Give free memory back, and return the resident memory a while later."""
        self.execute(GIVE_BACK)
        time.sleep(SETTLE_S)
        return self.rss()

    def press(self, min_bytes: int = MIB) -> Pressed:
        """Press *Free memory*; return what came of it a while later."""
        before, handed_out = self.rss(), int(self.execute(HANDED_OUT))
        answer = self.ask("release", min_bytes=min_bytes)
        time.sleep(SETTLE_S)
        came_back = before - self.rss()
        return Pressed(
            came_back,
            max(0, (answer.get("let_go_bytes") or 0) - came_back),
            handed_out - int(self.execute(HANDED_OUT)),
        )

    def back_from(self, keys: list[list[str]]) -> list[tuple[int, int] | None]:
        """Return as `press` what each list gives back alone; the kernel itself stays as it is."""
        texts = f"GIVE_BACK, HANDED_OUT, KEYS = {GIVE_BACK!r}, {HANDED_OUT!r}, {keys!r}\n"
        return list(self.execute(texts + CHILDREN))


def likely(figure: dict[str, Any], suffix: str = "") -> int:
    """Return the bytes that a person reads: what is known, or what is estimated if that is more."""
    freed = int(figure["freed_bytes" + suffix])
    return freed if figure["exact" + suffix] else max(freed, figure["estimate_bytes" + suffix] or 0)


def unknown(row: dict[str, Any]) -> bool:
    """Return whether the row says no size."""
    return not row["exact"] and likely(row) < TINY


def right(told: int, came: int) -> bool:
    """Return whether what was told is what came back."""
    return abs(told - came) <= max(SHARE * abs(came), BYTES)


def parts(report: dict[str, Any]) -> int:
    """Return the sum of the groups, and of the rows that are in none."""
    groups = report.get("groups", [])
    grouped = {key for group in groups for key in group["keys"]}
    alone = (row for row in report["results"] if row["key"] not in grouped)
    return sum(map(likely, [*groups, *alone]))


def bar_off(overview: dict[str, Any]) -> int:
    """Return by how much the parts of the bar are more, or less, than the memory that it shows."""
    bar = sum(int(part["bytes"]) for part in overview.values() if isinstance(part, dict))
    return bar - int(overview["rss_bytes"])


def cells_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Return each cell's code, and whether it is meant to fail."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            tags = cell["metadata"].get("tags", [])
            yield "".join(cell["source"]), "raises-exception" in tags


def run_cells(watched: Watched, path: Path) -> int:
    """Run all cells with a panel beside them; return their number. Raises `SessionError`."""
    number = 0
    for number, (code, fails) in enumerate(cells_of(path), 1):
        reply, _ = watched.kernel.execute(code, allow_stdin=False)
        if (reply["status"] == "error") != fails:
            raise SessionError(number, reply.get("evalue"))
        watched.report()
        if number % CELLS_PER_OVERVIEW == 0:
            watched.ask("overview")
            watched.refine(SLICES_BETWEEN_CELLS)
    return number


def judge_rows(watched: Watched, report: dict[str, Any]) -> list[dict[str, Any]]:
    """Compare each row and each group with what it gives back alone."""
    rows, groups = report["results"], report.get("groups", [])
    names = {row["key"]: f"Out{row['numbers']} {row['type']}" for row in rows}
    figures = [([row["key"]], row) for row in rows] + [(group["keys"], group) for group in groups]
    came = watched.back_from([keys for keys, _ in figures])
    return [
        {
            "name": " + ".join(names[key] for key in keys),
            "told": likely(figure),
            "exact": figure["exact"],
            "notes": figure["notes"],
            "unknown": unknown(figure),
            "came": None if back is None else back[0],
            "let_go": None if back is None else back[1],
            "under_half": back is not None
            and max(back) >= JUDGED
            and likely(figure) < max(back) / 2
            and not unknown(figure),
        }
        for (keys, figure), back in zip(figures, came, strict=True)
    ]


def session(path: Path, options: argparse.Namespace, folder: str) -> dict[str, Any]:
    """Run one session; return all that is told of it."""
    os.environ["IPYTHONDIR"] = folder  # no profile and no history of this machine
    python = {} if options.python is None else {"python": Path(options.python)}
    arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=40"]
    cwd = Path(folder)
    with support.running_kernel(*arguments, cwd=cwd, **python) as kernel:
        watched = Watched(kernel)
        cells = run_cells(watched, path)
        first = watched.report()
        watched.trimmed_rss()
        before, asked_before = watched.rss(), len(watched.asked)
        watched.report()
        watched.ask("overview")
        slices = watched.refine(MOST_SLICES)
        last, overview = watched.report(), watched.ask("overview")
        left = watched.rss() - before
        asked = watched.asked[asked_before:]
        rows = judge_rows(watched, last) if options.rows else None
        left_trimmed = watched.trimmed_rss() - before
        pressed = watched.press()
        after = watched.report()
        watched.refine(MOST_SLICES)
        after_refined = watched.report()
        watched.trimmed_rss()
        again = watched.press()
        rest = watched.press(0)
        presses = (pressed, again, rest)
        everything = sum(each.told for each in presses)

    def most(method: str, figure: Callable[[Asked], float]) -> float:
        return max((figure(each) for each in watched.asked if each.method == method), default=0.0)

    def median(method: str, figure: Callable[[Asked], float]) -> float:
        return statistics.median(figure(each) for each in watched.asked if each.method == method)

    told = likely(last, "_all")
    # Allocators of libraries are not counted, and those that are counted keep some of it.
    let_go = sum(each.let_go for each in presses)
    held = max(everything, let_go)
    refining = [each for each in asked if each.method == "refine"]
    return {
        "session": path.stem,
        "cells": cells,
        "results": last["count"],
        "at_once": likely(first, "_all"),
        "at_once_exact": first["exact_all"],
        "refined": told,
        "refined_exact": last["exact_all"],
        "final": last.get("final"),
        "sum": parts(last),
        "pressed": pressed.came_back,
        "stays_free": pressed.stays_free,
        "then": likely(after, "_all"),
        "then_refined": likely(after_refined, "_all"),
        "again": again.told,
        "everything": everything,
        "let_go": pressed.let_go,
        "everything_let_go": let_go,
        "right": right(told, pressed.told) and right(told, everything),
        "right_let_go": right(told, max(pressed.told, pressed.let_go)) and right(told, held),
        "right_at_once": right(likely(first, "_all"), held),
        "report_ms": median("report", lambda each: each.processor_ms),
        "report_most_ms": most("report", lambda each: each.processor_ms),
        "report_wall_ms": most("report", lambda each: each.wall_ms),
        "overview_most_ms": most("overview", lambda each: each.processor_ms),
        "overview_wall_ms": most("overview", lambda each: each.wall_ms),
        "refine_slices": slices,
        "refine_ms": sum(each.processor_ms for each in refining),
        "refine_most_ms": most("refine", lambda each: each.processor_ms),
        "refine_wall_ms": most("refine", lambda each: each.wall_ms),
        "press_ms": most("release", lambda each: each.processor_ms),
        "left_by_asking": left,
        "left_when_trimmed": left_trimmed,
        "grown_while_asked": {
            method: sum(each.grown_bytes for each in watched.asked if each.method == method)
            for method in sorted({each.method for each in watched.asked})
        },
        "rss": before,
        "rss_told": overview["rss_bytes"],
        "bar": {
            name: part["bytes"]
            for name, part in overview.items()
            if isinstance(part, dict) and "bytes" in part
        },
        "bar_off": bar_off(overview),
        "rows": rows,
        "figures": [
            {
                "name": f"Out{row['numbers']} {row['type']}",
                "told": likely(row),
                "exact": row["exact"],
                "notes": row["notes"],
                "variables": row["variables"],
            }
            for row in last["results"]
        ],
    }


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep a number of processes busy meanwhile."""
    processes = [subprocess.Popen([sys.executable, "-c", "while 1: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def mib(size: int) -> str:
    """Write bytes as MiB."""
    return f"{size / MIB:.1f}"


UNDER_HALF = "rows under half"
COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "session": lambda one: one["session"],
    "at once": lambda one: mib(one["at_once"]),
    "refined": lambda one: mib(one["refined"]) + ("" if one["refined_exact"] else " about"),
    "sum of rows": lambda one: mib(one["sum"]),
    "one press": lambda one: mib(one["pressed"]),
    "stays free": lambda one: mib(one["stays_free"]),
    "let go": lambda one: mib(max(one["pressed"], one["let_go"])),
    "second press": lambda one: mib(one["again"]),
    "all results": lambda one: mib(max(one["everything"], one["everything_let_go"])),
    "right": lambda one: "yes" if one["right"] else "no",
    UNDER_HALF: lambda one: (
        "" if one["rows"] is None else str(sum(row["under_half"] for row in one["rows"]))
    ),
    "report, ms": lambda one: (
        f"{one['report_ms']:.0f} / {one['report_most_ms']:.0f} / {one['report_wall_ms']:.0f}"
    ),
    "overview, ms": lambda one: f"{one['overview_most_ms']:.0f} / {one['overview_wall_ms']:.0f}",
    "refining, ms": lambda one: f"{one['refine_ms']:.0f} / {one['refine_most_ms']:.0f}",
    "left by asking": lambda one: mib(one["left_by_asking"]),
}


def line(cells: list[str], widths: list[int]) -> str:
    """Write a line of a table."""
    padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    return "| " + " | ".join([cells[0].ljust(widths[0]), *padded[1:]]) + " |"


def table(found: list[dict[str, Any]]) -> str:
    """Write the table."""
    judged = any(one["rows"] is not None for one in found)
    columns = {name: c for name, c in COLUMNS.items() if judged or name != UNDER_HALF}
    rows = [[write(one) for write in columns.values()] for one in found]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(line(cells, widths) for cells in [list(columns), rule, *rows])


def main() -> None:
    """Run the sessions, and print the table."""
    assert __doc__ is not None  # noqa: S101 (it is above)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loaded", action="store_true", help="with as many busy processes")
    parser.add_argument("--only", default="", help="numbers or parts of names, with commas")
    parser.add_argument("--rows", action="store_true", help="judge each row, too (some minutes)")
    parser.add_argument("--python", help="the kernels' interpreter")
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    options = parser.parse_args()
    only = options.only.split(",")
    support.PATIENCE_S = 300.0
    found: list[dict[str, Any]] = []
    failed: list[str] = []
    with busy((os.cpu_count() or 1) if options.loaded else 0):
        for path in sorted(SESSIONS.glob("*.ipynb")):
            if any(part in path.stem for part in only):
                print(path.stem, file=sys.stderr, flush=True)
                try:
                    with tempfile.TemporaryDirectory() as folder:
                        found.append(session(path, options, folder))
                except (SessionError, AssertionError, queue.Empty) as error:
                    failed.append(f"{path.stem} failed: {error!r}")
                if options.json:
                    options.json.write_text(json.dumps(found, indent=1), "utf-8")
    print("\n".join([table(found), "", *failed]))
    of = len(found) + len(failed)
    for what, answers in (
        ("bar that adds up to the resident memory", [one["bar_off"] == 0 for one in found]),
        (
            "at once within 5 % or 1 MB of what all results held",
            [one["right_at_once"] for one in found],
        ),
        ("headline within 5 % or 1 MB of what was let go", [one["right_let_go"] for one in found]),
        ("headline within 5 % or 1 MB of what the press said", [one["right"] for one in found]),
    ):
        print(f"{what}: {sum(answers)} of {of}")


if __name__ == "__main__":
    main()
