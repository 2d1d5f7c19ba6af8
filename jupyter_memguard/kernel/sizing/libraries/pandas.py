"""pandas' hash tables, which the engine of an index has, and its reader of texts."""

from __future__ import annotations

import ctypes
from io import StringIO
from typing import Any, Callable

from ..allocation import rounded
from .adapter import Adapter, Owned
from .native import POINTER, Memory

_NEGLIGIBLE = 10**6  # bytes that may be missed
_MOST_FIELDS = 64
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


def _parsers(module: Any) -> dict[type, Adapter]:
    """Return the adapter of the reader of texts, whose parser holds what it reads from."""
    reader = module.TextReader
    source = StringIO("a,b\n1,2\n")
    probe = reader(source, na_values=set())
    with Memory() as memory:
        words = memory.words(id(probe), min(_MOST_FIELDS, _basic(reader) // POINTER))
        found = [at for at, word in enumerate(words) if _source(memory, word)[1] == id(source)]
    place = found[0] * POINTER if len(found) == 1 else 0

    def look(obj: Any) -> Owned:
        owned = Owned(note="opaque")  # beside what it has read and not given out yet
        if place:
            with Memory() as memory:
                at, held = _source(memory, memory.word(id(obj) + place))
            if held:
                owned.references = [ctypes.py_object.from_address(at).value]
        return owned

    return {reader: Adapter(look)}


def _source(memory: Memory, parser: int) -> tuple[int, int]:
    """Return where a parser refers to what it reads from, and to what."""
    at = memory.word(parser)
    return at, memory.word(at)


ADAPTERS = {"pandas._libs.hashtable": _pandas, "pandas._libs.parsers": _parsers}
