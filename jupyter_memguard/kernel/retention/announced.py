"""Which results pages know of, so that pages can be notified when these results are gone."""

from __future__ import annotations

from itertools import compress
from operator import ne
from typing import Any, Iterable

from .holders import object_under, results

# The most results reported as gone after one cell; the next cells report the others.
MOST_AT_ONCE = 10_000


class Announced:
    """The results that were announced, by their numbers. It holds identities, not objects."""

    def __init__(self, shell: Any, known: dict[int, int] | None = None) -> None:
        """Begin with no result, or with another copy's `known`: the identities by number."""
        self.shell = shell
        self.known: dict[int, int] = known or {}

    def note(self, numbers: Iterable[int], obj: Any) -> None:
        """Remember that an object was announced as the result of these numbers."""
        self.known.update(dict.fromkeys(numbers, id(obj)))

    def gone(self) -> list[int]:
        """Return and forget the numbers that no longer have the object they were announced with.

        This runs after every cell, so the first comparison of all numbers runs in C.
        """
        known = self.known
        now = map(id, map(results(self.shell).get, known))
        moved = list(compress(known, map(ne, now, known.values())))
        # IPython may still hold the object under another name, as after `del Out[5]`.
        gone = [n for n in moved if id(object_under(self.shell, n)) != known[n]][:MOST_AT_ONCE]
        for number in gone:
            del known[number]
        return gone
