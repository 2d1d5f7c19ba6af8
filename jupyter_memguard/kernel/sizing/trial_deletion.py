"""Trial deletion: what would be freed if the holders of a result let it go.

The holders' references are removed on paper. An object that has then lost all its references is
dead, and each object that it refers to loses one reference. CPython frees in the same way, so the
walk finds what would be freed and nothing else. (The idea is that of the cycle collectors of
Christopher and of Lins, here without changing a count.)

Work is done in batches at the speed of C. If an object is reached from a dead one and its count is
one, it is dead without any book-keeping. If its count is higher and it is met for the first time,
it is put aside: often all objects put aside fall together (`cycles.py`). If not, they are booked
later.

The counts are right only by the rule of uncounted references, which stands in `__init__.py`.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from itertools import compress, repeat
from operator import eq, ne, not_, sub
from time import perf_counter
from typing import TYPE_CHECKING, Any, Iterator

from ..retention.refcounts import LISTED, counts
from .allocation import Kind, class_may_fall, group_by_type
from .blocks import Block
from .memory_pages import ALWAYS_PRESENT
from .worklist import BATCH, LARGE, Worklist

if TYPE_CHECKING:
    from .heap import Heap


_FEW = 32  # referents of a link in a chain
_TIMES_OVER = 4  # times that each key is listed on average, from which they are counted first


class AsideBatch:
    """A batch of objects of one type that a walk has put aside."""

    __slots__ = ("beyond", "objects", "shown")

    def __init__(self, objects: list[Any]) -> None:
        """Take the objects; what they refer to is not known yet."""
        self.objects = objects
        self.shown = 0  # references that they show the collector
        self.beyond: list[Any] = []  # the other objects that they refer to


class Walk:
    """Trial deletion from a set of objects; can be stopped after any step and go on later."""

    __slots__ = (
        "aside",
        "blocks",
        "bytes",
        "fallen",
        "heap",
        "mapped",
        "notes",
        "removed",
        "rings",
        "worklist",
    )  # fmt: skip

    def __init__(self, heap: Heap) -> None:
        """Begin with nothing dead."""
        self.heap = heap
        self.bytes = 0
        self.mapped = 0
        self.removed: dict[int, int] = {}
        self.aside: dict[int, Any] = {}  # lost one reference of several; not booked yet
        self.worklist = Worklist()
        self.blocks: list[Block] = []
        self.notes: set[str] = set()
        self.rings: set[int] = set()
        self.fallen: list[int] = []

    def let_go(self, root: Any) -> None:
        """Remove the holders' references to a root, and that of the `Root` itself."""
        key = id(root.obj)
        self.heap.waiting[key] = root.obj
        self.removed[key] = root.references + 1
        if class_may_fall(root.obj):
            self.notes.add("opaque")
        self._settle([key])

    def run(self, steps: int) -> bool:
        """Follow the dead for so many batches; return whether all have been followed."""
        worklist = self.worklist
        while worklist:
            if steps == 0 or perf_counter() > self.heap.deadline:
                return False
            steps -= 1
            keys = worklist.take_keys()
            lone = [] if keys else worklist.take_lone()
            if keys:
                self._lose_texts(keys)
            elif lone:
                self._follow_chain(lone)
            else:
                self._lose(worklist.take())
        if worklist.changed:
            self.notes.add("moving")
        return True

    @property
    def unfinished(self) -> bool:
        """Return whether something dead was not followed yet."""
        return bool(self.worklist)

    @property
    def undecided(self) -> int:
        """Return the number of objects that lost references but are still alive."""
        return len(self.removed) + len(self.aside)

    def estimate(self, more: int = 0) -> int:
        """Return the likely bytes, if the rest of each container is like what was seen of it.

        `more` bytes are added to what has fallen so far.
        """
        return self.worklist.estimate(self.bytes + more)

    def kill(self, keys: list[int]) -> None:
        """Declare waiting objects dead."""
        for key in keys:
            del self.removed[key]
        self.fallen.extend(keys)
        self._bury(list(map(self.heap.waiting.__getitem__, keys)))

    def kill_ring(self, ring: dict[int, Any]) -> None:
        """Declare objects dead that only hold each other."""
        self.rings.update(ring)
        self.heap.waiting.update(ring)  # so that none looks as if it had a single reference
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

    def kill_aside(self, batches: list[AsideBatch]) -> None:
        """Declare all objects dead that were put aside; `batches` (emptied) has all of them."""
        self.aside.clear()
        self.worklist.known.extend(batch.beyond for batch in batches)
        while batches:
            if self.heap.late():
                self.notes.add("cut")
                batches.clear()
                return
            batch = batches.pop()
            kind = self.heap.kind(type(batch.objects[0]))
            self._count(kind, batch.objects)
            self.worklist.add_keys(kind, batch.objects, batch.shown)

    def book_aside(self, most: int = sys.maxsize) -> None:
        """Book objects that were put aside, at most so many."""
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
        """Follow the one object of a list, and from each object the first that it alone holds.

        A linked list is as deep as it is long, and a step for each node would take five times as
        long. So only the chain is followed node by node; what lies beside it comes in one step.
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
        self.worklist.add_keys(self.heap.kind(type(chain[0])), chain, len(gc.get_referents(*chain)))
        for kind, objects in self._counted(dead):
            self.worklist.add_keys(kind, objects, len(gc.get_referents(*objects)))
        self._bury(rest)
        self._lose(beside)

    def _is_link(self, obj: Any) -> bool:
        """Return whether an object has few references and shows the collector all of them."""
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
        """Do as `_lose`, for texts that are keys: often the same few, many times over."""
        lost = Counter(map(id, texts))
        if len(lost) > len(texts) // _TIMES_OVER:
            self._lose(texts)
        else:
            self._book(texts, lost, least=1)

    def _share(self, kids: list[Any]) -> None:
        """Note lost references of objects (emptied) that have more than one."""
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
        """Put objects (emptied) aside if none was met before; return whether that was so."""
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
        """Record lost references of objects (emptied); those that have none left fall.

        Each object has at least `least` references, so it cannot fall while it has lost fewer.
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
        """Count dead objects' own bytes, and put them on the worklist."""
        for kind, objects in self._counted(dead):
            self.worklist.add(kind, objects, self.bytes)

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
            self._count_adapted(kind, objects)
            return
        size = kind.bytes_of(objects)
        if kind.unwritten is not None and size >= ALWAYS_PRESENT:
            size -= self._leave_for_later(kind, objects)
        self.bytes += size

    def _leave_for_later(self, kind: Kind, objects: list[Any]) -> int:
        """Return the bytes of large contents; these become blocks, whose pages are looked at."""
        later = 0
        sizes = kind.sizes_of(objects, [])
        for obj in compress(objects, map(ALWAYS_PRESENT.__le__, sizes)):
            address, size = kind.contents(obj)
            later += size
            self.blocks.append(Block(address, size, id(obj)))
        return later

    def _count_adapted(self, kind: Kind, objects: list[Any]) -> None:
        """Count what objects own as their library's adapter says."""
        for obj in objects:
            owned = kind.owned(obj)
            self.bytes += owned.size or 0
            self.mapped += owned.mapped
            self.blocks.extend(owned.blocks)
            if owned.note:
                self.notes.add(owned.note)
            self.worklist.add_owned(owned, self.bytes)
