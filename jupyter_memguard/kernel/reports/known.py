"""Figures of earlier measurements, for entries that the present one has not reached."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, FrozenSet, Sequence

from .survey import Group, about

if TYPE_CHECKING:
    from ..retention.sizes import Size
    from .survey import Figures, Named

# By identity: a comparison of types would run their metaclass.
_CONTAINERS = frozenset(map(id, (list, tuple, dict, set, frozenset, bytearray, deque)))
# The keys of the results of an entry.
_Entry = FrozenSet[str]


class KnownFigures:
    """The last figure of each result and group, by their keys, and the size of each variable.

    It holds no object of the user.
    """

    def __init__(self) -> None:
        """Begin with no figure."""
        self._known: dict[_Entry, tuple[int, int]] = {}  # bytes, and the cell after which
        # By a name, the object and its type: bytes, and its number of items.
        self._variables: dict[tuple[str, int, int], tuple[int, int]] = {}

    def fill_variables(self, variables: Sequence[Named], figures: Figures) -> None:
        """Put the last final sizes of variables in the place of smaller ones that are not final.

        What has fewer items than then is another thing.
        """
        keys = [("".join(each.names[:1]), id(each.obj), id(type(each.obj))) for each in variables]
        items = [_items(each) for each in variables]
        sizes = figures.variable_keeps
        if figures.final:
            self._variables = dict(zip(keys, zip(sizes, items)))
            return
        for index, key in enumerate(keys):
            before, count = self._variables.get(key, (0, 0))
            if count <= items[index]:
                sizes[index] = max(sizes[index], before)

    def fill(self, keys: list[str], figures: Figures, count: int, *, all_keys: bool) -> None:
        """Put earlier figures into those that were cut and have not proven more.

        `count` is the execution count. `all_keys` says whether these are the keys of all results,
        so that figures of others can be forgotten.
        """
        if all_keys:
            there = set(keys)
            self._known = {key: known for key, known in self._known.items() if key <= there}
        changed = False
        for index, (key, size) in enumerate(zip(keys, figures.sizes)):
            better, as_of = self._better(frozenset((key,)), size, count)
            if better is not size:
                figures.sizes[index], figures.as_of[index] = better, as_of
                figures.doubts[index] = 0
                changed = True
        for position, group in enumerate(figures.groups):
            entry = frozenset(keys[member] for member in group.members)
            better, _ = self._better(entry, group.size, count)
            if better is not group.size:
                figures.groups[position] = Group(group.members, better)
                changed = True
        if changed:
            figures.doubt = min(figures.doubt, sum(figures.doubts))
            figures.sum_up()

    def _better(self, entry: _Entry, size: Size, count: int) -> tuple[Size, int | None]:
        """Return a size, or about the last one of that entry and the cell after which that was."""
        before = self._known.get(entry)
        if "cut" not in size.notes:
            self._known[entry] = size.likely_bytes, count - 1
        elif before is not None and before[0] >= size.freed_bytes:
            return about(size, before[0]), before[1]
        return size, None


def _items(variable: Named) -> int:
    """Return how many items a container of Python's own has, 0 for others."""
    return len(variable.obj) if id(type(variable.obj)) in _CONTAINERS else 0
