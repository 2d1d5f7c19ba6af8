"""The objects that a walk has still to follow, in order.

Small objects come first, large containers last and slice by slice. So a walk that is cut off has
seen many small objects, with the large arrays among them. The slices that it has seen of a large
container show what the rest is likely to be.
"""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections import OrderedDict, defaultdict, deque
from contextlib import suppress
from itertools import accumulate, chain, compress, filterfalse, islice, repeat
from math import gcd
from operator import add
from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, List, NamedTuple

from .libraries.adapter import Owned

if TYPE_CHECKING:
    from .allocation import Kind

_namespace_of = type.__dict__["__dict__"].__get__

BATCH = 1000
_SLICE = 64  # items of a large container
_AT_ONCE = 15  # slices that are taken in one step,
_AT_FIRST = 16  # but for so many: a few items of each container say soon what waits
_FEW = 64  # objects of a library's class, as data frames, that are followed at once
_DIFFER = 8  # containers that are few
_MANY = 1000  # slices, of which every 16th is read before the others
_STRIDE = 16
LARGE = 4 * BATCH  # items from which a container is opened slice by slice, and of one batch

_Slicer = Callable[[Any, Any, int], Iterator[List[Any]]]


class Slices(NamedTuple):
    """What a large container, or several, can be read by.

    There are `total` slices, of which `at_once` can be taken in one step. They are made of so many
    `items`, or 0 if that is not known. If slices have not the items, but what these refer to,
    `lengths` has the number of each slice's items.
    """

    each: Iterator[list[Any]]
    total: int
    at_once: int = 1
    items: int = 0
    lengths: Iterator[int] | None = None


class Cursor:
    """A large container, or containers with many items in all, to be followed slice by slice."""

    __slots__ = (
        "at_once", "bytes", "done", "items", "items_done", "items_whole", "lengths", "parent",
        "slices", "total", "usual", "whole", "whole_bytes",
    )  # fmt: skip

    def __init__(self, slices: Slices, parent: Cursor | None) -> None:
        """Begin before the first slice; `parent` is the cursor that led here."""
        self.slices = slices.each
        self.total = slices.total
        self.at_once = slices.at_once
        self.items = slices.items
        self.lengths = slices.lengths
        self.parent = parent
        self.done = 0
        self.bytes = 0  # that were counted by following the slices, and what these led to
        self.usual = 0  # of these, what others like them have, which is counted elsewhere
        self.whole = 0  # slices that were followed to their ends, with what they led to,
        self.whole_bytes = 0  # and what was counted by then
        self.items_done = 0  # of the slices that were taken,
        self.items_whole = 0  # and of those that were followed to their ends

    def per_slice(self, seen: float, waits: float) -> float:
        """Return the usual bytes of a slice.

        `seen` is what is known of the containers that the last slice led to, and `waits` what is
        likely to wait there.
        """
        if self.whole:
            return self.whole_bytes / self.whole
        return (self.bytes + seen + waits) / self.done

    def rest(self, usual: float, seen: float, waits: float) -> float:
        """Return the bytes that are likely to wait, if a slice has so many as usual."""
        last = usual * (self.done - self.whole) - (self.bytes - self.whole_bytes + seen)
        return usual * (self.total - self.done) + max(waits, last if self.whole else 0.0)

    def end(self) -> None:
        """Let go of the container."""
        self.slices = iter(())
        self.total = self.done
        if self.parent is not None:
            self.parent.bytes += self.bytes - self.usual

    def factor(self) -> float:
        """Return how much there is for each part that was followed."""
        found, cursor = 1.0, self
        while True:
            found *= cursor.total / max(1, cursor.done)
            if cursor.parent is None:
                return found
            cursor = cursor.parent


class Pile:
    """Waiting objects, in batches that one step can take."""

    __slots__ = ("batches",)

    def __init__(self) -> None:
        """Begin with nothing. A batch is the number of items in some objects, and the objects."""
        self.batches: list[tuple[int, list[Any]]] = []

    def add(self, objects: list[Any], items: int) -> None:
        """Add objects that have so many items together."""
        for start in range(0, len(objects), BATCH):
            self.batches.append((items, objects[start : start + BATCH]))

    def take(self) -> list[Any]:
        """Return the last few objects; the objects of one batch may have any number of items."""
        batches = self.batches
        items, batch = batches.pop()
        while (
            batches
            and items + batches[-1][0] <= LARGE
            and len(batch) + len(batches[-1][1]) <= BATCH
        ):
            more, objects = batches.pop()
            items += more
            batch += objects
        return batch


class Worklist:
    """Objects whose referents a walk has still to look at."""

    __slots__ = (
        "_counted",
        "_fresh",
        "changed",
        "cursor",
        "cursors",
        "hidden",
        "keyed",
        "opened",
        "plain",
        "seen",
    )

    def __init__(self, *, keys: bool = True) -> None:
        """Begin with nothing; with `keys`, follow also keys that the collector is not shown."""
        self.plain = Pile()
        self.keyed = Pile() if keys else self.plain
        # Dicts of which only the hidden keys are left, and how many referents they have shown.
        self.opened: list[tuple[list[Any], int]] = []
        self.hidden: list[Owned] = []
        # The last has what was met first by following a cursor of the one before.
        self.cursors: list[deque[Cursor]] = []
        self.cursor: Cursor | None = None  # of which a slice was taken last
        self._fresh = True  # whether no cursor was met by following that slice
        self.seen = 0  # bytes counted so far
        self._counted = 0  # of these, what was counted before that slice
        self.changed = False  # another thread changed a container while it was read

    def __bool__(self) -> bool:
        """Return whether there is anything left to follow."""
        later = self.hidden or self.cursors
        return bool(self.opened or self.plain.batches or self.keyed.batches or later)

    def only_slices(self) -> bool:
        """Return whether only large containers are left, to be followed slice by slice."""
        early = self.opened or self.plain.batches or self.keyed.batches or self.hidden
        return bool(self.cursors) and not early

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
        elif kind.composed and len(objects) > _FEW and self._is_first_met():
            self._add_many(objects)
            return
        (self.keyed if kind.keyed else self.plain).add(objects, items)

    def add_keys(self, kind: Kind, objects: list[Any], shown: int) -> None:
        """Add dicts whose `shown` referents are known, for keys that the collector is not shown."""
        if kind.keyed:
            self.opened.append((objects, shown))

    def add_owned(self, owned: Owned, seen: int) -> None:
        """Add what an adapter says that an object owns."""
        self.seen = seen
        if owned.slices is not None:
            self._put(Slices(owned.slices, owned.total))
        if owned.references:
            self.hidden.append(owned)

    def add_for_later(self, objects: list[Any], at_once: int, usual: int) -> None:
        """Add objects that were not counted yet, to be handed out so many at once.

        As many others, which came with them, have `usual` bytes.
        """
        steps = -(-len(objects) // at_once)
        starts = range(0, len(objects), at_once)
        self._put(Slices((objects[start : start + at_once] for start in starts), steps + 1))
        later = self.cursors[-1][-1]
        later.done = later.whole = 1
        later.bytes = later.whole_bytes = later.usual = usual

    def take_lone(self) -> list[Any]:
        """Return the one object that is left, in a list; an empty list unless exactly one is left.

        The caller looks up its referents and calls `add_keys`.
        """
        piles = [pile for pile in (self.plain, self.keyed) if pile.batches]
        if len(piles) != 1 or self.opened or self.hidden or self.cursors:
            return []
        batches = piles[0].batches
        return piles[0].take() if len(batches) == len(batches[0][1]) == 1 else []

    def take_keys(self) -> list[Any]:
        """Return the hidden keys, all texts, of the next dicts whose other referents were taken."""
        while self.opened:
            dicts, shown = self.opened.pop()
            keys = hidden_keys(dicts, shown)
            if keys:
                return keys
        return []

    def take(self) -> list[Any]:
        """Return the referents of the next few objects; nothing else in the walk refers to them."""
        if self.hidden:
            # All at once: a list that waits would hold what is counted meanwhile.
            waiting, self.hidden = self.hidden, []
            return list(chain.from_iterable(owned.take() for owned in waiting))
        if self.plain.batches:
            return gc.get_referents(*self.plain.take())
        if self.keyed.batches:
            dicts = self.keyed.take()
            kids = gc.get_referents(*dicts)
            self.opened.append((dicts, len(kids)))
            return kids
        return self._next_slice() if self.cursors else []

    def _add_wide(self, kind: Kind, objects: list[Any], sizes: list[int]) -> None:
        """Add containers that have, alone or together, too many items for one step."""
        # A few, as the fields of one object, differ: each has slices of its own.
        least = BATCH if len(objects) <= _DIFFER else LARGE
        if kind.sliced is not None and max(sizes) > least:
            for obj in compress(objects, map(least.__lt__, sizes)):
                self._open(kind, obj)
            objects = list(compress(objects, map(least.__ge__, sizes)))
            sizes = list(filter(least.__ge__, sizes))
            if not objects:
                return
        batches = _batches(objects, sizes)
        follow = _referents_with_keys if kind.keyed else _referents
        self._put(Slices(map(follow, batches), len(batches)))

    def _add_many(self, objects: list[Any]) -> None:
        """Add objects of many parts each, to be followed to their ends a few at a time."""
        batches = _few_at_a_time(objects)
        referents = map(_referents, batches)
        lengths = iter(list(map(len, batches)))
        self._put(Slices(referents, len(batches), items=len(objects), lengths=lengths))

    def put_off(self, objects: list[Any]) -> bool:
        """Add objects (emptied) that were not counted yet, if they are many and met first.

        They are handed out a few at a time. Return whether they were added.
        """
        if len(objects) <= _FEW or not self._is_first_met():
            return False
        batches, items = _few_at_a_time(objects), len(objects)
        objects.clear()
        self._put(Slices(map(batches.pop, repeat(0, len(batches))), len(batches), items=items))
        return True

    def _is_first_met(self) -> bool:
        """Return whether no slice of a container has led to what is met now."""
        return not self.cursors or (len(self.cursors) == 1 and not self._fresh)

    def _open(self, kind: Kind, obj: Any) -> None:
        """Add a large container, to be opened slice by slice."""
        base: Any = kind.sliced
        size = base.__len__(obj)
        items = size * _SHOWN.get(base, 1)
        slices = _SLICERS[base](base, obj, size)
        self._put(Slices(slices, -(-size // _SLICE), _AT_ONCE, items))
        if base is not kind.cls or base not in _WITHOUT_FIELDS:
            self.hidden.append(Owned(references=_fields(obj)))

    def _put(self, slices: Slices) -> None:
        if self._fresh:
            self.cursors.append(deque())
            self._fresh = False
        self.cursors[-1].append(Cursor(slices, self.cursor))

    def estimate(self, aside: float = 0.0) -> float:
        """Return how many bytes wait, if the rest of each container is like what was seen of it.

        A container of which nothing was seen is taken to be like those beside it. `aside` is what
        the last slice led to and this list does not have, in bytes.
        """
        self._count()
        # By a cursor's identity, what waits in what it led to, and what was seen there so far.
        waits: dict[int, float] = defaultdict(float)
        seen: dict[int, float] = defaultdict(float)
        waits[id(self.cursor)] = aside
        for beside in reversed(self.cursors):
            found = {
                id(each): each.per_slice(seen[id(each)], waits[id(each)])
                for each in beside
                if each.done
            }
            usual = sum(found.values()) / len(found) if found else 0.0
            for each in beside:
                size = found.get(id(each), usual)
                waits[id(each.parent)] += each.rest(size, seen[id(each)], waits[id(each)])
                seen[id(each.parent)] += each.bytes + seen[id(each)] - each.usual
        return waits[id(None)]

    def _count(self) -> None:
        """Count for a cursor what its last slice led to."""
        if self.cursor is not None:
            self.cursor.bytes += self.seen - self._counted
        self._counted = self.seen

    def _next_slice(self) -> list[Any]:
        """Return a slice of one of the containers that were met last, each in its turn."""
        self._count()
        beside = self.cursors[-1]
        last = beside[-1]  # of which a slice was taken last; all that it led to was followed
        last.whole, last.whole_bytes, last.items_whole = last.done, last.bytes, last.items_done
        cursor = self.cursor = beside[0]
        beside.rotate(-1)
        most = 1 if cursor.done < _AT_FIRST else cursor.at_once
        try:
            found = list(islice(cursor.slices, most))
        except (RuntimeError, ValueError):  # if a dict or set changes meanwhile
            self.changed = True
            found = []
        if not found:
            cursor.end()
            self.cursor = None
            beside.pop()
            if not beside:
                self.cursors.pop()
            return []
        self._fresh = True
        cursor.done += len(found)
        cursor.items_done += sum(
            map(len, found) if cursor.lengths is None else islice(cursor.lengths, len(found))
        )
        kids: list[Any] = []
        for items in found:
            kids += items
            items.clear()  # whatever made it may still hold it
        return kids


def _few_at_a_time(objects: list[Any]) -> list[list[Any]]:
    """Return objects in batches that have some from all over."""
    count = -(-len(objects) // _FEW)
    return [objects[at::count] for at in range(count)]


def _batches(objects: list[Any], sizes: list[int]) -> list[list[Any]]:
    """Return objects in batches with about as many items each, unless one object alone has more.

    The first batches are from all over.
    """
    ends = list(accumulate(map(add, sizes, repeat(LARGE // BATCH))))
    count = -(-ends[-1] // LARGE)
    parts = (ends[-1] * number // count for number in range(1, count + 1))
    stops = sorted({bisect_left(ends, part) + 1 for part in parts})
    starts = [0, *stops]
    return [objects[starts[at] : stops[at]] for at in spread(len(stops))]


def _referents(objects: list[Any]) -> list[Any]:
    return gc.get_referents(*objects)


def _referents_with_keys(dicts: list[Any]) -> list[Any]:
    """Return the referents of dicts, and their keys that the collector is not shown."""
    kids = gc.get_referents(*dicts)
    kids.extend(hidden_keys(dicts, len(kids)))
    return kids


def hidden_keys(dicts: list[Any], shown: int) -> list[Any]:
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
    """Return whether a dict shows the collector its keys; a subclass has other referents, too."""
    referents = gc.get_referents(obj)
    if len(referents) < 2 * dict.__len__(obj):
        return False
    return set(map(id, referents)).issuperset(map(id, dict.keys(obj)))


def _fields(obj: Any) -> list[Any]:
    """Return what an instance of a subclass holds beside its items, without running its code.

    Python may create the dict of attributes for this, which is small beside a large container.
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


def spread(total: int) -> Iterator[int]:
    """Yield the numbers below `total`, so that those that come first are from all over it."""
    stride = max(1, total * 5 // 8)
    while gcd(stride, total) != 1:
        stride += 1
    return (index * stride % total for index in range(total))


def _sequence_slices(base: Any, obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a list or tuple, in an order that spreads what is seen first over the whole."""
    item = base.__getitem__
    for index in spread(-(-size // _SLICE)):
        start = index * _SLICE
        yield list(item(obj, slice(start, start + _SLICE)))


def _rows(count: int) -> Iterator[Iterable[int]]:
    """Yield the numbers below `count` in rows that rise; all rows but the last are from all over.

    The order of a dict often says how large its items are: the nodes of a graph that came first
    have most neighbours. Each row is read from the beginning, so many slices have few rows.
    """
    rows = [(stride // 2, stride) for stride in (count, count // 2, count // 4) if stride]
    if count > _MANY:
        rows.clear()
    more = min(_STRIDE, max(1, 5 * _MANY // (count + 1)))
    rows += [(start, _STRIDE) for start in islice(spread(_STRIDE), 1, 1 + more)]
    seen: set[int] = set()
    for start, stride in rows:
        row = [number for number in range(start, count, stride) if number not in seen]
        seen.update(row)
        yield row
    yield filterfalse(seen.__contains__, range(count))


def _slices_in_order(base: Any, obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a set or deque, which can be read in its own order only."""
    for row in _rows(-(-size // _SLICE)):
        items, at = _items_of(base, obj, size), 0
        for number in row:
            skip = (number - at) * _SLICE
            at = number + 1
            yield list(islice(items, skip, skip + _SLICE))


def _dict_slices(base: Any, obj: Any, size: int) -> Iterator[list[Any]]:
    """Slice a dict's keys and values; an OrderedDict has each key twice."""
    for row in _rows(-(-size // _SLICE)):
        keys, values, at = _items_of(dict, obj, size), iter(dict.values(obj)), 0
        for number in row:
            skip = (number - at) * _SLICE
            at = number + 1
            kids = list(islice(keys, skip, skip + _SLICE))
            kids *= 2 if base is OrderedDict else 1
            kids.extend(islice(values, skip, skip + _SLICE))
            yield kids


def _items_of(base: Any, obj: Any, size: int) -> Iterator[Any]:
    """Return an iterator of what has so many items. Raises RuntimeError if it has others now."""
    if base.__len__(obj) != size:
        raise RuntimeError
    return base.__iter__(obj)  # type: ignore[no-any-return]


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
_SHOWN = {dict: 2, defaultdict: 2, OrderedDict: 3}  # for each item
_WITHOUT_FIELDS = (list, tuple, dict, set, frozenset, deque)
