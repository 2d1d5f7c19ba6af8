"""Which results are large enough for *Free memory*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from ..retention.holders import boundary
from ..sizing import keeps_alive

if TYPE_CHECKING:
    from .survey import Survey

# The time for finding what one result keeps alive, when there was no time to measure what it
# frees; and the most results of which that is asked.
KEEPING_MS = 3.0
_MOST_ASKED = 300


def large(survey: Survey, min_bytes: int) -> list[int]:
    """Return the positions of the results that are to go, so that less than `min_bytes` is left.

    A result counts as much as its entry: two views of one array free nothing alone, but together
    they free the whole array. Small results go too, the largest first, where they are not small
    together. A result that was not measured goes unless it certainly keeps less alive.
    """
    figures = survey.look()
    worth = figures.stands_for()
    unknown = [
        index
        for index, size in enumerate(figures.sizes)
        if "cut" in size.notes and worth[index] < min_bytes
    ]
    chosen = {index for index, size in enumerate(worth) if size >= min_bytes}
    chosen |= set(unknown[_MOST_ASKED:])
    chosen.update(i for i in unknown[:_MOST_ASKED] if not _is_small(survey, i, min_bytes))
    left = sorted((i for i in range(len(worth)) if i not in chosen), key=worth.__getitem__)
    groups = {member: group for group in figures.groups for member in group.members}
    together = figures.together.likely_bytes - _sum(chosen, worth, groups)
    while left and together >= min_bytes:
        largest = left.pop()
        members = set(groups[largest].members) if largest in groups else {largest}
        together -= worth[largest] if not members <= chosen else 0
        chosen |= members
    return sorted(chosen)


def _sum(chosen: set[int], worth: list[int], groups: Mapping[int, object]) -> int:
    """Return what the chosen entries free; a group counts once."""
    counted: set[int] = set()
    total = 0
    for index in chosen:
        key = id(groups[index]) if index in groups else -1 - index
        if key not in counted:
            counted.add(key)
            total += worth[index]
    return total


def _is_small(survey: Survey, index: int, min_bytes: int) -> bool:
    """Return whether a result certainly keeps less than the minimum alive."""
    kept = keeps_alive(
        survey.entries[index].obj,
        threshold_bytes=min_bytes,
        budget_ms=KEEPING_MS,
        boundary=boundary(survey.shell),
    )
    return "cut" not in kept.notes and kept.likely_bytes < min_bytes
