"""Which results the browser was told of, so that it can be told when they have gone."""

from __future__ import annotations

from itertools import compress
from operator import ne
from typing import Any, Iterable

from .holders import object_under, results

# More that have gone at once are told with the next cells.
MOST_AT_ONCE = 10_000


class Announced:
    """The results that were told, by their numbers; nothing of them is held."""

    def __init__(self, shell: Any, known: dict[int, int] | None = None) -> None:
        """Start anew, or from another copy's `known`: the objects' identities by number."""
        self.shell = shell
        self.known: dict[int, int] = known or {}

    def note(self, numbers: Iterable[int], obj: Any) -> None:
        """Remember that an object was told as the result of these numbers."""
        self.known.update(dict.fromkeys(numbers, id(obj)))

    def gone(self) -> list[int]:
        """Return the numbers under which another object stands now or none, and forget them.

        This is done after every cell, so that first all are compared at the speed of C.
        """
        known = self.known
        now = map(id, map(results(self.shell).get, known))
        moved = list(compress(known, map(ne, now, known.values())))
        # IPython may hold it under another name still, as when `Out[5]` is deleted.
        gone = [n for n in moved if id(object_under(self.shell, n)) != known[n]][:MOST_AT_ONCE]
        for number in gone:
            del known[number]
        return gone
