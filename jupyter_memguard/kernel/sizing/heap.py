"""What a walk knows of types and modules, and the clock that it goes by."""

from __future__ import annotations

import sys
from itertools import chain, compress, repeat
from operator import is_, not_
from time import perf_counter, thread_time
from types import ModuleType
from typing import TYPE_CHECKING, Any, Iterable

from ..retention.describe import has_base
from .allocation import Kind

if TYPE_CHECKING:
    from .libraries.adapter import Adapter

# This thread's own time: on a busy machine the time on the wall is the others'. Windows counts
# a thread's time in steps that are longer than a budget.
clock = perf_counter if sys.platform == "win32" else thread_time

_namespace_of: Any = vars(ModuleType)["__dict__"].__get__


def module_namespaces() -> set[int]:
    """Return the identities of the namespaces of all modules."""
    modules = list(sys.modules.values())
    plain = list(map(is_, map(type, modules), repeat(ModuleType)))
    # Others are modules of a library's own kind, or whatever was put there.
    others = [
        each for each in compress(modules, map(not_, plain)) if has_base(type(each), ModuleType)
    ]
    return set(map(id, map(_namespace_of, chain(compress(modules, plain), others))))


class Heap:
    """What is known of types, and what a walk does not enter."""

    def __init__(self, adapters: dict[int, Adapter], boundary: Iterable[Any]) -> None:
        """Remember the adapters and the boundary."""
        self.adapters = adapters
        self.kinds: dict[int, Kind] = {}  # by the type's identity: a metaclass may define a hash
        self.boundary = tuple(boundary)  # so held, none of them loses its last reference

    def kind(self, cls: type) -> Kind:
        """Return what is known of a type."""
        kind = self.kinds.get(id(cls))
        if kind is None:
            kind = self.kinds[id(cls)] = Kind(cls, self.adapters)
        return kind
