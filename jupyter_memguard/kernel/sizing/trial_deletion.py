"""Trial deletion: what would be freed if the holders of a result let it go.

The holders' references are taken away on paper. An object whose references are then all
accounted for is dead; what it refers to loses one reference for each. That is what CPython does
when it frees, so it finds what would be freed and nothing else. (The idea is that of the cycle
collectors of Christopher and of Lins, here without touching a count.)

Work is done in batches at the speed of C: an object seen through a dying one, whose count says
that it has that one reference, is dead without any book-keeping. What has more, and is seen for
the first time, is put aside: often all of it falls together (`cycles.py`), and if not, it is
booked later.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from itertools import compress, repeat
from operator import eq, ne, not_, sub
from time import perf_counter
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

from ..retention.refcounts import LISTED, counts
from .allocation import Kind, class_may_fall, group_by_type
from .memory_pages import ALWAYS_THERE
from .shared_buffers import Block
from .worklist import BATCH, LARGE, Frontier

if TYPE_CHECKING:
    from .libraries.adapter import Adapter, Owned


_FEW = 32  # referents of a link in a chain
_TIMES_OVER = 4  # that each of some keys is there on average, from which they are counted at once


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
        return {id(kind.cls) for kind in self.kinds_of(list(objects)) if kind.stop}

    def kinds_of(self, objects: list[Any]) -> list[Kind]:
        """Return what is known of the types of objects."""
        return [self.kind(type(group[0])) for group in group_by_type(objects)]

    def referents(self, objects: list[Any]) -> Iterator[list[Any]]:
        """Yield what objects refer to, but for texts that are keys, some thousands at a time."""
        frontier = Frontier(keys=False)
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


class Part:
    """Some of the objects of one type that a walk has put aside."""

    __slots__ = ("beyond", "objects", "shown")

    def __init__(self, objects: list[Any]) -> None:
        """Take the objects; what they refer to is not known yet."""
        self.objects = objects
        self.shown = 0  # references that they show the collector
        self.beyond: list[Any] = []  # what those to others lead to


class Walk:
    """Trial deletion from a set of objects; can be stopped after any step and go on later."""

    __slots__ = (
        "aside", "blocks", "bytes", "fallen", "frontier", "heap", "mapped", "notes", "removed",
        "rings",
    )  # fmt: skip

    def __init__(self, heap: Heap) -> None:
        """Begin with nothing dead."""
        self.heap = heap
        self.bytes = 0
        self.mapped = 0
        self.removed: dict[int, int] = {}
        self.aside: dict[int, Any] = {}  # has lost one reference of several, and is not booked yet
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
            keys = frontier.take_keys()
            lone = [] if keys else frontier.take_lone()
            if keys:
                self._lose_texts(keys)
            elif lone:
                self._follow_chain(lone)
            else:
                self._lose(frontier.take())
        if frontier.changed:
            self.notes.add("moving")
        return True

    @property
    def open(self) -> bool:
        """Tell whether something dead was not followed yet."""
        return bool(self.frontier)

    @property
    def undecided(self) -> int:
        """Tell of how many objects something has lost references and is not dead."""
        return len(self.removed) + len(self.aside)

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

    def kill_ring(self, ring: dict[int, Any]) -> None:
        """Declare objects dead that only hold each other; the references among them are known."""
        self.rings.update(ring)
        self.heap.waiting.update(ring)  # so none is taken for one with a single reference
        touched = list(filter(self.removed.__contains__, ring))
        self.fallen.extend(touched)
        for key in touched:
            del self.removed[key]
        members = list(ring.values())
        for start in range(0, len(members), BATCH):
            if self.heap.late():
                self.notes.add("cut")
                return
            self._bury(members[start : start + BATCH])

    def kill_aside(self, parts: list[Part]) -> None:
        """Declare what is aside dead; `parts` (emptied) are all of it, with what it leads to."""
        self.aside.clear()
        self.frontier.known.extend(part.beyond for part in parts)
        while parts:
            if self.heap.late():
                self.notes.add("cut")
                parts.clear()
                return
            part = parts.pop()
            kind = self.heap.kind(type(part.objects[0]))
            self._count(kind, part.objects)
            self.frontier.add_keys(kind, part.objects, part.shown)

    def book_aside(self, most: int = sys.maxsize) -> None:
        """Book what was put aside, at most so many of it."""
        if len(self.aside) <= most:
            booked, self.aside = self.aside, {}
        else:
            booked = dict(self.aside.popitem() for _ in range(most))
        self.removed.update(dict.fromkeys(booked, 1))
        self.heap.waiting.update(booked)

    def without_references(self, keys: list[int]) -> list[int]:
        """Return those of the waiting objects that have no reference left."""
        waiting = self.heap.waiting
        removed = self.removed
        base = LISTED + 1  # type: ignore[operator]
        left = map(sub, counts(list(map(waiting.__getitem__, keys))), repeat(base))
        return list(compress(keys, map(eq, left, map(removed.__getitem__, keys))))

    def _follow_chain(self, chain: list[Any]) -> None:
        """Follow the one object of a list, and on from each to the first that it alone holds.

        A linked list is as deep as it is long, and a step for each node would take five times as
        long. So only the way is looked for node by node; what lies beside it comes in one step.
        """
        single = LISTED + 1  # type: ignore[operator]
        beside: list[Any] = []
        found = True
        while found and len(chain) <= BATCH and len(beside) <= LARGE:
            kids = gc.get_referents(chain[-1])
            found = False
            for index, seen in enumerate(counts(kids) if len(kids) <= _FEW else ()):
                if seen == single and self._is_link(kids[index]):
                    chain.append(kids.pop(index))
                    found = True
                    break
            beside += kids
            kids.clear()
        rest = [chain.pop()] if found else []
        dead = chain[1:]
        del chain[1:]
        self.frontier.add_keys(self.heap.kind(type(chain[0])), chain, len(gc.get_referents(*chain)))
        for kind, objects in self._counted(dead):
            self.frontier.add_keys(kind, objects, len(gc.get_referents(*objects)))
        self._bury(rest)
        self._lose(beside)

    def _is_link(self, obj: Any) -> bool:
        """Tell whether an object shows the collector the few references that it has."""
        kind = self.heap.kind(type(obj))
        if kind.leaf or kind.stop or kind.adapter is not None:
            return False
        return kind.length is None or kind.length(obj) <= _FEW

    def _settle(self, keys: list[int]) -> None:
        dead = self.without_references(keys) if keys else []
        if dead:
            self.kill(dead)

    def _lose(self, kids: list[Any]) -> None:
        """Take one reference from each child, for each time it is listed; the list is emptied."""
        single = LISTED + 1  # type: ignore[operator]
        seen = counts(kids)
        alone = seen.count(single)
        if alone == len(kids):
            if kids:
                self._bury(kids)
            return
        dead: list[Any] = []
        if alone:
            dead = list(compress(kids, map(eq, seen, repeat(single))))
            kids[:] = compress(kids, map(ne, seen, repeat(single)))
        self._share(kids)
        if dead:
            self._bury(dead)

    def _lose_texts(self, texts: list[Any]) -> None:
        """Do as `_lose`, for texts that are keys: often a few of them, many times over."""
        lost = Counter(map(id, texts))
        if len(lost) > len(texts) // _TIMES_OVER:
            self._lose(texts)
        else:
            self._book(texts, lost, least=1)

    def _share(self, kids: list[Any]) -> None:
        """Note the references that objects (emptied) with more than one of them have lost."""
        tracked = list(map(gc.is_tracked, kids))
        if not any(tracked):
            self._book(kids, Counter(map(id, kids)))
            return
        if not all(tracked):
            rest = list(compress(kids, map(not_, tracked)))
            kids[:] = compress(kids, tracked)
            self._book(rest, Counter(map(id, rest)))
        if not self._put_aside(kids):
            self.book_aside()
            self._book(kids, Counter(map(id, kids)))

    def _put_aside(self, kids: list[Any]) -> bool:
        """Keep objects that were not met before for later; False: some were, nothing is done."""
        fresh = dict(zip(map(id, kids), kids))
        met = (self.removed.keys(), self.heap.own.keys())
        if len(fresh) < len(kids) or not all(keys.isdisjoint(fresh.keys()) for keys in met):
            return False
        if self.rings and not self.rings.isdisjoint(fresh):
            return False
        aside = self.aside
        before = len(aside)
        aside.update(fresh)
        new = len(aside) - before
        if new < len(kids):
            for _ in range(new):
                aside.popitem()
            return False
        kids.clear()
        return True

    def _book(self, kids: list[Any], lost: Counter[int], *, least: int = 2) -> None:
        """Book references that were lost, and let fall what (emptied) has none left.

        Each object has `least` references or more, so it is held while fewer are gone.
        """
        waiting = self.heap.waiting
        if not lost.keys() <= waiting.keys():
            waiting.update(zip(map(id, kids), kids))
        kids.clear()
        removed = self.removed
        own = self.heap.own
        touched = []
        for key, times in lost.items():
            if key not in self.rings:
                gone = removed[key] = (removed.get(key) or own.get(key, 0)) + times
                if gone >= least:
                    touched.append(key)
        self._settle(touched)

    def _bury(self, dead: list[Any]) -> None:
        """Count dead objects' own bytes, and note what is to be followed."""
        for kind, objects in self._counted(dead):
            self.frontier.add(kind, objects, self.bytes)

    def _counted(self, dead: list[Any]) -> Iterator[tuple[Kind, list[Any]]]:
        """Count dead objects' own bytes, and yield those that are followed, by their kinds."""
        heap = self.heap
        for objects in group_by_type(dead):
            cls = type(objects[0])
            kind = heap.kinds.get(id(cls)) or heap.kind(cls)
            if not kind.stop:
                self._count(kind, objects)
                yield kind, objects

    def _count(self, kind: Kind, objects: list[Any]) -> None:
        """Count the own bytes of dead objects of one kind."""
        if kind.opaque:
            self.notes.add("opaque")
        if kind.adapter is not None:
            self._adapt(kind, kind.adapter.look, objects)
            return
        size = kind.bytes_of(objects)
        if kind.unwritten is not None and size >= ALWAYS_THERE:
            size -= self._leave_for_later(kind, objects)
        self.bytes += size

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
