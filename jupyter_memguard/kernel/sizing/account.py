"""What the graph of joints says: who frees what, alone and together.

A joint that has more references than were met is held from outside. It is alive, and so is all that
it leads to. Every other joint falls when all roots that lead to it are let go. So each byte is in
exactly one place: it belongs to the one root that leads to it, to a group of roots that share it,
or to several groups of roots together. All sums add up by this.

The account of a walk that was stopped is a lower bound: what was not followed yet looks as if it
were held from outside.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, compress, islice
from math import inf
from operator import lt, ne
from typing import TYPE_CHECKING, Generator, Iterable, Mapping, Sequence

from ..retention.sizes import Size
from .blocks import USERS_UNKNOWN, Block
from .estimates import Estimates, like_examples
from .leaves import joints_of
from .memory_pages import MemoryPages, PresentBytes
from .sharing import A_STEP, LOOKS, Claims, Part, Sets, Steps, Users, apart, batches

if TYPE_CHECKING:
    from .ownership import Ownership

WORTH_NAMING = 1 << 16  # bytes; results that share less are not said to belong together
_LITTLE = 100  # an estimate that is above what is proven by less than this part is none
_SEVERAL = -1
_AT_ONCE = 300  # joints whose edges or owners are looked at in one step
_LEAF = 512  # bytes up to which a joint that leads nowhere does not make a figure unsure
_MOST_SHARERS = 100  # that are named with each root
_MOST_LOOKED_AT = 200_000  # joints, to find who shares what
_WORTH_ASKING = 1 << 20  # bytes held from outside, for which it is asked who leads to them
_MOST_IN_DOUBT = 30_000  # joints, to find what single roots may free as well
_NO_NOTES: frozenset[str] = frozenset()


class Tally:
    """Adds up one figure."""

    __slots__ = ("bytes", "device", "guess", "mapped", "more", "notes")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.bytes = 0
        self.mapped = 0
        self.device = 0
        self.guess = 0  # bytes that cannot be proven
        self.more = 0  # bytes that were not followed yet, about
        self.notes: frozenset[str] = _NO_NOTES

    def add(self, other: Tally) -> None:
        """Add another tally."""
        self.bytes += other.bytes
        self.mapped += other.mapped
        self.device += other.device
        self.guess += other.guess
        self.more += other.more
        self.notes |= other.notes

    def plus(self, other: Tally) -> Tally:
        """Return the sum of two tallies."""
        both = Tally()
        both.add(self)
        both.add(other)
        return both

    @property
    def likely_bytes(self) -> int:
        """What `size` says that is likely."""
        return self.bytes + max(0, self.guess + self.more)

    def size(self) -> Size:
        """Return the sum."""
        notes = self.notes | {"device"} if self.device else self.notes
        more = self.guess + self.more
        # Where little is known to wait, what waits behind it is not known at all.
        estimate = self.bytes + more if more > self.bytes // _LITTLE else None
        return Size(self.bytes, notes, estimate, self.device or None, self.mapped or None)


class Account:
    """The account of one walk; `steps` makes it, and can be left between two steps."""

    def __init__(self, walk: Ownership, *, names: bool = False) -> None:
        """Take the walk; nothing is known before all steps were made.

        With `names`, `keeps` and `overlaps` are found as well.
        """
        self._names = names
        # What each root of all groups keeps alive.
        self.keeps: list[Tally] = []
        # By a root's number, bytes by the numbers of other roots that keep them alive as well.
        self.overlaps: dict[int, Counter[int]] = {}
        # What roots of the first group, by their numbers, and all of these may free beyond what
        # is known: nothing else is known to hold it.
        self.doubts: Counter[int] = Counter()
        self.doubt = 0
        self.foreign = 0  # bytes at the end that only the first group leads to, and something else
        self.walk = walk
        self.final = walk.done
        self.starts: list[int] = []  # the number of each group's first root
        self.roots: list[int] = []  # the joint of each root
        for rooted in walk.rooted:
            self.starts.append(len(self.roots))
            self.roots += rooted
        self.alive: set[int] = set()
        self.reach: list[set[int]] = []
        # By the joint of a root that is emptied or let go by a holder, who else leads to it:
        # joints, and groups as ~number.
        self._into_cuts: dict[int, set[int]] = {joint: set() for joint in walk.cuts}
        self._held_cuts: set[int] = set()  # of those that are emptied, what is held from outside
        self.owner: dict[int, int] = {}  # the number of a root, or `_SEVERAL`
        self._several: set[int] = set()  # the joints to which several roots lead
        self.tallies: list[Tally] = []
        self.cut: set[int] = set()
        self._pages = MemoryPages()
        self._presences: dict[Block, PresentBytes] = {}
        self._more: dict[int, int] = {}
        self._specials: set[int] | None = None
        self._rows: dict[int, tuple[list[Tally], list[Shared]]] = {}
        self._both: dict[tuple[int, int], Tally] = {}

    def run(self) -> Account:
        """Make all steps."""
        for _ in self.steps():
            pass
        return self

    def steps(self) -> Steps:
        """Make the account, step by step."""
        self.walk.unsettle()
        held: set[int] = set()
        yield from self._find_held(held)
        if self.walk.cuts:
            emptied = {joint for joint, (_, holder) in self.walk.cuts.items() if holder is None}
            self._held_cuts = held & emptied
            held -= emptied
            yield from self._cut()
        if self.walk.loose:
            self.walk.doubt_loose(held)
        yield from self._lead(self.alive, held, set())
        for group, rooted in enumerate(self.walk.rooted):
            found: set[int] = set()
            yield from self._lead(found, self._starts(group, rooted) - self.alive, self.alive)
            self.reach.append(found)
        yield from self._find_owners()
        yield from self._settle_leaves(held)
        if not self.final:
            yield from self._find_cut(held)
        yield from self._add_up()
        if self._names:
            yield
            yield from self._find_rows(0)
            for group in range(1, len(self.walk.rooted)):
                yield from self._find_both(0, group)
            yield from self._find_shares()
            yield from self._find_doubts() if not self.final else self._find_foreign()

    def _find_held(self, found: set[int]) -> Steps:
        """Find the joints that are held from outside."""
        walk = self.walk
        now: list[int] = []
        while len(now) < len(walk.objects):
            now += walk.counted(len(now), LOOKS)
            yield
        met = walk.met
        for joint in walk.held_by_walk():
            now[joint] = walk.refs[joint]
        before = walk.refs
        for joint in walk.foreign.values():
            loose = joint in walk.loose and met[joint] > before[joint]
            unknown = loose or before[joint] == USERS_UNKNOWN
            now[joint] = met[joint] if unknown else before[joint]
        yield
        if self.final:
            walk.moving = walk.moving or walk.leaves_moved()
        for start in range(0, len(now), LOOKS):
            some = range(start, min(start + LOOKS, len(now)))
            counted, seen = now[start : some.stop], met[start : some.stop]
            if self.final:
                for joint in compress(some, map(lt, counted, seen)):
                    walk.note(joint, "moving")
            found.update(compress(some, map(ne, counted, seen)))
            yield

    def _cut(self) -> Steps:
        """Drop the references to roots that are emptied, and a holder's to what it lets go.

        The walk cannot go on afterwards.
        """
        cuts, into = self.walk.cuts, self._into_cuts
        those = set(cuts)
        for joint, kids in enumerate(self.walk.edges):
            if not those.isdisjoint(kids):
                away = {kid for kid in those.intersection(kids) if cuts[kid][1] in {None, joint}}
                for kid in away - {joint}:
                    into[kid].add(joint)
                kids[:] = [kid for kid in kids if kid not in away]
            if joint % LOOKS == 0:
                yield

    def _starts(self, group: int, rooted: list[int]) -> set[int]:
        """Return where a group begins: not at what another group empties."""
        cuts = self.walk.cuts
        found = set(rooted)
        for joint in found.intersection(cuts) if cuts else ():
            owner, holder = cuts[joint]
            if owner != group and holder is None:
                found.discard(joint)
                self._into_cuts[joint].add(~group)
        return found

    def _lead(
        self, found: set[int], start: Iterable[int], stops: set[int], most: float = inf
    ) -> Steps:
        """Add to `found` the joints that lead from `start` without passing `stops`.

        It ends where there are about `most` joints.
        """
        edges = self.walk.edges
        waiting = list(start)
        found.update(waiting)
        while waiting and len(found) < most:
            some = waiting[-_AT_ONCE:]
            del waiting[-_AT_ONCE:]
            for batch in batches(chain.from_iterable(map(edges.__getitem__, some))):
                new = set(batch) - found - stops
                found |= new
                waiting.extend(new)
                yield

    def _find_owners(self) -> Steps:
        """Find for each joint that is not alive the one root that leads to it, or `_SEVERAL`."""
        inside: set[int] = set()
        for batch in batches(chain.from_iterable(self.reach)):
            inside.update(batch)
            yield
        claims = Claims(self.walk.edges, inside)
        yield from claims.claim_each(self.roots)
        self.owner = claims.owner
        yield from self._lead(self._several, claims.contested, self.alive)
        for batch in batches(iter(self._several)):
            self.owner.update(dict.fromkeys(batch, _SEVERAL))
            yield

    def _settle_leaves(self, held: set[int]) -> Steps:
        """Make joints of leaves."""
        walk, alive = self.walk, self.alive
        if not walk.leaves.count:
            return
        places = list(range(len(walk.objects)))
        yield from self._find_places(places)
        yield from walk.settle(places)
        looked = 0
        for joint, bundle in walk.bundles.items():
            owners = joints_of(bundle)
            if walk.met[joint] != walk.refs[joint]:
                held.add(joint)
                alive.add(joint)
            elif not alive.isdisjoint(owners):
                alive.add(joint)
            else:
                self.owner[joint] = _SEVERAL
                self._several.add(joint)
                for found in self.reach:
                    if not found.isdisjoint(owners):
                        found.add(joint)
            looked += 2 + len(owners)
            if looked > A_STEP:
                looked = 0
                yield

    def _find_places(self, places: list[int]) -> Steps:
        """Put the same joint into the places of joints that fall together."""
        for passed, (joint, number) in enumerate(self.owner.items()):
            if number != _SEVERAL:
                places[joint] = self.roots[number]
            if passed % LOOKS == 0:
                yield
        parts: list[Part] = []
        yield from self._find_parts(self._several, range(len(self.roots)), parts)
        for part in parts:
            first = next(iter(part.joints))
            for passed, joint in enumerate(part.joints if part.alike else ()):
                places[joint] = first
                if passed % LOOKS == 0:
                    yield

    def _find_cut(self, held: set[int]) -> Steps:
        """Find the joints that lead to something that was not followed, or may still be met."""
        walk = self.walk
        unsure = set(compress(range(len(walk.opened)), map((0).__eq__, walk.opened)))
        unsure.update(walk.waiting_joints())
        # A root that leads nowhere frees no more than its few own bytes, whoever holds it.
        known = {
            root
            for root in self.roots
            if root not in unsure and not walk.edges[root] and walk.bytes[root] <= _LEAF
        }
        leaves = {joint for joint in held if not walk.edges[joint]}
        leaves = {
            joint
            for joint in leaves
            if joint in walk.bundles or (walk.bytes[joint] <= _LEAF and joint not in unsure)
        }
        if sum(map(walk.bytes.__getitem__, leaves)) > WORTH_NAMING:
            leaves = set()
        # What an unsure holder leads to may fall as well, once the rest was followed.
        unsure |= self.alive - leaves
        back: dict[int, list[int]] = {}
        looked = 0
        for joint, kids in enumerate(walk.edges):
            for kid in kids:
                back.setdefault(kid, []).append(joint)
            looked += 1 + len(kids)
            if looked > LOOKS:
                looked = 0
                yield
        stack = list(unsure)
        while stack:
            for joint in back.get(stack.pop(), ()):
                if joint not in unsure:
                    unsure.add(joint)
                    stack.append(joint)
            looked += 1
            if looked % LOOKS == 0:
                yield
        self.cut = unsure - known

    # Sums

    def _add_up(self) -> Steps:
        """Add up what each root frees alone."""
        walk, owner = self.walk, self.owner
        sums = [0] * (len(self.roots) + 1)  # the last is for `_SEVERAL`
        for passed, (joint, number) in enumerate(owner.items()):
            sums[number] += walk.bytes[joint]
            if passed % LOOKS == 0:
                yield
        self.tallies = [Tally() for _ in self.roots]
        general = frozenset(("moving",)) if walk.moving else _NO_NOTES
        cut = general | {"cut"}
        for tally, root, size in zip(self.tallies, self.roots, sums):
            tally.bytes = size
            tally.notes = cut if walk.left_out or root in self.cut else general
            if root in walk.may_fall:
                tally.notes |= {"opaque"}
        for passed, joint in enumerate(self._special()):
            number = owner.get(joint, _SEVERAL)
            if number != _SEVERAL:
                self._add_special(self.tallies[number], joint)
            if passed % A_STEP == 0:
                yield
        self._add_estimates()

    def _add_estimates(self) -> None:
        """Add what waits to be followed, if it is like what was followed of the same kind."""
        if self.final:
            return
        self._more = Estimates(self.walk, self.owner).by_joint()
        self._add_more(self._more)
        likely = {root: tally.likely_bytes for root, tally in zip(self.roots, self.tallies)}
        alike = like_examples(self.walk, self.owner, likely)
        self._add_more(alike)
        for joint, more in alike.items():
            self._more[joint] = self._more.get(joint, 0) + more

    def _add_more(self, by_joint: Mapping[int, int]) -> None:
        for joint, more in by_joint.items():
            number = self.owner.get(joint, _SEVERAL)
            if number != _SEVERAL:
                self.tallies[number].more += more

    def _present(self, block: Block) -> PresentBytes:
        found = self._presences.get(block)
        if found is None:
            found = self._pages.present_if_large(block.address, block.size)
            self._presences[block] = found
        return found

    def _special(self) -> set[int]:
        """Return the joints of which more is known than their bytes."""
        if self._specials is None:
            walk = self.walk
            self._specials = {*walk.blocks, *walk.notes, *walk.guesses, *walk.mapped}
        return self._specials

    def _add_special(self, tally: Tally, joint: int) -> None:
        """Add what is known of a joint beside its bytes."""
        walk = self.walk
        tally.notes |= walk.notes.get(joint, _NO_NOTES)
        tally.guess += walk.guesses.get(joint, 0)
        if joint in walk.mapped:
            tally.mapped += walk.mapped[joint]
        for block in walk.blocks.get(joint, ()):
            if block.device:
                tally.device += block.size
                continue
            present = self._present(block)
            if block.users == USERS_UNKNOWN:
                tally.guess += present.own
            else:
                tally.bytes += present.own
            tally.mapped += present.mapped
            if present.mapped:
                tally.notes |= {"mapped"}
            elif present.own != block.size:
                tally.notes |= {"untouched"}

    def tally_of(self, joints: Iterable[int]) -> Tally:
        """Return the sum over joints."""
        joints = joints if isinstance(joints, set) else set(joints)
        tally = Tally()
        tally.bytes = sum(map(self.walk.bytes.__getitem__, joints))
        for joint in joints & self._special():
            self._add_special(tally, joint)
        if len(joints) < len(self._more):
            tally.more = sum(self._more.get(joint, 0) for joint in joints)
        else:
            tally.more = sum(more for joint, more in self._more.items() if joint in joints)
        if self.walk.moving:
            tally.notes |= {"moving"}
        if self.walk.left_out or not self.cut.isdisjoint(joints):
            tally.notes |= {"cut"}
        return tally

    def _add_all(self, tally: Tally, joints: Iterable[int]) -> Steps:
        """Add joints to a tally."""
        for batch in batches(iter(joints)):
            tally.add(self.tally_of(batch))
            yield

    def close(self) -> None:
        """Close what was opened to look at pages of memory."""
        self._pages.close()

    def let_go(self) -> Steps:
        """Empty the account and its walk, step by step: to free all at once takes a while."""
        for table in chain(self.reach, vars(self.walk).values(), vars(self).values()):
            if type(table) is list:
                while table:
                    del table[-LOOKS:]
                    yield
            elif type(table) in {dict, set}:
                take = table.popitem if type(table) is dict else table.pop
                while table:
                    for _ in range(min(len(table), LOOKS)):
                        take()
                    yield

    # What is asked of an account

    def alone(self, group: int) -> list[Tally]:
        """Return what each root of a group frees if it alone is let go."""
        start = self.starts[group]
        return self.tallies[start : start + len(self.walk.rooted[group])]

    def only(self, groups: Sequence[int]) -> set[int]:
        """Return the joints to which roots of all these groups lead, and of no other group."""
        others = [reach for g, reach in enumerate(self.reach) if g not in groups]
        first, *more = (self.reach[group] for group in groups)
        return first.intersection(*more).difference(*others)

    def both(self, first: int, second: int) -> Tally:
        """Return the sum of what roots of both groups keep alive."""
        if (first, second) not in self._both:
            for _ in self._find_both(first, second):
                pass
        return self._both[first, second]

    def _find_both(self, first: int, second: int) -> Steps:
        """Find what `both` returns."""
        tally = self._both[first, second] = Tally()
        others = self.reach[second]
        for batch in batches(iter(self.reach[first])):
            tally.add(self.tally_of(others.intersection(batch)))
            yield
        self._note_cut(tally, first, second)

    def without(self, group: int, other: int) -> Tally:
        """Return the sum of what roots of a group keep alive, and none of another group."""
        tally = self.tally_of(self.reach[group] - self.reach[other])
        self._note_cut(tally, group, other)
        return tally

    def _note_cut(self, tally: Tally, *groups: int) -> None:
        """Note that what groups lead to is not known yet, if it is not."""
        roots = chain.from_iterable(self.walk.rooted[group] for group in groups)
        if not self.final and not self.cut.isdisjoint(roots):
            tally.notes |= {"cut"}

    def rows(self, group: int) -> tuple[list[Tally], list[Shared]]:
        """Return what each root of a group frees alone, and what several roots free together.

        What a few roots share and is not worth naming is added to the first of these roots. So
        the sum over the sets, and over the roots that are in none, is what all roots free.
        """
        if group not in self._rows:
            for _ in self._find_rows(group):
                pass
        return self._rows[group]

    def _find_rows(self, group: int) -> Steps:
        """Find what `rows` returns."""
        tallies = self.alone(group)
        start = self.starts[group]
        self._rows[group] = tallies, []
        mine = self.reach[group]
        others = [reach for reach in self.reach if reach is not mine]
        shared: set[int] = set()
        for batch in batches(iter(self._several)):
            shared |= mine.intersection(batch).difference(*others)
            yield
        if not shared:
            return
        parts: list[Part] = []
        yield from self._find_parts(shared, range(start, start + len(tallies)), parts)
        sets = Sets(len(tallies))
        extras: list[tuple[int, Tally]] = []
        for part in parts:
            numbers = [number - start for number in part.roots]
            tally = Tally()
            yield from self._add_all(tally, part.joints)
            extras.append((numbers[0], tally))
            if tally.bytes + tally.guess + tally.more >= WORTH_NAMING:
                sets.join(numbers)
            yield
        found: dict[int, Shared] = {
            members[0]: Shared(tuple(members), Tally()) for members in sets.several()
        }
        for each in found.values():
            for number in each.members:
                each.tally.add(tallies[number])
        for number, tally in extras:
            first = sets.top(number)
            if first in found:
                found[first].tally.add(tally)
            else:
                tallies[number] = tallies[number].plus(tally)
        self._rows[group] = tallies, list(found.values())

    def closed(self, group: int) -> list[bool]:
        """Return for each root of a group whether nothing else holds it, or what it leads to.

        Objects that lead nowhere and are small, as texts and numbers are, do not count.
        """
        walk, special = self.walk, self._special()
        beyond: dict[int, set[int]] = {}
        for _ in self._find_beyond(beyond):
            pass

        def is_trifle(joint: int) -> bool:
            leads = not walk.opened[joint] or walk.edges[joint] or joint in special
            return not leads and walk.bytes[joint] < WORTH_NAMING

        return [
            self.owner.get(joint) == number and all(map(is_trifle, beyond.get(number, ())))
            for number, joint in enumerate(walk.rooted[group], self.starts[group])
        ]

    def sizes_of(self, group: int, *, each: bool = True) -> tuple[list[Size], Size]:
        """Return what each root of a group frees alone, and what all of the group free together.

        `shared_with` of a size has the positions of the others of a set that share memory.
        """
        together = self.tally_of(self.only([group]))
        self._note_cut(together, group)
        if not each:
            return [], together.size()
        _, shared = self.rows(group)
        sizes = [tally.size() for tally in self.alone(group)]
        for found in shared:
            for number in found.members:
                others = (other for other in found.members if other != number)
                sizes[number].shared_with = tuple(islice(others, _MOST_SHARERS))
        return sizes, together.size()

    def by_groups(self) -> dict[tuple[int, ...], set[int]]:
        """Return the joints that fall if all goes, by the groups that lead to them, in order."""
        led: dict[int, tuple[int, ...]] = {}
        longer: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
        for group, reach in enumerate(self.reach):
            for joint in reach:
                before = led.get(joint, ())
                led[joint] = longer.setdefault((before, group), (*before, group))
        found: dict[tuple[int, ...], set[int]] = {}
        for joint, groups in led.items():
            found.setdefault(groups, set()).add(joint)
        return found

    def leading_to(self, group: int) -> set[int]:
        """Return the other groups that lead to what a group empties, or its holders let go.

        Where something else holds it as well, these are none.
        """
        found: set[int] = set()
        for joint in self.walk.rooted[group]:
            if joint in self._held_cuts or self.walk.cuts.get(joint, (-1,))[0] != group:
                continue
            into = self._into_cuts[joint]
            found.update(~each for each in into if each < 0)
            found.update(
                other
                for other, reach in enumerate(self.reach)
                if other != group and not reach.isdisjoint(into)
            )
        return found

    def _find_shares(self) -> Steps:
        """Find what each root keeps alive, and how many bytes it shares with other roots.

        Where the graph is too large to look at all of it, some of these are missing.
        """
        beyond: dict[int, set[int]] = {}
        yield from self._find_beyond(beyond)
        left = _MOST_LOOKED_AT
        users: dict[int, tuple[int, ...]] = {}
        known: dict[frozenset[int], tuple[set[int], Tally]] = {}  # by where it starts
        for number, root in enumerate(self.roots):
            if self.owner.get(root) != number:
                start = {root}
            elif number in beyond:
                start = beyond[number]
            else:
                self.keeps.append(self.tallies[number])
                continue
            # What is held from outside is part of a root's size only where the root itself is.
            stops = set() if root in self.alive else self.alive
            begin = frozenset(start - stops)
            if begin not in known:
                shared = set(begin) if left > 0 else set()
                yield from self._lead(shared, shared, stops, left)
                left -= len(shared)
                known[begin] = shared, Tally()
                yield from self._add_all(known[begin][1], shared)
            shared, tally = known[begin]
            mine = self.tallies[number]
            self.keeps.append(mine.plus(tally) if shared else mine)
            for passed, joint in enumerate(shared, 1):
                sharers = users.get(joint, ())
                if len(sharers) <= _MOST_SHARERS:
                    users[joint] = (*sharers, number)
                if passed % A_STEP == 0:
                    yield
        yield from self._find_overlaps(users)

    def _find_beyond(self, found: dict[int, set[int]]) -> Steps:
        """Find, by the roots' numbers, where their own joints lead to others' joints."""
        edges, owner = self.walk.edges, self.owner
        looked = 0
        for joint, number in owner.items():
            looked += 1
            if number != _SEVERAL and edges[joint]:
                beyond = [kid for kid in edges[joint] if owner.get(kid) != number]
                if beyond:
                    found.setdefault(number, set()).update(beyond)
                looked += len(edges[joint])
            if looked > LOOKS:
                looked = 0
                yield

    def _find_overlaps(self, users: dict[int, tuple[int, ...]]) -> Steps:
        """Find how many bytes roots share, by the numbers of the roots that lead to each joint."""
        together: dict[tuple[int, ...], set[int]] = {}
        for passed, (joint, numbers) in enumerate(users.items()):
            together.setdefault(numbers, set()).add(joint)
            if passed % LOOKS == 0:
                yield
        for numbers, joints in together.items():
            if 1 < len(numbers) <= _MOST_SHARERS:
                tally = Tally()
                yield from self._add_all(tally, joints)
                self._overlap(numbers, tally.likely_bytes)
            yield

    def _find_doubts(self) -> Steps:
        """Find what roots of the first group may free as well, as far as it was followed.

        That is what they lead to and no root of another group does, and what had references that
        were not met yet: these may be of objects that fall as well, as in figures and their axes.
        """
        others: set[int] = set()
        for group, rooted in enumerate(self.walk.rooted[1:], 1):
            yield from self._lead(others, self._starts(group, rooted), set())
        led: set[int] = set()
        yield from self._lead(led, self._starts(0, self.walk.rooted[0]) - others, others)
        doubtful = led & self.alive
        self.doubt = yield from self._bytes_of(doubtful)
        left = _MOST_IN_DOUBT if doubtful else 0
        for number, root in enumerate(self.walk.rooted[0]):
            if left > 0 and root in self.cut and root not in others:
                near = {root}
                yield from self._lead(near, near, others, left)
                left -= len(near)
                near &= doubtful
                if near:
                    self.doubts[number] = self.tally_of(near).likely_bytes

    def _find_foreign(self) -> Steps:
        """Find what of the first group's is held from outside, and no other group leads to."""
        found: set[int] = set()
        yield from self._lead_outside(found, 0)
        self.foreign = yield from self._bytes_of(found)
        if self.foreign >= _WORTH_ASKING:
            for group in range(1, len(self.reach)):
                others: set[int] = set()
                yield from self._lead_outside(others, group)
                found -= others
            self.foreign = yield from self._bytes_of(found)

    def _bytes_of(self, joints: set[int]) -> Generator[None, None, int]:
        tally = Tally()
        yield from self._add_all(tally, joints)
        return tally.likely_bytes

    def _lead_outside(self, found: set[int], group: int) -> Steps:
        """Add the joints that are held from outside and to which a group leads."""
        start = self.alive.intersection(self.walk.rooted[group])
        for some in batches(iter(self.reach[group])):
            yield
            for batch in batches(chain.from_iterable(map(self.walk.edges.__getitem__, some))):
                start |= self.alive.intersection(batch)
                yield
        yield from self._lead(found, start, set())

    def _overlap(self, numbers: tuple[int, ...], size: int) -> None:
        """Note that roots share bytes."""
        for number in numbers:
            found = self.overlaps.setdefault(number, Counter())
            for other in numbers:
                found[other] += size

    def _find_parts(self, shared: set[int], numbers: range, found: list[Part]) -> Steps:
        """Find which of the shared joints fall together if these roots are let go."""
        users = Users()
        edges = self.walk.edges
        starts = iter(numbers)
        reached = -1
        looked = 0
        for joint, number in self.owner.items():  # in the order of the numbers
            looked += 1
            if number in numbers and edges[joint]:
                while reached < number:
                    reached = next(starts)
                    users.add(shared.intersection((self.roots[reached],)), reached)
                for start in range(0, len(edges[joint]), LOOKS):
                    some = edges[joint][start : start + LOOKS]
                    users.add(shared.intersection(some), number)
                    looked += len(some)
                    if looked > LOOKS:
                        looked = 0
                        yield
            if looked > LOOKS:
                looked = 0
                yield
        for number in starts:
            users.add(shared.intersection((self.roots[number],)), number)
        yield from apart(edges, shared, users, found)


class Shared:
    """What several roots free together, which are named by their positions in their group."""

    __slots__ = ("members", "tally")

    def __init__(self, members: tuple[int, ...], tally: Tally) -> None:
        """Take the members and the sum."""
        self.members = members
        self.tally = tally
