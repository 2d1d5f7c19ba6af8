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
from .cycles import break_cycles, likely_rings, rings_apart
from .heap import Heap, module_namespaces
from .libraries import loaded_adapters
from .other_threads import OtherThreads
from .shared_buffers import GivenBack, SharedBuffers
from .small_results import SmallResults
from .trial_deletion import Walk
from .worklist import BATCH

if TYPE_CHECKING:
    from collections import Counter

_FIRST_STEPS = 4  # batches of the first round; each further round has four times as many
_NEAR = 4096  # members of a closure for one root, before the common walk looks for rings
_WORTH_NAMING = 1024  # bytes; results that share less are not said to belong together
_MOST_SHARERS = 100  # that are named with each root
_SUMMING_UP = 5e-6  # seconds for each walk, to add up its size and end it
_MOST_SUMMING_UP = 0.2  # of the budget

# Shares of the budget at whose end each part of the work gives way to the next.
_SMALL_END, _WALKS_END, _NEAR_RINGS_END, _COMMON_END = 0.4, 0.7, 0.76, 0.82
_RINGS_END, _ALONE_END, _END = 0.88, 0.92, 1.0


class Measurement:
    """Measures roots within a budget in seconds."""

    def __init__(self, roots: Sequence[Root], boundary: Sequence[object], budget: float) -> None:
        """Take the roots, and what is neither entered nor counted."""
        self.roots = roots
        self.heap = Heap(loaded_adapters(), boundary)
        # Only now: an adapter that was imported for the first time takes nothing from the budget.
        self.begin = perf_counter()
        self.budget = budget
        self.heap.own = {id(root.obj): 1 for root in roots}
        self.alive = _alive(boundary) - self.heap.own.keys()
        self.apart = False  # whether each root is let go alone as well
        self.small = SmallResults(roots, self.heap, self.alive)
        self.walks: dict[int, Walk] = {}
        self.common = Walk(self.heap)
        self.alone: dict[int, FreedAlone] = {}
        self.settled: set[int] = set()
        self.sharing = SharingGroups(len(roots))
        self.holders: dict[int, list[int]] | None = None
        self.buffers = SharedBuffers(self.heap)
        self.others = OtherThreads()

    def run(self, *, each: bool) -> tuple[list[Size], Size]:
        """Do all of the work, part by part, and return each root's size and that of all."""
        try:
            if not each or len(self.roots) == 1:
                return self._run_as_one(each=each)
            self.apart = True
            self._until(_SMALL_END if self.small.large else _COMMON_END)
            self.small.run()
            self.walks.update(self.small.walks)
            self.settled.update(self.small.walks.keys() - self.small.unsettled)
            self._until(_WALKS_END)
            self._walk_each()
            self._until(_COMMON_END)
            self._merge()
            known = self._walk_together(_COMMON_END, _RINGS_END)
            self._until(_ALONE_END)
            self._finish(list(self.walks.values()))
            self.alone = {
                index: FreedAlone(walk.bytes, walk.mapped, len(walk.blocks))
                for index, walk in self.walks.items()
            }
            self._break_each(sys.maxsize, known or set())
            return self._sizes(complete=known is not None)
        finally:
            self.buffers.close()

    def _run_as_one(self, *, each: bool) -> tuple[list[Size], Size]:
        """Let all roots go at once, where there is only one or only their sum is asked for."""
        self._until(_WALKS_END)
        for root in self.roots:
            self.common.let_go(root)
        known = self._walk_together(_WALKS_END, _ALONE_END)
        _, size = self._sizes(complete=known is not None)
        return [size for _ in self.roots if each], size

    def _until(self, share: float) -> None:
        self.heap.deadline = self.begin + self.budget * share

    def _walk_each(self) -> None:
        """Let every root go alone, arrays and the like first. Some may get no time."""
        heap = self.heap
        done = self.small.bytes.keys() | self.walks.keys() | self.small.untried
        todo = [index for index in range(len(self.roots)) if index not in done]
        todo.sort(key=lambda index: heap.kind(type(self.roots[index].obj)).adapter is None)
        for index in todo[: int(self.budget * _MOST_SUMMING_UP / _SUMMING_UP)]:
            if heap.late():
                break
            walk = self.walks[index] = Walk(heap)
            walk.let_go(self.roots[index])
        self._finish(list(self.walks.values()))
        self._until(_NEAR_RINGS_END)
        self._break_each(_NEAR, set())

    def _finish(self, walks: list[Walk]) -> None:
        """Follow walks, a few steps of each first, so that small ones end early."""
        steps = _FIRST_STEPS
        left = walks
        while left and not self.heap.late():
            left = [walk for walk in left if not walk.run(steps)]
            steps *= 4

    def _break_each(self, most: int, known: set[int]) -> None:
        """Look for the rings that each root alone lets fall, while the other roots are held."""
        alive = self.alive | known | self.heap.own.keys()
        for index, walk in self.walks.items():
            if self.heap.late():
                return
            if index not in self.settled and not walk.unfinished:
                if walk.undecided:
                    key = id(self.roots[index].obj)
                    alive.discard(key)
                    done = break_cycles(walk, alive, most) is not None
                    alive.add(key)
                    if not done:
                        continue
                self.settled.add(index)

    def _merge(self) -> None:
        """Remove on the common walk all references that the roots' own walks have removed."""
        common, heap = self.common, self.heap
        own = heap.own
        removed: Counter[int] = +self.small.lost
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
            # what fell with an earlier one is no longer in `removed`
            left = list(filter(common.removed.__contains__, keys[start : start + BATCH]))
            for key in common.without_references(left):
                if heap.late():
                    common.notes.add("cut")
                    return
                if key in common.removed:
                    self._kill_shared(key)

    def _kill_shared(self, key: int) -> None:
        """Follow what falls with one object that only several roots together let fall."""
        common = self.common
        bytes_before, fallen, blocks = common.bytes, len(common.fallen), len(common.blocks)
        common.kill([key])
        common.run(sys.maxsize)
        size = common.bytes - bytes_before + sum(b.size for b in common.blocks[blocks:])
        if size >= _WORTH_NAMING:
            self.sharing.join(self._holders(set(common.fallen[fallen:])))

    def _holders(self, keys: set[int]) -> list[int]:
        """Return the indices of the roots that refer to any of these objects, or are one."""
        if self.holders is None:
            self.holders = {}
            for index, key in zip(*self.small.pairs):
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
            common.book_aside()  # so that rings can be sorted by root
        known = break_cycles(common, self.alive)
        if self.walks and len(common.fallen) > fallen:
            for keys in rings_apart(common, common.fallen[fallen:]):
                self.sharing.join(self._holders(keys))
        if done:
            return known
        return break_cycles(common, self.alive) if common.run(sys.maxsize) else None

    def _sizes(self, *, complete: bool) -> tuple[list[Size], Size]:
        """Add up the sizes, now that all dead owners of blocks are known."""
        self._until(_END)
        blocks = list(self.common.blocks)
        for index, walk in self.walks.items():
            blocks.extend(walk.blocks[: self.alone[index].blocks])
        self.buffers.search(blocks)
        given = self.buffers.give(blocks)
        moving: set[str] = {"moving"} if self.others.ran() else set()
        everything = Tally(given)
        everything.notes |= moving
        everything.add(self.common.bytes, self.common.mapped, self.common.notes)
        if complete:
            everything.estimate(self.common)
        else:
            everything.notes.add("cut")
            everything.estimate(self.common, self._rings(self.common))
        small = self.small.bytes
        everything.bytes += sum(small.values())
        if self.apart and len(small) + len(self.walks) < len(self.roots):
            everything.notes.add("cut")
        tallies: dict[int, Tally] = {}
        owners: dict[int, int] = {}
        for index, walk in self.walks.items():
            freed = self.alone[index]
            everything.add(freed.bytes, freed.mapped, walk.notes)
            everything.estimate(walk)
            owners.update((block.owner, index) for block in walk.blocks)
            tally = Tally(self.buffers.give(walk.blocks) if walk.blocks else _NOTHING)
            tally.notes |= moving
            tally.add(walk.bytes, walk.mapped, walk.notes)
            if index in self.settled:
                tally.estimate(walk)
            else:
                tally.notes.add("cut")
                tally.estimate(walk, self._rings(walk))
            tallies[index] = tally
        for members in given.shared.values():
            self.sharing.join({owners[owner] for owner in members if owner in owners})
        together = self.sharing.others()
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
        """Estimate the bytes of rings that there was no time to look for."""
        if not walk.undecided or self.heap.late():
            return 0
        return likely_rings(walk, self.alive)


_NOTHING = GivenBack()


class FreedAlone(NamedTuple):
    """What a root's own walk had freed before the common walk began."""

    bytes: int
    mapped: int
    blocks: int


class Tally:
    """Adds up one size."""

    def __init__(self, given: GivenBack) -> None:
        """Begin with what the blocks give back."""
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
        """Add what a walk is likely to miss; `rings` are the likely bytes of rings."""
        if walk.unfinished:
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


class SharingGroups:
    """Groups of roots that share memory."""

    def __init__(self, count: int) -> None:
        """Begin with every root on its own."""
        self.first = list(range(count))
        self.joined = False

    def join(self, indices: Iterable[int]) -> None:
        """Put these roots into one group."""
        tops = {self._top(index) for index in indices}
        self.joined = self.joined or len(tops) > 1
        least = min(tops, default=0)
        for top in tops:
            self.first[top] = least

    def others(self) -> list[tuple[int, ...]]:
        """Return for each root the first others of its group; the first of all is always named."""
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
    """Return the identities of what stays alive in any case and leads too far to be entered."""
    alive = module_namespaces()
    for obj in boundary:
        alive.add(id(obj))
        if type(obj) is dict:
            alive.update(map(id, obj.values()))
    return alive
