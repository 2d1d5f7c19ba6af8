"""Which joints of a graph belong to whom, and which several share."""

from __future__ import annotations

from itertools import chain, islice
from typing import Generator, Iterable, Iterator, Sequence

A_STEP = 1_000  # joints between two chances to stop
LOOKS = 5_000  # joints or edges of which little is asked, between two such chances
_AT_ONCE = 300  # joints whose edges are looked at in one step
_MOST_LEVELS = 20  # of kinds of kinds, before all that is left is one part
_WORTH_A_LEVEL = 0.9  # where more than this of so many joints are left, they are one part at once
_MANY = 10_000

Steps = Generator[None, None, None]


def batches(joints: Iterator[int]) -> Iterator[list[int]]:
    """Yield joints in lists that one step can look at."""
    while batch := list(islice(joints, LOOKS)):
        yield batch


class Claims:
    """Gives joints to numbers; a joint to which several numbers lead is contested."""

    def __init__(
        self, edges: Sequence[Iterable[int]], inside: set[int], users: Users | None = None
    ) -> None:
        """Take what each joint leads to, and the joints that can be given away.

        In `users` it is noted which numbers lead to a contested joint; they come in their order.
        """
        self.edges = edges
        self.inside = inside
        self.users = users
        self.owner: dict[int, int] = {}  # the first number that led to a joint
        self.contested: set[int] = set()
        self._before: set[int] = set()  # the joints of former claims
        self._looked = 0

    def claim_each(self, joints: Sequence[int]) -> Steps:
        """Give each number what leads from the joint at its place, as `claim` does."""
        owner = self.owner
        for number, joint in enumerate(joints):
            if self.edges[joint] or joint in owner:
                yield from self.claim((joint,), number)
            elif joint in self.inside:
                owner[joint] = number
                self._before.add(joint)
            if number % A_STEP == 0:
                yield

    def claim_all(self, pairs: Iterable[tuple[Iterable[int], int]]) -> Steps:
        """Give each number what leads from its entries, as `claim` does."""
        for passed, (entries, number) in enumerate(pairs):
            yield from self.claim(entries, number)
            if passed % A_STEP == 0:
                yield

    def claim(self, entries: Iterable[int], number: int) -> Steps:
        """Give a number all joints that lead from `entries`, but for those of other numbers."""
        mine: set[int] = set()
        waiting: list[int] = []
        kids = iter(entries)
        while True:
            for batch in batches(kids):
                found = set(batch)
                self._contest(found & self._before, number)
                found &= self.inside
                found -= mine
                found -= self._before
                mine |= found
                waiting += found
                self._looked += len(batch)
                if self._looked > LOOKS:
                    self._looked = 0
                    yield
            if not waiting:
                break
            kids = chain.from_iterable(map(self.edges.__getitem__, waiting[-_AT_ONCE:]))
            del waiting[-_AT_ONCE:]
        for batch in batches(iter(mine)):
            self.owner.update(dict.fromkeys(batch, number))
            self._before.update(batch)
            if len(mine) > LOOKS:
                yield

    def _contest(self, joints: set[int], number: int) -> None:
        """Note which joints of former claims another number leads to."""
        for joint in joints:
            owner = self.owner[joint]
            if owner != number:
                if self.users is not None:
                    if joint not in self.contested:
                        self.users.add((joint,), owner)
                    self.users.add((joint,), number)
                self.contested.add(joint)


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


class Users:
    """The roots that lead to joints; joints with the same roots are of one kind.

    A kind is the last of its roots and the kind of the others: many roots can lead to one joint,
    and a set for each of their number would take as much memory as the square of that.
    """

    __slots__ = ("_further", "_steps", "kind_of")

    def __init__(self) -> None:
        """Begin without joints."""
        self.kind_of: dict[int, int] = {}
        self._steps = [(-1, -1)]  # by the kind, the kind of the other roots, and the last root
        self._further: dict[tuple[int, int], int] = {}

    def add(self, joints: Iterable[int], number: int) -> None:
        """Note that a root leads to joints; roots come in the order of their numbers."""
        kind_of, further, steps = self.kind_of, self._further, self._steps
        for joint in joints:
            before = kind_of.get(joint, 0)
            if steps[before][1] == number:
                continue
            step = before, number
            kind = further.get(step)
            if kind is None:
                kind = further[step] = len(steps)
                steps.append(step)
            kind_of[joint] = kind

    def of_kind(self, kind: int) -> list[int]:
        """Return the roots of a kind."""
        found = []
        while kind:
            kind, number = self._steps[kind]
            found.append(number)
        return found[::-1]


class Part:
    """Shared joints, and the numbers of the roots that have to be let go so that all fall."""

    __slots__ = ("alike", "joints", "roots")

    def __init__(self, roots: list[int], joints: set[int], *, alike: bool) -> None:
        """Take both; `alike` is whether each of the roots leads to each of the joints."""
        self.roots = roots
        self.joints = joints
        self.alike = alike


def apart(
    edges: Sequence[Iterable[int]], shared: set[int], users: Users, found: list[Part]
) -> Steps:
    """Put into `found` the parts of shared joints.

    `users` has the joints to which a root leads without another shared joint. What several kinds of
    roots lead to is told apart in the same way, by the kinds in the place of roots, and so on.
    """
    levels = [users]
    for _ in range(_MOST_LEVELS):
        kinds: dict[int, list[int]] = {}
        for passed, (joint, kind) in enumerate(users.kind_of.items()):
            kinds.setdefault(kind, []).append(joint)
            if passed % A_STEP == 0:
                yield
        users = Users()
        first = Claims(edges, shared, users)
        yield from first.claim_all((joints, kind) for kind, joints in sorted(kinds.items()))
        further = Claims(edges, shared)
        yield from further.claim_all(((joint,), 0) for joint in first.contested)
        parts: dict[int, set[int]] = {}
        for passed, (joint, kind) in enumerate(first.owner.items()):
            if joint not in further.owner:
                parts.setdefault(kind, set()).add(joint)
            if passed % A_STEP == 0:
                yield
        for kind, joints_of in parts.items():
            found.append(Part(_roots(levels, [kind]), joints_of, alike=True))
            yield
        most = max(_MANY, _WORTH_A_LEVEL * len(shared))
        shared = set(further.owner)
        if not shared:
            return
        levels.append(users)
        if len(shared) > most:
            break
    found.append(Part(_roots(levels, set(users.kind_of.values())), shared, alike=False))


def _roots(levels: Sequence[Users], kinds: Iterable[int]) -> list[int]:
    """Return the roots of kinds of the last level: its kinds are of those before, and so on."""
    for users in reversed(levels):
        kinds = sorted(set(chain.from_iterable(map(users.of_kind, kinds))))
    return list(kinds)
