"""Which results are large enough for *Free memory*."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Iterable, Sequence

from ..retention.holders import boundary
from ..retention.sizes import Size
from ..sizing import keeps_alive
from .rows import size_of

if TYPE_CHECKING:
    from ..retention.holders import Retained

# The first and the longest of the measurements that find what is large enough.
FIRST_MS = 100.0
MOST_MS = 1600.0
# For what a result keeps alive, if there was no time to measure what it frees; and all of them.
KEEPING_MS = 3.0
ALL_KEEPING_MS = 1000.0


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
        budget_ms = FIRST_MS
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
        return size_of(self.shell, entries, FIRST_MS, each=False)[1].likely_bytes

    def _frees(self, index: int) -> bool:
        return self.sizes[index].likely_bytes >= self.min_bytes

    def _small(self, indices: Iterable[int]) -> set[int]:
        return {i for i in indices if self._is_small(i)}

    def _is_small(self, index: int) -> bool:
        """Tell whether it keeps less than the minimum alive, as far as there is time to ask."""
        if index not in self.keeps_less and self.left_ms > 0:
            started = time.perf_counter()
            kept = keeps_alive(
                self.entries[index].obj,
                threshold_bytes=self.min_bytes,
                budget_ms=KEEPING_MS,
                boundary=boundary(self.shell),
            )
            less = "cut" not in kept.notes and kept.freed_bytes < self.min_bytes
            self.keeps_less[index] = less
            self.left_ms -= (time.perf_counter() - started) * 1000
        return self.keeps_less.get(index, False)
