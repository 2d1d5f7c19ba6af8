"""Who refers to objects: the paths from each object to something that has a name.

The search goes backwards, level by level, and for many objects at once, because each level is a
walk through the whole heap. It finds containers that the collector tracks. It does not find
references in C memory: some of these are found forwards, from the user's variables.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from itertools import chain, islice
from types import CellType, FrameType, FunctionType
from typing import Any, Callable, Iterator, Sequence

from .describe import instance_dict, is_one_of, type_name
from .holders import boundary, is_ipythons, is_users, own_dict, results, snapshot
from .paths import (
    code_in,
    found_by_name,
    holder_text,
    key_text,
    name_in,
    runs_inside,
    steps_along,
)
from .reach import Reach
from .refcounts import LISTED, counts
from .tracked import tracked_objects, tuples_among

MAX_PATHS = 5
MAX_STEPS = 20
MAX_REFERRERS = 10_000
UNKNOWN = "<unknown>"
_OUT = "Out{}"
# From so many objects on, a look at what each object of the heap refers to is quicker than
# `gc.get_referrers`, which compares each reference with each of the objects.
_MANY = 300
_BATCH = 256
# After so many levels, only objects without any path are searched for.
_LEVELS_FOR_ALL = 3
# The time that is left in any case for the search from names, in seconds.
_FORWARD_S = 0.1
_OURS = __name__.rpartition(".retention.")[0]
# The processor time of this thread. Windows counts it in steps longer than a level.
_clock = time.perf_counter if sys.platform == "win32" else time.thread_time
_PLAIN = (list, tuple, dict, set, frozenset, CellType, FunctionType)


class _Time:
    """Some seconds of the processor, and at most five times as long by the clock."""

    def __init__(self, seconds: float) -> None:
        self.until = _clock() + seconds
        self.ends = time.perf_counter() + 5 * seconds

    def is_up(self) -> bool:
        """Return whether the time is over."""
        return _clock() >= self.until or time.perf_counter() >= self.ends


class Search:
    """Searches for the referrers of objects, then for theirs, level by level.

    An object that is searched for is a root. A root and each of its direct and indirect referrers
    is a node. Nodes are known by their index; the roots come first.
    """

    def __init__(self, shell: Any, deadline: float) -> None:
        """Take the InteractiveShell and the deadline, a value of `time.perf_counter()`.

        The time until then is what the search may use of the processor.
        """
        self.shell = shell
        self.time = _Time(deadline - time.perf_counter())
        self.cut = False
        self.roots = 0
        self.objects: list[Any] = []
        self.index: dict[int, int] = {}
        # For each node: the nodes that refer to it, the roots that it leads to (as bits), and the
        # names at which a path ends there.
        self.holders: list[list[int]] = []
        self.leads_to: list[int] = []
        self.names: list[list[str]] = []
        # Nodes with a frame that does not run. If no path from there leads to a name, the frames
        # are garbage, or something that the collector does not see holds them.
        self.resting: set[int] = set()
        # For a root, the paths that were found forwards.
        self.forward: dict[int, list[str]] = {}
        self._running: frozenset[int] | None = None
        self._hidden: set[int] = set()
        self._not_holders: dict[int, frozenset[int]] = {}
        self._own_names: Sequence[str] = ()

    # What is asked of a search

    def run(self, obj: Any, hidden: Sequence[Any] = (), own_names: Sequence[str] = ()) -> None:
        """Search for one object; `paths` and `frames` have the answer then.

        `own_names` are variables of the object itself, which are no answer.
        """
        self._own_names = own_names
        roots = [obj]
        del obj  # it would count as somebody's reference
        self.run_all(roots, hidden)

    @property
    def paths(self) -> list[list[str]]:
        """The paths from the first root to something that has a name."""
        return self.paths_of(0)

    @property
    def frames(self) -> list[list[str]]:
        """The paths from the first root to frames that do not run."""
        return self.frames_of(0)

    def run_all(
        self,
        roots: Sequence[Any],
        hidden: Sequence[Any] = (),
        not_holders: dict[int, frozenset[int]] | None = None,
    ) -> None:
        """Search for the roots, but not through the objects in `hidden`.

        `not_holders` has, for the index of a root, the identities of referrers that do not count.
        """
        self.roots = len(roots)
        self.cut = self.time.is_up()
        self._not_holders = not_holders or {}
        self._hidden = set(map(id, hidden))
        self._hidden.update(map(id, (self, self.__dict__, *self.__dict__.values(), roots)))
        for position in range(len(roots)):
            self._add(roots[position], 1 << position)
        self._go_up()
        self._look_forward(self._variables, _FORWARD_S)
        self._look_forward(self._modules, 0)

    def _go_up(self) -> None:
        """Search level by level, until each root has a path or nothing is left."""
        waiting = list(range(self.roots))
        for level in range(MAX_STEPS):
            self._look_at_namespaces()
            wanted = self._unsatisfied(level)
            # What has a name needs no search, unless it is a root.
            waiting = [n for n in waiting if n < self.roots or not self.names[n]]
            now = [node for node in waiting if self.leads_to[node] & wanted]
            if not wanted:
                self.cut = False
            if self.cut or not now:
                return
            waiting = [node for node in waiting if not self.leads_to[node] & wanted]
            waiting += self._level(now)
        self._look_at_namespaces()
        self.cut = True

    def paths_of(self, root: int) -> list[list[str]]:
        """Return the paths from a root to something that has a name, the shortest first."""
        found = (
            steps_along(nodes, name)
            for nodes, node in self._chains(root, self.names.__getitem__)
            for name in self.names[node]
        )
        forward = self.forward.get(root)
        return list(islice(found, MAX_PATHS)) or ([] if forward is None else [forward])

    def frames_of(self, root: int) -> list[list[str]]:
        """Return the paths from a root to frames that do not run."""
        chains = self._chains(root, self.resting.__contains__)
        return [steps_along(nodes, "") for nodes, _node in islice(chains, MAX_PATHS)]

    def texts_of(self, root: int) -> list[str]:
        """Return who holds a root, written as in code: `df`, `cache['a'][0]`, `<lru_cache f>`."""
        return sorted(set(map(holder_text, self.paths_of(root))))

    def unnamed(self, root: int) -> list[str]:
        """Return who holds a root that somebody holds, but to which no path leads from a name.

        These are frames, or the nearest referrer that says more than `list`, or somebody unknown.
        """
        frames = sorted(set(map(holder_text, self.frames_of(root))))
        if frames:
            return frames
        own = self._below(root)
        for nodes, node in self._chains(root, lambda node: node >= self.roots):
            if node not in own and not is_one_of(type(self.objects[node]), *_PLAIN):
                end = "<" + type_name(type(nodes[-1])) + ">"
                return [holder_text(steps_along(nodes, end))]
        return [UNKNOWN]

    def held_unseen(self) -> int:
        """Return the roots, as bits, with a reference that the collector cannot see.

        It may be a reference to the root, or to one of its referrers. No local variable of the
        caller may hold a root: that would be such a reference.
        """
        if LISTED is None:
            return 0
        above = tuple(self.objects)
        # From Python 3.13 on, the result includes the tuple of the call's arguments.
        referrers = [other for other in _referrers(above) if other is not above]
        ours = frozenset(map(id, above))
        found = map(id, chain.from_iterable(map(gc.get_referents, referrers)))
        seen = Counter(filter(ours.__contains__, found))
        referrers.clear()
        listed = zip(map(id, above), counts(list(above)), self.leads_to)
        held = 0
        # LISTED includes the reference from the list; one more is from `above` itself.
        for key, count, bits in listed:
            if count - LISTED - 1 > seen[key]:
                held |= bits
        return held

    # The search

    def _add(self, obj: Any, bits: int) -> int:
        """Return the index of an object's node, which leads to these roots, too."""
        node = self.index.get(id(obj))
        if node is None:
            node = self.index[id(obj)] = len(self.objects)
            self.objects.append(obj)
            self.holders.append([])
            self.leads_to.append(bits)
            self.names.append([])
        elif bits & ~self.leads_to[node]:
            changed = [node]
            while changed:
                each = changed.pop()
                if bits & ~self.leads_to[each]:
                    self.leads_to[each] |= bits
                    changed += self.holders[each]
        return node

    def _unsatisfied(self, level: int) -> int:
        """Return the roots, as bits, that are still searched for."""
        enough = MAX_PATHS if level < _LEVELS_FOR_ALL else 1
        found = [0] * self.roots
        satisfied = sum(1 << root for root in self.forward)
        for bits, names in zip(self.leads_to, self.names):
            if names:
                for root in _positions(bits & ~satisfied):
                    found[root] += len(names)
                    if found[root] >= enough:
                        satisfied |= 1 << root
        return ~satisfied & ((1 << self.roots) - 1)

    def _level(self, now: list[int]) -> list[int]:
        """Add the referrers of some nodes; return the nodes that are new."""
        targets = {id(self.objects[node]): node for node in now}
        objects = tuple(self.objects[node] for node in now)
        hidden = {*self._hidden, id(targets), id(objects), id(now)}
        new: list[int] = []
        for referrer in _referrers(objects, self.time):
            if id(referrer) in hidden or _is_own_frame(referrer):
                continue
            if self.time.is_up() or len(self.objects) > MAX_REFERRERS:
                self.cut = True
                break
            if not self._is_namespace(referrer):
                keys = filter(targets.__contains__, map(id, gc.get_referents(referrer)))
                self._visit(referrer, {targets[key] for key in keys}, new)
        # The list of referrers may have ended at the deadline.
        self.cut = self.cut or self.time.is_up()
        return new

    def _visit(self, referrer: Any, hits: set[int], new: list[int]) -> None:
        # An instance refers to its class, but who holds the instance does not matter.
        hits = {
            node
            for node in hits
            if type(referrer) is not self.objects[node]
            and id(referrer) not in self._not_holders.get(node, ())
        }
        if not hits:
            return
        bits = 0
        for node in hits:
            bits |= self.leads_to[node]
        known = len(self.objects)
        holder = self._add(referrer, bits)
        for node in hits:
            if node != holder and holder not in self.holders[node]:
                self.holders[node].append(holder)
        if holder < known:
            return
        name = found_by_name(referrer)
        if name:
            self.names[holder].append(name)
            return
        if code_in(referrer) is not None:
            if self._runs(referrer):
                self.names[holder].append("")
                return
            self.resting.add(holder)
        new.append(holder)

    def _runs(self, holder: Any) -> bool:
        """Return whether a frame, or a generator with a frame inside, is running in a thread."""
        if type(holder) is not FrameType:
            return runs_inside(holder)
        if self._running is None:
            self._running = _running_frames()
        return id(holder) in self._running

    def _look_forward(self, names: Callable[[], list[tuple[str, Any]]], least_s: float) -> None:
        """Search from names for the roots without a path, for some time at least."""
        limit = _Time(least_s) if self.time.is_up() else self.time
        unnamed = self._unsatisfied(_LEVELS_FOR_ALL)
        if unnamed and not self.cut and LISTED is not None:
            unnamed &= self.held_unseen()  # nobody holds the others
        missing = {id(self.objects[root]): root for root in _positions(unnamed)}
        if missing and not limit.is_up():
            # The namespaces of modules are entered from nowhere else, and those of IPython never.
            hidden = self._hidden.union(map(id, self._limits()), map(id, sys.modules.values()))
            starts = [(name, obj) for name, obj in names() if id(obj) not in missing]
            wanted = {key: self.objects[root] for key, root in missing.items()}
            for key, path in Reach(starts, wanted, hidden, limit.is_up).paths():
                self.forward[missing[key]] = path

    def _limits(self) -> list[Any]:
        shell = self.shell
        namespaces = [instance_dict(module) for module in list(sys.modules.values())]
        last = shell.last_execution_result
        return [*boundary(shell), own_dict(shell), last, own_dict(last), *namespaces]

    def _variables(self) -> list[tuple[str, Any]]:
        shell = self.shell
        found = [(name, obj) for name, obj in snapshot(shell.user_ns) if is_users(shell, name, obj)]
        return found + [(_OUT.format(key_text(key)), obj) for key, obj in snapshot(results(shell))]

    def _modules(self) -> list[tuple[str, Any]]:
        found = []
        for name, module in snapshot(sys.modules):
            namespace = instance_dict(module)
            if namespace is not self.shell.user_ns and not name_in(namespace).startswith(_OURS):
                found.append((name, namespace))
        return [(name, namespace) for name, namespace in found if found_by_name(namespace) == name]

    def _look_at_namespaces(self) -> None:
        for mapping, form in self._namespaces():
            self._name_entries(mapping, form)

    def _namespaces(self) -> list[tuple[dict[Any, Any], str]]:
        """Return the mappings of IPython whose entries have names, and the form of the names."""
        shell = self.shell
        return [
            (shell.user_ns, "{}"),
            (shell.user_ns_hidden, "user_ns_hidden['{}']"),
            (results(shell), _OUT),
            (own_dict(shell.displayhook), "displayhook.{}"),
            (own_dict(shell.last_execution_result), "last_execution_result.{}"),
        ]

    def _is_namespace(self, referrer: Any) -> bool:
        """Return whether an object is one of these mappings, or has one as its attributes."""
        # From Python 3.13 on, the instance itself can refer to its attributes' values.
        owners = self.shell.displayhook, self.shell.last_execution_result
        mappings = (mapping for mapping, _form in self._namespaces())
        return any(referrer is each for each in chain(mappings, owners))

    def _name_entries(self, mapping: dict[Any, Any], form: str) -> None:
        for key, value in snapshot(mapping):
            node = self.index.get(id(value))
            if node is None or (type(key) is not str and form != _OUT):
                continue
            if not self._is_reported(mapping, key, value, node):
                name = form.format(key_text(key) if form == _OUT else key)
                if name not in self.names[node]:
                    self.names[node].append(name)

    def _is_reported(self, mapping: dict[Any, Any], key: Any, obj: Any, node: int) -> bool:
        """Return whether the report names an entry that IPython made in another way.

        The entries of a root itself are the holders in its row. If the entry is that of another
        result which refers to the root, its name in `Out` is enough.
        """
        if not is_ipythons(self.shell, mapping, key, obj):
            return node < self.roots and mapping is self.shell.user_ns and key in self._own_names
        if node < self.roots:
            return True
        cache = results(self.shell)
        return mapping is not cache and any(obj is each for _key, each in snapshot(cache))

    def _below(self, root: int) -> set[int]:
        """Return the nodes that a root itself refers to: they refer to it, but are its own."""
        held: list[list[int]] = [[] for _ in self.objects]
        for node, holders in enumerate(self.holders):
            for holder in holders:
                held[holder].append(node)
        found, left = {root}, [root]
        while left:
            new = set(held[left.pop()]) - found
            found |= new
            left += new
        return found

    def _chains(self, root: int, is_end: Any) -> Iterator[tuple[list[Any], int]]:
        """Yield the objects from a root to each node that is an end, and that node."""
        came_from = {root: -1}
        queue = [root]
        for node in queue:
            if is_end(node):
                nodes = []
                each = node
                while each >= 0:
                    nodes.append(self.objects[each])
                    each = came_from[each]
                nodes.reverse()
                yield nodes, node
                if node != root:
                    continue
            for holder in self.holders[node]:
                if holder not in came_from:
                    came_from[holder] = node
                    queue.append(holder)


def _positions(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _referrers(objects: tuple[Any, ...], limit: _Time | None = None) -> list[Any]:
    """Return the objects that refer to one of these; fewer when the time is up."""
    if len(objects) < _MANY:
        return gc.get_referrers(*objects)
    wanted = frozenset(map(id, objects))
    found: list[Any] = []
    every = tracked_objects()
    known: set[int] = set()
    start = 0
    while start < len(every):
        batch = every[start : start + _BATCH]
        start += _BATCH
        kids = gc.get_referents(*batch)
        tuples = tuples_among(kids, known)
        known.update(tuples)
        every += tuples.values()
        if not wanted.isdisjoint(map(id, kids)):
            if limit is not None and limit.is_up():
                break
            found += [
                each for each in batch if not wanted.isdisjoint(map(id, gc.get_referents(each)))
            ]
    return found


def _running_frames() -> frozenset[int]:
    """Return the identities of the frames on all threads' stacks."""
    found: set[int] = set()
    frames: list[FrameType | None] = list(sys._current_frames().values())  # noqa: SLF001
    while frames:  # pop them: this function's own frame is in the list, which makes a cycle
        frame = frames.pop()
        while frame is not None:
            found.add(id(frame))
            frame = frame.f_back
    return frozenset(found)


def _is_own_frame(obj: Any) -> bool:
    if type(obj) is not FrameType:
        return False
    return name_in(obj.f_globals).startswith(_OURS)
