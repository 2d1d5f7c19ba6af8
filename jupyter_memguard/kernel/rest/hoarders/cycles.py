"""Garbage in cycles that waits for the collector's next full run, which is rare.

It is found as the collector finds it, without a collection, which would run finalizers: an object
is alive if it has more references than tracked objects have to it, or if a living one leads to it.
"""

from __future__ import annotations

import gc
from collections import Counter
from itertools import compress, repeat
from operator import ne, sub
from typing import Any, Iterator

from ...retention.describe import module_name, type_name
from ...retention.refcounts import LISTED, counts
from ...retention.tracked import tracked_count, tracked_objects, tuples_among
from ..hoard import Hoard, Look, Root

_AT_ONCE = 20_000
_MOST = 2_000_000  # tracked objects that are looked at
_MOST_ROOTS = 20_000
_MOST_NAMED = 3


def find(look: Look) -> Iterator[Hoard]:
    """Yield one hoard for all garbage."""
    if LISTED is None:
        return
    garbage = _garbage(look)
    look.garbage.update(map(id, garbage))
    if not garbage:
        return
    kinds = Counter(map(id, map(type, garbage)))
    types = {id(cls): cls for cls in map(type, garbage)}
    # The notebook's own classes first.
    order = sorted(kinds, key=lambda key: (module_name(types[key]) != "__main__", -kinds[key]))
    names = [type_name(types[key]) for key in order[:_MOST_NAMED]]
    yield Hoard(
        "cycles",
        ", ".join(names),
        [Root(obj, 0) for obj in _cover(garbage)],
        count=len(garbage),
        remedy="import gc; gc.collect()",
    )


def _garbage(look: Look) -> list[Any]:
    """Return the tracked objects that nothing alive leads to."""
    if tracked_count() > _MOST:
        raise MemoryError
    tracked = tracked_objects()
    keys = list(map(id, tracked))
    waiting = set(keys)
    inside: Counter[int] = Counter()
    outside: list[int] = []
    start = 0
    while start < len(tracked):
        look.check_time()
        kids = gc.get_referents(*tracked[start : start + _AT_ONCE])
        start += _AT_ONCE
        tuples = tuples_among(kids, waiting)
        keys += tuples
        waiting.update(tuples)
        tracked += tuples.values()
        inside.update(filter(waiting.__contains__, map(id, kids)))
        kids.clear()
        tuples.clear()
    base = LISTED + 1  # type: ignore[operator] # the list of what is tracked
    for start in range(0, len(tracked), _AT_ONCE):
        outside += map(sub, counts(tracked[start : start + _AT_ONCE]), repeat(base))
    # What no other object refers to was in use a moment ago, and is in no cycle.
    held = map(ne, outside, map(inside.get, keys))
    alive = list(compress(tracked, held))
    waiting.difference_update(map(id, alive))
    while alive and waiting:
        look.check_time()
        some = alive[-_AT_ONCE:]
        del alive[-_AT_ONCE:]
        kids = gc.get_referents(*some)
        by_key = dict(zip(map(id, kids), kids))
        new = waiting.intersection(by_key)
        waiting -= new
        alive += map(by_key.__getitem__, new)
    return list(compress(tracked, map(waiting.__contains__, keys)))


def _cover(garbage: list[Any]) -> list[Any]:
    """Return some of these objects, which lead to all others."""
    left = set(map(id, garbage))
    found: list[Any] = []
    for obj in garbage:
        if id(obj) not in left or len(found) == _MOST_ROOTS:
            continue
        found.append(obj)
        left.discard(id(obj))
        stack = [obj]
        while stack:
            kids = gc.get_referents(*stack)
            by_key = dict(zip(map(id, kids), kids))
            new = left.intersection(by_key)
            left -= new
            stack = [by_key[key] for key in new]
    return found
