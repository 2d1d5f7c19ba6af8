"""What groups of roots free one after the other, each group beyond those before it.

One walk goes on from group to group, so that what belongs to several is followed once. If a group
was not followed to its end in its time, nobody knows which group the rest belongs to. Then the next
group is let go alone, on a new walk. That gives a lower bound: what falls there falls without any
other group.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Sequence

from ..retention.sizes import Size
from .allocation import class_may_fall
from .measurement import Measurement
from .trial_deletion import Walk
from .worklist import BATCH

if TYPE_CHECKING:
    from ..retention.sizes import Root

_SHARE = 0.6  # of the time that is left, for one group if others come after it
_FOLLOWED = 0.8  # of a group's time; the rest of it is for rings
_WALKED = 0.9  # of all the time; the rest of it is for who else uses the memory of libraries


class GroupEnd(NamedTuple):
    """How far a walk had come when a group had been let go, with the group's notes."""

    walk: Walk
    bytes: int
    blocks: int
    notes: frozenset[str]


class MeasurementInTurn(Measurement):
    """Lets groups of roots go in turn, within a budget in seconds."""

    def __init__(
        self, groups: Sequence[Sequence[Root]], boundary: Sequence[object], budget: float
    ) -> None:
        """Take the groups, and what is neither entered nor counted."""
        super().__init__((), boundary, budget)
        self.turns = groups
        self.heap.own = dict(Counter(id(root.obj) for group in groups for root in group))
        self.gone: Counter[int] = Counter()  # references that earlier groups had, on a new walk
        self.may_fall: dict[int, bool] = {}

    def run_in_turn(self) -> list[Size]:
        """Return what each group frees beyond those before it; `exact` if all of them are."""
        try:
            ends = self._walk_in_turn()
            self._until(1.0)
            walks = {id(end.walk): end.walk for end in ends}
            self.buffers.search([block for walk in walks.values() for block in walk.blocks])
            return self._sizes_of(ends)
        finally:
            self.buffers.close()

    def _walk_in_turn(self) -> list[GroupEnd]:
        """Let one group after the other go; an empty one takes no time."""
        begin, to_come = 0.0, sum(map(bool, self.turns))
        alive = self.alive
        ends: list[GroupEnd] = []
        notes: set[str] = set()
        for index, group in enumerate(self.turns):
            to_come -= bool(group)
            share = 0.0 if not group else _SHARE if to_come else 1.0
            end = begin + share * (_WALKED - begin)
            followed = begin + _FOLLOWED * (end - begin)
            alive = alive.difference(id(root.obj) for root in group)
            self.alive = alive
            self._until(followed)
            self._let_go(group)
            known = self._walk_together(followed, end) if group else set()
            walk, begin = self.common, end
            notes |= walk.notes
            if known is None or "cut" in notes:
                notes.add("cut")
                self._begin_anew(index + 1)
            ends.append(GroupEnd(walk, walk.bytes, len(walk.blocks), frozenset(notes)))
        return ends

    def _begin_anew(self, groups: int) -> None:
        """Go on with a new walk, on which only the next group is let go."""
        self.common = Walk(self.heap)
        self.gone.clear()
        for root in chain.from_iterable(self.turns[:groups]):
            self.gone[id(root.obj)] += root.references

    def _let_go(self, group: Sequence[Root]) -> None:
        """Take the holders' references to roots away, some at a time."""
        walk, own = self.common, self.heap.own
        for start in range(0, len(group), BATCH):
            if self.heap.late():
                walk.notes.add("cut")
                return
            some = group[start : start + BATCH]
            self.heap.waiting.update((id(root.obj), root.obj) for root in some)
            for root in some:
                key = id(root.obj)
                before = walk.removed.get(key) or own[key] + self.gone[key]
                walk.removed[key] = before + root.references
            if any(map(self._class_may_fall, some)):
                walk.notes.add("opaque")
            keys = walk.without_references([id(root.obj) for root in some])
            if keys:
                walk.kill(keys)

    def _class_may_fall(self, root: Root) -> bool:
        """Return whether a root's class could fall with it, which is not followed."""
        if self.heap.never_entered(root.obj):
            return class_may_fall(root.obj)
        key = id(type(root.obj))
        if key not in self.may_fall:
            self.may_fall[key] = class_may_fall(root.obj)
        return self.may_fall[key]

    def _sizes_of(self, ends: list[GroupEnd]) -> list[Size]:
        """Return what each group added to the walk that it was let go on."""
        sizes: list[Size] = []
        moving = {"moving"} if self.others.ran() else set()
        before = 0
        last: Walk | None = None
        for end in ends:
            given = self.buffers.give(end.walk.blocks[: end.blocks])
            total = end.bytes + given.own
            if end.walk is not last:
                last, before = end.walk, 0
            sizes.append(Size(max(0, total - before), end.notes | given.notes | moving))
            before = total
        return sizes
