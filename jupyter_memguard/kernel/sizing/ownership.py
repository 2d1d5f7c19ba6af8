"""Who owns what: one walk from all roots that builds a graph of joints.

The roots are results, tracebacks and the user's variables. A *joint* is a root, or an object that
the walk meets and that has more than one reference. An object with a single reference belongs to
the joint from which it was reached, and needs no book-keeping: its bytes are added to that joint.
`account.py` reads from the graph who frees what. An object is held from outside if it has more
references than the walk has met. The collector of CPython subtracts references in the same way.

Memory of libraries, which Python does not count, is a joint too, if the library counts its users.

The walk can stop after any step and go on later: all that it knows is in its attributes. While it
stops it holds a reference to each joint and to what it has not followed yet.

The counts are right only by the rule of uncounted references, which stands in `__init__.py`.
"""

from __future__ import annotations

import gc
from array import array
from collections import Counter
from heapq import heappop, heappush
from itertools import chain, compress, filterfalse, repeat
from operator import eq, gt, is_, mul, ne, not_, or_, sub
from random import Random
from typing import TYPE_CHECKING, Any, Iterator, List, Mapping, Sequence, Tuple

from ..retention.describe import module_name
from ..retention.refcounts import LISTED, counts
from .allocation import FEW_TYPES, Kind, class_may_fall, derived, group_by_type
from .blocks import SOLE_USER, USERS_UNKNOWN, Block
from .heap import Heap, clock, module_namespaces
from .leaves import MOST_BYTES, Bundles, Leaves, joints_of, packed
from .libraries import loaded_adapters, not_entered
from .memory_pages import ALWAYS_PRESENT
from .other_threads import OtherThreads
from .sharing import A_STEP
from .worklist import BATCH, LARGE, Cursor, Worklist, hidden_keys

if TYPE_CHECKING:
    from ..retention.sizes import Root
    from .libraries.adapter import Owned
    from .sharing import Steps

_FEW = 100  # items up to which a container is opened whole; waiting joints from which a batch pays
_AT_ONCE = 300  # joints that are opened in one step
_ONE_BY_ONE = 100  # joints of these, in one step
_MOST_LEFT_OUT = 20_000  # joints that were opened meanwhile, in one call
_LONG = 1000  # joints that are opened one after the other while many others wait
_INLINE = 3  # objects that are opened with a joint
_OFTEN = 10_000  # edges of a joint that may be twice there
_DEEP = 60  # levels that a batch of joints is followed before worklists take over
_LEVEL = 300  # objects that are looked at in one step
_MANY = 20_000  # objects of one level from which worklists take over
_ALIKE = 50  # roots of one type, of which some are followed before the others
_EXAMPLES = 12  # roots of one type that are followed first
_TURN_S = 0.004  # of asking adapters about what one joint leads to
_SAMPLE = 4  # slices of wide containers for each batch of joints that something else may hold
# How large the graph may be: about 150 MB of the walk's own, and some seconds to account for.
_MOST_EDGES = 2_000_000
_MOST_JOINTS = 500_000
_MOST_LEAVES = 6_000_000  # references to leaves
# A text or number with so many references for each of its bytes is an end: it is less than a
# hundredth of the memory of the references alone, and the graph would mostly be edges to such keys,
# categories and names.
_COMMON = 16
_MOST_SPOTS = 2000  # leaves of which the walk looks whether their references have changed
_FEW_MOVED = 3  # of these, beside one in a hundred, may have changed: leaves are small
LOOK_S = 1 / 700_000  # seconds that an account takes for each look at an edge, joint or leaf
_FIRST_ACCOUNT, _LATER_ACCOUNT = 0.5, 0.8  # the most of a budget that an account is left
# The steps that are made however late it is. They take a few milliseconds, and reach small objects
# beside large ones, such as what a traceback keeps.
_FIRST_STEPS = 16
_LOOKS_A_ROOT = 5  # the account of a root takes as long as that of so many edges

# Objects, and for each the joint to which it belongs.
_Level = Tuple[List[Any], List[int]]


class Part:
    """References that were met by following a slice of a cursor's."""

    __slots__ = ("cursor", "leaves", "number", "pairs")

    def __init__(self, cursor: Cursor | None, pairs: array[int], leaves: int) -> None:
        """Take pairs of a joint and how many references there are to it, and to how many leaves."""
        self.cursor = cursor
        self.number = 0 if cursor is None else cursor.done  # of the slice
        self.pairs = pairs
        self.leaves = leaves


class Pending:
    """What a joint leads to and a worklist has still to follow."""

    __slots__ = (
        "asked", "gained", "has_edge", "joint", "memory", "parts", "pile", "shared", "spent",
        "told", "worklist",
    )  # fmt: skip

    def __init__(self, joint: int) -> None:
        """Begin with nothing."""
        self.joint = joint
        self.pile: list[Any] = []  # objects that are not even counted yet
        self.worklist = Worklist()
        self.gained = 0  # bytes that were counted by following it
        # By kinds' identities, of how many objects adapters were asked, and the bytes they told.
        self.asked: Counter[int] = Counter()
        self.told: Counter[int] = Counter()
        self.spent = 0.0  # seconds of following slices
        self.parts: list[Part] = []
        # The same of references to memory of libraries with several users, and the joints of this
        # memory that were met since the last part.
        self.memory: list[Part] = []
        self.shared: list[int] = []
        self.has_edge = bytearray()  # for each joint, once there are many edges

    def __bool__(self) -> bool:
        """Return whether there is anything left to follow."""
        return bool(self.pile or self.worklist)

    def end_part(self) -> None:
        """Note which memory of libraries was met."""
        if self.shared:
            pairs = array("i", chain.from_iterable(Counter(self.shared).items()))
            self.memory.append(Part(self.worklist.cursor, pairs, 0))
            self.shared.clear()

    def __lt__(self, other: Pending) -> bool:
        """Return whether less time was spent on it."""
        return self.spent < other.spent


class Ownership:
    """The walk, and the graph of joints that it builds.

    Joints are numbered; for the joint `j`, `objects[j]` is its object (None for memory of a
    library), `refs[j]` the references that the object had, `met[j]` those that were met,
    `bytes[j]` the bytes of the joint and of what belongs to it, `edges[j]` the joints to which
    these refer, and `opened[j]` whether its references were looked at.
    """

    def __init__(self, groups: Sequence[Sequence[Root]], boundary: Sequence[Any]) -> None:
        """Take groups of roots. `boundary` names what stays and is not entered."""
        self.heap = Heap(loaded_adapters(), (*boundary, *not_entered()))
        self.ends = _ends(boundary, groups).union(map(id, self.heap.boundary))
        self.objects: list[Any] = []
        self.refs: list[int] = []
        self.met: list[int] = []
        self.bytes: list[int] = []
        self.edges: list[Any] = []
        self.edge_count = 0
        self.opened = bytearray()
        self.blocks: dict[int, list[Block]] = {}
        self.mapped: Counter[int] = Counter()
        self.guesses: Counter[int] = Counter()
        self.notes: dict[int, set[str]] = {}
        self.moving = False
        self.rooted: list[list[int]] = []  # for each group, the joint of each root
        # By the joint of a root that is emptied, or let go by a holder: its group, and the joint
        # of the holder, or None.
        self.cuts: dict[int, tuple[int, int | None]] = {}
        self.sliced: set[int] = set()  # joints that are followed slice by slice
        self.wide: list[Pending] = []  # a heap by the time that was spent on each
        self.now = Pending(-1)  # what is followed now
        self.foreign: dict[int, int] = {}
        # Of these, those to which something refers that cannot say what they have, or how often it
        # refers to them; and whether something else has said what they have.
        self.loose: dict[int, bool] = {}
        self.index: dict[int, int] = {}
        self.leaves = Leaves()
        # The joints that were made of leaves, and the joints that refer to each (`joints_of`).
        self.bundles: dict[int, bytes] = {}
        self._first_bundle: int | None = None
        self.left_out = False  # whether there were too many leaves to make joints of
        self._spot: list[Any] = []  # some leaves
        self._spot_refs: dict[int, int] = {}  # by their identities, the references these had
        self._bytes_before: dict[int, int] = {}  # of joints with leaves, before these were settled
        self._edges_before: dict[int, int] = {}  # and how many edges the joints had
        # For joints that wait, the part of leaves' bytes that goes with the references from there:
        # of leaves to which all references were met, and of others.
        self.of_leaves: Mapping[int, Sequence[float]] = {}
        self._ended = False
        self.common: list[Any] = []  # ends of which many references were met
        self._owned: list[Any] = []  # what adapters say that objects refer to, to be met next
        self.may_fall: set[int] = set()  # roots with a class that may fall and is not followed
        self._classes: set[int] = set()  # joints that are types
        # Joints of roots that are followed before others of their types, by the types' identities.
        self.examples: dict[int, list[int]] = {}
        self._examples_go_on = False
        self._certain: list[int] = []  # wait to be opened; all references to these were met
        self._doubtful: list[int] = []  # wait as well, but something else may hold these
        self._level: _Level = [], []
        # Steps of joints that wait, and of any kind.
        self._depth = self._steps = self._made = 0
        self._links = 0  # joints that were opened one after the other while many others waited
        self._deadline = self._turn_ends = 0.0
        self._look_s = 0.0
        self._most_for_account = 0.0
        self._others = OtherThreads()
        self.root_count = sum(map(len, groups))
        self._take_roots(groups)

    def _take_roots(self, groups: Sequence[Sequence[Root]]) -> None:
        index, met = self.index, self.met
        held_by: list[tuple[int, int, int]] = []
        for number, group in enumerate(groups):
            found = []
            for root in group:
                key = id(root.obj)
                joint = index.get(key)
                if joint is None:
                    joint = index[key] = len(met)
                    self.objects.append(root.obj)
                    met.append(0)
                met[joint] += root.references + 1
                found.append(joint)
                if root.emptied:
                    self.cuts[joint] = number, None
                elif root.holder is not None:
                    held_by.append((joint, number, id(root.holder)))
            self.rooted.append(found)
        for joint, number, key in held_by:
            if key in index and joint not in self.cuts:
                self.cuts[joint] = number, index[key]
        self.bytes = [0] * len(met)
        self.edges = [[] for _ in met]
        # A variable for IPython's shell is not entered.
        self.opened = bytearray(map(self.ends.__contains__, index))
        self._look_at_classes()
        self.refs = self.counted(0)
        self._roots = range(len(self.objects))  # their joints
        closed = map(not_, self.opened)
        self._certain = list(compress(range(len(self.objects)), closed))[::-1]
        self._choose_examples()

    def _choose_examples(self) -> None:
        """Put some roots of each type that has many to where they are opened first."""
        by_type: dict[int, list[int]] = {}
        for joint in self._certain:
            by_type.setdefault(id(type(self.objects[joint])), []).append(joint)
        for key, joints in by_type.items():
            if len(joints) >= _ALIKE:
                # By chance, as notebooks are full of patterns, but always the same ones.
                chance = Random(0)  # noqa: S311
                self.examples[key] = chance.sample(joints, _EXAMPLES)
        first = set(chain.from_iterable(self.examples.values()))
        if first:
            self._examples_go_on = True
            self._certain = [joint for joint in self._certain if joint not in first]
            self._open_joints(sorted(first))

    def _look_at_classes(self) -> None:
        """Find the roots that are types, or whose classes may fall."""
        types: set[int] = set()
        falling: set[int] = set()
        keys = list(map(id, map(type, self.objects)))
        for key, joint in dict(zip(keys, range(len(keys)))).items():
            obj = self.objects[joint]
            if self.heap.kind(type(obj)).stop:
                types.add(key)
            elif not is_users_class(type(obj)) and class_may_fall(obj):
                falling.add(key)
        if not types and not falling:
            return
        for joint, key in enumerate(keys):
            obj = self.objects[joint]
            falls = key in falling
            if key in types:
                self._classes.add(joint)
                falls = not is_users_class(type(obj)) and class_may_fall(obj)
            if falls:
                self.notes[joint] = {"opaque"}
                self.may_fall.add(joint)

    def _joint(self) -> int:
        self.objects.append(None)
        self.met.append(0)
        self.bytes.append(0)
        self.edges.append([])
        self.opened.append(0)
        return len(self.objects) - 1

    def counted(self, start: int, most: int | None = None) -> list[int]:
        """Return the references to the joints' objects from `start` on, but for the walk's own.

        `most` is the most joints to look at.
        """
        found: list[int] = []
        base = LISTED + 1  # type: ignore[operator]
        end = len(self.objects) if most is None else min(start + most, len(self.objects))
        for at in range(start, end, BATCH):
            found.extend(map(sub, counts(self.objects[at : min(at + BATCH, end)]), repeat(base)))
        kinds = self.heap.kinds
        for joint in self._classes:
            if start <= joint < end and id(self.objects[joint]) in kinds:
                found[joint - start] -= 1  # what is known of a type holds it
        return found

    @property
    def done(self) -> bool:
        """Return whether all was followed."""
        waits = self.now or self._level[0] or self._certain or self.wide
        return not waits and not self._waiting()

    def follow(self, seconds: float, *, look_s: float = LOOK_S) -> bool:
        """Follow for so many seconds of this thread's time; return whether that was all.

        The time is for the account as well, which takes `look_s` seconds for each look.
        """
        if self._ended:
            return True
        self.unsettle()
        self._look_s = look_s
        # Who goes on has the account of what is known already to pay, however little is followed.
        self._most_for_account = seconds * (_LATER_ACCOUNT if self.edge_count else _FIRST_ACCOUNT)
        begin = clock()
        self._deadline = begin + seconds
        while not (self.done or self.full):
            before = clock()
            self._step()
            self._made += 1
            # Examples tell nothing of the others before they were followed.
            first = self._made < _FIRST_STEPS and not self.examples
            if not first and self._late(clock() - before):  # another step may take as long
                break
        self.moving = self.moving or self._others.ran()
        self._ended = self.done or self.full
        return self._ended

    def settle(self, places: Sequence[int]) -> Steps:
        """Make joints of the leaves that were met by now, after `unsettle`.

        A place is a joint that stands for other joints, such as a root for all that it alone leads
        to. `places` has each joint's place.
        """
        found = Bundles(each.joint for each in self.pending())
        yield from self.leaves.bundles(places, found)
        self.of_leaves = found.waiting
        self.left_out = found.left_out
        self._first_bundle = len(self.objects)
        looked = 0
        for sizes, held in ((found.met, False), (found.held, True)):
            for bundle, size in sizes.items():
                owners = joints_of(bundle)
                for owner in owners:
                    self._bytes_before.setdefault(owner, self.bytes[owner])
                    self._edges_before.setdefault(owner, len(self.edges[owner]))
                if len(owners) == 1 and not held:
                    self.bytes[owners[0]] += size
                else:
                    self.bundles[self._bundle(owners, size, held=held)] = bundle
                looked += 2 + len(owners)
                if looked > A_STEP:
                    looked = 0
                    yield

    def leaves_moved(self) -> bool:
        """Return whether many of some leaves have more references than when they were met.

        Looking up an attribute, Python itself takes a reference to its name now and then.
        """
        now = map(sub, counts(self._spot), repeat(LISTED))
        moved: int = sum(map(gt, now, self._spot_refs.values()))
        return moved > _FEW_MOVED + len(self._spot) // 100

    def _bundle(self, owners: Sequence[int], size: int, *, held: bool) -> int:
        joint = self._joint()
        self.refs.append(len(owners) + held)
        self.opened[joint] = 1
        self.bytes[joint] = size
        self.met[joint] = len(owners)
        for owner in owners:
            self.edges[owner].append(joint)
        return joint

    def doubt_loose(self, held: set[int]) -> None:
        """Take for an estimate what loose joints lead to that are not held.

        They fall if what leads to them is all there is, which nobody can say.
        """
        waiting = [joint for joint in self.loose if joint not in held]
        seen: set[int] = set()
        while waiting:
            for joint in set(self.edges[waiting.pop()]) - seen:
                blocks = self.blocks.pop(joint, ())
                if blocks:
                    self.guesses[joint] += sum(block.size for block in blocks)
                    self.note(joint, "sharing-unknown")
                seen.add(joint)
                waiting.append(joint)

    def unsettle(self) -> None:
        """Take back what `settle` made, so that further leaves can be met."""
        for joint, size in self._bytes_before.items():
            self.bytes[joint] = size
            del self.edges[joint][self._edges_before[joint] :]
        self._bytes_before.clear()
        self._edges_before.clear()
        self.bundles.clear()
        if self._first_bundle is not None:
            for each in (self.objects, self.refs, self.met, self.bytes, self.edges, self.opened):
                del each[self._first_bundle :]
            self._first_bundle = None

    @property
    def full(self) -> bool:
        """Return whether the graph is so large that it would harm the kernel to go on."""
        many = self.edge_count > _MOST_EDGES or len(self.objects) > _MOST_JOINTS
        return many or self.leaves.count > _MOST_LEAVES

    @property
    def looks(self) -> int:
        """The number of looks that the account of what is known takes."""
        known = self.edge_count + self.leaves.count + len(self.objects)
        return known + _LOOKS_A_ROOT * self.root_count

    def _late(self, ahead: float = 0.0) -> bool:
        """Return whether the time is up, with the account and so many seconds for what is next."""
        account = min(self.looks * self._look_s, self._most_for_account)
        return clock() + account + ahead > self._deadline

    def _step(self) -> None:
        """Do what comes next: certain joints first, then slices, and doubtful joints between."""
        if self.now:
            self._follow()
        elif self._level[0]:
            self._next_level()
        elif self._examples_go_on:
            self._follow_examples()
        elif self._certain:
            few = len(self._certain) < _FEW <= len(self._waiting())
            if few and self._links > _LONG:
                # In a ring one certain joint leads to the next: take many at once.
                self._doubtful += self._certain
                self._certain.clear()
                self._open_some(self._doubtful)
            else:
                self._open_some(self._certain)
        elif self.wide and (self._steps % _SAMPLE or not self._waiting()):
            self._steps += 1
            self._take_turn()
        else:
            self._steps += 1
            self._open_some(self._waiting())

    def _take_turn(self) -> None:
        self.now = heappop(self.wide)
        # All are begun before a slice is taken of any.
        self._follow(slices=0 if self.now.pile else 1)

    def _follow_examples(self) -> None:
        """Go on with what the examples lead to; large containers have one turn."""
        if self.wide and not self.wide[0].spent:
            self._take_turn()
            return
        found = [joint for joint in self._certain if joint not in self._roots]
        self._certain = [joint for joint in self._certain if joint in self._roots]
        self._examples_go_on = bool(found)
        self._open_joints([joint for joint in found if not self.opened[joint]])

    def _waiting(self) -> list[int]:
        """Return the doubtful joints that wait; some of these may have been opened meanwhile.

        Opened ones are left out from the end, so that the list is empty once all are opened. To
        leave out very many takes several calls.
        """
        doubtful, opened = self._doubtful, self.opened
        for _ in range(min(len(doubtful), _MOST_LEFT_OUT)):
            if not opened[doubtful[-1]]:
                break
            doubtful.pop()
        return doubtful

    # Joints, many at a time

    def _open_some(self, waiting: list[int]) -> None:
        if len(waiting) < _FEW:
            self._open_one_by_one()
            return
        opened = self.opened
        joints = [joint for joint in dict.fromkeys(waiting[-_AT_ONCE:]) if not opened[joint]]
        del waiting[-_AT_ONCE:]
        self._open_joints(joints)

    def _open_joints(self, joints: list[int]) -> None:
        for joint in joints:
            self.opened[joint] = 1
        self._level = list(map(self.objects.__getitem__, joints)), joints
        self._depth = 0

    def _next_level(self) -> None:
        """Look at the references of a level's objects; those with a single one are the next."""
        self._depth += 1
        objects, owners = self._level
        if self._depth > _DEEP or (self._depth > 1 and len(objects) > _MANY):
            self._level = [], []
            self._hand_over(objects, owners)
            return
        self._level = objects[:-_LEVEL], owners[:-_LEVEL]
        del objects[:-_LEVEL], owners[:-_LEVEL]
        kids: list[Any] = []
        of: list[int] = []
        for kind, group, theirs in self._grouped(objects, owners):
            self._open(kind, group, theirs, kids, of)
        group = []
        objects.clear()
        seen = counts(kids)
        single = LISTED + 1  # type: ignore[operator]
        alone = list(map(eq, seen, repeat(single)))
        self._level[0].extend(compress(kids, alone))
        self._level[1].extend(compress(of, alone))
        if not all(alone):
            several = list(map(not_, alone))
            kids[:] = compress(kids, several)
            self._refer_of(kids, list(compress(of, several)))

    def _grouped(
        self, objects: list[Any], owners: list[int]
    ) -> Iterator[tuple[Kind, list[Any], list[int]]]:
        """Yield objects of one type each, and their joints."""
        for _ in range(FEW_TYPES):
            if not objects:
                return
            cls = type(objects[0])
            same = list(map(is_, map(type, objects), repeat(cls)))
            if all(same):
                yield self.heap.kind(cls), objects, owners
                return
            yield self.heap.kind(cls), list(compress(objects, same)), list(compress(owners, same))
            other = list(map(not_, same))
            objects, owners = list(compress(objects, other)), list(compress(owners, other))
        positions: dict[int, list[int]] = {}
        for at, key in enumerate(map(id, map(type, objects))):
            positions.setdefault(key, []).append(at)
        for places in positions.values():
            group = list(map(objects.__getitem__, places))
            yield self.heap.kind(type(group[0])), group, list(map(owners.__getitem__, places))

    def _open(
        self, kind: Kind, group: list[Any], owners: list[int], kids: list[Any], of: list[int]
    ) -> None:
        """Count a level's objects of one kind, and add what they refer to to `kids` and `of`."""
        group, owners = self._narrow(kind, group, owners)
        if not group:
            return
        if kind.adapter is not None:
            group, owners = self._open_adapted(kind, group, owners, kids, of)
        if kind.hides(group):
            self._note_hidden(kind, group, owners)
        referents = [] if kind.leaf else list(map(gc.get_referents, group))
        lengths = list(map(len, referents))
        if kind.adapter is None:
            for owner, size in zip(owners, kind.sizes_of(group, lengths)):
                self.bytes[owner] += size
        kids.extend(chain.from_iterable(referents))
        of.extend(chain.from_iterable(map(repeat, owners, lengths)))
        if kind.keyed:
            self._open_keys(group, owners, lengths, kids, of)

    @staticmethod
    def _open_keys(
        dicts: list[Any], owners: list[int], shown: list[int], kids: list[Any], of: list[int]
    ) -> None:
        """Add the keys of a level's dicts that the collector is not shown."""
        items = list(map(dict.__len__, dicts))
        if shown == items:
            kids.extend(chain.from_iterable(map(dict.keys, dicts)))
            of.extend(chain.from_iterable(map(repeat, owners, items)))
            return
        for at, (length, count) in enumerate(zip(shown, items)):
            if length < 2 * count:
                keys = hidden_keys(dicts[at : at + 1], length)
                of.extend(repeat(owners[at], len(keys)))
                kids.extend(keys)
                keys.clear()

    def _narrow(
        self, kind: Kind, group: list[Any], owners: list[int]
    ) -> tuple[list[Any], list[int]]:
        """Leave out types and modules, and hand over what has many items."""
        if kind.stop:
            users = list(map(is_users_class, group))
            return list(compress(group, users)), list(compress(owners, users))
        if kind.length is not None:
            lengths, most = list(map(kind.length, group)), _FEW
        elif kind.unwritten is not None:
            lengths, most = kind.sizes_of(group, []), ALWAYS_PRESENT
        else:
            return group, owners
        if max(lengths) <= most:
            return group, owners
        few = list(map(most.__ge__, lengths))
        many = list(map(not_, few))
        self._hand_over(list(compress(group, many)), list(compress(owners, many)))
        return list(compress(group, few)), list(compress(owners, few))

    # What an account asks

    def held_by_walk(self) -> set[int]:
        """Return the joints to whose objects the walk itself holds further references now."""
        level = self._of_joints(*self._level)
        waiting = {pending.joint for pending in (*self.wide, self.now)}
        return level | (waiting & self.sliced)

    def _of_joints(self, objects: list[Any], owners: list[int]) -> set[int]:
        """Return the joints whose own objects are among these, not what belongs to the joints."""
        own = map(is_, objects, map(self.objects.__getitem__, owners))
        return set(compress(owners, own))

    def waiting_joints(self) -> set[int]:
        """Return the joints of which something was not followed yet."""
        return {each.joint for each in self.pending()} | set(self._level[1])

    def pending(self) -> list[Pending]:
        """Return what worklists have still to follow."""
        return [each for each in (*self.wide, self.now) if each]

    def note(self, joint: int, code: str) -> None:
        """Note why a joint's figure is not exact."""
        self.notes.setdefault(joint, set()).add(code)

    def _note_hidden(self, kind: Kind, group: list[Any], owners: list[int]) -> None:
        """Note that objects of joints can have more than is seen, and guess how much."""
        for owner in set(owners):
            self.note(owner, "opaque")
        if kind.guess is not None:
            for owner, likely in zip(owners, map(kind.estimate, group)):
                self.guesses[owner] += likely

    def _open_adapted(
        self, kind: Kind, group: list[Any], owners: list[int], kids: list[Any], of: list[int]
    ) -> tuple[list[Any], list[int]]:
        """Ask a library's adapter; return the objects and joints for which there was time."""
        self.now.shared.clear()  # what joints of a level share is of no container
        for at, owner in enumerate(owners):
            if at and clock() > self._deadline:
                self._hand_over(group[at:], owners[at:])
                return group[:at], owners[:at]
            owned = kind.owned(group[at])
            self._take_owned(owner, owned)
            more = owned.take()
            of.extend(repeat(owner, len(more)))
            kids.extend(more)
            more.clear()
            if owned.slices is not None:
                if self.objects[owner] is group[at]:
                    self.sliced.add(owner)
                pending = Pending(owner)
                pending.worklist.add_owned(owned, 0)
                heappush(self.wide, pending)
        return group, owners

    def _hand_over(self, objects: list[Any], owners: list[int]) -> None:
        """Leave objects (emptied) to worklists, one for each joint."""
        piles: dict[int, list[Any]] = {}
        self.sliced.update(self._of_joints(objects, owners))
        for at, owner in enumerate(owners):
            piles.setdefault(owner, []).append(objects[at])
        objects.clear()
        for owner, pile in piles.items():
            pending = Pending(owner)
            pending.pile = pile
            heappush(self.wide, pending)

    # Joints, one after the other

    def _open_one_by_one(self) -> None:
        """Open joints where few wait at a time, as along a chain that is linked both ways."""
        objects, opened = self.objects, self.opened
        for _ in range(_ONE_BY_ONE):
            waiting = self._certain or self._waiting()
            if not 0 < len(waiting) < _FEW:
                break
            joint = waiting.pop()
            if opened[joint]:
                continue
            opened[joint] = 1
            self._links += len(self._doubtful) >= _FEW
            level, owners = self._level
            mark = len(level)
            level.append(objects[joint])
            owners.append(joint)
            # What is within reach of a few steps is opened at once: the dict of an instance may
            # lead to the next link.
            for _ in range(_INLINE):
                if len(level) == mark:
                    break
                kind = self.heap.kind(type(level[-1]))
                if not kind.simple or kind.hides(level[-1:]):
                    break
                if kind.length is not None and len(level[-1]) >= _FEW:
                    break
                owners.pop()
                self._open_simple(kind, joint, [level.pop()])
        self._depth = 0

    def _open_simple(self, kind: Kind, joint: int, held: list[Any]) -> None:
        """Look at the references of the one object in a list (emptied), which is of a joint."""
        kids = [] if kind.leaf else gc.get_referents(held[0])
        self.bytes[joint] += kind.sizes_of(held, [len(kids)])[0]
        if kind.keyed and len(kids) < 2 * dict.__len__(held[0]):
            kids.extend(hidden_keys(held, len(kids)))
        held.clear()
        self._refer_from(joint, kids)

    def _refer_from(self, joint: int, kids: list[Any]) -> None:
        """Note the references from one joint to objects (emptied)."""
        single = LISTED + 1  # type: ignore[operator]
        index, ends = self.index, self.ends
        found = []
        new: dict[int, int] = {}
        for at, (key, seen) in enumerate(zip(map(id, kids), counts(kids))):
            other = index.get(key)
            if other is not None:
                found.append(other)
            elif key not in ends:
                if seen == single:
                    self._level[0].append(kids[at])
                    self._level[1].append(joint)
                else:
                    found.append(-key)
                    new[key] = at
        if new:
            kids[:] = map(kids.__getitem__, new.values())
            leaves = self._add(kids)
            if leaves:
                keys = [-key for key in found if -key in leaves]
                self.leaves.add(keys, repeat(joint), leaves)
            found = [at if at >= 0 else index.get(-at, -1) for at in found]
        kids.clear()
        met, refs = self.met, self.refs
        for other in found:
            if other >= 0:
                met[other] += 1
                self.edges[joint].append(other)
                self.edge_count += 1
                if met[other] == refs[other] and not self.opened[other]:
                    self._certain.append(other)

    # Wide containers, slice by slice

    def _follow(self, slices: int = 0) -> None:
        """Follow the current joint until it ends, the time is up, or only slices are left."""
        begin = clock()
        self._turn_ends = min(self._deadline, begin + _TURN_S)
        pile, self.now.pile = self.now.pile, []
        self._bury(pile)
        pile.clear()
        self._meet([])
        worklist = self.now.worklist
        while self.now:
            keys = [] if self.now.pile else worklist.take_keys()
            if self.now.pile or (not keys and worklist.only_slices()):
                if self.now.pile or not slices:
                    self.now.spent += clock() - begin
                    heappush(self.wide, self.now)
                    self.now = Pending(-1)
                    return
                slices -= 1
            lone = [] if keys else worklist.take_lone()
            if keys:
                self._refer(keys)
            elif lone:
                self._follow_chain(lone)
            else:
                self._meet(worklist.take())
            if self._late():
                return
        if worklist.changed:
            self.note(self.now.joint, "moving")

    def _follow_chain(self, chained: list[Any]) -> None:
        """Follow the one object of a list, and from each object the first that it alone holds.

        A linked list is as deep as it is long, and a step for each node would take five times as
        long. So only the chain is followed node by node; what lies beside it comes in one step.
        """
        single = LISTED + 1  # type: ignore[operator]
        beside: list[Any] = []
        found = True
        while found and len(chained) <= BATCH and len(beside) <= LARGE:
            kids = gc.get_referents(chained[-1])
            found = False
            for at, seen in enumerate(counts(kids) if len(kids) <= _FEW else ()):
                if seen == single and self._is_link(kids[at]):
                    chained.append(kids.pop(at))
                    found = True
                    break
            beside += kids
            kids.clear()
        rest = [chained.pop()] if found else []
        dead = chained[1:]
        del chained[1:]
        worklist = self.now.worklist
        worklist.add_keys(
            self.heap.kind(type(chained[0])), chained, len(gc.get_referents(*chained))
        )
        for kind, objects in self._sized(dead):
            worklist.add_keys(kind, objects, len(gc.get_referents(*objects)))
        self._bury(rest)
        self._meet(beside)

    def _is_link(self, obj: Any) -> bool:
        """Return whether an object has few references and shows the collector all of them."""
        kind = self.heap.kind(type(obj))
        if kind.leaf or kind.stop or kind.adapter is not None:
            return False
        return kind.length is None or kind.length(obj) <= _FEW

    def _meet(self, kids: list[Any]) -> None:
        """Take what the current joint refers to: what has one reference belongs to the joint."""
        single = LISTED + 1  # type: ignore[operator]
        while kids or self._owned:
            # One list alone holds what is counted.
            kids += self._owned
            self._owned.clear()
            seen = counts(kids)
            lone = kids
            if seen.count(single) < len(kids):
                lone = list(compress(kids, map(eq, seen, repeat(single))))
                kids[:] = compress(kids, map(ne, seen, repeat(single)))
                self._refer(kids)
            self._bury(lone)
            lone.clear()

    def _bury(self, lone: list[Any]) -> None:
        """Count objects that belong to the current joint, and put them on its worklist."""
        for kind, objects in self._sized(lone):
            self.now.worklist.add(kind, objects, self.now.gained)

    def _sized(self, lone: list[Any]) -> Iterator[tuple[Kind, list[Any]]]:
        """Count objects that belong to the current joint, and yield them by their kinds."""
        heap = self.heap
        for objects in group_by_type(lone):
            cls = type(objects[0])
            kind = heap.kinds.get(id(cls)) or heap.kind(cls)
            if not kind.stop:
                self._size(kind, objects)
                yield kind, objects

    def _size(self, kind: Kind, objects: list[Any]) -> None:
        now = self.now
        current = now.joint
        if kind.hides(objects):
            self.note(current, "opaque")
            if kind.guess is not None:
                self.guesses[current] += sum(map(kind.estimate, objects))
        if kind.adapter is not None:
            if now.worklist.put_off(objects):
                return
            # Those that are asked first are from all over, to show what the others have.
            objects[:] = objects[::3] + objects[1::3] + objects[2::3]
            for at in range(len(objects)):
                if at and clock() > self._turn_ends:
                    now.pile += objects[at:]
                    del objects[at:]
                    break
                owned = kind.owned(objects[at])
                gained = self._take_owned(current, owned)
                now.gained += gained
                now.asked[id(kind)] += 1
                now.told[id(kind)] += gained + owned.estimate
                self._owned += owned.take()
                now.worklist.add_owned(owned, now.gained)
            now.end_part()
            return
        size = kind.bytes_of(objects)
        if kind.unwritten is not None and size >= ALWAYS_PRESENT:
            sizes = kind.sizes_of(objects, [])
            for obj in compress(objects, map(ALWAYS_PRESENT.__le__, sizes)):
                address, length = kind.contents(obj)
                size -= length
                self.blocks.setdefault(current, []).append(Block(address, length, id(obj)))
                now.gained += length
        self.bytes[current] += size
        now.gained += size

    # References to joints

    def _refer_of(self, kids: list[Any], of: list[int]) -> None:
        """Note references to objects (emptied) that have several; `of` has for each the joint."""
        keys = list(map(id, kids))
        leaves = self._know(keys, kids)
        if leaves:
            self.leaves.add(keys, of, leaves)
        met, edges = self.met, self.edges
        joints = list(map(self.index.get, keys))
        self.edge_count += len(keys) - joints.count(None)
        for owner, joint in zip(of, joints):
            if joint is not None:
                met[joint] += 1
                edges[owner].append(joint)
        refs, opened = self.refs, self.opened
        self._certain.extend(
            joint
            for joint in set(joints)
            if joint is not None and met[joint] == refs[joint] and not opened[joint]
        )

    def _refer(self, kids: list[Any]) -> None:
        """Note references of the current joint to objects (emptied) that have several."""
        keys = list(map(id, kids))
        lost = Counter(keys)
        before = self.leaves.count
        leaves = self._know(list(lost), kids)
        if leaves:
            self.leaves.add(keys, repeat(self.now.joint), leaves)
        met, refs, opened = self.met, self.refs, self.opened
        found = array("i")
        joints = []
        for joint, times in zip(map(self.index.get, lost), lost.values()):
            if joint is not None:
                joints.append(joint)
                found.extend((joint, times))
                met[joint] += times
                if met[joint] == refs[joint] and not opened[joint]:
                    self._certain.append(joint)
        added = self.leaves.count - before
        if found or added:
            self.now.parts.append(Part(self.now.worklist.cursor, found, added))
        self._lead_to(joints)

    def _lead_to(self, joints: list[int]) -> None:
        """Add edges of the current joint; of very many, only those that it has not yet."""
        edges, has_edge = self.edges[self.now.joint], self.now.has_edge
        if len(edges) > _OFTEN:
            has_edge.extend(bytes(len(self.objects) - len(has_edge)))
            joints = list(compress(joints, map(not_, map(has_edge.__getitem__, joints))))
            for joint in joints:
                has_edge[joint] = 1
        edges += joints
        self.edge_count += len(joints)

    def _know(self, keys: list[int], kids: list[Any]) -> dict[int, int]:
        """Make joints of objects (emptied) that were not met before; `keys` has all identities.

        Return what is to be noted with references to those that are leaves.
        """
        fresh = set(filterfalse(self.ends.__contains__, filterfalse(self.index.__contains__, keys)))
        new: list[Any] = []
        if fresh:
            named = dict(zip(map(id, kids), kids))
            new = list(map(named.__getitem__, fresh))
            named.clear()
        kids.clear()
        return self._add(new) if new else {}

    def _add(self, new: list[Any]) -> dict[int, int]:
        """Add joints for objects (emptied); types and modules are ends instead.

        Return what is to be noted with references to those that are leaves.
        """
        leaves: dict[int, int] = {}
        start = len(self.objects)
        index = self.index
        groups = group_by_type(new)
        if groups[0] is not new:
            new.clear()
        for group in groups:
            kind = self.heap.kind(type(group[0]))
            if kind.stop:
                users = list(map(is_users_class, group))
                self.ends.update(map(id, compress(group, map(not_, users))))
                group[:] = compress(group, users)
                if not group:
                    continue
            plain = kind.leaf and kind.adapter is None and not kind.opaque
            plain = plain and kind.unwritten is None
            sizes: list[int] = []
            if plain:
                sizes = self._add_leaves(group, kind.sizes_of(group, []), leaves)
                if not group:
                    continue
            first, count = len(self.objects), len(group)
            if kind.stop:
                self._classes.update(range(first, first + count))
            index.update(zip(map(id, group), range(first, first + count)))
            self.objects += group
            self.met += [0] * count
            if plain:
                self.bytes += sizes
                self.opened += b"\1" * count
                self.edges += [[] for _ in group]  # a bundle may be added
            else:
                self.bytes += [0] * count
                self.opened += b"\0" * count
                self.edges += [[] for _ in group]
                self._doubtful.extend(range(first, first + count))
            group.clear()
        group = []
        self.refs += self.counted(start)
        return leaves

    def _add_leaves(self, group: list[Any], sizes: list[int], found: dict[int, int]) -> list[int]:
        """Take from a list of objects those that are no joints; return the sizes of the others."""
        references = list(map(sub, counts(group), repeat(LISTED)))
        common = list(map(gt, references, map(mul, sizes, repeat(_COMMON))))
        if any(common):
            self.common += compress(group, common)
            self.ends.update(map(id, compress(group, common)))
        small = list(map(gt, repeat(MOST_BYTES), sizes))
        leaf = list(map(gt, small, common))
        keys = list(map(id, compress(group, leaf)))
        if leaf[0] and len(self._spot) < _MOST_SPOTS and keys[0] not in self._spot_refs:
            self._spot_refs[keys[0]] = references[0]
            self._spot.append(group[0])
        found.update(packed(keys, compress(references, leaf), compress(sizes, leaf)))
        large = list(map(not_, map(or_, small, common)))
        group[:] = compress(group, large)
        return list(compress(sizes, large))

    # Memory of libraries

    def _take_owned(self, owner: int, owned: Owned) -> int:
        """Add what an adapter says that an object of a joint owns; return what nobody shares."""
        gained = owned.size or 0
        self.bytes[owner] += owned.size or 0
        if owned.mapped:
            self.mapped[owner] += owned.mapped
        if owned.note:
            self.note(owner, owned.note)
        guess = getattr(owned, "estimate", 0)
        if guess:
            self.guesses[owner] += guess
        for block in owned.blocks:
            if block.users == SOLE_USER:
                self.blocks.setdefault(owner, []).append(block)
                gained += 0 if block.device else block.size
            else:
                gained += self._refer_foreign(owner, block)
        return gained

    def _refer_foreign(self, owner: int, block: Block) -> int:
        """Note a reference to memory of a library, and those that this memory has itself.

        Return the bytes to which nothing else leads.
        """
        found = 0
        waiting = [(owner, block, True)]
        while waiting:
            owner, block, of_one = waiting.pop()
            alone = of_one and block.users == 1
            self.edge_count += 1
            joint = self.foreign.get(block.address)
            if joint is None:
                joint = self.foreign[block.address] = self._joint()
                self.opened[joint] = 1
                self.refs.append(block.users)
                if block.size:
                    self.blocks[joint] = [block]
                    found += block.size if alone and not block.device else 0
                waiting.extend(zip(repeat(joint), block.leads_to, repeat(alone)))
            elif block.leads_to and not self.loose.get(joint, True):
                self.loose[joint] = True
                waiting += [(joint, each, False) for each in block.leads_to]
            unknown = block.users == USERS_UNKNOWN
            if unknown:
                self.note(joint, "sharing-unknown")
            if unknown != (self.refs[joint] == USERS_UNKNOWN):
                # Of two who lead there, one was seen without what has counts on the way.
                self.note(owner, "sharing-unknown")
            if block.loose:
                self.loose.setdefault(joint, bool(self.edges[joint] or block.leads_to))
            self.refs[joint] = max(self.refs[joint], block.users)
            self.met[joint] += 1
            self.edges[owner].append(joint)
            if of_one and not alone:
                self.now.shared.append(joint)
        return found


def is_users_class(obj: Any) -> bool:
    """Return whether an object is a class of the notebook's own, which is followed."""
    order = type.__dict__["__mro__"].__get__(type(obj))
    return derived(order, type) and module_name(obj) == "__main__"


def _ends(boundary: Sequence[Any], groups: Sequence[Sequence[Root]]) -> set[int]:
    """Return the identities of what stays in any case and leads too far to be entered."""
    ends: set[int] = set()
    for obj in boundary:
        if type(obj) is dict:
            ends.update(map(id, obj.values()))
    ends.difference_update(id(root.obj) for group in groups for root in group)
    return ends | module_namespaces()
