"""pandas' hash tables, which the engine of an index has."""

from __future__ import annotations

from typing import Any, Callable

from ..allocation import rounded
from .adapter import Adapter, Owned

_NEGLIGIBLE = 10**6  # bytes that may be missed
_LEAST_ENTRY = 9  # bytes of a hash table's entry: the place of a value, and a key of a byte

_basic = type.__dict__["__basicsize__"].__get__


def _pandas(hashtable: Any) -> dict[type, Adapter]:
    found = {}
    for cls in hashtable.HashTable.__subclasses__():
        size_of = cls.__dict__.get("sizeof")
        if size_of is not None:
            found[cls] = _table(size_of, cls.__dict__["__len__"])
    return found


def _table(size_of: Callable[[Any], int], length: Callable[[Any], int]) -> Adapter:
    """Look at a table of hashes: where no entry fell, a large one's pages were never written."""

    def look(obj: Any) -> Owned:
        size = rounded(size_of(obj))
        used = min(size, _LEAST_ENTRY * length(obj))
        if size - used < _NEGLIGIBLE:
            return Owned(_basic(type(obj)) + size)
        return Owned(_basic(type(obj)) + used, note="opaque")

    return Adapter(look)


ADAPTERS = {"pandas._libs.hashtable": _pandas}
