"""Which released results are still alive, and who holds them."""

from __future__ import annotations

import gc
import sys
import time
from typing import TYPE_CHECKING, Any

from .describe import is_one_of, type_name
from .holders import weak
from .process import forget_lookups, give_back
from .referrers import Search
from .tracebacks import frames_of, is_exception

if TYPE_CHECKING:
    from ..messages import StillAlive

# The time of the processor for finding the holders, in milliseconds. Only what has no name near it
# takes that long.
SEARCH_MS = 2000.0
# Numbers and texts below this size are often constants that the interpreter itself shares.
CONSTANT_BYTES = 1024
# The references to an object that only `Gone.strong` holds: from that list, and from the
# argument of `getrefcount`.
OWN_REFERENCES = 2
# The order in which the holders of objects are found; see `still_alive`.
_IN_CYCLES, _IN_NO_CYCLE, _NOT_OURS = range(3)
_CONSTANTS = (int, float, complex, bool, str, bytes)
_SINGLETONS: tuple[Any, ...] = ((), frozenset(), Ellipsis, NotImplemented)


class Gone:
    """One released object. A weak reference watches it, if its type supports them."""

    __slots__ = ("freed_bytes", "key", "reference", "strong", "type")

    def __init__(self, key: str, obj: Any, freed_bytes: int) -> None:
        """Take the row's key, the object, and the bytes that letting it go should free."""
        self.key = key
        self.type = type_name(type(obj))
        self.freed_bytes = freed_bytes
        self.reference = weak(obj)
        self.strong = [] if self.reference is not None or _is_constant(obj) else [obj]

    def get(self) -> list[Any]:
        """Return a list with the object if it is alive, or an empty list."""
        alive = self.reference() if self.reference is not None else None
        return self.strong if alive is None else [alive]


def _is_constant(obj: Any) -> bool:
    if any(obj is each for each in _SINGLETONS):
        return True
    return is_one_of(type(obj), *_CONSTANTS) and sys.getsizeof(obj) <= CONSTANT_BYTES


def still_alive(shell: Any, gone: list[Gone]) -> list[StillAlive]:
    """Return the objects that somebody else holds, with their holders, and drop our own hold.

    Call it when all other references of ours are dropped. `Gone` itself holds an object
    whose type does not support weak references. Such an object is alive if others refer to
    it. Because our hold also keeps alive what the object refers to, objects that may refer to
    others are examined and dropped first.
    """
    gc.collect()
    deadline = time.perf_counter() + SEARCH_MS / 1000
    names: dict[int, list[str]] = {}
    turns = [_turn(item) for item in gone]
    for turn in (_IN_CYCLES, _IN_NO_CYCLE, _NOT_OURS):
        _drop_unheld(gone)
        if turn == _IN_NO_CYCLE and _IN_CYCLES in turns and any(item.get() for item in gone):
            gc.collect()
        now = [index for index, of_item in enumerate(turns) if of_item == turn]
        names.update(_who_hold(shell, gone, now, deadline))
        for index in now:
            gone[index].strong.clear()
    if gone:
        forget_lookups()
    give_back()
    return [
        {
            "key": item.key,
            "type": item.type,
            "freed_bytes": item.freed_bytes,
            "held_by": names[index],
        }
        for index, item in enumerate(gone)
        if names.get(index)
    ]


def _drop_unheld(gone: list[Gone]) -> None:
    """Drop the objects that only `gone` holds: they need no search through the whole heap."""
    dropped = True
    while dropped:
        dropped = False
        for item in gone:
            if item.strong and sys.getrefcount(item.strong[0]) <= OWN_REFERENCES:
                item.strong.clear()
                dropped = True


def _turn(item: Gone) -> int:
    if not item.strong:
        return _NOT_OURS
    return _IN_CYCLES if gc.is_tracked(item.strong[0]) else _IN_NO_CYCLE


def _who_hold(
    shell: Any, gone: list[Gone], now: list[int], deadline: float
) -> dict[int, list[str]]:
    """Return who holds each of some objects; nothing for an object that nobody holds.

    One search for all: each level of it is a walk through the whole heap.
    """
    alive = [index for index in now if gone[index].get()]
    roots = [obj for index in alive for obj in gone[index].get()]
    if not roots:
        return {}
    search = Search(shell, deadline)
    # A frame of an exception that holds the exception is in a cycle with it.
    frames = {
        root: frozenset(map(id, frames_of(roots[root])))
        for root in range(len(roots))
        if is_exception(roots[root])
    }
    search.run_all(roots, [gone, *(item.strong for item in gone)], frames)
    names = [search.texts_of(root) for root in range(len(roots))]
    unseen = 0 if search.cut or all(names) else search.held_unseen()
    for root, index in enumerate(alive):
        # An object that the collector does not track is in no cycle, so its reference count, which
        # `_drop_unheld` has checked, proves that somebody holds it.
        is_held = gone[index].reference is not None or not gc.is_tracked(roots[root])
        if not names[root] and (is_held or search.cut or unseen >> root & 1):
            names[root] = search.unnamed(root)
    return dict(zip(alive, names))
