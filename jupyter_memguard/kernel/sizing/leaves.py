"""Small objects that lead nowhere and that several others refer to, such as texts and numbers.

A session has millions of references to such objects, and the graph would mostly be these. So they
are no joints: each reference to one is a number of 64 bits until the walk ends. Then objects to
which the same joints refer become one joint together.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Sequence

if TYPE_CHECKING:
    from .sharing import Steps

# A reference has 15 bits for the object's place in its region of memory, 24 for the joint that
# refers to the object, 18 for how many references the object had, and 7 for its size. Objects lie
# at multiples of 8 bytes at least, and their sizes are multiples of 16.
_REGION = 18
_ALIGNED = 3
_UNIT = 4
_PLACE, _OWNER, _REFERENCES = 49, 25, 7
_MOST_OWNER, _MOST_REFERENCES, _MOST_SIZE = (1 << 24) - 1, (1 << 18) - 1, (1 << 7) - 1
MOST_BYTES = 1 << 10  # that an object of this kind may have
MOST_BUNDLES = 300_000  # combinations of joints; about 400 bytes each
_A_STEP = 20_000
_PART = 58  # bits below those of a place by which references are parted
_PARTS = 64


def bundled(joints: Iterable[int]) -> bytes:
    """Return joints as one key that `joints_of` reads.

    A tuple would do as well, but Python keeps two thousand freed tuples of each length, and these
    would keep memory of many more when a measurement ends.
    """
    return array("I", joints).tobytes()


def joints_of(bundle: bytes) -> Sequence[int]:
    """Return the joints of a key that `bundled` made."""
    return memoryview(bundle).cast("I")


class Bundles:
    """What is known of leaves by the joints that refer to them, in bytes."""

    __slots__ = ("held", "left_out", "met")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.met: dict[bytes, int] = {}  # of leaves to which all references were met
        self.held: dict[bytes, int] = {}  # of the others
        self.left_out = False  # whether there were too many combinations of joints

    def add(self, owners: bytes, size: int, *, is_met: bool) -> None:
        """Add a leaf; `owners` is what `bundled` returns."""
        sizes = self.met if is_met else self.held
        if owners not in sizes and len(self.met) + len(self.held) >= MOST_BUNDLES:
            self.left_out = True
        else:
            sizes[owners] = sizes.get(owners, 0) + size


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

    def bundles(
        self,
        places: Sequence[int],
        found: Bundles,
        waiting: dict[int, tuple[float, float]],
    ) -> Steps:
        """Put into `found` what joints refer to alone and together, by the places of these joints.

        `waiting` has joints that are still to be followed. Each gets the part of the leaves' bytes
        that goes with its own references: of those to which all references were met, and of others.
        """
        for references in self._in_parts():
            yield
            leaf = _Leaf(-1, 0)
            before = -1
            for passed, reference in enumerate(references):
                head = reference >> _OWNER
                if head != before:
                    before = head
                    refs = reference >> _REFERENCES & _MOST_REFERENCES
                    owner = head & _MOST_OWNER
                    if reference >> _PLACE != leaf.place:
                        leaf.put(found, waiting)
                        leaf = _Leaf(reference >> _PLACE, (reference & _MOST_SIZE) << _UNIT)
                        leaf.refs = refs
                    elif refs < leaf.refs:  # the walk itself held the object, the other time
                        leaf.refs = refs
                    leaf.owners.add(places[owner])
                    if waiting:
                        leaf.begins.append((owner, leaf.met))
                leaf.met += 1
                if passed % _A_STEP == _A_STEP - 1:
                    yield
            leaf.put(found, waiting)

    def _in_parts(self) -> Iterator[list[int]]:
        """Yield the references, sorted, with all references to one object in one list.

        Empty lists are chances to stop between.
        """
        for region in self._regions.values():
            if len(region) <= _A_STEP:
                yield sorted(region)
                continue
            parts: list[list[int]] = [[] for _ in range(_PARTS)]
            for start in range(0, len(region), _A_STEP):
                for reference in region[start : start + _A_STEP]:
                    parts[reference >> _PART].append(reference)
                yield []
            for part in parts:
                part.sort()
                yield part


class _Leaf:
    """One object, while the references to it are added up."""

    __slots__ = ("begins", "met", "owners", "place", "refs", "size")

    def __init__(self, place: int, size: int) -> None:
        self.place = place
        self.size = size
        self.owners: set[int] = set()
        self.met = 0
        self.refs = 0
        # The joints that refer to the object, and how many references were met before theirs.
        self.begins: list[tuple[int, int]] = []

    def put(self, found: Bundles, waiting: dict[int, tuple[float, float]]) -> None:
        """Add the object to what its joints refer to together."""
        if not self.met:
            return
        is_met = self.met == self.refs
        found.add(bundled(sorted(self.owners)), self.size, is_met=is_met)
        end = self.met
        for owner, begin in reversed(self.begins):
            if owner in waiting:
                part = self.size * (end - begin) / max(self.refs, self.met)
                met, others = waiting[owner]
                waiting[owner] = met + part * is_met, others + part * (not is_met)
            end = begin


def packed(keys: Sequence[int], references: Iterable[int], sizes: Iterable[int]) -> dict[int, int]:
    """Return, by the identities of leaves, what is noted with each reference to one."""
    mask = (1 << _REGION) - 1
    return {
        key: (key & mask) >> _ALIGNED << _PLACE | refs << _REFERENCES | size >> _UNIT
        for key, refs, size in zip(keys, references, sizes)
    }
