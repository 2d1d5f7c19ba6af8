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

# The time limits of the first and of the longest measurement, in milliseconds.
FIRST_MS = 100.0
MOST_MS = 1600.0
# The time for finding what one result keeps alive, when there was no time to measure what it
# frees; and the time for all such results.
KEEPING_MS = 3.0
ALL_KEEPING_MS = 1000.0


def shared_groups(sizes: Sequence[Size]) -> list[set[int]]:
    """Return the groups of indices whose entries share memory."""
    groups: dict[int, set[int]] = {}
    for index, size in enumerate(sizes):
        # `shared_with` of each entry names the first of its group, unless the entry is the first.
        groups.setdefault(min((index, *size.shared_with)), set()).add(index)
    return list(groups.values())


class Choice:
    """Finds the entries that are not small, alone or together, within a time limit.

    Two views of one array free nothing alone, but together they free the whole array.

    When there is no time to measure what an entry frees, it finds what the entry keeps alive,
    which is quicker. An entry that keeps less than the minimum alive is certainly small; all
    others count as not small.
    """

    def __init__(self, shell: Any, entries: list[Retained], min_bytes: int) -> None:
        """Take the entries, and the bytes that an entry must free to be chosen."""
        self.shell = shell
        self.entries = entries
        self.min_bytes = min_bytes
        self.sizes = [Size()] * len(entries)
        self.keeps_less: dict[int, bool] = {}
        self.left_ms = ALL_KEEPING_MS

    def run(self) -> list[int]:
        """Return the indices of the chosen entries; `sizes` has the size of each entry then."""
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
        """Return the other entries of a group if they free enough beyond the chosen entries."""
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
        """Return whether an entry certainly keeps less than the minimum alive."""
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
