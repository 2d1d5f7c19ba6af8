"""One measurement of several results: each alone, and all together.

The order matters. What one root frees alone is also freed when all are let go, so the common
walk begins where the single ones ended, and only what needs more than one root is left to it.
What even the common walk finds alive is alive for each root, so cycles that lead far into the
living heap are followed once, not once for each root.
"""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Iterable, NamedTuple, Sequence

from ..retention.sizes import Root, Size
from .cycles import break_cycles, likely_rings, module_namespaces, rings_apart
from .libraries.adapters import loaded_adapters
from .other_threads import OtherThreads
from .shared_buffers import Foreign, Given
from .small_results import Crowd
from .trial_deletion import Heap, Walk
from .worklist import BATCH

if TYPE_CHECKING:
    from collections import Counter

_FIRST_STEPS = 4  # batches of the first round; each further round has four times as many
_NEAR = 4096  # members of a closure for one root, before the common walk is asked
_WORTH_TELLING = 1024  # bytes; results that share less are not said to belong together

_MOST_SHARERS = 100  # that are named with each root; they are named in each of the others, too

_TELLING = 5e-6  # seconds for each walk, to put its size together and end it
_TO_TELL = 0.2  # of the budget, at most

# Shares of the budget at whose end each part of the work gives way to the next.
_QUICK, _TRIAL, _NEAR_CYCLES, _COMMON = 0.4, 0.7, 0.76, 0.82
_CYCLES, _ALONE, _ALL = 0.88, 0.92, 1.0


class Survey:
    """Measures some roots within a budget in seconds."""

    def __init__(self, roots: Sequence[Root], boundary: Sequence[object], budget: float) -> None:
        """Take the roots, and what is neither entered nor counted."""
        self.roots = roots
        self.begin = perf_counter()
        self.budget = budget
        self.heap = Heap(loaded_adapters(), boundary)
        self.heap.own = {id(root.obj): 1 for root in roots}
        self.alive = _alive(boundary) - self.heap.own.keys()
        self.apart = False  # each root is let go alone as well
        self.crowd = Crowd(roots, self.heap, self.alive)
        self.walks: dict[int, Walk] = {}
        self.common = Walk(self.heap)
        self.alone: dict[int, Part] = {}
        self.settled: set[int] = set()
        self.groups = Groups(len(roots))
        self.holders: dict[int, list[int]] | None = None
        self.foreign = Foreign(self.heap)
        self.others = OtherThreads()

    def run(self, *, each: bool) -> tuple[list[Size], Size]:
        """Do all of the work, part by part, and return each root's size and that of all."""
        try:
            if not each or len(self.roots) == 1:
                return self._run_as_one(each=each)
            self.apart = True
            self._until(_QUICK if self.crowd.large else _COMMON)
            self.crowd.run()
            self.walks.update(self.crowd.walks)
            self.settled.update(self.crowd.walks.keys() - self.crowd.unsettled)
            self._until(_TRIAL)
            self._walk_each()
            self._until(_COMMON)
            self._merge()
            known = self._walk_together(_COMMON, _CYCLES)
            self._until(_ALONE)
            self._finish(list(self.walks.values()))
            self.alone = {
                index: Part(walk.bytes, walk.mapped, len(walk.blocks))
                for index, walk in self.walks.items()
            }
            self._break_each(sys.maxsize, known or set())
            return self._sizes(complete=known is not None)
        finally:
            self.foreign.close()

    def _run_as_one(self, *, each: bool) -> tuple[list[Size], Size]:
        """Let all roots go at once: all there is to know if there is but one, or no other wish."""
        self._until(_TRIAL)
        for root in self.roots:
            self.common.let_go(root)
        known = self._walk_together(_TRIAL, _ALONE)
        _, size = self._sizes(complete=known is not None)
        return [size for _ in self.roots if each], size

    def _until(self, share: float) -> None:
        self.heap.deadline = self.begin + self.budget * share

    def _walk_each(self) -> None:
        """Let every root go alone, arrays and the like first; for some there may be no time."""
        heap = self.heap
        done = self.crowd.bytes.keys() | self.walks.keys() | self.crowd.untried
        todo = [index for index in range(len(self.roots)) if index not in done]
        todo.sort(key=lambda index: heap.kind(type(self.roots[index].obj)).adapter is None)
        for index in todo[: int(self.budget * _TO_TELL / _TELLING)]:
            if heap.late():
                break
            walk = self.walks[index] = Walk(heap)
            walk.let_go(self.roots[index])
        self._finish(list(self.walks.values()))
        self._until(_NEAR_CYCLES)
        self._break_each(_NEAR, set())

    def _finish(self, walks: list[Walk]) -> None:
        """Follow walks, a little of each first, so that what is small is known early."""
        steps = _FIRST_STEPS
        left = walks
        while left and not self.heap.late():
            left = [walk for walk in left if not walk.run(steps)]
            steps *= 4

    def _break_each(self, most: int, known: set[int]) -> None:
        """Look for the rings that each root alone lets fall; the other roots are held."""
        alive = self.alive | known | self.heap.own.keys()
        for index, walk in self.walks.items():
            if self.heap.late():
                return
            if index not in self.settled and not walk.open:
                if walk.undecided:
                    key = id(self.roots[index].obj)
                    alive.discard(key)
                    done = break_cycles(walk, alive, most) is not None
                    alive.add(key)
                    if not done:
                        continue
                self.settled.add(index)

    def _merge(self) -> None:
        """Take away on the common walk what all roots' walks have taken away."""
        common, heap = self.common, self.heap
        own = heap.own
        removed: Counter[int] = +self.crowd.lost
        for walk in self.walks.values():
            if heap.late():
                common.notes.add("cut")
                return
            removed.update(iter(walk.aside))  # no root is there
            for key, count in walk.removed.items():
                removed[key] += count - own.get(key, 0)
            walk.book_aside()
        common.removed = {key: count + own.get(key, 0) for key, count in removed.items()}
        keys = list(removed)
        for start in range(0, len(keys), BATCH):
            # what fell with an earlier one is booked no longer
            left = list(filter(common.removed.__contains__, keys[start : start + BATCH]))
            for key in common.without_references(left):
                if heap.late():
                    common.notes.add("cut")
                    return
                if key in common.removed:
                    self._kill_pile(key)

    def _kill_pile(self, key: int) -> None:
        """Follow what falls with one object that several roots hold together."""
        common = self.common
        bytes_before, fallen, blocks = common.bytes, len(common.fallen), len(common.blocks)
        common.kill([key])
        common.run(sys.maxsize)
        size = common.bytes - bytes_before + sum(b.size for b in common.blocks[blocks:])
        if size >= _WORTH_TELLING:
            self.groups.join(self._holders(set(common.fallen[fallen:])))

    def _holders(self, keys: set[int]) -> list[int]:
        """Return the indices of the roots that refer to any of these objects, or are one."""
        if self.holders is None:
            self.holders = {}
            for index, key in zip(*self.crowd.pairs):
                self.holders.setdefault(key, []).append(index)
            for index, walk in self.walks.items():
                if self.heap.late():
                    break
                for key in walk.removed:
                    self.holders.setdefault(key, []).append(index)
        return sorted({index for key in keys for index in self.holders.get(key, ())})

    def _walk_together(self, followed: float, broken: float) -> set[int] | None:
        """Finish the common walk; return what stays alive whatever is let go, if that is known.

        `followed` and `broken` are the shares of the budget at whose ends what falls by itself
        has been followed, and rings have been looked for.
        """
        common = self.common
        self._until(followed)
        done = common.run(sys.maxsize)
        self._until(broken)
        fallen = len(common.fallen)
        if self.walks:
            common.book_aside()  # so that rings are told apart
        known = break_cycles(common, self.alive)
        if self.walks and len(common.fallen) > fallen:
            for keys in rings_apart(common, common.fallen[fallen:]):
                self.groups.join(self._holders(keys))
        if done:
            return known
        return break_cycles(common, self.alive) if common.run(sys.maxsize) else None

    def _sizes(self, *, complete: bool) -> tuple[list[Size], Size]:
        """Add up, now that it is known which owners of foreign memory are dead."""
        self._until(_ALL)
        blocks = list(self.common.blocks)
        for index, walk in self.walks.items():
            blocks.extend(walk.blocks[: self.alone[index].blocks])
        self.foreign.search(blocks)
        given = self.foreign.give(blocks)
        moving: set[str] = {"moving"} if self.others.ran() else set()
        everything = Tally(given)
        everything.notes |= moving
        everything.add(self.common.bytes, self.common.mapped, self.common.notes)
        if complete:
            everything.estimate(self.common)
        else:
            everything.notes.add("cut")
            everything.estimate(self.common, self._rings(self.common))
        small = self.crowd.bytes
        everything.bytes += sum(small.values())
        if self.apart and len(small) + len(self.walks) < len(self.roots):
            everything.notes.add("cut")
        tallies: dict[int, Tally] = {}
        owners: dict[int, int] = {}
        for index, walk in self.walks.items():
            part = self.alone[index]
            everything.add(part.bytes, part.mapped, walk.notes)
            everything.estimate(walk)
            owners.update((block.owner, index) for block in walk.blocks)
            tally = Tally(self.foreign.give(walk.blocks) if walk.blocks else _NOTHING)
            tally.notes |= moving
            tally.add(walk.bytes, walk.mapped, walk.notes)
            if index in self.settled:
                tally.estimate(walk)
            else:
                tally.notes.add("cut")
                tally.estimate(walk, self._rings(walk))
            tallies[index] = tally
        for members in given.shared.values():
            self.groups.join({owners[owner] for owner in members if owner in owners})
        together = self.groups.others()
        sizes: list[Size] = []
        cut = Size(0, ("cut",), 0)
        for index in range(len(self.roots) if self.apart else 0):
            if index in tallies:
                sizes.append(tallies[index].size(together[index]))
            elif index in small:
                sizes.append(Size(small[index], moving, shared_with=together[index]))
            else:
                sizes.append(cut)
        return sizes, everything.size(())

    def _rings(self, walk: Walk) -> int:
        """Return the bytes of rings that are likely to fall, and that there was no time for."""
        if not walk.undecided or self.heap.late():
            return 0
        return likely_rings(walk, self.alive)


_NOTHING = Given()


class Part(NamedTuple):
    """How far a walk had come when only what it shares with others was left."""

    bytes: int
    mapped: int
    blocks: int


class Tally:
    """Adds up one size."""

    def __init__(self, given: Given) -> None:
        """Begin with what foreign memory gives."""
        self.bytes = given.own
        self.mapped = given.mapped
        self.device = given.device
        self.notes = set(given.notes)
        self.more = 0

    def add(self, size: int, mapped: int, notes: Iterable[str]) -> None:
        """Add a walk's own findings."""
        self.bytes += size
        self.mapped += mapped
        self.notes.update(notes)

    def estimate(self, walk: Walk, rings: int = 0) -> None:
        """Say what is likely to be there beyond what a walk has seen; `rings` are bytes too."""
        if walk.open:
            self.notes.add("cut")
        self.more += walk.estimate(rings) - walk.bytes

    def size(self, shared_with: tuple[int, ...]) -> Size:
        """Return the sum."""
        if self.device:
            self.notes.add("device")
        estimate = self.bytes + self.more if "cut" in self.notes else None
        return Size(
            self.bytes,
            tuple(self.notes),
            estimate,
            self.device or None,
            self.mapped or None,
            shared_with,
        )


class Groups:
    """Which roots belong together."""

    def __init__(self, count: int) -> None:
        """Begin with every root on its own."""
        self.first = list(range(count))
        self.joined = False

    def join(self, indices: Iterable[int]) -> None:
        """Say that these roots belong together."""
        tops = {self._top(index) for index in indices}
        self.joined = self.joined or len(tops) > 1
        least = min(tops, default=0)
        for top in tops:
            self.first[top] = least

    def others(self) -> list[tuple[int, ...]]:
        """Return for each root the first others of its group, the very first always among them."""
        if not self.joined:
            return [()] * len(self.first)
        members: dict[int, list[int]] = {}
        for index in range(len(self.first)):
            members.setdefault(self._top(index), []).append(index)
        found: list[tuple[int, ...]] = [()] * len(self.first)
        for group in members.values():
            some = tuple(group[: _MOST_SHARERS + 1])
            for place, index in enumerate(group):
                found[index] = some[:place] + some[place + 1 :] if place < len(some) else some[:-1]
        return found

    def _top(self, index: int) -> int:
        while self.first[index] != index:
            index = self.first[index]
        return index


def _alive(boundary: Iterable[object]) -> set[int]:
    """Return the identities of what lives whatever is let go, and leads too far to be entered."""
    alive = module_namespaces()
    for obj in boundary:
        alive.add(id(obj))
        if type(obj) is dict:
            alive.update(map(id, obj.values()))
    return alive
