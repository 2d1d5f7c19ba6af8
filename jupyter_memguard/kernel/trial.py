"""Trial deletion: what would be freed if the holders of a result let it go.

The holders' references are taken away on paper. An object whose references are then all
accounted for is dead; what it refers to loses one reference for each. That is what CPython does
when it frees, so it finds what would be freed and nothing else. (The idea is that of the cycle
collectors of Christopher and of Lins, here without touching a count.)

Work is done in batches at the speed of C: an object seen through a dying one, whose count says
that it has that one reference, is dead without any book-keeping.
"""

from __future__ import annotations

from collections import Counter
from itertools import compress, repeat
from operator import eq, ne, not_, sub
from time import perf_counter
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

from .allocation import Kind, class_may_fall, group_by_type
from .foreign import Block
from .frontier import BATCH, LARGE, Frontier
from .pages import ALWAYS_THERE
from .refcounts import LISTED, counts

if TYPE_CHECKING:
    from .adapter import Adapter, Owned


class Heap:
    """What the walks of one measurement share; keeps one reference to each undecided object."""

    def __init__(self, adapters: dict[int, Adapter], boundary: Iterable[Any]) -> None:
        """Remember the boundary and the adapters; `deadline` is to be set (`perf_counter`)."""
        self.adapters = adapters
        self.kinds: dict[int, Kind] = {}  # by the type's identity: a metaclass may define a hash
        self.waiting: dict[int, Any] = {}
        self.own: dict[int, int] = {}
        self.boundary = tuple(boundary)  # so held, none of them loses its last reference
        self.deadline = 0.0

    def kind(self, cls: type) -> Kind:
        """Return what is known of a type."""
        kind = self.kinds.get(id(cls))
        if kind is None:
            kind = self.kinds[id(cls)] = Kind(cls, self.adapters)
        return kind

    def never_entered(self, obj: Any) -> bool:
        """Tell whether an object is a class or module."""
        return self.kind(type(obj)).stop

    def stopping(self, objects: Iterable[Any]) -> set[int]:
        """Return the identities of those of the objects' types whose objects are never entered."""
        types = [type(group[0]) for group in group_by_type(list(objects))]
        return {id(cls) for cls in types if self.kind(cls).stop}

    def referents(self, objects: list[Any]) -> Iterator[list[Any]]:
        """Yield what objects refer to, some thousands at a time."""
        frontier = Frontier()
        for group in group_by_type(objects):
            frontier.add(self.kind(type(group[0])), group, 0)
        while frontier:
            yield frontier.take()

    def is_wide(self, obj: Any) -> bool:
        """Tell whether an object has so many items that it is not opened in one step."""
        length = self.kind(type(obj)).length
        return length is not None and length(obj) > LARGE

    def late(self) -> bool:
        """Tell whether the time is up."""
        return perf_counter() > self.deadline


class Walk:
    """Trial deletion from a set of objects; can be stopped after any step and go on later."""

    __slots__ = (
        "blocks", "bytes", "fallen", "frontier", "heap", "mapped", "notes", "removed", "rings",
    )  # fmt: skip

    def __init__(self, heap: Heap) -> None:
        """Begin with nothing dead."""
        self.heap = heap
        self.bytes = 0
        self.mapped = 0
        self.removed: dict[int, int] = {}
        self.frontier = Frontier()
        self.blocks: list[Block] = []
        self.notes: set[str] = set()
        self.rings: set[int] = set()
        self.fallen: list[int] = []

    def let_go(self, root: Any) -> None:
        """Take the holders' references to a root away, and that of the `Root` itself.

        No local name here or in a caller may hold the object: it would count as a reference.
        """
        key = id(root.obj)
        self.heap.waiting[key] = root.obj
        self.removed[key] = root.references + 1
        if class_may_fall(root.obj):
            self.notes.add("opaque")
        self._settle([key])

    def run(self, steps: int) -> bool:
        """Follow the dead for so many batches; tell whether all has been followed."""
        frontier = self.frontier
        while frontier:
            if steps == 0 or perf_counter() > self.heap.deadline:
                return False
            steps -= 1
            self._lose(frontier.take())
        if frontier.changed:
            self.notes.add("moving")
        return True

    @property
    def open(self) -> bool:
        """Tell whether something dead was not followed yet."""
        return bool(self.frontier)

    def estimate(self, more: int = 0) -> int:
        """Return the bytes that there would be if every container is like what was seen of it.

        `more` bytes are added to what has fallen so far.
        """
        return self.frontier.estimate(self.bytes + more)

    def kill(self, keys: list[int]) -> None:
        """Declare waiting objects dead."""
        for key in keys:
            del self.removed[key]
        self.fallen.extend(keys)
        self._bury(list(map(self.heap.waiting.__getitem__, keys)))

    def kill_ring(self, members: list[Any]) -> None:
        """Declare objects dead that only hold each other; the references among them are known."""
        keys = list(map(id, members))
        self.rings.update(keys)
        keys = list(filter(self.removed.__contains__, keys))
        self.fallen.extend(keys)
        for key in keys:
            del self.removed[key]
        for start in range(0, len(members), BATCH):
            if self.heap.late():
                self.notes.add("cut")
                return
            self._bury(members[start : start + BATCH])

    def without_references(self, keys: list[int]) -> list[int]:
        """Return those of the waiting objects that have no reference left."""
        waiting = self.heap.waiting
        removed = self.removed
        base = LISTED + 1  # type: ignore[operator]
        left = map(sub, counts(list(map(waiting.__getitem__, keys))), repeat(base))
        return list(compress(keys, map(eq, left, map(removed.__getitem__, keys))))

    def _settle(self, keys: list[int]) -> None:
        dead = self.without_references(keys) if keys else []
        if dead:
            self.kill(dead)

    def _lose(self, kids: list[Any]) -> None:
        """Take one reference from each child, for each time it is listed; the list is emptied."""
        if self.rings:
            inside = map(self.rings.__contains__, map(id, kids))
            kids[:] = compress(kids, map(not_, inside))
        single = LISTED + 1  # type: ignore[operator]
        seen = counts(kids)
        alone = seen.count(single)
        if alone == len(kids):
            if kids:
                self._bury(kids)
            return
        dead = list(compress(kids, map(eq, seen, repeat(single)))) if alone else []
        kids[:] = compress(kids, map(ne, seen, repeat(single)))
        self._share(kids)
        if dead:
            self._bury(dead)

    def _share(self, kids: list[Any]) -> None:
        """Book the references that objects with more than one of them have lost."""
        keys = list(map(id, kids))
        removed = self.removed
        own = self.heap.own
        waiting = self.heap.waiting
        lost = Counter(keys)
        touched: Iterable[int] = lost
        if waiting.keys().isdisjoint(lost) and own.keys().isdisjoint(lost):
            removed.update(lost)
            # new here, and with more than one reference: dead only if that went more than once
            touched = (
                () if len(lost) == len(keys) else [k for k, times in lost.items() if times > 1]
            )
        else:
            for key, times in lost.items():
                removed[key] = (removed.get(key) or own.get(key, 0)) + times
        waiting.update(zip(keys, kids))
        kids.clear()
        self._settle(list(touched))

    def _bury(self, dead: list[Any]) -> None:
        """Count dead objects' own bytes, and note what is to be followed."""
        heap = self.heap
        for objects in group_by_type(dead):
            cls = type(objects[0])
            kind = heap.kinds.get(id(cls)) or heap.kind(cls)
            if kind.stop:
                continue
            if kind.opaque:
                self.notes.add("opaque")
            if kind.adapter is not None:
                self._adapt(kind, kind.adapter.look, objects)
            else:
                size = kind.bytes_of(objects)
                if kind.unwritten is not None and size >= ALWAYS_THERE:
                    size -= self._leave_for_later(kind, objects)
                self.bytes += size
            self.frontier.add(kind, objects, self.bytes)

    def _leave_for_later(self, kind: Kind, objects: list[Any]) -> int:
        """Take out the bytes of large contents; whether they were written is seen in the end."""
        later = 0
        sizes = kind.sizes_of(objects, [])
        for obj in compress(objects, map(ALWAYS_THERE.__le__, sizes)):
            address, size = kind.contents(obj)
            later += size
            self.blocks.append(Block(address, size, id(obj)))
        return later

    def _adapt(self, kind: Kind, look: Callable[[Any], Owned], objects: list[Any]) -> None:
        """Let a library's adapter tell what its objects own."""
        for obj in objects:
            try:
                owned = look(obj)
            except Exception:  # noqa: BLE001
                self.bytes += kind.bytes_of([obj])
                self.notes.add("opaque")
                continue
            self.bytes += kind.bytes_of([obj]) if owned.size is None else kind.header + owned.size
            self.mapped += owned.mapped
            self.blocks.extend(owned.blocks)
            if owned.note:
                self.notes.add(owned.note)
            self.frontier.add_owned(owned, self.bytes)
