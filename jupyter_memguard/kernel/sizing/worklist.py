"""What is still to be followed, by the way in which that is done, and in which order.

Small things come first, large containers last and slice by slice: whatever a time budget cuts
off, many small objects and the large arrays among them have been seen, and what was seen of a
large container tells what the rest is likely to be.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections import OrderedDict, defaultdict, deque
from contextlib import suppress
from itertools import accumulate, chain, compress, filterfalse, islice
from math import gcd
from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, Callable, Iterator, List

from .libraries.adapter import Owned

if TYPE_CHECKING:
    from .allocation import Kind

_namespace_of = type.__dict__["__dict__"].__get__

BATCH = 1000
LARGE = 4 * BATCH  # items from which a container is opened slice by slice, and of one batch

_Slicer = Callable[[Any, Any, int], Iterator[List[Any]]]


class Cursor:
    """What is opened slice by slice: a large container, or containers with many items in all."""

    __slots__ = ("before", "done", "slices", "total")

    def __init__(self, slices: Iterator[list[Any]], total: int) -> None:
        """Open nothing yet: `total` slices are to come."""
        self.slices = slices
        self.total = total
        self.done = 0
        self.before = 0  # bytes that were counted when the first slice was taken


class Pile:
    """Objects that wait, in parts that one step can take."""

    __slots__ = ("parts",)

    def __init__(self) -> None:
        """Begin with nothing: a part is some objects, after the number of items in them all."""
        self.parts: list[tuple[int, list[Any]]] = []

    def add(self, objects: list[Any], items: int) -> None:
        """Add objects that have so many items together."""
        for start in range(0, len(objects), BATCH):
            self.parts.append((items, objects[start : start + BATCH]))

    def take(self) -> list[Any]:
        """Return the last few objects; those of one part may have any number of items."""
        parts = self.parts
        items, batch = parts.pop()
        while parts and items + parts[-1][0] <= LARGE and len(batch) + len(parts[-1][1]) <= BATCH:
            more, objects = parts.pop()
            items += more
            batch += objects
        return batch


class Frontier:
    """Objects whose referents are to be looked at."""

    __slots__ = ("changed", "cursors", "hidden", "keyed", "known", "opened", "plain", "seen")

    def __init__(self, *, keys: bool = True) -> None:
        """Begin with nothing to follow; `keys`: follow also those that are not shown."""
        self.plain = Pile()
        self.keyed = Pile() if keys else self.plain
        self.known: list[list[Any]] = []  # referents that were looked up already
        # Dicts of which only the hidden keys are left, and how many referents they have shown.
        self.opened: list[tuple[list[Any], int]] = []
        self.hidden: list[Owned] = []
        self.cursors: list[Cursor] = []
        self.seen = 0  # bytes counted so far
        self.changed = False  # another thread changed a container while it was gone through

    def __bool__(self) -> bool:
        """Tell whether there is anything to follow."""
        later = self.hidden or self.cursors
        return bool(self.known or self.opened or self.plain.parts or self.keyed.parts or later)

    def add(self, kind: Kind, objects: list[Any], seen: int) -> None:
        """Add objects of one kind, with `seen` bytes counted before their contents."""
        self.seen = seen
        if kind.leaf:
            return
        items = 0
        if kind.length is not None:
            sizes = list(map(kind.length, objects))
            items = sum(sizes)
            if items > LARGE:
                self._add_wide(kind, objects, sizes)
                return
        (self.keyed if kind.keyed else self.plain).add(objects, items)

    def add_keys(self, kind: Kind, objects: list[Any], shown: int) -> None:
        """Add the keys of dicts that hide them from the collector; `shown` referents are known."""
        if kind.keyed:
            self.opened.append((objects, shown))

    def add_owned(self, owned: Owned, seen: int) -> None:
        """Add what an adapter says that an object owns."""
        self.seen = seen
        if owned.slices is not None:
            self.cursors.append(Cursor(owned.slices, owned.total))
        if owned.references:
            self.hidden.append(owned)

    def take_lone(self) -> list[Any]:
        """Return the one object that is left, in a list; an empty list if there is more, or less.

        Its referents are then to be looked up by whoever takes it, and `add_keys` called.
        """
        piles = [pile for pile in (self.plain, self.keyed) if pile.parts]
        if len(piles) != 1 or self.known or self.opened or self.hidden or self.cursors:
            return []
        parts = piles[0].parts
        return piles[0].take() if len(parts) == len(parts[0][1]) == 1 else []

    def take_keys(self) -> list[Any]:
        """Return the hidden keys, all texts, of the next dicts whose other referents were taken."""
        while self.opened:
            dicts, shown = self.opened.pop()
            keys = _hidden_keys(dicts, shown)
            if keys:
                return keys
        return []

    def take(self) -> list[Any]:
        """Return the referents of the next few objects; only the list holds them for the walk."""
        if self.known:
            return self.known.pop()
        if self.plain.parts:
            return gc.get_referents(*self.plain.take())
        if self.keyed.parts:
            dicts = self.keyed.take()
            kids = gc.get_referents(*dicts)
            self.opened.append((dicts, len(kids)))
            return kids
        if self.hidden:
            return self.hidden.pop().take()
        return self._next_slice() if self.cursors else []

    def _add_wide(self, kind: Kind, objects: list[Any], sizes: list[int]) -> None:
        """Add containers that have too many items for one step, each alone or together."""
        if kind.sliced is not None and max(sizes) > LARGE:
            for obj in compress(objects, map(LARGE.__lt__, sizes)):
                self._open(kind, obj)
            objects = list(compress(objects, map(LARGE.__ge__, sizes)))
            sizes = list(filter(LARGE.__ge__, sizes))
            if not objects:
                return
        parts = _parts(objects, sizes)
        follow = _referents_with_keys if kind.keyed else _referents
        self.cursors.append(Cursor(map(follow, parts), len(parts)))

    def _open(self, kind: Kind, obj: Any) -> None:
        """Add a large container, to be opened slice by slice."""
        base: Any = kind.sliced
        size = base.__len__(obj)
        self.cursors.append(Cursor(_SLICERS[base](base, obj, size), -(-size // BATCH)))
        if base is not kind.cls or base not in _WITHOUT_FIELDS:
            self.hidden.append(Owned(references=_fields(obj)))

    def estimate(self, size: int) -> int:
        """Return what `size` bytes would be if each container is like what was seen of it."""
        for cursor in reversed(self.cursors):
            if cursor.done:
                size = cursor.before + (size - cursor.before) * cursor.total // cursor.done
        return size

    def _next_slice(self) -> list[Any]:
        cursor = self.cursors[-1]
        if not cursor.done:
            cursor.before = self.seen
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


def _parts(objects: list[Any], sizes: list[int]) -> list[list[Any]]:
    """Return objects in parts that have few items each, as far as no object has more alone."""
    ends = list(accumulate(sizes))
    parts = []
    start = done = 0
    while start < len(objects):
        end = min(start + BATCH, bisect_right(ends, done + LARGE, start + 1))
        parts.append(objects[start:end])
        start, done = end, ends[end - 1]
    return parts


def _referents(objects: list[Any]) -> list[Any]:
    return gc.get_referents(*objects)


def _referents_with_keys(dicts: list[Any]) -> list[Any]:
    """Follow dicts, with those of their keys that the collector is not shown."""
    kids = gc.get_referents(*dicts)
    kids.extend(_hidden_keys(dicts, len(kids)))
    return kids


def _hidden_keys(dicts: list[Any], shown: int) -> list[Any]:
    """Return the keys that the collector is not shown, as of a dict whose keys are all strings.

    `shown` is the number of referents that all of the dicts do show.
    """
    keys = list(chain.from_iterable(map(dict.keys, dicts)))
    if shown == len(keys):
        return keys
    if shown == 2 * len(keys) and all(type(obj) is dict for obj in dicts):
        return []
    return list(chain.from_iterable(map(dict.keys, filterfalse(_shows_keys, dicts))))


def _shows_keys(obj: dict[Any, Any]) -> bool:
    """Tell whether the collector is shown the keys of a dict; a subclass's has other referents."""
    referents = gc.get_referents(obj)
    if len(referents) < 2 * dict.__len__(obj):
        return False
    return set(map(id, referents)).issuperset(map(id, dict.keys(obj)))


def _fields(obj: Any) -> list[Any]:
    """Return what an instance of a subclass holds beside its items, without the class's code.

    Python may make the dict of its attributes for it, which is nothing beside a large container.
    """
    order = type.__dict__["__mro__"].__get__(type(obj))
    fields: list[Any] = [field for cls in order for field in list(_namespace_of(cls).values())]
    named: dict[int, Any] = {id(f): f for f in fields if type(f) is MemberDescriptorType}
    dicts = [f for f in fields if type(f) is GetSetDescriptorType and f.__name__ == "__dict__"]
    found = []
    for field in [*named.values(), *dicts[:1]]:
        with suppress(AttributeError, TypeError):  # not set, or another class's
            found.append(field.__get__(obj))
    return found


def _sequence_slices(base: Any, obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a list or tuple, in an order that spreads what is seen first over the whole."""
    total = -(-size // BATCH)
    stride = max(1, total * 5 // 8)
    while gcd(stride, total) != 1:
        stride += 1
    item = base.__getitem__
    for index in range(total):
        start = index * stride % total * BATCH
        yield list(item(obj, slice(start, start + BATCH)))


def _slices_in_order(base: Any, obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a set or deque: it can only be gone through in its order."""
    items = base.__iter__(obj)
    for _ in range(-(-size // BATCH)):
        yield list(islice(items, BATCH))


def _dict_slices(base: Any, obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a dict's keys and values; an OrderedDict has each key twice."""
    keys = dict.__iter__(obj)
    values = iter(dict.values(obj))
    for _ in range(-(-size // BATCH)):
        kids = list(islice(keys, BATCH))
        kids *= 2 if base is OrderedDict else 1
        kids.extend(islice(values, BATCH))
        yield kids


_SLICERS: dict[type, _Slicer] = {
    list: _sequence_slices,
    tuple: _sequence_slices,
    dict: _dict_slices,
    defaultdict: _dict_slices,
    OrderedDict: _dict_slices,
    set: _slices_in_order,
    frozenset: _slices_in_order,
    deque: _slices_in_order,
}
_WITHOUT_FIELDS = (list, tuple, dict, set, frozenset, deque)
