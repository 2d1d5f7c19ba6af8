"""The answers to all questions about a shell's memory."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterator

from ..protocol import UNKNOWN_KEY, Refused
from ..retention.holders import find_last, find_variables, retained_under
from ..retention.process import rss_bytes
from ..retention.referrers import MAX_PATHS, Search
from ..retention.sizes import Size
from ..sizing import collector_paused, prepare
from .large import Choice
from .overview import overview
from .pages import Figures
from .rows import collect, row, size_of
from .traceback_sizes import kept_tracebacks

if TYPE_CHECKING:
    from ..cells import Cells
    from ..guard.guard import Guard
    from ..messages import CellEnd, CellResult, Explained, Joint, Overview, Report
    from ..retention.announced import Announced
    from ..retention.holders import Retained
    from ..retention.keys import Keys
    from ..retention.outputs import Outputs

REPORT_MS = 100.0
OVERVIEW_MS = 250.0
EXPLAIN_MS = 1000.0
JOINT_MS = 50.0
# The time for measuring a cell's result at the end of the cell.
CELL_END_MS = 2.0
# The number of largest variables in an overview.
LARGEST = 20
# The budget divided by this is for tracebacks, if there are any.
TRACEBACKS_DIVISOR = 5
# Writing a row takes as long as collecting this number of entries.
_ROW_PER_ENTRY = 2
# Of the budget, at least this share is for measurements, however long all else takes.
_LEAST_SHARE = 0.3


class Reporter:
    """Answers questions about one shell, and changes nothing in it."""

    def __init__(  # noqa: PLR0913, PLR0917 - the objects of a session
        self,
        shell: Any,
        keys: Keys,
        announced: Announced,
        outputs: Outputs,
        cells: Cells,
        guard: Guard,
    ) -> None:
        """Take the InteractiveShell and the session's objects."""
        self.shell = shell
        self.keys = keys
        self.announced = announced
        self.outputs = outputs
        self.cells = cells
        self.guard = guard
        prepare()
        self._figures: Figures | None = None  # of the last report, if it has further pages

    def retained(self) -> tuple[list[Retained], list[str]]:
        """Return what IPython retains, and the key of each."""
        entries = collect(self.shell)
        return entries, self.keys.assign(entries, self.shell.execution_count)

    def report(
        self,
        numbers: list[int] | None = None,
        budget_ms: float = REPORT_MS,
        limit: int | None = None,
        sort: str = "freed_bytes",
        offset: int = 0,
    ) -> Report:
        """Return what IPython retains, and what releasing it would free.

        `numbers` restricts the report to these n of `Out[n]`. `budget_ms` is the time for the
        whole report, `limit` the most rows, `offset` the rows to skip, and `sort` is
        "freed_bytes" or "number". docs/protocol.md describes the answer.
        """
        with _without_garbage():
            return self._report(numbers, budget_ms, limit, sort, offset)

    def _report(
        self, numbers: list[int] | None, budget_ms: float, limit: int | None, sort: str, offset: int
    ) -> Report:
        started = time.perf_counter()
        entries, keys = self.retained()
        if numbers is not None:
            wanted = set(numbers)
            chosen = [i for i, e in enumerate(entries) if not wanted.isdisjoint(e.numbers)]
            entries = [entries[i] for i in chosen]
            keys = [keys[i] for i in chosen]
        last = len(entries) if limit is None else min(offset + limit, len(entries))
        tracebacks = kept_tracebacks(self.shell, budget_ms / TRACEBACKS_DIVISOR)
        left_ms = time_left(budget_ms, started, len(entries), last - offset)
        if numbers is None:
            figures = self._page(keys, sort, entries, slice(offset, last), left_ms)
        else:
            figures = self._measured(keys, sort, entries, left_ms)
        sizes, together = figures.sizes, figures.together
        rows = [
            row(self.shell, entries[i], sizes[i], keys, i, self.cells.known)
            for i in figures.order[offset:last]
        ]
        for i in figures.order[offset:last]:
            self.announced.note(entries[i].numbers, entries[i].obj)
        outputs_bytes, outputs_count = self.outputs.total()
        return {
            "results": rows,
            "count": len(entries),
            "freed_bytes_all": together.freed_bytes,
            "exact_all": together.exact,
            "notes_all": list(together.notes),
            "estimate_bytes_all": together.estimate_bytes,
            "rss_bytes": rss_bytes(),
            "guard": self.guard.mode,
            "guard_state": self.guard.state(),
            "shown": {"bytes": outputs_bytes, "count": outputs_count, "exact": True},
            "tracebacks": tracebacks,
            "execution_count": int(self.shell.execution_count),
            "elapsed_ms": (time.perf_counter() - started) * 1000,
        }

    def _measured(
        self, keys: list[str], sort: str, entries: list[Retained], budget_ms: float
    ) -> Figures:
        figures = Figures(keys, sort, int(self.shell.execution_count))
        figures.measure(self.shell, entries, budget_ms)
        return figures

    def _page(
        self, keys: list[str], sort: str, entries: list[Retained], page: slice, budget_ms: float
    ) -> Figures:
        """Return a page's figures, measured now or with the first page of the report."""
        count = int(self.shell.execution_count)
        figures = self._figures if page.start else None
        if figures is not None and figures.are_of(keys, sort, count):
            figures.go_on(self.shell, entries, budget_ms, figures.order[page])
        else:
            figures = self._measured(keys, sort, entries, budget_ms)
        self._figures = figures if page.stop < len(entries) else None
        return figures

    def joint(self, keys: list[str], budget_ms: float = JOINT_MS) -> Joint:
        """Return what the results with these keys free when they are let go together.

        `budget_ms` is the time for measuring. Raises `Refused("unknown_key")` if a key is of no
        retained object.
        """
        with _without_garbage():
            entries, all_keys = self.retained()
            check_keys(keys, all_keys)
            named = set(keys)
            chosen = [entry for entry, key in zip(entries, all_keys) if key in named]
            entries.clear()
            size = size_of(self.shell, chosen, budget_ms, each=False)[1]
        return {
            "bytes": size.freed_bytes,
            "exact": size.exact,
            "estimate_bytes": size.estimate_bytes,
        }

    def measure(self, entries: list[Retained], min_bytes: int) -> tuple[list[int], list[Size]]:
        """Return the indices of the entries that free at least `min_bytes`, and all sizes.

        With `min_bytes` 0 these are all entries.
        """
        if min_bytes <= 0:
            return list(range(len(entries))), size_of(self.shell, entries, REPORT_MS)[0]
        choice = Choice(self.shell, entries, min_bytes)
        return choice.run(), choice.sizes

    def overview(self, budget_ms: float = OVERVIEW_MS, variables: int = LARGEST) -> Overview:
        """Return where the memory is: results, outputs, tracebacks, variables.

        `budget_ms` is the time for all of it, `variables` the number of variables to list.
        """
        with _without_garbage():
            return overview(self.shell, self.outputs.total(), budget_ms, variables)

    def explain(self, key: str, budget_ms: float = EXPLAIN_MS) -> Explained:
        """Return who refers to a retained object.

        `budget_ms` is the time for the search. Raises `Refused("unknown_key")`.
        """
        entries, keys = self.retained()
        check_keys([key], keys)
        entry = entries[keys.index(key)]
        entries.clear()
        search = Search(self.shell, time.perf_counter() + budget_ms / 1000)
        search.run(entry.obj, [entry])
        return {
            "key": key,
            "holders": [place.label for place in entry.places],
            "paths": search.paths or search.frames[:MAX_PATHS],
            "cut": search.cut,
        }

    def cell_end(self, number: int) -> CellEnd:
        """Return what the cell with this execution count left behind."""
        return {
            "execution_count": number,
            "cell_id": self.cells.known.get(number, (None, None))[1],
            "gone": self.announced.gone(),
            "results": self._result_of(number),
            "withheld": list(self.guard.this_cell),
        }

    def _result_of(self, number: int) -> list[CellResult]:
        """Return the cell's result if it is large enough to list; this runs after every cell."""
        if not self.guard.is_worth_listing(number):
            return []
        entry = retained_under(self.shell, number)
        if entry is None:
            return []
        key = self.keys.assign_one(entry, self.shell.execution_count)
        self.announced.note([number], entry.obj)
        find_last(self.shell, [entry])
        find_variables(self.shell, [entry])
        # Releasing the value of a variable frees nothing, so it needs no measurement.
        is_variable = bool(entry.variables)
        size = Size() if is_variable else size_of(self.shell, [entry], CELL_END_MS)[0][0]
        result: CellResult = {
            "key": key,
            "number": number,
            "freed_bytes": size.freed_bytes,
            "exact": size.exact,
        }
        return [result]


def check_keys(keys: list[str], known: list[str]) -> None:
    """Raise `Refused("unknown_key")` with the first key that is not known."""
    there = set(known)
    for key in keys:
        if key not in there:
            raise Refused(UNKNOWN_KEY, key)


@contextmanager
def _without_garbage() -> Iterator[None]:
    """Collect new garbage, which is quick, and do without collections then.

    Garbage, such as the frames of a past exception, may refer to results, and a report would then
    say that these free nothing.
    """
    if gc.isenabled():
        gc.collect(1)
    with collector_paused():
        yield


def time_left(budget_ms: float, started: float, count: int, rows: int) -> float:
    """Return the milliseconds that are left for measuring, of a budget for the whole report.

    The time since `started`, a value of `time.perf_counter()`, went into collecting `count`
    entries. From it follows how long writing the `rows` will take.
    """
    spent = (time.perf_counter() - started) * 1000
    written = _ROW_PER_ENTRY * spent * rows / max(count, 1)
    return max(budget_ms * _LEAST_SHARE, budget_ms - spent - written)
