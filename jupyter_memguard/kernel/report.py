"""What is retained, what it would free, and where the process's memory is."""

from __future__ import annotations

import gc
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Sequence

from . import tracebacks
from .describe import summary, type_name
from .holders import (
    Retained,
    find_last,
    find_variables,
    is_users,
    own_dict,
    results,
    retained,
    snapshot,
)
from .memory import rss_bytes
from .sizing import Root, Size, measure, measure_in_turn, reaches

if TYPE_CHECKING:
    from .cells import Cell
    from .protocol import Kept, Overview, Part, Row, Variable

SOURCE_LENGTH = 200
REPORT_MS = 100.0
# The longest of the measurements that find what is large enough to be let go.
MOST_MS = 1600.0
# For what a result keeps alive, if there was no time to measure what it frees; and all of them.
KEEPING_MS = 3.0
ALL_KEEPING_MS = 1000.0
OVERVIEW_MS = 250.0
_LARGEST_SHARE = 0.25  # of the time for an overview's measurements
_EACH_SHARE = 0.7  # of that, for each variable alone; the rest is for those that share with results
LARGEST = 20
TRACEBACKS_PART = 5  # of the budget, one part is for tracebacks if there are any
_ROW_PER_ENTRY = 2
_LEAST_SHARE = 0.3
# So often the time for tracebacks may be given where other processes had it.
_MOST_TIMES = 10
# This thread's own time; Windows counts that in steps that are longer than a budget.
_clock = time.perf_counter if sys.platform == "win32" else time.thread_time
# More that share a row's memory are not named in it; the total is right all the same.
MOST_SHARERS = 100


def collect(shell: Any) -> list[Retained]:
    """Return what IPython holds, with all its places and the user's names for it."""
    entries = retained(shell)
    find_last(shell, entries)
    find_variables(shell, entries)
    return entries


def boundary(shell: Any) -> list[Any]:
    """Return what belongs to IPython and never to a result."""
    return [
        shell,
        shell.user_ns,
        shell.user_ns_hidden,
        shell.displayhook,
        shell.history_manager,
        own_dict(shell.displayhook),
        results(shell),
    ]


def roots(entries: Sequence[Retained]) -> list[Root]:
    """Return the entries as roots to measure; the entry itself is one more reference."""
    return [Root(entry.obj, len(entry.places) + 1) for entry in entries]


def size_of(
    shell: Any, entries: Sequence[Retained], budget_ms: float, *, each: bool = True
) -> tuple[list[Size], Size]:
    """Measure entries, each and all together."""
    return measure(roots(entries), budget_ms=budget_ms, boundary=boundary(shell), each=each)


def likely_bytes(size: Size) -> int:
    """Return the best figure there is: the estimate where the proof was cut."""
    return max(size.freed_bytes, size.estimate_bytes or 0)


def row(  # noqa: PLR0913, PLR0917 - a row is made of these
    shell: Any, entry: Retained, size: Size, keys: list[str], index: int, cells: dict[int, Cell]
) -> Row:
    """Return the report's row of one entry; `keys` are those of all entries measured with it."""
    numbers = entry.numbers
    execution = numbers[-1] if numbers else None
    shown_at, cell_id = cells.get(-1 if execution is None else execution, (None, None))
    return {
        "key": keys[index],
        "numbers": numbers,
        "type": type_name(type(entry.obj)),
        "summary": summary(entry.obj),
        "freed_bytes": size.freed_bytes,
        "exact": size.exact,
        "notes": list(size.notes),
        "estimate_bytes": size.estimate_bytes,
        "device_bytes": size.device_bytes,
        "holders": [place.label for place in entry.places],
        "variables": list(entry.variables),
        "shared_with": [keys[other] for other in size.shared_with[:MOST_SHARERS]],
        "cell_id": cell_id,
        "execution": execution,
        "time": shown_at,
        "source": source_line(shell, execution),
    }


def source_line(shell: Any, execution: int | None) -> str | None:
    """Return the first line of a cell that is not empty, or None if history has it no more."""
    inputs = getattr(shell.history_manager, "input_hist_raw", None)
    if execution is None or type(inputs) is not list or not 0 < execution < len(inputs):
        return None
    text = inputs[execution]
    if type(text) is not str:
        return None
    for line in text.splitlines():
        if line.strip():
            return line[:SOURCE_LENGTH]
    return ""


class Figures:
    """What the rows of one report were measured at, for its further pages: no object is held."""

    def __init__(self, keys: list[str], sort: str, execution_count: int) -> None:
        """Begin a report on results with these keys, in the order that `sort` names."""
        self.report: list[str | int] = [sort, execution_count, *keys]
        self.sizes: list[Size] = []
        self.together = Size()
        self.order: list[int] = []

    def are_of(self, keys: list[str], sort: str, execution_count: int) -> bool:
        """Tell whether these results are those of this report, and no cell was run since."""
        return self.report == [sort, execution_count, *keys]

    def measure(self, shell: Any, entries: Sequence[Retained], budget_ms: float) -> None:
        """Measure all entries, and put them in order."""
        self.sizes, self.together = size_of(shell, entries, budget_ms)
        self.order = list(range(len(entries)))
        if self.report[0] == "freed_bytes":
            self.order.sort(key=lambda i: likely_bytes(self.sizes[i]), reverse=True)

    def go_on(
        self, shell: Any, entries: Sequence[Retained], budget_ms: float, page: list[int]
    ) -> None:
        """Measure what of a further page there was no time for; the order stays as it is."""
        cut = [i for i in page if "cut" in self.sizes[i].notes]
        if not cut:
            return
        found, _ = size_of(shell, [entries[i] for i in cut], budget_ms)
        for index, size in zip(cut, found):
            size.shared_with = tuple(cut[other] for other in size.shared_with)
            if size.exact or size.freed_bytes > self.sizes[index].freed_bytes:
                self.sizes[index] = size


@contextmanager
def collector_paused() -> Iterator[None]:
    """Do without collections: each would go through all of the heap for a report's own objects.

    New garbage is collected before, which is quick: what it holds as well, as what stood around
    an exception does, would be told not to come back.
    """
    enabled = gc.isenabled()
    if enabled:
        gc.collect(1)
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def time_left(budget_ms: float, started: float, count: int, rows: int) -> float:
    """Return the milliseconds for measuring, of a budget that the whole report is to keep.

    A row takes longer to write than to collect one of the `count` entries, which is what was
    done since `started`.
    """
    spent = (time.perf_counter() - started) * 1000
    written = _ROW_PER_ENTRY * spent * rows / max(count, 1)
    return max(budget_ms * _LEAST_SHARE, budget_ms - spent - written)


def kept_tracebacks(shell: Any, budget_ms: float) -> Kept:
    """Return what letting the kept tracebacks go would free, and how many exceptions they are."""
    found = tracebacks.kept(shell)
    if not found:
        return {"bytes": 0, "count": 0, "exact": True}
    count = tracebacks.exceptions_in([obj for obj, _references in found])
    held = [Root(obj, references) for obj, references in found]
    found.clear()
    limits = [*boundary(shell), *tracebacks.holders(shell)]
    began = _clock()
    together = measure(held, budget_ms=budget_ms, boundary=limits, each=False)[1]
    had_ms = (_clock() - began) * 1000
    if "cut" in together.notes and had_ms < budget_ms / 2:
        # The machine is busy: others had the time, and nothing would be known each time.
        more_ms = budget_ms * min(_MOST_TIMES, budget_ms / max(had_ms, 1))
        together = measure(held, budget_ms=more_ms, boundary=limits, each=False)[1]
    return {"bytes": together.freed_bytes, "count": count, "exact": together.exact}


def shared_groups(sizes: Sequence[Size]) -> list[set[int]]:
    """Return the indices that share memory, group by group."""
    groups: dict[int, set[int]] = {}
    for index, size in enumerate(sizes):
        # Each names the first of its group, if it is not the first itself.
        groups.setdefault(min((index, *size.shared_with)), set()).add(index)
    return list(groups.values())


def at_least(shell: Any, entries: list[Retained], min_bytes: int) -> list[int]:
    """Return the indices of the entries that free `min_bytes`, alone or with what they share.

    Two views of one array free nothing alone and the whole array together.
    """
    return Choice(shell, entries, min_bytes).run()


class Choice:
    """Finds the entries that are not small, in a bounded time.

    What cannot be measured in it is asked what it keeps alive, which is quick to tell: less
    than the minimum is small for sure, the rest is not small.
    """

    def __init__(self, shell: Any, entries: list[Retained], min_bytes: int) -> None:
        """Take what to choose from, and the bytes from which on an entry is chosen."""
        self.shell = shell
        self.entries = entries
        self.min_bytes = min_bytes
        self.sizes = [Size()] * len(entries)
        self.keeps_less: dict[int, bool] = {}
        self.left_ms = ALL_KEEPING_MS

    def run(self) -> list[int]:
        """Return the indices of the chosen."""
        left = list(range(len(self.entries)))
        budget_ms = REPORT_MS
        while True:
            for i, size in zip(left, self._measure(left, budget_ms)):
                size.shared_with = tuple(left[other] for other in size.shared_with)
                self.sizes[i] = size
            unknown = [i for i in left if "cut" in self.sizes[i].notes and not self._frees(i)]
            small = self._small(unknown)
            left = [i for i in left if i not in small]
            if budget_ms >= MOST_MS or len(small) == len(unknown):
                break
            budget_ms *= 4
        chosen = {i for i in left if "cut" in self.sizes[i].notes or self._frees(i)}
        deadline = time.perf_counter() + MOST_MS / 1000
        for group in shared_groups(self.sizes):
            if len(group) > 1:
                chosen |= self._of_group(group & chosen, group - chosen, deadline)
        return sorted(chosen)

    def _of_group(self, chosen: set[int], others: set[int], deadline: float) -> set[int]:
        """Return the others of a group, if they free enough beyond the chosen ones."""
        others -= self._small(others)
        if not others or time.perf_counter() > deadline:
            return others
        more = self._together(chosen | others) - self._together(chosen)
        return others if more >= self.min_bytes else set()

    def _measure(self, indices: Iterable[int], budget_ms: float) -> list[Size]:
        return size_of(self.shell, [self.entries[i] for i in indices], budget_ms)[0]

    def _together(self, indices: Iterable[int]) -> int:
        entries = [self.entries[i] for i in indices]
        return likely_bytes(size_of(self.shell, entries, REPORT_MS, each=False)[1])

    def _frees(self, index: int) -> bool:
        return likely_bytes(self.sizes[index]) >= self.min_bytes

    def _small(self, indices: Iterable[int]) -> set[int]:
        return {i for i in indices if self._is_small(i)}

    def _is_small(self, index: int) -> bool:
        """Tell whether it keeps less than the minimum alive, as far as there is time to ask."""
        if index not in self.keeps_less and self.left_ms > 0:
            started = time.perf_counter()
            kept = reaches(
                self.entries[index].obj,
                threshold_bytes=self.min_bytes,
                budget_ms=KEEPING_MS,
                boundary=boundary(self.shell),
            )
            less = "cut" not in kept.notes and kept.freed_bytes < self.min_bytes
            self.keeps_less[index] = less
            self.left_ms -= (time.perf_counter() - started) * 1000
        return self.keeps_less.get(index, False)


def overview(shell: Any, shown: tuple[int, int], budget_ms: float, count: int) -> Overview:
    """Return where the memory is, peeled: each part is what it frees beyond those before it.

    `shown` is bytes and count of the shown texts, `count` how many of the
    largest variables to list.
    """
    started = time.perf_counter()
    entries = collect(shell)
    variables = _named(shell)
    groups = [
        roots(entries),
        [Root(obj, references) for obj, references in tracebacks.kept(shell)],
        [Root(named.obj, len(named.names) + 1) for named in variables],
    ]
    left_ms = max(budget_ms * _LEAST_SHARE, budget_ms - (time.perf_counter() - started) * 1000)
    limits = [*boundary(shell), *tracebacks.holders(shell)]
    parts = measure_in_turn(groups, budget_ms=left_ms * (1 - _LARGEST_SHARE), boundary=limits)
    del groups  # its references would count as somebody's
    largest = _largest(shell, variables, entries, left_ms * _LARGEST_SHARE, count)
    return {
        "rss_bytes": rss_bytes(),
        "results": _part(parts[0]),
        "shown": {"bytes": shown[0], "exact": True},
        "tracebacks": _part(parts[1]),
        "variables": _part(parts[2]),
        "largest": largest,
        "elapsed_ms": (time.perf_counter() - started) * 1000,
    }


class Named:
    """An object in the user's namespace, with the user's names for it, the oldest first."""

    __slots__ = ("names", "obj")

    def __init__(self, obj: Any) -> None:
        """Begin without a name."""
        self.obj = obj
        self.names: list[str] = []


def _named(shell: Any) -> list[Named]:
    found: dict[int, Named] = {}
    for name, obj in snapshot(shell.user_ns):
        if is_users(shell, name, obj):
            if id(obj) not in found:
                found[id(obj)] = Named(obj)
            found[id(obj)].names.append(name)
    return list(found.values())


def _part(size: Size) -> Part:
    return {"bytes": size.freed_bytes, "exact": size.exact}


def _largest(
    shell: Any, variables: list[Named], entries: list[Retained], budget_ms: float, count: int
) -> list[Variable]:
    """Return the variables that free most, each deleted alone under all its names.

    The results count as released before, as in the parts: a table that was shown once, or of which
    the first rows were shown, would else free nothing, however large it is.
    """
    deadline = time.perf_counter() + budget_ms / 1000
    places = {id(entry.obj): len(entry.places) + 1 for entry in entries}

    def root(each: Named) -> Root:
        return Root(each.obj, len(each.names) + 1 + places.get(id(each.obj), 0))

    named = {id(each.obj) for each in variables}
    others = [entry for entry in entries if id(entry.obj) not in named]
    limits = boundary(shell)
    sizes = measure(
        [*map(root, variables), *roots(others)],
        budget_ms=budget_ms * _EACH_SHARE,
        boundary=limits,
    )[0]
    last = len(variables)
    for index, each in enumerate(variables):
        sharers = sizes[index].shared_with
        shown = [others[other - last] for other in sharers if other >= last]
        sizes[index].shared_with = tuple(other for other in sharers if other < last)
        left_ms = (deadline - time.perf_counter()) * 1000
        if shown and left_ms > 0:
            groups = [roots(shown), [root(each)]]
            beyond = measure_in_turn(groups, budget_ms=left_ms, boundary=limits)[1]
            if likely_bytes(beyond) > likely_bytes(sizes[index]):
                beyond.shared_with = sizes[index].shared_with
                sizes[index] = beyond
    order = sorted(range(last), key=lambda i: likely_bytes(sizes[i]), reverse=True)
    return [
        {
            "name": variables[i].names[0],
            "type": type_name(type(variables[i].obj)),
            "summary": summary(variables[i].obj),
            "freed_bytes": sizes[i].freed_bytes,
            "exact": sizes[i].exact,
            "estimate_bytes": sizes[i].estimate_bytes,
            "shared_with": [variables[other].names[0] for other in sizes[i].shared_with],
        }
        for i in order[:count]
    ]
