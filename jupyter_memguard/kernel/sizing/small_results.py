"""Many small results at once: a notebook may show thousands of them.

Their trial deletions go side by side, one level of all results after the other, at the speed of C.
A walk for each result would take several times as long. Each object is listed with the index of the
root that it falls with. A result that turns out to be large, or that may hold a ring, gets a walk
of its own.

The counts are right only by the rule of uncounted references, which stands in `__init__.py`.
"""

from __future__ import annotations

import gc
from collections import Counter
from gc import get_referents
from itertools import chain, compress, repeat
from operator import add, eq, is_, not_, sub
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, List, Sequence, Tuple
from weakref import ReferenceType

from ..retention.refcounts import LISTED, counts
from .allocation import class_may_fall
from .blocks import SOLE_USER, Block
from .memory_pages import ALWAYS_PRESENT
from .trial_deletion import Walk

if TYPE_CHECKING:
    from ..retention.sizes import Root
    from .allocation import Kind
    from .heap import Heap
    from .libraries.adapter import Owned

_AT_A_TIME = 200  # roots that go side by side
_FEW = 100  # items that a container of a small result has at most
_MANY = 500  # objects that one level of a small result has at most
_DEEP = 60  # levels that a small result has at most

# Objects of one type, and for each the index of the root that it falls with.
_Group = Tuple[List[Any], List[int]]
_Pairs = Tuple[List[int], List[int]]


class SmallResults:
    """What small roots free, and the references that they lose to what stays alive."""

    def __init__(self, roots: Sequence[Root], heap: Heap, alive: set[int]) -> None:
        """Take all roots; `alive` are the identities of what lives whatever is let go."""
        self.roots = roots
        self.heap = heap
        self.alive = alive
        self.bytes: dict[int, int] = {}
        self.walks: dict[int, Walk] = {}
        self.unsettled: set[int] = set()
        self.lost: Counter[int] = Counter()
        self.pairs: _Pairs = ([], [])
        self.large = {index for index, root in enumerate(roots) if self._is_large(root)}
        self.untried: set[int] = set()
        self._suspects: dict[int, int] = {}
        self._fallible: dict[int, bool] = {}

    def run(self) -> None:
        """Follow the roots, those with arrays and the like first, until the deadline.

        Afterwards `bytes` has by index the size of each root that is done. `walks` has walks of
        the roots that need more than that number; the `unsettled` of these may hold rings. `pairs`
        has indices of roots and identities of objects that they removed a reference from, and
        `lost` the number of these references. `untried` roots got no time.
        """
        order = [index for index in range(len(self.roots)) if index not in self.large]
        kind = self.heap.kind
        order.sort(key=lambda index: kind(type(self.roots[index].obj)).adapter is None)
        for start in range(0, len(order), _AT_A_TIME):
            if self.heap.late():
                self.untried.update(order[start:])
                break
            SideBySide(self, order[start : start + _AT_A_TIME]).run()
        self._leave_rings()

    def _is_large(self, root: Root) -> bool:
        """Return whether a root is obviously too large to go side by side with others."""
        kind = self.heap.kind(type(root.obj))
        return kind.stop or (kind.length is not None and kind.length(root.obj) > _FEW)

    def may_fall(self, index: int) -> bool:
        """Return whether a root's class could fall with the root; classes are not followed."""
        cls = type(self.roots[index].obj)
        found = self._fallible.get(id(cls))
        if found is None:
            found = self._fallible[id(cls)] = class_may_fall(self.roots[index].obj)
        return found

    def suspect(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Note objects that may be on a ring, by the root's index and their identity.

        An object that two roots refer to is no suspect: each root alone leaves it to the other.
        """
        for index, key in pairs:
            if self._suspects.setdefault(key, index) != index:
                self._suspects[key] = -1

    def walk(self, index: int) -> Walk:
        """Return a root's walk, made now if there is none."""
        found = self.walks.get(index)
        if found is None:
            found = self.walks[index] = Walk(self.heap)
        return found

    def _leave_rings(self) -> None:
        """Give the roots that may hold rings walks, with the references that they have removed."""
        self.unsettled = set(self._suspects.values()) - {-1}
        if self.heap.late():
            for index in self.unsettled:
                self.walk(index).notes.add("cut")
        elif self.unsettled:
            own = self.heap.own
            inside = list(map(self.unsettled.__contains__, self.pairs[0]))
            for index, key in zip(compress(self.pairs[0], inside), compress(self.pairs[1], inside)):
                removed = self.walk(index).removed
                removed[key] = removed.get(key, own.get(key, 0)) + 1
                self.lost[key] -= 1
            outside = list(map(not_, inside))
            self.pairs = (
                list(compress(self.pairs[0], outside)),
                list(compress(self.pairs[1], outside)),
            )
        for index, walk in self.walks.items():
            walk.bytes += self.bytes.pop(index)


class SideBySide:
    """A batch of roots that go side by side."""

    def __init__(self, small: SmallResults, indices: list[int]) -> None:
        """Take the indices of the roots; those that something else holds stay alive."""
        self.small = small
        self.heap = small.heap
        self.indices = indices
        self.bytes: dict[int, int] = {}
        self.out: set[int] = set()  # roots that are left to a walk of their own
        self.owned: list[tuple[int, Owned]] = []
        self.opaque: set[int] = set()
        self.lost: Counter[int] = Counter()
        self.pairs: _Pairs = ([], [])
        self.fallen: set[int] = set()  # dead objects that had more than one reference
        self.fresh: set[int] = set()  # objects that this batch has put into `heap.waiting`

    def run(self) -> None:
        """Follow all levels; nothing is handed over if there is no time for all."""
        objects, owners = self._begin()
        levels = 0
        while objects:
            levels += 1
            if levels > _DEEP:
                self.out.update(owners)
                break
            if self.heap.late():
                return
            objects, owners = self._next(objects, owners)
        objects.clear()
        self._end()

    def _begin(self) -> _Group:
        """Return the roots that only their holders refer to."""
        roots = list(map(self.small.roots.__getitem__, self.indices))
        objects = [root.obj for root in roots]
        base = LISTED + 1  # type: ignore[operator]
        alone = [count - base == root.references for count, root in zip(counts(objects), roots)]
        for index, root in compress(zip(self.indices, roots), map(not_, alone)):
            if self.heap.kind(type(root.obj)).leaf:
                self._leave_alive(index, root)
        owners = list(compress(self.indices, alone))
        self.bytes.update(dict.fromkeys(owners, 0))
        return list(compress(objects, alone)), owners

    def _leave_alive(self, index: int, root: Root) -> None:
        """Record a root that refers to nothing and stays, because others refer to it."""
        key = id(root.obj)
        self.bytes[index] = 0
        self.lost[key] += root.references
        self.pairs[0].extend(repeat(index, root.references))
        self.pairs[1].extend(repeat(key, root.references))
        if key not in self.heap.waiting:
            self.fresh.add(key)
            self.heap.waiting[key] = root.obj

    def _next(self, objects: list[Any], owners: list[int]) -> _Group:
        """Count dead objects (emptied), and return what falls with them."""
        kids: list[Any] = []
        of: list[int] = []
        for kind, group, theirs in self._grouped(objects, owners):
            self._open(kind, group, theirs, kids, of)
        objects.clear()
        if len(kids) > _MANY:
            self.out.update(index for index, times in Counter(of).items() if times > _MANY)
        if self.out:
            staying = list(map(not_, map(self.out.__contains__, of)))
            kids[:] = compress(kids, staying)
            of = list(compress(of, staying))
        seen = counts(kids)
        single = LISTED + 1  # type: ignore[operator]
        alone = list(map(eq, seen, repeat(single)))
        dead, heirs = list(compress(kids, alone)), list(compress(of, alone))
        if len(dead) < len(kids):
            shared = list(map(not_, alone))
            kids[:] = compress(kids, shared)
            self._share(kids, list(compress(of, shared)), dead, heirs)
        return dead, heirs

    def _grouped(
        self, objects: list[Any], owners: list[int]
    ) -> Iterator[tuple[Kind, list[Any], list[int]]]:
        """Yield objects by their types, with their owners."""
        while objects:
            cls = type(objects[0])
            same = list(map(is_, map(type, objects), repeat(cls)))
            if all(same):
                yield self.heap.kind(cls), objects, owners
                return
            yield self.heap.kind(cls), list(compress(objects, same)), list(compress(owners, same))
            other = list(map(not_, same))
            objects, owners = list(compress(objects, other)), list(compress(owners, other))

    def _open(
        self, kind: Kind, group: list[Any], owners: list[int], kids: list[Any], of: list[int]
    ) -> None:
        """Count dead objects of one kind, and add what they refer to."""
        if kind.stop:
            return
        if kind.length is not None:
            group, owners = self._without_large(kind.length, group, owners)
        if kind.opaque:
            self.opaque.update(owners)
        referents = [] if kind.leaf else list(map(get_referents, group))
        lengths = list(map(len, referents))
        if kind.adapter is not None:
            sizes = self._count_adapted(kind, group, owners, kids, of)
        else:
            sizes = kind.sizes_of(group, lengths)
        own = self.bytes
        for owner, size in zip(owners, sizes):
            own[owner] += size
        if kind.unwritten is not None:
            self.out.update(o for o, size in zip(owners, sizes) if size >= ALWAYS_PRESENT)
        kids.extend(chain.from_iterable(referents))
        of.extend(chain.from_iterable(map(repeat, owners, lengths)))
        if kind.keyed:
            for obj, owner, length in zip(group, owners, lengths):
                if length < 2 * dict.__len__(obj):
                    self._add_keys(obj, owner, kids, of)

    def _without_large(
        self, length: Callable[[Any], int], group: list[Any], owners: list[int]
    ) -> tuple[list[Any], list[int]]:
        """Leave out the roots that have a large container, which takes long to open."""
        few = list(map(_FEW.__ge__, map(length, group)))
        if all(few):
            return group, owners
        self.out.update(compress(owners, map(not_, few)))
        return list(compress(group, few)), list(compress(owners, few))

    def _add_keys(self, obj: dict[Any, Any], owner: int, kids: list[Any], of: list[int]) -> None:
        """Add the keys of a dict that does not show them to the collector."""
        # A subclass shows other referents, too: their number does not say whether keys are shown.
        if type(obj) is not dict:
            self.out.add(owner)
            return
        kids.extend(dict.keys(obj))
        of.extend(repeat(owner, dict.__len__(obj)))

    def _count_adapted(
        self, kind: Kind, group: list[Any], owners: list[int], kids: list[Any], of: list[int]
    ) -> list[int]:
        """Add what objects own as their library's adapter says; return their bytes."""
        sizes = []
        for obj, owner in zip(group, owners):
            owned = kind.owned(obj)
            size = owned.size or 0
            if owned.slices is not None:
                self.out.add(owner)
            more = owned.take()
            kids.extend(more)
            of.extend(repeat(owner, len(more)))
            if owned.note or owned.mapped or not all(map(_plain, owned.blocks)):
                self.owned.append((owner, owned))
            else:
                size += sum(block.size for block in owned.blocks)
            sizes.append(size)
        return sizes

    def _share(self, kids: list[Any], of: list[int], dead: list[Any], heirs: list[int]) -> None:
        """Record lost references to shared objects (`kids`, emptied); add those that now fall."""
        keys = list(map(id, kids))
        waiting = self.heap.waiting
        self.lost.update(keys)
        self.pairs[0].extend(of)
        self.pairs[1].extend(keys)
        there = dict(zip(keys, kids))
        kids.clear()
        self.fresh |= there.keys() - waiting.keys()
        waiting.update(there)
        touched = list(there)
        there.clear()
        for key in self._without_references(touched):
            indices = set(compress(self.pairs[0], map(key.__eq__, self.pairs[1])))
            if len(indices) == 1 and indices.isdisjoint(self.out):
                dead.append(waiting[key])
                heirs.append(indices.pop())
                self.fallen.add(key)

    def _without_references(self, keys: list[int]) -> list[int]:
        """Return those of the waiting objects to which these roots had all the references."""
        base = LISTED + 1  # type: ignore[operator]
        seen = counts(list(map(self.heap.waiting.__getitem__, keys)))
        accounted = map(
            add, map(self.lost.__getitem__, keys), map(self.heap.own.get, keys, repeat(0))
        )
        return list(compress(keys, map(eq, map(sub, seen, repeat(base)), accounted)))

    def _end(self) -> None:
        """Hand over what was found, except for the roots that are left out."""
        small = self.small
        for index in self.out:
            self.bytes.pop(index, None)
        small.bytes.update(self.bytes)
        for index, owned in self.owned:
            if index in self.bytes:
                walk = small.walk(index)
                walk.blocks.extend(owned.blocks)
                walk.mapped += owned.mapped
                walk.notes.update(filter(None, (owned.note,)))
        self.opaque.update(filter(small.may_fall, self.bytes))
        for index in self.opaque & self.bytes.keys():
            small.walk(index).notes.add("opaque")
        if self.out or self.fallen:
            self._drop_pairs()
        for key in self.fresh - self.lost.keys():
            del self.heap.waiting[key]
        small.lost.update(self.lost)
        small.pairs[0].extend(self.pairs[0])
        small.pairs[1].extend(self.pairs[1])
        suspects = self._suspects()
        if suspects:
            inside = list(map(suspects.__contains__, self.pairs[1]))
            small.suspect(zip(compress(self.pairs[0], inside), compress(self.pairs[1], inside)))

    def _drop_pairs(self) -> None:
        """Forget the references removed by roots that are left out, and those to dead objects."""
        inside = [index in self.bytes and key not in self.fallen for index, key in zip(*self.pairs)]
        self.pairs = (
            list(compress(self.pairs[0], inside)),
            list(compress(self.pairs[1], inside)),
        )
        self.lost = Counter(self.pairs[1])

    def _suspects(self) -> set[int]:
        """Return the identities of objects that lost references and could be on a ring."""
        heap = self.heap
        keys = [key for key in self.lost if key not in self.small.alive and key not in heap.own]
        keys = list(compress(keys, map(gc.is_tracked, map(heap.waiting.__getitem__, keys))))
        return {key for key in keys if not self._leads_nowhere(heap.waiting[key])}

    def _leads_nowhere(self, obj: Any) -> bool:
        """Return whether an object is never entered, or is a weak reference without a callback."""
        if type(obj) is ReferenceType:
            return not get_referents(obj)
        return self.heap.never_entered(obj)


def _plain(block: Block) -> bool:
    """Return whether memory is its owner's alone, and so small that it counts as written."""
    return block.users == SOLE_USER and not block.device and block.size < ALWAYS_PRESENT
