"""What a walk that was stopped has still to follow, about.

What waits is taken to be like what was followed of the same container. An object to which several
joints refer counts for each of them by the part of its references that comes from there.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, compress
from operator import not_
from statistics import median
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ..retention.describe import is_view, items

if TYPE_CHECKING:
    from .ownership import Ownership, Part, Pending
    from .worklist import Cursor

_ENOUGH = 8  # joints of one root that a slice of another would show if both had all of them
_COMPARABLE = 4  # an example is like a root that has so many times its items at most
_FEW = 100  # edges of a joint, of which those to memory of libraries are looked at
_MOST_NUMBERS = 40_000  # in the parts of a joint, for a look at each of these
_MOST = 1000  # parts, or edges of a joint, that are looked at


class Estimates:
    """Estimates how many bytes wait behind the joints of a walk."""

    def __init__(self, walk: Ownership, owner: Mapping[int, int]) -> None:
        """Take the walk, and the root to which each joint belongs that is not alive."""
        self._walk = walk
        self._owner = owner
        self._bytes: dict[int, float] = {}  # that wait in a joint's own containers
        self._parts: dict[int, list[Part]] = {}
        # What only a joint's own containers refer to, as far as their items are all alike.
        self._theirs: dict[int, set[int]] = {}
        for pending in walk.pending():
            joint = pending.joint
            waits = pending.worklist.estimate(self._in_pile(pending))
            self._bytes[joint] = self._bytes.get(joint, 0) + waits
            self._parts.setdefault(joint, []).extend(pending.parts)
            theirs = _met_by_each_item(walk, [*pending.parts, *pending.memory])
            self._theirs.setdefault(joint, set()).update(theirs)
        self._factors = {joint: _mean_factor(parts) for joint, parts in self._parts.items()}
        self._usual: dict[int, tuple[float, float]] | None = None

    def by_joint(self) -> dict[int, int]:
        """Return for joints how many bytes wait behind them."""
        found = {}
        for joint, parts in self._parts.items():
            own = self._own_share(joint)
            met, others = self._walk.of_leaves.get(joint, (0.0, 0.0))
            factor = self._factors[joint]
            more = self._bytes[joint] + met * (factor - 1) + others * factor * own
            more += sum(map(self._size, self._theirs[joint]))
            some, each_for = _some(parts)
            for part in some:
                more += each_for * self._behind(joint, part.pairs, _factor(part.cursor), own)
            found[joint] = round(more)
        return found

    def _in_pile(self, pending: Pending) -> float:
        """Return what objects are likely to have of which an adapter was not asked yet."""
        if not pending.pile:
            return 0.0
        kind = id(self._walk.heap.kind(type(pending.pile[0])))
        return len(pending.pile) * pending.told[kind] / max(1, pending.asked[kind])

    def _behind(self, joint: int, pairs: Sequence[int], factor: float, own: float) -> float:
        """Return the bytes of joints that wait behind references of a joint.

        `pairs` has some of these joints, and how many references to each were met. There are
        `factor` times as many such references, and `own` of what is shared is shared in one root.
        """
        walk, root = self._walk, self._owner.get(joint)
        more = 0.0
        for other, times in zip(pairs[::2], pairs[1::2]):
            refs = max(walk.refs[other], walk.met[other])
            opened = walk.opened[other]
            # A root or a large container is one of its kind.
            is_one = other < walk.root_count or other in walk.sliced
            many = 1.0 if is_one else factor
            if other in self._theirs[joint]:
                continue
            if walk.met[other] < refs:
                # Memory of a library stays out: what was not met may hold it.
                size = walk.bytes[other] if opened else self._usual_size(other)[0]
                more += size * times / refs * many * own
            elif self._owner.get(other) == root:
                size = self._size(other) if opened else self._usual_size(other)[1]
                more += size * times / refs * (many - bool(opened))
        return more

    def _own_share(self, joint: int) -> float:
        """Return how much of what a joint shares is shared in its root alone.

        What another root has as well is met in a slice of that root as often as the slice is a
        part of it, and more often if the other root refers to it several times. Nothing is said
        to be shared in the one root as long as too little was seen of another to tell.
        """
        walk, root = self._walk, self._owner.get(joint)
        seen, _ = _some(walk.edges[joint])
        shared = {other for other in seen if self._owner.get(other) != root}
        common = 0.0
        for other, factor in self._factors.items() if shared else ():
            if self._owner.get(other) == root or (factor and not walk.edges[other]):
                continue
            if len(shared) < _ENOUGH * factor or not factor:
                return 0.0
            unseen = 1 - 1 / max(1.0, factor)
            met = shared.intersection(walk.edges[other])
            common += sum(1 / (1 - unseen ** max(1, walk.refs[each] - 1)) for each in met)
        return max(0.0, 1 - common / max(1, len(shared)))

    def _size(self, joint: int) -> int:
        """Return the bytes of a joint, with memory of libraries that it alone refers to."""
        walk = self._walk
        size = 0
        waiting = [joint]
        while waiting:
            each = waiting.pop()
            size += walk.bytes[each]
            size += sum(block.size for block in walk.blocks.get(each, ()) if not block.device)
            if len(walk.edges[each]) <= _FEW:
                waiting += filter(self._is_sole_memory, walk.edges[each])
        return size

    def _is_sole_memory(self, joint: int) -> bool:
        """Return whether a joint is memory of a library with one user."""
        return self._walk.objects[joint] is None and self._walk.refs[joint] == 1

    def _usual_sizes(self) -> dict[int, tuple[float, float]]:
        """Return for types how large the middle one is of some of their joints that were opened.

        That is without memory of libraries, and with it; for types that no adapter knows, in parts
        of the object's own size. Roots and large containers are not what a container has many of.
        """
        walk = self._walk
        joints: dict[int, list[int]] = {}
        for joint in compress(range(len(walk.opened)), walk.opened):
            if joint >= walk.root_count and joint not in walk.sliced:
                joints.setdefault(id(type(walk.objects[joint])), []).append(joint)
        found = {}
        for key, of_type in joints.items():
            some, _ = _some(of_type)
            own = [self._own_size(joint) for joint in some]
            found[key] = (
                median(walk.bytes[joint] / size for joint, size in zip(some, own)),
                median(self._size(joint) / size for joint, size in zip(some, own)),
            )
        return found

    def _own_size(self, joint: int) -> int:
        """Return the bytes of an object without what belongs to it, 1 if an adapter knows these."""
        kind = self._walk.heap.kind(type(self._walk.objects[joint]))
        if kind.stop or kind.adapter is not None:
            return 1
        return max(1, kind.bytes_of(self._walk.objects[joint : joint + 1]))

    def _usual_size(self, joint: int) -> tuple[float, float]:
        """Return how large a joint is likely to be that was not opened, as `_usual_sizes` does."""
        if self._usual is None:
            self._usual = self._usual_sizes()
        size = self._own_size(joint)
        alone = 0.0 if size == 1 else 1.0
        key = id(type(self._walk.objects[joint]))
        without, whole = self._usual.get(key, (alone, alone))
        return size * without, size * whole


def _met_by_each_item(walk: Ownership, parts: Sequence[Part]) -> set[int]:
    """Return the joints to which nothing but the items of one container is likely to refer.

    Frames of a groupby are views of one table. If each item that was followed refers to a joint
    equally often, the others are likely to do so too, and that may be all references that there
    are. One reference more, as that of a variable to the table, and something else holds it.
    """
    whole: dict[Cursor, Counter[int]] = {}
    taken: Counter[int] = Counter()
    if sum(len(part.pairs) for part in parts) > _MOST_NUMBERS:
        return set()
    for part in parts:
        cursor = part.cursor
        if cursor is not None and cursor.parent is None and cursor.items_whole:
            pairs = dict(zip(part.pairs[::2], part.pairs[1::2]))
            taken.update(pairs)
            if part.number <= cursor.whole:
                whole.setdefault(cursor, Counter()).update(pairs)
    found: set[int] = set()
    fresh = {-1}
    while fresh:
        # What was found may refer to it as well, as a tensor does to its storage.
        further = Counter(chain.from_iterable(map(walk.edges.__getitem__, found)))
        fresh = {
            joint
            for cursor, met in whole.items()
            for joint, times in met.items()
            if walk.met[joint] == taken[joint] + further[joint] < walk.refs[joint]
            and times * cursor.items == (walk.refs[joint] - further[joint]) * cursor.items_whole
        } - found
        found |= fresh
    return found


def like_examples(
    walk: Ownership, owner: Mapping[int, int], likely: Mapping[int, int]
) -> dict[int, int]:
    """Return for roots how many bytes more they free, if each item is as large as in the examples.

    `owner` has the number of the root to which each joint belongs, and `likely` what each root's
    joint frees as far as it was followed. Views of other memory are left out, roots of which
    nothing waits that was not begun yet, and examples of which something does.
    """
    unknown = _not_begun(walk, owner)
    found = {}
    for key, examples in walk.examples.items():
        waiting = unknown.get(key, [])
        followed = set(examples).difference(waiting)
        known = [(_items(walk.objects[joint]), likely[joint]) for joint in followed]
        known = [(count, size) for count, size in known if count]
        for joint in waiting:
            if joint in examples:
                continue
            count = _items(walk.objects[joint])
            # What a small example has beside its items says nothing about a large root.
            comparable = [each for each in known if each[0] >= count / _COMPARABLE]
            if comparable:
                items_seen, bytes_seen = map(sum, zip(*comparable))
                found[joint] = max(0, round(count * bytes_seen / items_seen) - likely[joint])
    return found


def _not_begun(walk: Ownership, owner: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the joints of roots that lead alone to what was not begun yet, by their types."""
    waits = set(compress(range(len(walk.opened)), map(not_, walk.opened)))
    waits.update(pending.joint for pending in walk.pending() if not pending.spent)
    waits.update(walk.waiting_joints() - {pending.joint for pending in walk.pending()})
    numbers = set(map(owner.get, waits))
    found: dict[int, list[int]] = {}
    for number, joint in enumerate(chain.from_iterable(walk.rooted)):
        key = id(type(walk.objects[joint]))
        if number in numbers and key in walk.examples:
            found.setdefault(key, []).append(joint)
    return found


def _items(obj: Any) -> int:
    """Return the items of an object whose memory is its own."""
    return 0 if is_view(obj) else items(obj) or 0


def _some(listed: Sequence[Any]) -> tuple[Sequence[Any], int]:
    """Return items from all over a list, and for how many items each of them stands."""
    each_for = -(-len(listed) // _MOST) or 1
    return listed[::each_for], each_for


def _mean_factor(parts: Sequence[Part]) -> float:
    """Return how many references there are for each that was met, to joints and to leaves."""
    met = [(part.cursor, len(part.pairs) // 2 + part.leaves) for part in parts]
    count = sum(times for _, times in met)
    return sum(_factor(cursor) * times for cursor, times in met) / (count or 1)


def _factor(cursor: Cursor | None) -> float:
    """Return how much there is for each part of a cursor's containers that was followed."""
    return 1.0 if cursor is None else cursor.factor()
