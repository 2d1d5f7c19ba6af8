"""What the walks of one measurement share."""

from __future__ import annotations

import sys
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Iterable, Iterator

from ..retention.describe import has_base
from .allocation import Kind, group_by_type
from .worklist import LARGE, Worklist

if TYPE_CHECKING:
    from .libraries.adapter import Adapter

_namespace_of: Any = vars(ModuleType)["__dict__"].__get__


def module_namespaces() -> set[int]:
    """Return the identities of the namespaces of all modules."""
    return {
        id(_namespace_of(module))
        for module in list(sys.modules.values())
        if has_base(type(module), ModuleType)
    }


class Heap:
    """What the walks of one measurement share; keeps one reference to each undecided object."""

    def __init__(self, adapters: dict[int, Adapter], boundary: Iterable[Any]) -> None:
        """Remember the boundary and the adapters; `deadline` is to be set (`perf_counter`)."""
        self.adapters = adapters
        self.kinds: dict[int, Kind] = {}  # by the type's identity: a metaclass may define a hash
        self.waiting: dict[int, Any] = {}
        self.own: dict[int, int] = {}
        self.boundary = tuple(boundary)  # so held, none of them loses its last reference
        self.deadline = 0.0

    def kind(self, cls: type) -> Kind:
        """Return what is known of a type."""
        kind = self.kinds.get(id(cls))
        if kind is None:
            kind = self.kinds[id(cls)] = Kind(cls, self.adapters)
        return kind

    def never_entered(self, obj: Any) -> bool:
        """Return whether an object is a class or module."""
        return self.kind(type(obj)).stop

    def stopping(self, objects: Iterable[Any]) -> set[int]:
        """Return the identities of those of the objects' types whose objects are never entered."""
        return {id(kind.cls) for kind in self.kinds_of(list(objects)) if kind.stop}

    def kinds_of(self, objects: list[Any]) -> list[Kind]:
        """Return what is known of the types of objects."""
        return [self.kind(type(group[0])) for group in group_by_type(objects)]

    def referents(self, objects: list[Any]) -> Iterator[list[Any]]:
        """Yield what objects refer to, but for texts that are keys, some thousands at a time."""
        worklist = Worklist(keys=False)
        for group in group_by_type(objects):
            worklist.add(self.kind(type(group[0])), group, 0)
        while worklist:
            yield worklist.take()

    def is_wide(self, obj: Any) -> bool:
        """Return whether an object has so many items that it is not opened in one step."""
        length = self.kind(type(obj)).length
        return length is not None and length(obj) > LARGE

    def late(self) -> bool:
        """Return whether the time is up."""
        return perf_counter() > self.deadline
