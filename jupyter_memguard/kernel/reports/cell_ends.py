"""What a cell's end tells of results: of its own, and of earlier ones whose figure has changed.

`del arr` changes nothing about the cell that showed `arr`; yet from then on its result alone keeps
the array. So at each cell's end the large results are measured again, for a short time, but for
those that shared nothing and that nothing new refers to.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Optional, Tuple

from ..guard.guard import LISTED_BYTES
from ..retention.holders import (
    OWN_NAMES,
    OWN_PATTERN,
    find_last,
    find_variables,
    retained,
    retained_under,
    snapshot,
)
from ..retention.sizes import Size
from ..sizing import clock, collector_paused
from .rows import size_of
from .survey import Survey

if TYPE_CHECKING:
    from ..guard.guard import Guard
    from ..messages import CellResult
    from ..retention.announced import Announced
    from ..retention.holders import Retained
    from ..retention.keys import Keys

# The time for measuring at the end of a cell.
CELL_END_MS = 2.0
# The time for finding which results are large when a page begins to listen.
LISTEN_MS = 30.0
# The most results that are measured at a cell's end: the newest.
MOST_WATCHED = 50
# A figure that is not exact is told again when it has grown by this fraction.
_GROWN_DIVISOR = 4
# What was told of a result: the likely bytes, whether they are exact, the keys of its group.
Told = Tuple[int, bool, Optional[Tuple[str, ...]]]


class CellEnds:
    """The large results of one shell, and what was told of each. It holds numbers, not objects."""

    def __init__(self, shell: Any, keys: Keys, announced: Announced, guard: Guard) -> None:
        """Take the InteractiveShell and the session's objects."""
        self.shell = shell
        self.keys = keys
        self.announced = announced
        self.guard = guard
        # By number, oldest first.
        self._told: dict[int, Told | None] = {}
        # By number, how many references the user's objects had to a result that shared nothing
        # when it was measured; and what the user's names stood for then.
        self._settled: dict[int, int] = {}
        self._names: tuple[int, ...] = ()

    def of_cell(self, number: int) -> list[CellResult]:
        """Return what is new about large results at the end of a cell."""
        own = None
        if self.guard.is_worth_listing(number):
            self._watch(self._numbers_of(number))
            own = number
        return self._changed(own)

    def of_all(self) -> list[CellResult]:
        """Return the figures of all large results, for a page that has not heard of them."""
        numbers = [n for entry in reversed(retained(self.shell)) for n in entry.numbers]
        self._told = {}
        until = clock() + LISTEN_MS / 1000
        large: list[int] = []
        for number in numbers:
            if clock() > until or len(large) >= MOST_WATCHED:
                break
            if self.guard.is_worth_listing(number):
                large.append(number)
        self._watch(sorted(large))
        return self._changed()

    def _numbers_of(self, number: int) -> list[int]:
        entry = retained_under(self.shell, number)
        return [] if entry is None else entry.numbers

    def _watch(self, numbers: list[int]) -> None:
        for number in numbers:
            self._told.pop(number, None)
            self._told[number] = None
            self._settled.pop(number, None)
        for number in list(self._told)[:-MOST_WATCHED]:
            del self._told[number]

    def _changed(self, own: int | None = None) -> list[CellResult]:
        """Measure the large results that no variable names; return those whose figure changed.

        The cell's own result is the one under `own`.
        """
        if not self._told:
            return []
        entries = [entry for entry in retained(self.shell, self._told) if entry.numbers]
        there = {number for entry in entries for number in entry.numbers}
        self._told = {number: told for number, told in self._told.items() if number in there}
        self._settled = {n: count for n, count in self._settled.items() if n in self._told}
        find_last(self.shell, entries)
        find_variables(self.shell, entries)
        # Letting go of a variable's value frees nothing, so it needs no measurement.
        named = [entry for entry in entries if entry.variables]
        names = _meanings(self.shell)
        if names != self._names:
            self._settled.clear()
            self._names = names
        alone = [e for e in entries if not e.variables and not self._is_settled(e, own)]
        entries.clear()
        changed = [each for entry in named for each in self._tell(entry, Size(), None)]
        if alone:
            changed += self._measured(alone, own)
        return sorted(changed, key=lambda each: each["number"])

    def _is_settled(self, entry: Retained, own: int | None) -> bool:
        """Return whether a result's figure is taken to be what it was when it was measured.

        Nothing was shared with it, no name of the user's has another meaning, and nothing refers
        to the result that did not before. If the cell put more into it, the next report says so.
        """
        references = _references(entry)
        return own not in entry.numbers and all(
            self._settled.get(number) == references for number in entry.numbers
        )

    def _measured(self, entries: list[Retained], own: int | None) -> list[CellResult]:
        # The others must not use up the time for the cell's own result.
        newest = [index for index, entry in enumerate(entries) if own in entry.numbers]
        at_least = {
            index: size_of(self.shell, entries[index : index + 1], CELL_END_MS)[0][0]
            for index in (newest if len(entries) > 1 else [])
        }
        keys = [self.keys.assign_one(entry, self.shell.execution_count) for entry in entries]
        with collector_paused():
            survey = Survey(self.shell, entries, results_only=True)
            try:
                survey.go_on(CELL_END_MS)
                figures = survey.look()
            finally:
                survey.drop()
        sizes = [_better(size, at_least.get(i, size)) for i, size in enumerate(figures.sizes)]
        for number in (number for entry in entries for number in entry.numbers):
            self._settled.pop(number, None)
        for entry, closed, size in zip(entries, figures.closed, figures.sizes):
            if closed and size.exact:
                self._settled.update(dict.fromkeys(entry.numbers, _references(entry)))
        groups: list[tuple[str, ...] | None] = [None] * len(entries)
        for group in figures.groups:
            for member in group.members:
                sizes[member] = group.size
                groups[member] = tuple(keys[other] for other in group.members)
        return [
            each
            for entry, size, group in zip(entries, sizes, groups)
            for each in self._tell(entry, size, group)
        ]

    def _tell(self, entry: Retained, size: Size, group: tuple[str, ...] | None) -> list[CellResult]:
        """Return what there is to tell of one result: nothing if it is as it was told."""
        now = size.likely_bytes, size.exact, group
        numbers = [number for number in entry.numbers if number in self._told]
        if all(not _is_news(self._told[number], now) for number in numbers):
            return []
        self._told.update(dict.fromkeys(numbers, now))
        self.announced.note(numbers, entry.obj)
        key = self.keys.assign_one(entry, self.shell.execution_count)
        return [
            {
                "key": key,
                "number": number,
                "freed_bytes": size.freed_bytes,
                "exact": size.exact,
                "estimate_bytes": size.estimate_bytes,
                "group": [key] if group is None else list(group),
            }
            for number in numbers
        ]


def _references(entry: Retained) -> int:
    """Return how many references there are to a result, but for those from IPython's places."""
    return sys.getrefcount(entry.obj) - entry.reference_count


def _meanings(shell: Any) -> tuple[int, ...]:
    """Return the identities of the objects for which the user's names stand."""
    return tuple(
        id(obj)
        for name, obj in snapshot(shell.user_ns)
        if type(name) is str
        and (name[:1] != "_" or (name not in OWN_NAMES and OWN_PATTERN.fullmatch(name) is None))
    )


def _better(size: Size, alone: Size) -> Size:
    """Return a size, or that which was measured alone, if there was more time for it."""
    return alone if "cut" in size.notes and alone.likely_bytes > size.likely_bytes else size


def _is_news(told: Told | None, now: Told) -> bool:
    """Return whether a figure is worth telling; one that is cut says little of a lower one."""
    if told is None:
        return True
    likely, exact, group = now
    before, was_exact, earlier_group = told
    if group != earlier_group or (exact and not was_exact):
        return True
    if exact:
        # A weak reference more or less is nothing to tell of.
        return abs(likely - before) >= LISTED_BYTES
    return likely > before + before // _GROWN_DIVISOR
