"""What is still to be followed, by the way in which that is done, and in which order.

Small things come first, large containers last and slice by slice: whatever a time budget cuts
off, many small objects and the large arrays among them have been seen, and what was seen of a
large container tells what the rest is likely to be.
"""

from __future__ import annotations

import gc
from itertools import chain, islice
from math import gcd
from typing import TYPE_CHECKING, Any, Callable, Iterator, List

if TYPE_CHECKING:
    from .adapter import Owned
    from .allocation import Kind

BATCH = 1000
LARGE = 4 * BATCH  # items from which a container is opened slice by slice

_Slicer = Callable[[Any, int], Iterator[List[Any]]]


class Cursor:
    """A large container that is opened slice by slice."""

    __slots__ = ("before", "done", "slices", "total")

    def __init__(self, slices: Iterator[list[Any]], total: int, before: int) -> None:
        """Open nothing yet: `total` slices are to come, `before` bytes were counted so far."""
        self.slices = slices
        self.total = total
        self.done = 0
        self.before = before


class Frontier:
    """Objects whose referents are to be looked at."""

    __slots__ = ("changed", "cursors", "hidden", "keyed", "plain")

    def __init__(self) -> None:
        """Begin with nothing to follow."""
        self.plain: list[Any] = []
        self.keyed: list[Any] = []
        self.hidden: list[Owned] = []
        self.cursors: list[Cursor] = []
        self.changed = False  # another thread changed a container while it was gone through

    def __bool__(self) -> bool:
        """Tell whether there is anything to follow."""
        return bool(self.plain or self.keyed or self.hidden or self.cursors)

    def add(self, kind: Kind, objects: list[Any], seen: int) -> None:
        """Add objects of one kind, with `seen` bytes counted before their contents."""
        if kind.leaf:
            return
        if kind.sliced and max(map(len, objects)) > LARGE:
            sizes = list(map(len, objects))
            slicer = _SLICERS[kind.cls]
            for obj, size in zip(objects, sizes):
                if size > LARGE:
                    self.cursors.append(Cursor(slicer(obj, size), -(-size // BATCH), seen))
            objects = [obj for obj, size in zip(objects, sizes) if size <= LARGE]
        (self.keyed if kind.keyed else self.plain).extend(objects)

    def add_owned(self, owned: Owned, seen: int) -> None:
        """Add what an adapter says that an object owns."""
        if owned.slices is not None:
            self.cursors.append(Cursor(owned.slices, owned.total, seen))
        if owned.references:
            self.hidden.append(owned)

    def take(self) -> list[Any]:
        """Return the referents of the next few objects; only the list holds them for the walk."""
        if self.plain:
            batch = self.plain[-BATCH:]
            del self.plain[-BATCH:]
            return gc.get_referents(*batch)
        if self.keyed:
            batch = self.keyed[-BATCH:]
            del self.keyed[-BATCH:]
            return _referents_with_keys(batch)
        if self.hidden:
            return self.hidden.pop().take()
        return self._next_slice() if self.cursors else []

    def estimate(self, size: int) -> int:
        """Return what `size` bytes would be if each container is like what was seen of it."""
        for cursor in reversed(self.cursors):
            if cursor.done:
                size = cursor.before + (size - cursor.before) * cursor.total // cursor.done
        return size

    def _next_slice(self) -> list[Any]:
        cursor = self.cursors[-1]
        try:
            kids = next(cursor.slices, None)
        except RuntimeError:  # what Python raises if a dict or set changes meanwhile
            self.changed = True
            kids = None
        if kids is None:
            self.cursors.pop()
            return []
        cursor.done += 1
        return kids


def _referents_with_keys(dicts: list[Any]) -> list[Any]:
    """Follow dicts: the collector is not shown the keys of one whose keys are all strings."""
    kids = gc.get_referents(*dicts)
    total = sum(map(dict.__len__, dicts))
    if len(kids) == total:
        kids.extend(chain.from_iterable(map(dict.keys, dicts)))
    elif len(kids) != 2 * total or any(type(obj) is not dict for obj in dicts):
        for obj in dicts:
            if not _shows_keys(obj):
                kids.extend(dict.keys(obj))
    return kids


def _shows_keys(obj: dict[Any, Any]) -> bool:
    """Tell whether the collector is shown the keys of a dict; a subclass's has other referents."""
    referents = gc.get_referents(obj)
    if len(referents) < 2 * dict.__len__(obj):
        return False
    return set(map(id, referents)).issuperset(map(id, dict.keys(obj)))


def _sequence_slices(obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a list or tuple, in an order that spreads what is seen first over the whole."""
    total = -(-size // BATCH)
    stride = max(1, total * 5 // 8)
    while gcd(stride, total) != 1:
        stride += 1
    for index in range(total):
        start = index * stride % total * BATCH
        yield list(obj[start : start + BATCH])


def _set_slices(obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a set: it can only be gone through in its order."""
    items = iter(obj)
    for _ in range(-(-size // BATCH)):
        yield list(islice(items, BATCH))


def _dict_slices(obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a dict's keys and values."""
    keys = iter(obj)
    values = iter(obj.values())
    for _ in range(-(-size // BATCH)):
        kids = list(islice(keys, BATCH))
        kids.extend(islice(values, BATCH))
        yield kids


_SLICERS: dict[type, _Slicer] = {
    list: _sequence_slices,
    tuple: _sequence_slices,
    dict: _dict_slices,
    set: _set_slices,
    frozenset: _set_slices,
}
