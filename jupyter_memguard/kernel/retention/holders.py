"""The places where IPython holds results, and how to put something else there.

Every place is an entry of a dict: `Out`, the user's namespace, `user_ns_hidden`, the
attributes of the display hook or of the last execution's result. An entry that the user
assigned is not a place: identity distinguishes it from what IPython put there.
docs/guard.md says which place holds what, and for how long.
"""

from __future__ import annotations

import re
import weakref
from contextlib import suppress
from typing import Any, Dict, Iterable, Tuple

from ..protocol import LARGEST_INT
from .placeholder import is_placeholder

UNDERS = ("_", "__", "___")
NUMBERED = re.compile(r"_([1-9][0-9]{0,15})")
_MISSING = object()
# `Out`, the user's namespace and `user_ns_hidden`.
_Mappings = Tuple[Dict[Any, Any], Dict[Any, Any], Dict[Any, Any]]

# IPython's own names in the user's namespace; never the user's variables.
OWN_NAMES = frozenset(
    (
        *UNDERS,
        "In",
        "Out",
        "_ih",
        "_oh",
        "_dh",
        "_i",
        "_ii",
        "_iii",
        "get_ipython",
        "exit",
        "quit",
        "open",
    ),
)
LIKE_NUMBERED = re.compile(r"_i?[0-9]+")
OWN_PATTERN = re.compile(
    LIKE_NUMBERED.pattern + r"|__(name|doc|builtin|builtins|package|loader|spec)__"
)


class Place:
    """One reference from IPython to a result."""

    __slots__ = ("key", "label", "mapping", "number")

    def __init__(self, label: str, mapping: dict[Any, Any], key: Any, number: int | None) -> None:
        """Take the place's name for people, the dict and the key, and the n of `Out[n]` or None."""
        self.label = label
        self.mapping = mapping
        self.key = key
        self.number = number


class Retained:
    """One object that IPython holds, with all the places that hold it."""

    __slots__ = ("_in_all", "_mappings", "numbers", "obj", "others", "variables")

    def __init__(self, obj: Any, mappings: _Mappings) -> None:
        """Begin without places; `numbers` will be the n of each `Out[n]`, in order."""
        self.obj = obj
        self.numbers: list[int] = []
        self.variables: list[str] = []
        self.others: list[Place] = []  # the places beside those that `add_usual` notes
        self._in_all: list[int] = []
        self._mappings = mappings

    def add_usual(self, number: int) -> None:
        """Note the three places in which IPython puts a cell's result.

        There may be very many results, so that these places are made when they are asked for.
        """
        self.numbers.append(number)
        self._in_all.append(number)

    @property
    def reference_count(self) -> int:
        """The number of places."""
        return 3 * len(self._in_all) + len(self.others)

    @property
    def places(self) -> list[Place]:
        """The places, those of cells' results first."""
        cache, user, hidden = self._mappings
        found: list[Place] = []
        for number in self._in_all:
            name = f"_{number}"
            found += (
                Place(f"Out[{number}]", cache, number, number),
                Place(name, user, name, number),
                Place(f"user_ns_hidden['{name}']", hidden, name, number),
            )
        return found + self.others


def own_dict(obj: Any) -> dict[str, Any]:
    """Return an instance's dict, or an empty dict. Use it only for IPython's own objects."""
    found = getattr(obj, "__dict__", None)
    return found if type(found) is dict else {}


def results(shell: Any) -> dict[Any, Any]:
    """Return IPython's output cache, even if the user has assigned something else to `Out`."""
    found = shell.history_manager.output_hist if shell.history_manager is not None else None
    return found if type(found) is dict else {}


def snapshot(mapping: dict[Any, Any]) -> list[tuple[Any, Any]]:
    """Return the items of a mapping that another thread may be changing."""
    while True:
        with suppress(RuntimeError):
            return list(mapping.items())


def boundary(shell: Any) -> list[Any]:
    """Return the objects that belong to IPython: measurements stop at them."""
    return [
        shell,
        shell.user_ns,
        shell.user_ns_hidden,
        shell.displayhook,
        shell.history_manager,
        own_dict(shell.displayhook),
        results(shell),
    ]


def retained(shell: Any, numbers: Iterable[int] | None = None) -> list[Retained]:
    """Return every object that IPython holds as a result, oldest first.

    `shell` is the InteractiveShell. With `numbers`, the search looks only under these
    numbers and in `_`, `__`, `___`. An object under several numbers is one entry.
    Placeholders are left out.
    """
    found: dict[int, Retained] = {}

    def entry_of(obj: Any) -> Retained | None:
        entry = found.get(id(obj))
        if entry is None and obj is not None and not is_placeholder(obj):
            entry = found[id(obj)] = Retained(obj, mappings)
        return entry

    def add(obj: Any, label: str, mapping: dict[Any, Any], key: Any, number: int | None) -> None:
        entry = entry_of(obj)
        if entry is not None:
            entry.others.append(Place(label, mapping, key, number))
            if number is not None and (not entry.numbers or entry.numbers[-1] != number):
                entry.numbers.append(number)

    mappings = cache, user, hidden = results(shell), shell.user_ns, shell.user_ns_hidden
    for number, name in _names(cache, hidden) if numbers is None else _named(numbers):
        behind = hidden.get(name)
        # The usual case, treated first for speed: IPython put the object into all three places.
        usual = behind is user.get(name) and behind is cache.get(number)
        entry = entry_of(behind) if usual else None
        if entry is not None:
            entry.add_usual(number)
            continue
        result = cached(shell, number)
        add(result, f"Out[{number}]", cache, number, number)
        # A value that the user assigned to `_5` is neither in `Out` nor in `user_ns_hidden`.
        current = user.get(name)
        if current is not None and current is (behind if name in hidden else result):
            add(current, name, user, name, number)
        if name in hidden:
            add(behind, f"user_ns_hidden['{name}']", hidden, name, number)
    _add_unders(shell, add)
    return sorted(
        found.values(), key=lambda entry: entry.numbers[-1] if entry.numbers else float("inf")
    )


def _named(numbers: Iterable[int]) -> list[tuple[int, str]]:
    """Return numbers, in order, and the names that results with these have."""
    return [(number, f"_{number}") for number in sorted(numbers)]


def _names(cache: dict[Any, Any], hidden: dict[Any, Any]) -> list[tuple[int, str]]:
    """Return the numbers of all results, in order, and the names that results with these have."""
    found = {f"_{key}": key for key, _obj in snapshot(cache) if _is_number(key)}
    for name, _obj in snapshot(hidden):
        if type(name) is str and name not in found and NUMBERED.fullmatch(name) is not None:
            found[name] = int(name[1:])
    return _named(found.values())


def _is_number(key: Any) -> bool:
    """Return whether a key of `Out` can be a cell's number; users may add other keys."""
    return type(key) is int and 0 <= key <= LARGEST_INT


def cached(shell: Any, number: int) -> Any:
    """Return what IPython put into `Out` under a number; None if the user put it there.

    IPython puts a result into `user_ns_hidden` as well. Where it is in there no more, the user has
    left it in `_5` at least.
    """
    obj, name = results(shell).get(number), f"_{number}"
    hidden = shell.user_ns_hidden
    return obj if (hidden if name in hidden else shell.user_ns).get(name) is obj else None


def object_under(shell: Any, number: int) -> Any:
    """Return the object that is retained under a number, or None."""
    obj = cached(shell, number)
    if obj is None or is_placeholder(obj):
        obj = shell.user_ns_hidden.get(f"_{number}")
    return None if is_placeholder(obj) else obj


def _add_unders(shell: Any, add: Any) -> None:
    user, hidden, hook = shell.user_ns, shell.user_ns_hidden, own_dict(shell.displayhook)
    for name in UNDERS:
        current = user.get(name, _MISSING)
        attribute = hook.get(name, "")
        # IPython itself tests in this way whether the user has assigned the name.
        if current is hidden.get(name, attribute) and not _initial(current):
            add(current, name, user, name, None)
        if not _initial(hidden.get(name, "")):
            add(hidden[name], f"user_ns_hidden['{name}']", hidden, name, None)
        if not _initial(attribute):
            add(attribute, "displayhook." + name, hook, name, None)


def last_results(shell: Any) -> list[Any]:
    """Return the values of `_`, `__`, `___`, IPython's and the user's, except placeholders."""
    mappings = shell.user_ns, shell.user_ns_hidden, own_dict(shell.displayhook)
    found = [mapping.get(name) for mapping in mappings for name in UNDERS]
    return [obj for obj in found if not (obj is None or _initial(obj) or is_placeholder(obj))]


def _initial(obj: Any) -> bool:
    """Return whether an object is the empty text that IPython puts into `_` at the start."""
    return type(obj) is str and obj == ""


def retained_under(shell: Any, number: int) -> Retained | None:
    """Return the object that is retained under a number with all its places, or None."""
    obj = object_under(shell, number)
    if obj is None:
        return None
    numbers = {n for n, other in snapshot(results(shell)) if other is obj and _is_number(n)}
    for name, other in snapshot(shell.user_ns_hidden):
        if other is obj and type(name) is str and NUMBERED.fullmatch(name) is not None:
            numbers.add(int(name[1:]))
    return next(entry for entry in retained(shell, sorted(numbers)) if entry.obj is obj)


def find_last(shell: Any, entries: Iterable[Retained]) -> None:
    """Add the last execution's result to the entries that it holds."""
    last = own_dict(shell.last_execution_result)
    for entry in entries:
        if last.get("result") is entry.obj:
            entry.others.append(Place("last_execution_result.result", last, "result", None))


def find_variables(shell: Any, entries: Iterable[Retained]) -> None:
    """Add to every entry the names of the user's variables that hold its object."""
    by_id = {id(entry.obj): entry for entry in entries}
    user, hidden = shell.user_ns, shell.user_ns_hidden
    for name, obj in snapshot(user):
        entry = by_id.get(id(obj))
        if entry is None or type(name) is not str:
            continue
        is_usual = hidden.get(name) is obj and NUMBERED.fullmatch(name) is not None
        if not is_usual and not any(p.mapping is user and p.key == name for p in entry.others):
            entry.variables.append(name)


def is_users(shell: Any, name: Any, obj: Any) -> bool:
    """Return whether the user, and not IPython, made this entry of the user's namespace."""
    if type(name) is not str:
        return False
    if name not in OWN_NAMES and OWN_PATTERN.fullmatch(name) is None:
        return True
    hidden = shell.user_ns_hidden
    if name in UNDERS:
        # `%reset out` empties `_`, but leaves the value in `user_ns_hidden`.
        attribute = own_dict(shell.displayhook).get(name)
        return not _initial(obj) and hidden.get(name, attribute) is not obj
    if name in hidden:
        return hidden[name] is not obj
    if NUMBERED.fullmatch(name) is not None:
        return cached(shell, int(name[1:])) is not obj
    # IPython puts every `_i5` into `user_ns_hidden`, and never makes `_0` or `_007`.
    return LIKE_NUMBERED.fullmatch(name) is not None


def is_ipythons(shell: Any, mapping: dict[Any, Any], key: Any, obj: Any) -> bool:
    """Return whether IPython put a result into this entry of one of its own mappings."""
    if mapping is results(shell):
        return _is_number(key) and cached(shell, key) is obj
    if type(key) is not str:
        return False
    if mapping is shell.user_ns:
        return not is_users(shell, key, obj)
    if mapping is own_dict(shell.last_execution_result):
        return key == "result"
    return key in UNDERS or (
        mapping is shell.user_ns_hidden and NUMBERED.fullmatch(key) is not None
    )


def put(shell: Any, entry: Retained, stand_ins: dict[int, Any], places: list[Place]) -> list[Any]:
    """Put stand-ins into the places of a result, and return the references that were there.

    `stand_ins` has one object for each number, or one under -1 for a result without
    numbers. A place without a number gets the stand-in of the newest number. The caller
    drops the returned references only when every place is changed: dropping them can run
    the user's destructors. Where only `user_ns_hidden` still has the result, because
    IPython has culled it, the entry is deleted.
    """
    newest = stand_ins[max(stand_ins)]
    cache, hidden = results(shell), shell.user_ns_hidden
    taken: list[Any] = []
    for place in places:
        if place.mapping.get(place.key, _MISSING) is not entry.obj:
            continue
        taken.append(entry.obj)
        if place.label == "last_execution_result.result":
            shell.last_execution_result = without_result(shell.last_execution_result)
        elif place.mapping is hidden and _is_leftover(shell, place, cache):
            del place.mapping[place.key]
        else:
            place.mapping[place.key] = newest if place.number is None else stand_ins[place.number]
    return taken


def _is_leftover(shell: Any, place: Place, cache: dict[Any, Any]) -> bool:
    """Return whether only `user_ns_hidden` still has the result.

    That is so after IPython has culled it, and after `%reset out`. With a stand-in there,
    IPython would believe that the user has assigned the empty `_`.
    """
    if place.number is not None:
        return place.number not in cache and place.key not in shell.user_ns
    return _initial(shell.user_ns.get(place.key)) and _initial(
        own_dict(shell.displayhook).get(place.key)
    )


def without_result(execution: Any) -> Any:
    """Return a copy of an ExecutionResult that holds no result.

    The original stays as it is: the caller of a nested `run_cell` may hold it.
    """
    return copy_with(execution, result=None)


def copy_with(execution: Any, **changed: Any) -> Any:
    """Return a shallow copy of an ExecutionResult with some attributes changed."""
    copied = object.__new__(type(execution))
    vars(copied).update(own_dict(execution), **changed)
    return copied


def weak(obj: Any) -> weakref.ReferenceType[Any] | None:
    """Return a weak reference to an object, or None if its type does not support them."""
    try:
        return weakref.ref(obj)
    except TypeError:
        return None
