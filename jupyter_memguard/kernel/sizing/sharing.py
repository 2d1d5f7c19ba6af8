"""Which joints of a graph belong to whom, and which several share."""

from __future__ import annotations

from itertools import chain
from typing import Any, Generator, Iterable, Iterator, Mapping, Sequence

A_STEP = 2_000  # joints between two chances to stop

Steps = Generator[None, None, None]


class Claims:
    """Gives joints to numbers; a joint to which several numbers lead is contested."""

    def __init__(
        self, edges: Sequence[Iterable[int]], inside: set[int], sets: Sets | None = None
    ) -> None:
        """Take what each joint leads to, and the joints that can be given away.

        Numbers that lead to the same joint are joined in `sets`.
        """
        self.edges = edges
        self.inside = inside
        self.sets = sets
        self.owner: dict[int, int] = {}  # the first number that led to a joint
        self.contested: set[int] = set()

    def claim(self, entries: Iterable[int], number: int) -> Steps:
        """Give a number all joints that lead from `entries`, but for those of other numbers."""
        owner, inside = self.owner, self.inside
        stack: list[int] = []
        for passed, joint in enumerate(chain(entries, _popped(stack, self.edges)), 1):
            found = owner.get(joint)
            if found is None:
                if joint in inside:
                    owner[joint] = number
                    stack.append(joint)
            elif found != number:
                self.contested.add(joint)
                if self.sets is not None:
                    self.sets.join((found, number))
            if passed % A_STEP == 0:
                yield


def _popped(stack: list[int], edges: Sequence[Iterable[int]]) -> Iterator[int]:
    """Yield what the joints of a stack lead to, while the stack may grow."""
    while stack:
        yield from edges[stack.pop()]


class Sets:
    """Disjoint sets of numbers (union-find); the least number of each set stands for it."""

    def __init__(self, count: int) -> None:
        """Begin with every number on its own."""
        self._first = list(range(count))
        self._joined = False

    def join(self, numbers: Iterable[int]) -> None:
        """Put these numbers into one set."""
        tops = {self.top(number) for number in numbers}
        self._joined = self._joined or len(tops) > 1
        least = min(tops, default=0)
        for top in tops:
            self._first[top] = least

    def top(self, number: int) -> int:
        """Return the least number of a number's set."""
        first = self._first
        while first[number] != number:
            first[number] = first[first[number]]
            number = first[number]
        return number

    def several(self) -> list[list[int]]:
        """Return the sets that have more than one number."""
        if not self._joined:
            return []
        members: dict[int, list[int]] = {}
        for number in range(len(self._first)):
            members.setdefault(self.top(number), []).append(number)
        return [found for found in members.values() if len(found) > 1]


def apart(
    edges: Sequence[Iterable[int]], shared: set[int], users: Mapping[int, set[int]]
) -> Iterator[tuple[list[int], set[int]]]:
    """Yield shared joints in sets, each with the numbers of the roots that free it together.

    `users` has, for joints to which a root leads without another shared joint, these roots.
    """
    kinds: dict[frozenset[int], list[int]] = {}
    for joint, numbers in users.items():
        kinds.setdefault(frozenset(numbers), []).append(joint)
    # What several kinds lead to is shared by the roots of all of these.
    joined = Sets(len(kinds))
    first = Claims(edges, shared, joined)
    for kind, entries in enumerate(kinds.values()):
        _run(first.claim(entries, kind))
    further = Claims(edges, shared, joined)
    for joint in first.contested:
        _run(further.claim((joint,), first.owner[joint]))
    numbers_of = list(map(sorted, kinds))
    together: dict[int, set[int]] = {}
    for kind, roots in enumerate(numbers_of):
        together.setdefault(joined.top(kind), set()).update(roots)
    found: dict[tuple[bool, int], set[int]] = {}
    for joint, kind in first.owner.items():
        several = joint in further.owner
        place = several, joined.top(further.owner[joint]) if several else kind
        found.setdefault(place, set()).add(joint)
    for (several, kind), joints in found.items():
        yield sorted(together[kind]) if several else numbers_of[kind], joints


def _run(steps: Iterable[Any]) -> None:
    for _ in steps:
        pass
