"""The guard's question: what does an object keep alive, whoever else holds it as well."""

from __future__ import annotations

import sys
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Sequence

from ..retention.sizes import Root, Size
from .allocation import Kind, group_by_type
from .cycles import module_namespaces
from .libraries.adapters import loaded_adapters
from .memory_pages import Pages
from .worklist import Frontier

if TYPE_CHECKING:
    from .libraries.adapter import Owned

_AT_LEAST = 2  # batches that are looked at however late it is
_LEAST_NAMES = 5  # that a module's namespace has, from its beginning

# This thread's own time: on a busy machine the time on the wall is the others'. Windows counts
# a thread's time in steps that are longer than a budget.
_clock = perf_counter if sys.platform == "win32" else thread_time


class Reach:
    """A forward walk that stops as soon as a threshold is passed."""

    def __init__(self, boundary: Sequence[Any], through: Sequence[Any]) -> None:
        """Take what is never entered, and what is entered although it is a type or module."""
        self.adapters = loaded_adapters()
        self.kinds: dict[int, Kind] = {}
        self.through = frozenset(map(id, through))
        self.seen: set[int] = set(map(id, boundary)) - self.through
        self.namespaces: set[int] | None = None
        self.starts: set[int] = set()
        self.frontier = Frontier()
        self.pages = Pages()
        self.bytes = 0
        self.device = 0
        self.mapped = 0
        self.notes: set[str] = set()

    def run(self, obj: Any, threshold: int, deadline: float) -> None:
        """Walk from `obj` until `threshold` bytes are reached in all or `deadline` has come."""
        frontier = self.frontier
        self._take([obj])
        steps = 0
        while frontier and self.bytes < threshold:
            steps += 1
            if steps > _AT_LEAST and _clock() > deadline:
                break
            self._take(frontier.take_keys() or frontier.take())
        if frontier:
            self.notes.add("cut")
        if frontier.changed:
            self.notes.add("moving")

    def size(self) -> Size:
        """Return what was found."""
        return Size(
            self.bytes,
            tuple(self.notes),
            self.frontier.estimate(self.bytes) if "cut" in self.notes else None,
            self.device or None,
            self.mapped or None,
        )

    def _take(self, objects: list[Any]) -> None:
        """Count objects that were not seen before, and have them followed."""
        seen = self.seen
        fresh = {key: obj for key, obj in zip(map(id, objects), objects) if key not in seen}
        seen.update(fresh)
        for group in group_by_type(list(fresh.values())):
            cls = type(group[0])
            if cls is dict and max(map(len, group)) >= _LEAST_NAMES:
                group = self._but_namespaces(group)  # noqa: PLW2901
                if not group:
                    continue
            kind = self.kinds.get(id(cls))
            if kind is None:
                kind = self.kinds[id(cls)] = Kind(cls, self.adapters)
            entered = group
            if kind.stop:
                entered = [obj for obj in group if id(obj) in self.through]
                if not entered:
                    continue
            if kind.opaque:
                self.notes.add("opaque")
            if kind.adapter is not None:
                for obj in entered:
                    self._adapt(kind, kind.adapter.look, obj)
            else:
                self.bytes += kind.bytes_of(entered)
            self.frontier.add(kind, entered, self.bytes)

    def _but_namespaces(self, dicts: list[Any]) -> list[Any]:
        """Leave out the namespaces of modules, which are listed when a dict may be one."""
        if self.namespaces is None:
            self.namespaces = module_namespaces() - self.through
        return [obj for obj in dicts if id(obj) not in self.namespaces]

    def _adapt(self, kind: Kind, look: Callable[[Any], Owned], obj: Any) -> None:
        try:
            owned = look(obj)
        except Exception:  # noqa: BLE001
            self.notes.add("opaque")
            return
        self.bytes += kind.bytes_of([obj]) if owned.size is None else kind.header + owned.size
        self.mapped += owned.mapped
        if owned.note:
            self.notes.add(owned.note)
        for block in owned.blocks:
            if block.address in self.starts:
                continue
            self.starts.add(block.address)
            if block.device:
                self.device += block.size
                self.notes.add("device")
                continue
            there = self.pages.look_if_large(block.address, block.size)
            self.bytes += there.own
            self.mapped += there.mapped
        self.frontier.add_owned(owned, self.bytes)


def reach_of(
    obj: Any, threshold: int, budget: float, boundary: Sequence[Any], through: Sequence[Any]
) -> Size:
    """Return what an object keeps alive; `budget` in seconds."""
    deadline = _clock() + budget
    reach = Reach(boundary, through)
    try:
        reach.run(obj, threshold, deadline)
    finally:
        reach.pages.close()
    return reach.size()


def reach_in_turn(
    objects: Iterable[Any], most: int, budget: float, boundary: Sequence[Any]
) -> Iterator[int]:
    """Yield what each object keeps alive that those before it do not; `budget` in seconds.

    It ends where they reach more than `most` bytes together, or when the time is up.
    """
    deadline = _clock() + budget
    reach = Reach(boundary, ())
    try:
        for obj in objects:
            before = reach.bytes
            reach.run(obj, most + 1, deadline)
            if reach.bytes <= most and "cut" in reach.notes:
                return
            yield reach.bytes - before
            if reach.bytes > most or _clock() > deadline:
                return
    finally:
        reach.pages.close()


def measure_without_counts(
    roots: Sequence[Root], budget_ms: float, boundary: Sequence[Any], *, each: bool
) -> tuple[list[Size], Size]:
    """Answer where counts mean nothing: nothing is proven, what is reached is an estimate."""
    sizes = []
    for root in roots:
        reached = reach_of(root.obj, sys.maxsize, budget_ms / 1000 / len(roots), boundary, ())
        estimate = reached.freed_bytes
        if reached.estimate_bytes is not None:
            estimate = reached.estimate_bytes
        sizes.append(Size(0, ("no-refcounts",), estimate))
    total = Size(0, ("no-refcounts",), sum(size.estimate_bytes or 0 for size in sizes))
    return (sizes if each else []), total
