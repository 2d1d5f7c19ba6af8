"""Keys for retained objects. They come from a counter; an object keeps its key.

An `id()` alone does not identify an object, because a later object can get the same one.
A reference would keep the object alive. So an object is recognised by its id together
with a weak reference or, if its type does not support them, with a number of `Out` that
it still has.
"""

from __future__ import annotations

from itertools import count
from typing import Any, Dict, Sequence

from .holders import Retained, weak

# One remembered object: key, weak reference or None, numbers, execution count when last seen.
Known = Dict[str, Any]


class Keys:
    """The keys of the objects that were retained at the last report."""

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        """Begin with no key, or with another copy's `state`."""
        begun = state or {"counter": 0, "known": {}}
        # Of two threads that ask at once, neither gets the number of the other.
        self._numbers = count(begun["counter"] + 1)
        self._known: dict[int, Known] = begun["known"]

    @property
    def state(self) -> dict[str, Any]:
        """The state for another copy of this code."""
        return {"counter": next(self._numbers), "known": self._known}

    def assign(self, entries: Sequence[Retained], execution_count: int) -> list[str]:
        """Return the key of each entry, and forget all other objects."""
        before = self._known
        now = {id(entry.obj): self._know(entry, execution_count) for entry in entries}
        # What another thread has assigned meanwhile stays.
        self._known = now if self._known is before else {**self._known, **now}
        return [known["key"] for known in now.values()]

    def assign_one(self, entry: Retained, execution_count: int) -> str:
        """Return the key of one entry, and forget no other object."""
        known = self._know(entry, execution_count)
        self._known[id(entry.obj)] = known
        return str(known["key"])

    def _know(self, entry: Retained, execution_count: int) -> Known:
        known = self._known.get(id(entry.obj))
        if known is None or not _is_same(known, entry, execution_count):
            known = {"key": f"r{next(self._numbers)}", "ref": weak(entry.obj)}
        known["numbers"] = entry.numbers
        known["seen"] = execution_count
        return known


def _is_same(old: Known, entry: Retained, execution_count: int) -> bool:
    if old["ref"] is not None:
        return old["ref"]() is entry.obj
    if old["numbers"] or entry.numbers:
        return old["numbers"] == entry.numbers or not set(old["numbers"]).isdisjoint(entry.numbers)
    return bool(old["seen"] == execution_count)
