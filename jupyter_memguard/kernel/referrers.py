"""Who refers to an object: the way from it up to something with a name.

Uses `gc.get_referrers`, which sees containers that the collector tracks. What
refers to an object from untracked C memory is not found.
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
    ModuleType,
)
from typing import Any, Iterator, Sequence, Tuple

from .describe import exact_text, instance_dict, is_one_of, type_name
from .holders import OWN_NAMES, OWN_PATTERN, UNDERS, own_dict, results
from .refcounts import LISTED, counts

MAX_PATHS = 5
MAX_STEPS = 10
MAX_REFERRERS = 10_000
KEY_LENGTH = 40
# Larger numbers are not written out; Python itself refuses the largest.
KEY_BITS = 64
UNKNOWN = "<unknown>"
# The step from an instance's dict to the instance.
OF_INSTANCE = "."
_CODES: tuple[tuple[type, str], ...] = (
    (FrameType, "f_code"),
    (GeneratorType, "gi_code"),
    (CoroutineType, "cr_code"),
    (AsyncGeneratorType, "ag_code"),
)

# A node is (object, step that led to it, index of the node it was reached from).
Node = Tuple[Any, str, int]


class Search:
    """Searches upwards from one object, level by level."""

    def __init__(self, shell: Any, deadline: float) -> None:
        """Take the InteractiveShell and a `time.perf_counter()` value to stop at."""
        self.shell = shell
        self.deadline = deadline
        self.cut = False
        self.paths: list[list[str]] = []
        self.own: set[int] = set()
        # All that leads to the object, and itself, if the search came to its end.
        self.above: tuple[Any, ...] = ()

    def run(self, obj: Any, hidden: Sequence[Any] = ()) -> None:
        """Fill `paths` with the ways from the object to something named.

        Objects in `hidden` are not taken for referrers.
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
        """Tell whether something above has references that no object seen by the collector has.

        Call it with the object in no local variable, which would be such a reference.
        """
        if LISTED is None:
            return False
        above = self.above
        # From Python 3.13 on, what holds the call's arguments is found as well.
        referrers = [other for other in gc.get_referrers(*above) if other is not above]
        ours = frozenset(map(id, above))
        referents = map(id, chain.from_iterable(map(gc.get_referents, referrers)))
        seen = Counter(filter(ours.__contains__, referents))
        referrers.clear()
        listed = zip(map(id, above), counts(list(above)))
        # The list and `above` itself.
        return any(count - LISTED - 1 > seen[key] for key, count in listed)

    def _level(self, nodes: list[Node], level: list[int], seen: set[int]) -> list[int]:
        targets = {id(nodes[index][0]): index for index in level}
        # A tuple, which is what the call itself would make, and since Python 3.13 is found.
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
        nodes.append((referrer, step, reached))
        above.append(len(nodes) - 1)

    def _names(self, referrer: Any, targets: dict[int, int]) -> list[tuple[str, int]] | None:
        """Return the names that end a path here, or None if the referrer is just a step."""
        code = _code(referrer)
        if code is not None:
            first = _first(referrer, targets)
            name = "<frame " + exact_text(code.co_name) + ">"
            return [] if first is None else [(name, first)]
        shell = self.shell
        holders = shell.displayhook, shell.last_execution_result
        if type(referrer) is not dict:
            # Since Python 3.13 it is not an instance's dict that refers to its attributes.
            is_end = type(referrer) is ModuleType or any(referrer is each for each in holders)
            return [] if is_end else None
        if referrer is shell.user_ns or referrer is shell.user_ns_hidden:
            form = "{}" if referrer is shell.user_ns else "user_ns_hidden['{}']"
            return [
                (form.format(key), index)
                for key, index in _keys(referrer, targets)
                if not self._is_place(referrer, key)
            ]
        places = results(shell), *map(own_dict, holders)
        if any(referrer is place for place in places):
            return []
        module = referrer.get("__name__")
        if type(module) is str and instance_dict(sys.modules.get(module)) is referrer:
            return [("<module " + module + ">", index) for _key, index in _keys(referrer, targets)]
        return None

    def _is_place(self, mapping: dict[Any, Any], key: str) -> bool:
        """Tell whether IPython put it there: those are told as holders, not as paths."""
        if key not in OWN_NAMES and OWN_PATTERN.fullmatch(key) is None:
            return False
        hidden = self.shell.user_ns_hidden
        if mapping is hidden:
            return key in UNDERS or OWN_PATTERN.fullmatch(key) is not None
        return hidden.get(key, mapping[key]) is mapping[key]

    def _finish(self, nodes: list[Node], index: int, name: str) -> None:
        path = []
        while index > 0:
            _obj, step, index = nodes[index][0], nodes[index][1], nodes[index][2]
            path.append(step)
        path.reverse()
        if len(self.paths) < MAX_PATHS:
            self.paths.append([*_attributes(path), name])


def _attributes(steps: list[str]) -> list[str]:
    """Write an instance's dict and the instance as one step: `.name`."""
    merged: list[str] = []
    for step in steps:
        if step == OF_INSTANCE:
            merged[-1] = "." + merged[-1][2:-2]
        else:
            merged.append(step)
    return merged


def _code(referrer: Any) -> CodeType | None:
    """Return the code of a frame, or of a generator or coroutine, which has one inside."""
    for cls, attribute in _CODES:
        if type(referrer) is cls:
            code: CodeType = getattr(referrer, attribute)
            return code
    return None


def _is_own_frame(obj: Any) -> bool:
    if type(obj) is not FrameType:
        return False
    module = dict.get(obj.f_globals, "__name__")
    return type(module) is str and module.startswith(__name__.rpartition(".")[0])


def _first(referrer: Any, targets: dict[int, int]) -> int | None:
    for referent in gc.get_referents(referrer):
        if id(referent) in targets:
            return targets[id(referent)]
    return None


def _keys(mapping: dict[Any, Any], targets: dict[int, int]) -> list[tuple[str, int]]:
    return [
        (key, targets[id(value)])
        for key, value in list(mapping.items())
        if id(value) in targets and type(key) is str
    ]


def _step(referrer: Any, targets: dict[int, int]) -> tuple[str, int | None]:
    """Return how the referrer reaches a target: `[0]`, `['key']`, `.name`, or its type's name."""
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
    """Yield what a container or an instance refers to, and as what."""
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
    """Return who holds an object, written as people would: `df`, `cache['a'][0]`, `<frame f>`.

    `found` is a list of the object alone: a local variable would be one more that holds it.
    Empty if nothing with a name does and nothing unseen, which is garbage in a cycle.
    """
    search = Search(shell, deadline)
    search.run(found[0], [found, *hidden])
    names = [
        path[-1] if path[-1].startswith("<") else "".join(reversed(path)) for path in search.paths
    ]
    unknown = not names and (search.cut or search.is_held_unseen())
    return [UNKNOWN] if unknown else sorted(set(names))
