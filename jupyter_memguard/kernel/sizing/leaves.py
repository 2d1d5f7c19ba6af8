"""Small objects that lead nowhere and that several others refer to, such as texts and numbers.

A session has millions of references to such objects, and the graph would mostly be these. So they
are no joints: each reference to one is a number of 64 bits until the walk ends. Then objects to
which the same joints refer become one joint together.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from functools import lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Sequence

if TYPE_CHECKING:
    from .sharing import Steps

# A reference has 19 bits for the object's place in its region of memory, 20 for the joint that
# refers to the object, 18 for how many references the object had, and 7 for its size. Objects lie
# at multiples of 8 bytes at least, and their sizes are multiples of 16.
_REGION = 22
_ALIGNED = 3
_UNIT = 4
_PLACE, _OWNER, _REFERENCES = 45, 25, 7
_MOST_OWNER, _MOST_REFERENCES, _MOST_SIZE = (1 << 20) - 1, (1 << 18) - 1, (1 << 7) - 1
MOST_BYTES = 1 << 10  # that an object of this kind may have
MOST_BUNDLES = 300_000  # combinations of joints; about 400 bytes each
_A_STEP = 10_000
_PART_BITS = 6  # of a place, by which references are parted at a time
_PARTS, _PART = 1 << _PART_BITS, 64 - _PART_BITS


def bundled(joints: Iterable[int]) -> bytes:
    """Return joints as one key that `joints_of` reads.

    A tuple would do as well, but Python keeps two thousand freed tuples of each length, and these
    would keep memory of many more when a measurement ends.
    """
    return array("I", joints).tobytes()


def _alone(joint: int) -> bytes:
    """Return the key of a single joint."""
    return bundled((joint,))


def joints_of(bundle: bytes) -> Sequence[int]:
    """Return the joints of a key that `bundled` made."""
    return memoryview(bundle).cast("I")


class Bundles:
    """What is known of leaves by the joints that refer to them, in bytes."""

    __slots__ = ("_alone", "held", "left_out", "met", "waiting")

    def __init__(self, waiting: Iterable[int] = ()) -> None:
        """Begin with nothing; joints that are `waiting` are still to be followed."""
        self.met: dict[bytes, int] = {}  # of leaves to which all references were met
        self.held: dict[bytes, int] = {}  # of the others
        self.left_out = False  # whether there were too many combinations of joints
        # For each joint that waits, the part of the leaves' bytes that goes with its own
        # references: of leaves to which all references were met, and of others.
        self.waiting: dict[int, list[float]] = {joint: [0.0, 0.0] for joint in waiting}
        self._alone = lru_cache(None)(_alone)

    def add(  # noqa: PLR0913, PLR0917 - what is known of one leaf
        self,
        joints: list[int],
        begins: list[int],
        places: Sequence[int],
        size: int,
        met: int,
        refs: int,
    ) -> None:
        """Add a leaf that has `refs` references, of which `met` were met.

        Those from each of `joints` begin at its place in `begins`; `places` is as in `bundles`.
        """
        at = int(met != refs)
        first = places[joints[0]]
        if len(joints) == 1:
            owners = self._alone(first)
            if joints[0] in self.waiting:
                self.waiting[joints[0]][at] += size * met / max(met, refs)
        else:
            together = set(map(places.__getitem__, joints))
            owners = bundled(sorted(together)) if len(together) > 1 else self._alone(first)
            if not self.waiting.keys().isdisjoint(joints):
                each = size / max(met, refs)
                for joint, begin, end in zip(joints, begins, (*begins[1:], met)):
                    if joint in self.waiting:
                        self.waiting[joint][at] += each * (end - begin)
        sizes = self.held if at else self.met
        if owners in sizes:
            sizes[owners] += size
        elif len(self.met) + len(self.held) >= MOST_BUNDLES:
            self.left_out = True
        else:
            sizes[owners] = size


class Leaves:
    """The references to leaves that were met."""

    __slots__ = ("_regions", "count")

    def __init__(self) -> None:
        """Begin without any."""
        self.count = 0
        self._regions: defaultdict[int, array[int]] = defaultdict(partial(array, "Q"))

    def add(self, keys: list[int], of: Iterable[int], known: Mapping[int, int]) -> None:
        """Note references from the joints `of` to objects with these identities.

        `known` has what `packed` says of those that are leaves.
        """
        regions = self._regions
        leaves = list(map(known.get, keys))
        self.count += len(keys) - leaves.count(None)
        for key, leaf, owner in zip(keys, leaves, of):
            if leaf is not None:
                regions[key >> _REGION].append(leaf | owner << _OWNER)

    def bundles(self, places: Sequence[int], found: Bundles) -> Steps:
        """Put into `found` what joints refer to alone and together, by the places of these joints.

        There are very many leaves, so that little is done for each.
        """
        for references in chain.from_iterable(map(_in_parts, self._regions.values())):
            yield
            leaf = before = -1
            met = refs = size = 0
            owners: list[int] = []
            begins: list[int] = []
            # The last is no reference: with it the last leaf ends.
            for passed, reference in enumerate(chain(references, (-1,))):
                head = reference >> _OWNER
                if head == before:
                    met += 1
                else:
                    before = head
                    if reference >> _PLACE != leaf:
                        if met:
                            found.add(owners, begins, places, size, met, refs)
                        leaf = reference >> _PLACE
                        refs = reference >> _REFERENCES & _MOST_REFERENCES
                        size = (reference & _MOST_SIZE) << _UNIT
                        owners, begins, met = [head & _MOST_OWNER], [0], 1
                    else:
                        seen = reference >> _REFERENCES & _MOST_REFERENCES
                        # More where the walk itself held the object. `min` takes twice as long.
                        if seen < refs:  # noqa: PLR1730
                            refs = seen
                        owners.append(head & _MOST_OWNER)
                        begins.append(met)
                        met += 1
                if passed % _A_STEP == _A_STEP - 1:
                    yield


def _in_parts(references: array[int], shift: int = _PART) -> Iterator[Iterable[int]]:
    """Yield references, sorted, with all references to one object in one list.

    They are parted by the bits of their places from `shift` on. Empty lists are chances to stop.
    """
    if len(references) <= _A_STEP or shift < _PLACE:
        yield sorted(references)
        return
    parts = [array("Q") for _ in range(_PARTS)]
    for start in range(0, len(references), _A_STEP):
        for reference in references[start : start + _A_STEP]:
            parts[reference >> shift & _PARTS - 1].append(reference)
        yield ()
    for part in parts:
        yield from _in_parts(part, shift - _PART_BITS)


def packed(keys: Sequence[int], references: Iterable[int], sizes: Iterable[int]) -> dict[int, int]:
    """Return, by the identities of leaves, what is noted with each reference to one."""
    mask = (1 << _REGION) - 1
    return {
        key: (key & mask) >> _ALIGNED << _PLACE | refs << _REFERENCES | size >> _UNIT
        for key, refs, size in zip(keys, references, sizes)
    }
