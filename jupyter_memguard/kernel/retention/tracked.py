"""What the collector tracks, without what another thread may still be making.

Python makes a tuple larger while it fills it, and refuses to if anything else refers to the tuple:
`tuple(generator)` then fails in the other thread. The collector lists such a tuple as well. So
tuples are left out within one call of C, in which no other thread runs. A tuple to which a tracked
object refers is finished.
"""

from __future__ import annotations

import gc
from itertools import chain, compress, count, repeat
from operator import is_, is_not
from typing import Any


def tracked_objects() -> list[Any]:
    """Return all objects that the collector tracks, but for tuples."""
    lists: list[list[Any]] = []
    fill = map(lists.append, map(gc.get_objects, (None,)))
    objects, again = (chain.from_iterable(lists) for _ in range(2))
    kept = compress(objects, map(is_not, map(type, again), repeat(tuple)))
    found: list[Any] = list(chain(fill, kept, map(list.clear, lists)))
    found.pop()  # what the last step has returned, and the first
    del found[0]
    own = next(compress(count(), map(is_, found, repeat(found))))
    del found[own]  # a list within itself stays until a collection
    return found


def tracked_count() -> int:
    """Return how many objects the collector tracks."""
    return sum(map(len, map(gc.get_objects, (None,))))


def tuples_among(referents: list[Any], known: set[int]) -> dict[int, Any]:
    """Return the tracked tuples among referents, by identities that are not known yet."""
    tuples = compress(referents, map(is_, map(type, referents), repeat(tuple)))
    return {id(each): each for each in filter(gc.is_tracked, tuples) if id(each) not in known}
