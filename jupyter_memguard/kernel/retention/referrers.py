"""Who refers to an object: the paths from the object to something that has a name.

The search uses `gc.get_referrers`, which finds containers that the collector tracks. It does
not find references in C memory that the collector does not track.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from itertools import chain
from types import (
    AsyncGeneratorType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
)
from typing import Any, Iterator, Sequence, Tuple

from .describe import exact_text, instance_dict, is_one_of, type_name
from .holders import is_ipythons, own_dict, results, snapshot
from .refcounts import LISTED, counts

MAX_PATHS = 5
MAX_STEPS = 10
MAX_REFERRERS = 10_000
KEY_LENGTH = 40
# Larger numbers are not written out: Python refuses to convert the largest to text.
KEY_BITS = 64
UNKNOWN = "<unknown>"
# The step from an instance's dict to the instance.
OF_INSTANCE = "."
_OUT = "Out{}"
FRAME = "<frame "
# Types with a frame inside: the attributes with its code and with whether it runs.
_CODES: tuple[tuple[type, str, str], ...] = (
    (GeneratorType, "gi_code", "gi_running"),
    (CoroutineType, "cr_code", "cr_running"),
    (AsyncGeneratorType, "ag_code", "ag_running"),
)

# A node is (object, step that led to it, index of the node it was reached from).
Node = Tuple[Any, str, int]


class Search:
    """Searches for the referrers of one object, then for theirs, level by level."""

    def __init__(self, shell: Any, deadline: float) -> None:
        """Take the InteractiveShell and the deadline, a value of `time.perf_counter()`."""
        self.shell = shell
        self.deadline = deadline
        self.cut = False
        self.paths: list[list[str]] = []
        # Paths to frames that do not run. If no path from there leads to a name, the frames are
        # garbage, or something that the collector does not see holds them.
        self.frames: list[list[str]] = []
        self._running: frozenset[int] | None = None
        self.own: set[int] = set()
        # The object and everything that leads to it, once the search is complete.
        self.above: tuple[Any, ...] = ()

    def run(self, obj: Any, hidden: Sequence[Any] = ()) -> None:
        """Fill `paths` with the paths from the object to something that has a name.

        The search ignores referrers in `hidden`.
        """
        if time.perf_counter() >= self.deadline:
            self.cut = True
            return
        nodes: list[Node] = [(obj, "", -1)]
        level = [0]
        seen = {id(obj)}
        self.own = {id(thing) for thing in hidden}
        self.own.update((id(nodes), id(level), id(self), id(self.__dict__), id(self.own)))
        for _step in range(MAX_STEPS):
            level = self._level(nodes, level, seen)
            if not level or len(self.paths) >= MAX_PATHS:
                self.above = tuple(node[0] for node in nodes)
                return
            if time.perf_counter() > self.deadline or len(nodes) > MAX_REFERRERS:
                break
        self.cut = True

    def is_held_unseen(self) -> bool:
        """Return whether an object in `above` has a reference that the collector cannot see.

        No local variable of the caller may hold the object: that would be such a reference.
        """
        if LISTED is None:
            return False
        above = self.above
        # From Python 3.13 on, the result includes the tuple of the call's arguments.
        referrers = [other for other in gc.get_referrers(*above) if other is not above]
        ours = frozenset(map(id, above))
        referents = map(id, chain.from_iterable(map(gc.get_referents, referrers)))
        seen = Counter(filter(ours.__contains__, referents))
        referrers.clear()
        listed = zip(map(id, above), counts(list(above)))
        # LISTED includes the reference from the list; one more is from `above` itself.
        return any(count - LISTED - 1 > seen[key] for key, count in listed)

    def _level(self, nodes: list[Node], level: list[int], seen: set[int]) -> list[int]:
        targets = {id(nodes[index][0]): index for index in level}
        # The call itself would make a tuple, and from Python 3.13 on would find that. With our
        # own tuple its identity is known.
        objects = tuple(nodes[index][0] for index in level)
        found = gc.get_referrers(*objects)
        ours = {id(objects), id(found), id(targets), *map(id, nodes)}
        above: list[int] = []
        for referrer in found:
            if id(referrer) in ours or id(referrer) in self.own or _is_own_frame(referrer):
                continue
            self._visit(referrer, targets, nodes, seen, above)
            if len(self.paths) >= MAX_PATHS or time.perf_counter() > self.deadline:
                self.cut = self.cut or len(self.paths) < MAX_PATHS
                break
        return above

    def _visit(
        self,
        referrer: Any,
        targets: dict[int, int],
        nodes: list[Node],
        seen: set[int],
        above: list[int],
    ) -> None:
        names = self._names(referrer, targets)
        if names is not None:
            for name, index in names:
                self._finish(nodes, index, name)
            return
        if id(referrer) in seen:
            return
        seen.add(id(referrer))
        step, reached = _step(referrer, targets)
        if reached is None:
            return
        if step.startswith(FRAME):
            if self._runs(referrer):
                self._finish(nodes, reached, step)
                return
            self.frames.append([*_path(nodes, reached), step])
        nodes.append((referrer, step, reached))
        above.append(len(nodes) - 1)

    def _names(self, referrer: Any, targets: dict[int, int]) -> list[tuple[str, int]] | None:
        """Return the names at which a path ends here; None if the referrer has no name."""
        mapping, form = self._holder(referrer)
        if mapping is not None:
            return [
                (form.format(_key_text(key) if form == _OUT else key), index)
                for key, value, index in _entries(mapping, targets)
                if form == _OUT or type(key) is str
                if not self._is_reported(mapping, key, value, index)
            ]
        module = _name_in(referrer) if type(referrer) is dict else ""
        if module and instance_dict(sys.modules.get(module)) is referrer:
            name = "<module " + module + ">"
            return [(name, index) for _key, _value, index in _entries(referrer, targets)]
        return None

    def _holder(self, referrer: Any) -> tuple[dict[Any, Any] | None, str]:
        """Return the mapping of IPython that a referrer is or has, and the format of its names."""
        shell = self.shell
        for mapping, form in (
            (shell.user_ns, "{}"),
            (shell.user_ns_hidden, "user_ns_hidden['{}']"),
            (results(shell), _OUT),
        ):
            if referrer is mapping:
                return mapping, form
        for holder, form in (
            (shell.displayhook, "displayhook.{}"),
            (shell.last_execution_result, "last_execution_result.{}"),
        ):
            # From Python 3.13 on, the instance itself can refer to its attributes' values.
            if referrer is holder or referrer is own_dict(holder):
                return own_dict(holder), form
        return None, ""

    def _is_reported(self, mapping: dict[Any, Any], key: Any, obj: Any, index: int) -> bool:
        """Return whether the report names an entry that IPython made in another way.

        The entries of the object itself are the holders in its row. If the entry is that of
        another result which refers to the object, its name in `Out` is enough.
        """
        if not is_ipythons(self.shell, mapping, key, obj):
            return False
        if index == 0:
            return True
        cache = results(self.shell)
        return mapping is not cache and any(obj is each for _key, each in snapshot(cache))

    def _finish(self, nodes: list[Node], index: int, name: str) -> None:
        if len(self.paths) < MAX_PATHS:
            self.paths.append([*_path(nodes, index), name])

    def _runs(self, holder: Any) -> bool:
        """Return whether a frame, or a generator with a frame inside, is running in a thread."""
        for cls, _code, running in _CODES:
            if type(holder) is cls:
                return bool(getattr(holder, running))
        if self._running is None:
            self._running = _running_frames()
        return id(holder) in self._running


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


def _path(nodes: list[Node], index: int) -> list[str]:
    """Return the steps from the object to a node."""
    path = []
    while index > 0:
        _obj, step, index = nodes[index][0], nodes[index][1], nodes[index][2]
        path.append(step)
    path.reverse()
    return _attributes(path)


def _attributes(steps: list[str]) -> list[str]:
    """Merge the steps to an instance's dict and to the instance into one: `.name`."""
    merged: list[str] = []
    for step in steps:
        if step == OF_INSTANCE:
            merged[-1] = "." + merged[-1][2:-2]
        else:
            merged.append(step)
    return merged


def _code(referrer: Any) -> CodeType | None:
    """Return the code of a frame, or of a generator or coroutine with a frame inside, or None."""
    if type(referrer) is FrameType:
        return referrer.f_code
    for cls, attribute, _running in _CODES:
        if type(referrer) is cls:
            code: CodeType = getattr(referrer, attribute)
            return code
    return None


def _name_in(namespace: dict[Any, Any]) -> str:
    """Return the `__name__` in a module's namespace, or "" in any other dict."""
    try:
        name = dict.get(namespace, "__name__")
    except Exception:  # noqa: BLE001 - the look-up asked a key that is not a text
        return ""
    return name if type(name) is str else ""


def _is_own_frame(obj: Any) -> bool:
    if type(obj) is not FrameType:
        return False
    return _name_in(obj.f_globals).startswith(__name__.rpartition(".retention.")[0])


def _first(referrer: Any, targets: dict[int, int]) -> int | None:
    for referent in gc.get_referents(referrer):
        if id(referent) in targets:
            return targets[id(referent)]
    return None


def _entries(mapping: dict[Any, Any], targets: dict[int, int]) -> list[tuple[Any, Any, int]]:
    return [
        (key, value, targets[id(value)])
        for key, value in list(mapping.items())
        if id(value) in targets
    ]


def _step(referrer: Any, targets: dict[int, int]) -> tuple[str, int | None]:
    """Return the step from a referrer to a target, and the target's index.

    The step is `[0]`, `['key']`, `.name`, or the name of the referrer's type.
    """
    code = _code(referrer)
    if code is not None:
        return FRAME + exact_text(code.co_name) + ">", _first(referrer, targets)
    if not is_one_of(type(referrer), list, tuple, dict):
        attributes = instance_dict(referrer)
        if id(attributes) in targets:
            return OF_INSTANCE, targets[id(attributes)]
    for text, value in _labelled(referrer):
        if id(value) in targets:
            return text, targets[id(value)]
    index = _first(referrer, targets)
    if type(referrer) is FunctionType:
        return "<function " + exact_text(referrer.__name__) + ">", index
    return "<" + type_name(type(referrer)) + ">", index


def _labelled(referrer: Any) -> Iterator[tuple[str, Any]]:
    """Yield each step from a container or an instance, and the object that it leads to."""
    if is_one_of(type(referrer), list, tuple):
        for position, item in enumerate(referrer):
            yield f"[{position}]", item
    elif type(referrer) is dict:
        for key, value in list(referrer.items()):
            yield _key_text(key), value
    else:
        for name, value in list(instance_dict(referrer).items()):
            yield f".{name[:KEY_LENGTH]}" if type(name) is str else ".?", value


def _key_text(key: Any) -> str:
    if type(key) is str:
        return f"['{key[:KEY_LENGTH]}']"
    return f"[{key}]" if type(key) is int and key.bit_length() <= KEY_BITS else "[...]"


def held_by(shell: Any, found: list[Any], deadline: float, hidden: Sequence[Any] = ()) -> list[str]:
    """Return who holds an object, written as in code: `df`, `cache['a'][0]`, `<frame f>`.

    `found` is a list with the object alone: a local variable would be one more holder. The
    search ends at `deadline`, a value of `time.perf_counter()`, and ignores referrers in
    `hidden`. The result is empty for garbage in a cycle, which nothing holds from outside.
    """
    search = Search(shell, deadline)
    search.run(found[0], [found, *hidden])
    paths = search.paths
    if not paths and (search.cut or search.is_held_unseen()):
        paths = search.frames or [[UNKNOWN]]
    return sorted(set(map(_holder_name, paths)))


def _holder_name(path: list[str]) -> str:
    """Return the holder that a path leads to. A frame on the path says more than the rest."""
    frame = next((step for step in path if step.startswith(FRAME)), None)
    if frame is not None:
        return frame
    return path[-1] if path[-1].startswith("<") else "".join(reversed(path))
