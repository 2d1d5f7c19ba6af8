"""What groups of roots free one after the other, each group beyond those before it.

One walk goes on from group to group, so that what belongs to several is followed once. Where a
group could not be ended in its time, nobody knows whose the rest of it is: the next group goes
alone, on a walk of its own. What falls so falls with no other group, and is a lower bound.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Sequence

from ..retention.sizes import Size
from .allocation import class_may_fall
from .measurement import Survey
from .trial_deletion import Walk
from .worklist import BATCH

if TYPE_CHECKING:
    from ..retention.sizes import Root

_SHARE = 0.6  # of the time that is left, for one group if others come after it
_FOLLOWED = 0.8  # of a group's time; the rest of it is for rings
_WALKED = 0.9  # of all the time; the rest of it is for who else uses the memory of libraries


class Layer(NamedTuple):
    """How far a walk had come with one group, and what is to be said of it."""

    walk: Walk
    bytes: int
    blocks: int
    notes: frozenset[str]


class Peel(Survey):
    """Lets groups of roots go in turn, within a budget in seconds."""

    def __init__(
        self, groups: Sequence[Sequence[Root]], boundary: Sequence[object], budget: float
    ) -> None:
        """Take the groups, and what is neither entered nor counted."""
        super().__init__((), boundary, budget)
        self.peeled = groups
        self.heap.own = dict(Counter(id(root.obj) for group in groups for root in group))
        self.gone: Counter[int] = Counter()  # references that earlier groups had, on a new walk
        self.may_fall: dict[int, bool] = {}

    def run_in_turn(self) -> list[Size]:
        """Return what each group frees beyond those before it; `exact` if all of them are."""
        try:
            layers = self._peel()
            self._until(1.0)
            walks = {id(layer.walk): layer.walk for layer in layers}
            self.foreign.search([block for walk in walks.values() for block in walk.blocks])
            return self._sizes_of(layers)
        finally:
            self.foreign.close()

    def _peel(self) -> list[Layer]:
        """Let one group after the other go; an empty one takes no time."""
        begin, to_come = 0.0, sum(map(bool, self.peeled))
        alive = self.alive
        layers: list[Layer] = []
        notes: set[str] = set()
        for index, group in enumerate(self.peeled):
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
            layers.append(Layer(walk, walk.bytes, len(walk.blocks), frozenset(notes)))
        return layers

    def _begin_anew(self, groups: int) -> None:
        """Go on with a walk from which only the next group goes, wherever else it stood before."""
        self.common = Walk(self.heap)
        self.gone.clear()
        for root in chain.from_iterable(self.peeled[:groups]):
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
        """Tell whether a root's class could fall with it, which is not followed."""
        if self.heap.never_entered(root.obj):
            return class_may_fall(root.obj)
        key = id(type(root.obj))
        if key not in self.may_fall:
            self.may_fall[key] = class_may_fall(root.obj)
        return self.may_fall[key]

    def _sizes_of(self, layers: list[Layer]) -> list[Size]:
        """Return what each layer has beyond the one before it on the same walk."""
        sizes: list[Size] = []
        moving = {"moving"} if self.others.ran() else set()
        before = 0
        last: Walk | None = None
        for layer in layers:
            given = self.foreign.give(layer.walk.blocks[: layer.blocks])
            total = layer.bytes + given.own
            if layer.walk is not last:
                last, before = layer.walk, 0
            sizes.append(Size(max(0, total - before), layer.notes | given.notes | moving))
            before = total
        return sizes
