"""What a hoarder finds, and what it looks with.

A hoarder is a module in `hoarders/` with a function `find(look)` that yields hoards, and where it
asks the collector for objects, with `WANTS`: the modules and the names of their types. It runs
nothing of the user's, takes no lock and imports nothing. It may hold objects while it runs, but
none afterwards: sizes are found by reference counts.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import compress
from types import MethodType
from typing import TYPE_CHECKING, Any, Iterable, Sequence

from ..retention.describe import has_base, instance_dict, library
from ..retention.holders import is_users, snapshot
from ..retention.sizes import Root
from ..retention.tracked import tracked_objects
from ..sizing import clock

if TYPE_CHECKING:
    from ..reports.process_memory import ProcessMemory

__all__ = ["Hoard", "Look", "Root", "exact_name", "safe_name"]

NAME_LENGTH = 200
_AT_ONCE = 50_000
_name_of = type.__dict__["__qualname__"].__get__
_class_dict = type.__dict__["__dict__"].__get__


class Hoard:
    """Memory that somebody keeps, and code that lets it go."""

    __slots__ = (
        "bytes", "count", "exact", "kind", "name", "notes", "only", "part", "remedy", "roots",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913
        self,
        kind: str,
        name: str,
        roots: Sequence[Root] = (),
        *,
        count: int | None = None,
        remedy: str | None = None,
        bytes: int | None = None,  # noqa: A002 - the name of the figure in all answers
        part: str = "rest",
        exact: bool = True,
        notes: Sequence[str] = (),
        only: Sequence[str] = (),
    ) -> None:
        """Take what it is and what letting go would drop.

        `kind` is a code, `name` for people. `roots` are measured; where a library's own counter
        tells, it is `bytes` instead, `exact` or an estimate, with the `part` of the process's
        memory that has them. `count` is the number of entries, and `remedy` code that a person
        can run. With `only`, it is told where it is found to be in one of these parts.
        """
        self.kind = kind
        self.name = safe_name(name)
        self.roots = list(roots)
        self.count = count
        self.remedy = remedy
        self.bytes = bytes
        self.part = part
        self.exact = exact
        self.notes = tuple(notes)
        self.only = tuple(only)


def safe_name(text: str) -> str:
    """Return a text that any message can hold, cut to the length of a name."""
    return str.__str__(text)[:NAME_LENGTH].encode("utf-8", "backslashreplace").decode()


class Look:
    """What hoarders look with: the shell, loaded libraries, and the objects that are tracked."""

    def __init__(self, shell: Any, memory: ProcessMemory, deadline: float = float("inf")) -> None:
        """Take the InteractiveShell, and what the system says of the memory.

        `deadline` is a value of `sizing.clock` until which hoarders may look.
        """
        self.shell = shell
        self.memory = memory
        self.garbage: set[int] = set()  # identities of what the collector will free
        self._deadline = deadline
        self._bases: dict[tuple[str, str], Any] = {}
        self._tracked: dict[int, tuple[type, list[Any]]] | None = None
        self._names: dict[int, str] | None = None

    def want(self, types: Iterable[tuple[str, str]]) -> None:
        """Name the types of which instances will be asked for, by module and name."""
        for module, name in types:
            found = getattr(library(module), "__dict__", {}).get(name)
            if isinstance(found, type):
                self._bases[module, name] = found

    def check_time(self) -> None:
        """Raise `TimeoutError` if there is no time left, which leaves a hoarder out."""
        if clock() > self._deadline:
            raise TimeoutError

    @staticmethod
    def library(name: str) -> Any:
        """Return what a loaded module has under its names, as attributes; None if it has not."""
        return library(name)

    def instances(self, module: str, name: str) -> list[Any]:
        """Return the objects that the collector tracks of a type in `WANTS`, or derived from it."""
        base = self._bases.get((module, name))
        if base is None:
            return []
        if self._tracked is None:
            self._tracked = {}
            self._scan(self._tracked)
        return [
            obj
            for cls, objects in self._tracked.values()
            if has_base(cls, base)
            for obj in objects
            if id(obj) not in self.garbage
        ]

    def instances_of(self, kinds: Sequence[int]) -> list[Any]:
        """Return the tracked objects whose exact type has one of these identities."""
        tracked = tracked_objects()
        keys = map(set(kinds).__contains__, map(id, map(type, tracked)))
        return list(compress(tracked, keys))

    def _scan(self, found: dict[int, tuple[type, list[Any]]]) -> None:
        """Find all tracked objects of the wanted types in one pass, by the identity of the type."""
        bases = list(self._bases.values())
        wanted: dict[int, bool] = {}
        tracked = tracked_objects()
        for start in range(0, len(tracked), _AT_ONCE):
            some = tracked[start : start + _AT_ONCE]
            kinds = list(map(type, some))
            keys = list(map(id, kinds))
            for key, cls in dict(zip(keys, kinds)).items():
                if key not in wanted:
                    wanted[key] = any(has_base(cls, base) for base in bases)
            for obj in compress(some, map(wanted.__getitem__, keys)):
                found.setdefault(id(type(obj)), (type(obj), []))[1].append(obj)

    def close(self) -> None:
        """Let go of all objects."""
        self._tracked = self._names = None
        self._bases.clear()

    def name_of(self, obj: Any) -> str | None:
        """Return the user's name of the very same object, or None."""
        if self._names is None:
            self._names = {}
            for name, value in snapshot(self.shell.user_ns):
                if is_users(self.shell, name, value) and name.isidentifier():
                    self._names.setdefault(id(value), name)
        return self._names.get(id(obj))

    def alias(self, module: str) -> tuple[str, str]:
        """Return a loaded module's name in the notebook, and the code that has to go before it."""
        name = self.name_of(sys.modules.get(module))
        return (name, "") if name is not None else (module, f"import {module}; ")

    def path_of(self, module: str, qualname: str, obj: Any) -> str | None:
        """Return code that leads from the notebook to an object by its qualified name, or None.

        The names are followed without running code, and must lead to this very object.
        """
        found, path = self._follow(module, qualname)
        return path if found is obj and found is not _MISSING else None

    def has_path(self, module: str, qualname: str) -> str | None:
        """Return code that leads to whatever has this qualified name now, or None."""
        found, path = self._follow(module, qualname)
        return None if found is _MISSING else path

    def _follow(self, module: str, qualname: str) -> tuple[Any, str]:
        first, *others = qualname.split(".")
        if module == "__main__":
            path, before, spaces = "", "", self.shell.user_ns
        else:
            path, before = self.alias(module)
            path, spaces = path + ".", instance_dict(sys.modules.get(module))
        found = spaces.get(first, _MISSING)
        for name in others:
            found = own_entry(found, name)
        return found, before + path + qualname


_MISSING = object()
exact_name = _name_of


def own_entry(obj: Any, name: str) -> Any:
    """Return what a module, a class or an instance has under a name in its own dict."""
    space: Any = {}
    with suppress(Exception):
        space = _class_dict(obj) if has_base(type(obj), type) else instance_dict(obj)
    found = space.get(name, _MISSING)
    if type(found) in (classmethod, staticmethod, MethodType):
        found = found.__func__
    return found
