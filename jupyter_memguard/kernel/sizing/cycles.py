"""Cycles: rings of objects that only hold each other.

Trial deletion alone never sees such a ring fall. So this module takes objects that have lost some
of their references, follows what they lead to, within bounds, and subtracts as the collector does:
all references less those from inside. An object with a reference from outside is alive, and so is
all that it leads to. The rest is dead.

The counts are right only by the rule of uncounted references, which stands in `__init__.py`.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from itertools import compress, islice, repeat
from math import inf
from operator import add, ne, not_, sub
from time import perf_counter
from typing import TYPE_CHECKING, Any, Iterable

from ..retention.refcounts import LISTED, counts
from .allocation import group_by_type
from .trial_deletion import AsideBatch
from .worklist import BATCH, LARGE

if TYPE_CHECKING:
    from .heap import Heap
    from .trial_deletion import Walk

_FEW = 32
_SMALL = 2048  # members of the first closures that are tried
_GROWTH = 8
_SAMPLE = 1024  # objects from which it is estimated what rings hold
_SPREADING = 0.6  # of the time that is left, for following; the rest is for subtracting
_PATIENCE = 2  # closures in a row that pass the limit before it is raised


class Closure:
    """All objects that some objects lead to, with the number of references among them."""

    def __init__(self, walk: Walk, alive: set[int]) -> None:
        """Work for `walk`; objects that are `alive` are never entered."""
        self.walk = walk
        self.heap: Heap = walk.heap
        self.alive = alive
        self.members: dict[int, Any] = {}
        self.inner: Counter[int] = Counter()

    def spread(self, start: list[Any], limit: int) -> bool:
        """Follow `start` (emptied) until nothing is new; return False if time or limit is up.

        `dead` can judge what was found even then, because references from what was not followed
        count as references from outside. So some time is kept for that.
        """
        members = self.members
        members.update(zip(map(id, start), start))
        todo = start
        begin = perf_counter()
        end = begin + _SPREADING * (self.heap.deadline - begin)
        while todo:
            if len(members) > limit or perf_counter() > end:
                todo.clear()
                return False
            if len(todo) < _FEW and not self.heap.is_wide(todo[-1]):
                self._step_singly(todo)
                continue
            batch = todo[-BATCH:]
            del todo[-BATCH:]
            for kids in self.heap.referents(batch):
                if len(members) > limit or perf_counter() > end:
                    todo.clear()
                    return False
                self._meet(list(compress(kids, map(gc.is_tracked, kids))), todo)
        return True

    def _meet(self, kids: list[Any], todo: list[Any]) -> None:
        """Record references to what can lie on a cycle, and add what is new to `todo`."""
        members = self.members
        keys = list(map(id, kids))
        self.inner.update(keys)
        fresh = {key: kid for key, kid in zip(keys, kids) if key not in members}
        if fresh:
            self._drop_stops(fresh)
            members.update(fresh)
            todo.extend(fresh.values())

    def _step_singly(self, todo: list[Any]) -> None:
        """Do as `spread` does where batches would be small, as along a chain."""
        members = self.members
        inner = self.inner
        alive = self.alive
        stop = self.heap.never_entered
        wide = self.heap.is_wide
        for _ in range(BATCH):
            if not 0 < len(todo) < _FEW or wide(todo[-1]):
                return
            for kid in gc.get_referents(todo.pop()):
                if gc.is_tracked(kid):
                    key = id(kid)
                    inner[key] = inner.get(key, 0) + 1
                    if key not in members and key not in alive and not stop(kid):
                        members[key] = kid
                        todo.append(kid)

    def held(self) -> list[int]:
        """Return the keys of the members that something other than a member refers to."""
        members = self.members
        waiting = self.heap.waiting
        removed = self.walk.removed
        inner = self.inner
        own = self.heap.own
        for key in own.keys() & members.keys():
            if key in waiting and key not in removed:
                inner[key] += own[key]
        # `waiting` holds one reference; those of objects that are dead on paper still exist.
        accounted = map(
            add, map(inner.get, members, repeat(0)), map(removed.get, members, repeat(0))
        )
        accounted = map(add, accounted, map(waiting.__contains__, members))
        base = LISTED + 1  # type: ignore[operator]
        seen = map(sub, counts(list(members.values())), repeat(base))
        return list(compress(members, map(ne, seen, accounted)))

    def dead(self) -> dict[int, Any] | None:
        """Return the members that nothing outside leads to, None if there was no time."""
        held = self.held()
        if len(held) == len(self.members):
            return {}
        doubtful = dict(self.members)
        objects = list(map(doubtful.pop, held))
        return doubtful if _spread_life(self.heap, objects, doubtful) else None

    def _drop_stops(self, fresh: dict[int, Any]) -> None:
        """Remove from new members what is alive in any case, because it leads too far."""
        drop = list(self.alive.intersection(fresh))
        stopping = self.heap.stopping(fresh.values())
        if stopping:
            drop.extend(key for key, obj in fresh.items() if id(type(obj)) in stopping)
        for key in drop:
            fresh.pop(key, None)


def candidates(walk: Walk, alive: set[int]) -> list[int]:
    """Return the keys of what has lost references, is still held, and could be on a cycle."""
    walk.book_aside()
    removed = walk.removed
    keys = list(removed)
    if not removed.keys().isdisjoint(alive):
        keys = [key for key in keys if key not in alive]
    objects = list(map(walk.heap.waiting.__getitem__, keys))
    tracked = list(map(gc.is_tracked, objects))
    stopping = walk.heap.stopping(compress(objects, tracked))
    keys = list(compress(keys, tracked))
    if not stopping:
        return keys
    return [key for key in keys if id(type(walk.heap.waiting[key])) not in stopping]


def break_cycles(walk: Walk, alive: set[int], most: int = sys.maxsize) -> set[int] | None:
    """Find the dead rings that a walk has touched, and follow what they held.

    `most` bounds the members of one closure. Returns the identities of what stays alive, or None
    if time or the bound ended the search.
    """
    if walk.undecided > BATCH and walk.heap.late():
        return None
    if len(walk.aside) <= most and not _break_aside(walk):
        return None
    left = _break_touched(walk, alive, most)
    return None if left is None else _break_reached(walk, alive, left, most)


def _break_aside(walk: Walk) -> bool:
    """Let objects put aside fall if they only hold each other; return whether there was time."""
    while len(walk.aside) > _FEW and "opaque" not in walk.notes:
        groups = group_by_type(list(walk.aside.values()))
        widest = max(_width(walk.heap, group) for group in groups)
        if widest > LARGE:
            break
        step = min(BATCH, LARGE // max(1, int(widest)))
        batches = [
            AsideBatch(group[i : i + step]) for group in groups for i in range(0, len(group), step)
        ]
        groups.clear()  # the rule of uncounted references: a second list would count
        if not _only_itself(walk, batches):
            return not walk.heap.late()
        walk.kill_aside(batches)
        if not walk.run(sys.maxsize):
            return False
    return True


def _only_itself(walk: Walk, batches: list[AsideBatch]) -> bool:
    """Return whether the objects put aside only hold each other; note what else they refer to.

    Each object has at least as many references as come from the others. So if the sums are equal,
    the numbers are equal for each object. (A reference that is reported but does not exist could
    make up for one from outside. So no root is put aside, because the number of its holders is the
    caller's claim, and no object here is of a C type that may report references it does not have.)
    """
    aside = walk.aside
    base = LISTED + 2  # type: ignore[operator]
    left = sum(sum(counts(batch.objects)) for batch in batches) - base * len(aside)
    for batch in batches:
        if walk.heap.late():
            return False
        kids = gc.get_referents(*batch.objects)
        inside = list(map(aside.__contains__, map(id, kids)))
        left -= sum(inside)
        batch.shown = len(kids)
        batch.beyond = list(compress(kids, map(not_, inside)))
    return left == 0


def _width(heap: Heap, objects: list[Any]) -> float:
    """Return how many items the objects of one type have at most.

    It is infinite for types that are never entered, or that may hide references from the collector.
    """
    kind = heap.kind(type(objects[0]))
    if kind.stop or kind.opaque or kind.adapter is not None:
        return inf
    return 1 if kind.length is None else max(map(kind.length, objects))


def _break_touched(walk: Walk, alive: set[int], most: int) -> list[int] | None:
    """Find rings whose members have all been touched by the walk, such as a list's elements.

    That needs no closure. Neighbours are tried first. Returns what is left, None if time is up.
    """
    left = candidates(walk, alive)
    size = _SMALL
    while left and size <= most:
        found = False
        for start in range(0, len(left), size):
            keys = list(filter(walk.removed.__contains__, left[start : start + size]))
            dead = _dead_among(walk, keys)
            if dead is None:
                return None
            if not dead:
                break
            found = True
            if not _let_fall(walk, dead):
                return None
        if found:
            left = candidates(walk, alive)
        if size >= len(left):
            break
        size *= _GROWTH * 2
    return left


def _let_fall(walk: Walk, ring: dict[int, Any]) -> bool:
    """Let a ring (emptied) fall, and follow what it held; return whether there was time."""
    walk.kill_ring(ring)
    ring.clear()
    return walk.run(sys.maxsize)


def _dead_among(walk: Walk, keys: list[int]) -> dict[int, Any] | None:
    """Return those touched objects that only hold each other, None if there was no time."""
    objects = list(map(walk.heap.waiting.__getitem__, keys))
    held = _held_among(walk, keys, objects)
    if held is None:
        return None
    doubtful = dict(zip(keys, objects))
    objects = list(map(doubtful.pop, compress(keys, held)))
    return doubtful if _spread_life(walk.heap, objects, doubtful) else None


def _held_among(walk: Walk, keys: list[int], objects: list[Any]) -> list[bool] | None:
    """Return for each touched object whether anything but these objects refers to it.

    Returns None if there was no time.
    """
    removed = walk.removed
    inner: Counter[int] = Counter()
    for start in range(0, len(objects), BATCH):
        for kids in walk.heap.referents(objects[start : start + BATCH]):
            if walk.heap.late():
                return None
            inner.update(filter(removed.__contains__, map(id, kids)))
            kids.clear()
    base = LISTED + 1  # type: ignore[operator]
    accounted = map(add, map(inner.get, keys, repeat(0)), map(removed.__getitem__, keys))
    return list(map(ne, map(sub, counts(objects), repeat(base)), accounted))


def likely_rings(walk: Walk, alive: set[int]) -> int:
    """Estimate the bytes that fall in rings, from a sample of the objects that lost references.

    The objects that only the sample refers to count, with the objects that they alone hold.
    """
    heap = walk.heap
    undecided = walk.undecided
    walk.book_aside(_SAMPLE)
    keys = [key for key in islice(walk.removed, _SAMPLE) if key not in alive]
    keys = list(compress(keys, map(gc.is_tracked, map(heap.waiting.__getitem__, keys))))
    objects = list(map(heap.waiting.__getitem__, keys))
    held = _held_among(walk, keys, objects)
    if held is None or all(held):
        return 0
    loose = list(compress(objects, map(not_, held)))
    kids = gc.get_referents(*loose)
    single = LISTED + 1  # type: ignore[operator]
    loose += [kid for kid, count in zip(kids, counts(kids)) if count == single]
    size = 0
    for group in group_by_type(loose):
        kind = heap.kind(type(group[0]))
        if not kind.stop:
            size += kind.bytes_of(group)
    return size * undecided // min(_SAMPLE, undecided)


def _spread_life(heap: Heap, living: list[Any], doubtful: dict[int, Any]) -> bool:
    """Remove from `doubtful` what `living` (emptied) leads to; return whether there was time."""
    while living and doubtful:
        batch = living[-BATCH:]
        del living[-BATCH:]
        for kids in heap.referents(batch):
            if heap.late():
                return False
            for key in filter(doubtful.__contains__, map(id, kids)):
                kid = doubtful.pop(key, None)
                if kid is not None:
                    living.append(kid)
    return True


def _break_reached(walk: Walk, alive: set[int], left: list[int], most: int) -> set[int] | None:
    """Find rings through objects that the walk has not touched.

    Closures begin small, so that small rings are found before a large one takes the time. The last
    closure is over everything.
    """
    waiting = walk.heap.waiting
    limit = _SMALL
    while limit <= most:
        if not left:
            return set()
        found = False
        group = max(1, limit // 4)
        failures = 0
        for start in range(0, len(left), group):
            keys = [key for key in left[start : start + group] if key in walk.removed]
            closure = Closure(walk, alive)
            whole = closure.spread([waiting[key] for key in keys], limit)
            dead = closure.dead()
            failures = 0 if dead or whole else failures + 1
            if dead:
                found = True
                closure.members.clear()
                if not _let_fall(walk, dead):
                    return None
            elif dead is not None and whole and group >= len(left):
                return set(closure.members)
            if failures == _PATIENCE or walk.heap.late():
                break
        if walk.heap.late():
            return None
        limit *= _GROWTH
        if found:
            left = candidates(walk, alive)
    return None


def rings_apart(walk: Walk, keys: Iterable[int]) -> list[set[int]]:
    """Return fallen objects in sets, one for each ring that they fell with."""
    waiting = walk.heap.waiting
    rings = walk.rings
    group_of: dict[int, int] = {}
    groups: dict[int, set[int]] = {}
    for key in keys:
        if key not in rings or key in group_of:
            continue
        found: set[int] = {key}
        met: set[int] = set()
        todo = [waiting[key]]
        while todo:
            for kid in gc.get_referents(todo.pop()):
                inner = id(kid)
                if inner in group_of:
                    met.add(group_of[inner])
                elif inner in rings and inner not in found:
                    found.add(inner)
                    todo.append(kid)
        for other in met:
            found |= groups.pop(other)
        groups[key] = found
        group_of.update(dict.fromkeys(found, key))
    return list(groups.values())
