"""What an object keeps alive, whoever else holds it as well: the guard's question.

The walk goes forward from the object and reads no reference counts. So it is quick, and can stop as
soon as the answer is known.
"""

from __future__ import annotations

import sys
from time import perf_counter, thread_time
from typing import Any, Iterable, Iterator, Sequence

from ..retention.sizes import Root, Size
from .allocation import Kind, group_by_type
from .heap import module_namespaces
from .libraries import loaded_adapters, not_entered
from .libraries.adapter import look_until
from .memory_pages import MemoryPages
from .worklist import Worklist

_AT_LEAST = 2  # batches that are looked at however late it is
_MOST_LOOKS = 50  # objects of one type that an adapter looks at in one step
_MOST_ASKED = 100  # objects of one kind, in C and unknown, that are asked for their size
_LEAST_NAMES = 5  # that a module's namespace has, from its beginning

# This thread's own time: on a busy machine the time on the wall is the others'. Windows counts
# a thread's time in steps that are longer than a budget.
_clock = perf_counter if sys.platform == "win32" else thread_time


class ForwardWalk:
    """A walk along references that stops as soon as a threshold is passed."""

    def __init__(self, boundary: Sequence[Any]) -> None:
        """Take the objects that are never entered."""
        self.adapters = loaded_adapters()
        self.kinds: dict[int, Kind] = {}
        self.seen: set[int] = set(map(id, (*boundary, *not_entered())))
        self.namespaces: set[int] | None = None
        self.starts: set[int] = set()
        self.worklist = Worklist()
        self.pages = MemoryPages()
        self.bytes = 0
        self.likely = 0  # beside these bytes, as far as it cannot be seen
        self.device = 0
        self.mapped = 0
        self.notes: set[str] = set()

    def run(self, obj: Any, threshold: int, deadline: float) -> None:
        """Walk from `obj` until it is likely to reach `threshold` or `deadline` has come."""
        worklist = self.worklist
        look_until(deadline)
        try:
            self._take([obj])
            steps = 0
            while worklist and self.bytes + self.likely < threshold:
                steps += 1
                if steps > _AT_LEAST and _clock() > deadline:
                    break
                self._take(worklist.take_keys() or worklist.take())
        finally:
            look_until(None)
        if worklist:
            self.notes.add("cut")
        if worklist.changed:
            self.notes.add("moving")

    def size(self) -> Size:
        """Return what was found."""
        waits = round(self.worklist.estimate()) if "cut" in self.notes else 0
        estimate = self.bytes + waits + self.likely
        return Size(
            self.bytes,
            tuple(self.notes),
            estimate if estimate > self.bytes or "cut" in self.notes else None,
            self.device or None,
            self.mapped or None,
        )

    def _take(self, objects: list[Any]) -> None:
        """Count objects that were not seen before, and put them on the worklist."""
        seen = self.seen
        fresh = {key: obj for key, obj in zip(map(id, objects), objects) if key not in seen}
        seen.update(fresh)
        for group in group_by_type(list(fresh.values())):
            cls = type(group[0])
            if cls is dict and max(map(len, group)) >= _LEAST_NAMES:
                group = self._without_namespaces(group)  # noqa: PLW2901
                if not group:
                    continue
            kind = self.kinds.get(id(cls))
            if kind is None:
                kind = self.kinds[id(cls)] = Kind(cls, self.adapters)
            if kind.stop:
                continue
            if kind.opaque:
                self.notes.add("opaque")
                if kind.guess is not None:
                    self.likely += sum(map(kind.estimate, group[:_MOST_ASKED]))
            if kind.adapter is not None:
                group = self._count_some(kind, group)  # noqa: PLW2901
            else:
                self.bytes += kind.bytes_of(group)
            self.worklist.add(kind, group, self.bytes)

    def _without_namespaces(self, dicts: list[Any]) -> list[Any]:
        """Leave out the namespaces of modules, which are listed when a dict may be one."""
        if self.namespaces is None:
            self.namespaces = module_namespaces()
        return [obj for obj in dicts if id(obj) not in self.namespaces]

    def _count_some(self, kind: Kind, objects: list[Any]) -> list[Any]:
        """Count objects of an adapter's type and return them; leave many of them for later."""
        some, later = objects[:_MOST_LOOKS], objects[_MOST_LOOKS:]
        before = self.bytes
        for obj in some:
            self._count_adapted(kind, obj)
        if later:
            self.seen.difference_update(map(id, later))
            self.worklist.add_for_later(later, _MOST_LOOKS, self.bytes - before)
        return some

    def _count_adapted(self, kind: Kind, obj: Any) -> None:
        """Count what an object owns as its library's adapter says; each block counts once."""
        owned = kind.owned(obj)
        self.bytes += owned.size or 0
        self.mapped += owned.mapped
        self.likely += owned.estimate
        if owned.note:
            self.notes.add(owned.note)
        todo = list(owned.blocks)
        while todo:
            block = todo.pop()
            if block.address in self.starts:
                continue
            if block.leads_to or not block.loose:  # else somebody else may say what it has
                self.starts.add(block.address)
            todo.extend(block.leads_to)
            if block.device:
                self.device += block.size
                self.notes.add("device")
                continue
            present = self.pages.present_if_large(block.address, block.size)
            self.bytes += present.own
            self.mapped += present.mapped
        self.worklist.add_owned(owned, self.bytes)


def kept_alive(obj: Any, threshold: int, budget: float, boundary: Sequence[Any]) -> Size:
    """Return what an object keeps alive; `budget` in seconds."""
    walk = ForwardWalk(boundary)  # may import an adapter, which is no part of the budget
    deadline = _clock() + budget
    try:
        walk.run(obj, threshold, deadline)
    finally:
        walk.pages.close()
    return walk.size()


def kept_alive_in_turn(
    objects: Iterable[Any], most: int, budget: float, boundary: Sequence[Any]
) -> Iterator[int]:
    """Yield what each object keeps alive that those before it do not; `budget` in seconds.

    It ends where they keep more than `most` bytes alive together, or when the time is up.
    """
    walk = ForwardWalk(boundary)
    deadline = _clock() + budget
    try:
        for obj in objects:
            before = walk.bytes + walk.likely
            walk.run(obj, most + 1, deadline)
            reached = walk.bytes + walk.likely
            if reached <= most and "cut" in walk.notes:
                return
            yield reached - before
            if reached > most or _clock() > deadline:
                return
    finally:
        walk.pages.close()


def measure_without_counts(
    roots: Sequence[Root], budget_ms: float, boundary: Sequence[Any], *, each: bool
) -> tuple[list[Size], Size]:
    """Answer where reference counts mean nothing: no size is proven, only estimated."""
    sizes = []
    for root in roots:
        kept = kept_alive(root.obj, sys.maxsize, budget_ms / 1000 / len(roots), boundary)
        estimate = kept.freed_bytes if kept.estimate_bytes is None else kept.estimate_bytes
        sizes.append(Size(0, ("no-refcounts",), estimate))
    total = Size(0, ("no-refcounts",), sum(size.estimate_bytes or 0 for size in sizes))
    return (sizes if each else []), total
