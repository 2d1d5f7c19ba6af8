"""pandas' hash tables and trees, which the engines of indexes have, and its reader of texts."""

from __future__ import annotations

import ctypes
import struct
import sys
from io import StringIO
from operator import attrgetter
from typing import Any, Callable

from ...retention.describe import library
from ..blocks import Block
from ..pools import rounded
from ..worklist import spread
from .adapter import Adapter, Owned
from .native import POINTER, Memory

_NEGLIGIBLE = 10**6  # bytes that may be missed
_MOST_FIELDS = 64
_LEAST_ENTRY = 9  # bytes of a hash table's entry: the place of a value, and a key of a byte
_FIELDS = 8  # words of a hash table's wrapper, one of which refers to the table itself
_COUNTS = ("n_buckets", "size", "n_occupied", "upper_bound")  # at the table's beginning
_CHUNK = 1000
_ENGINES = 3  # references to a table that only its engine has: the engine's, and two of the look
_SOME = 16  # values that are looked up
_ARRAY = 360  # bytes that a node of a tree has for an array, beside the numbers in it
_OF_A_LEAF, _OF_A_NODE = 3, 4  # arrays

_basic = type.__dict__["__basicsize__"].__get__


class _Source(ctypes.Structure):
    _fields_ = (("held", ctypes.py_object),)


class _Parser(ctypes.Structure):
    """What a parser begins with. A closed one still leads to its source, which is freed."""

    _fields_ = (
        ("source", ctypes.POINTER(_Source)),
        ("read", ctypes.c_void_p),
        ("free", ctypes.c_void_p),  # nothing in one that is closed
    )


def _pandas(hashtable: Any) -> dict[type, Adapter]:
    found = {}
    for cls in hashtable.HashTable.__subclasses__():
        size_of = cls.__dict__.get("sizeof")
        state_of = cls.__dict__.get("get_state")
        if size_of is not None and state_of is not None:
            found[cls] = _table(size_of, state_of)
    return found


def _table(size_of: Callable[[Any], int], state_of: Callable[[Any], dict[str, int]]) -> Adapter:
    """Look at a table of hashes: where no entry fell, a large one's pages were never written."""

    def look(obj: Any) -> Owned:
        size = rounded(size_of(obj))
        state = state_of(obj)
        used = min(size, _LEAST_ENTRY * state["size"])
        if size - used < _NEGLIGIBLE:
            return Owned(_basic(type(obj)) + size)
        blocks = _blocks(obj, size, state)
        if blocks:
            return Owned(_basic(type(obj)), blocks)
        return Owned(_basic(type(obj)) + used, note="opaque", estimate=size - used)

    return Adapter(look)


def _blocks(obj: Any, size: int, state: dict[str, int]) -> list[Block]:
    """Return the keys and places of a table, if it is where its own counts are found."""
    buckets = state["n_buckets"]
    counts = struct.pack("<4I", *map(state.__getitem__, _COUNTS))
    try:
        with Memory() as memory:
            for pointer in memory.words(id(obj), _FIELDS)[2:]:
                *head, _, keys, places = memory.words(pointer, 5)
                if struct.pack("<2Q", *head) == counts:
                    entry = size // buckets
                    sizes = {keys: (entry - POINTER) * buckets, places: POINTER * buckets}
                    return [Block(at, length, id(obj)) for at, length in sizes.items()]
    except OSError:
        pass
    return []


def _engines(module: Any) -> dict[type, Adapter]:
    """Return the adapter of the engines whose table has a reference to each of the values.

    pandas 2 has such tables without references.
    """
    values_of = vars(module.IndexEngine)["values"].__get__
    table_of = vars(module.IndexEngine)["mapping"].__get__
    tables = sys.modules["pandas._libs.hashtable"]
    probe, value = tables.PyObjectHashTable(), object()
    before = sys.getrefcount(value)
    probe.map_locations(tables.np.array([value]))
    if sys.getrefcount(value) == before:
        return {}

    def look(obj: Any) -> Owned:
        owned = Owned(_basic(type(obj)))
        table, values = table_of(obj), values_of(obj)
        if type(table) is not tables.PyObjectHashTable or not len(table):
            return owned
        of_engine = sys.getrefcount(table) == _ENGINES
        if not of_engine or type(values) is not tables.np.ndarray or not _has_all(table, values):
            owned.note = "opaque"
            return owned
        owned.total = -(-len(values) // _CHUNK)
        # The engine's own reference to the values is the only one that is expected.
        owned.slices = (
            values_of(obj)[index * _CHUNK : (index + 1) * _CHUNK].tolist()
            for index in spread(owned.total)
        )
        return owned

    classes = [module.ObjectEngine, *module.ObjectEngine.__subclasses__()]
    return {cls: Adapter(look) for cls in classes}


def _has_all(table: Any, values: Any) -> bool:
    """Return whether a table has each of the values, by some texts: these run no code of a user's.

    Of equal values it has one, and an array that the user has may have been written to since.
    """
    if len(table) != len(values):
        return False
    for at in range(0, len(values), -(-len(values) // _SOME)):
        value = values[at]
        if type(value) is not str or value not in table or table.get_item(value) != at:
            return False
    return True


def _intervals(module: Any) -> dict[type, Adapter]:
    """Return the adapter of the nodes of an index of intervals that was looked up.

    The collector is shown which nodes a node leads to, but not its arrays.
    """
    array = library("numpy").ndarray
    sides = [array((1,), "f8", bytearray(8)) for _ in range(2)]
    root = module.IntervalTree(*sides).root
    node = type(root).__mro__[1]
    is_leaf, elements, center = (
        vars(node)[name].__get__ for name in ("is_leaf_node", "n_elements", "n_center")
    )

    def look(obj: Any) -> Owned:
        arrays, items = (_OF_A_LEAF, elements) if is_leaf(obj) else (_OF_A_NODE, center)
        return Owned(_basic(type(obj)) + arrays * (_ARRAY + POINTER * items(obj)))

    return {node: Adapter(look)}


def _parsers(module: Any) -> dict[type, Adapter]:
    """Return the adapter of the reader of texts, whose parser holds what it reads from."""
    reader = module.TextReader
    source = StringIO("a,b\n1,2\n")
    probe = reader(source, na_values=set())
    with Memory() as memory:
        words = memory.words(id(probe), min(_MOST_FIELDS, _basic(reader) // POINTER))
        held = (memory.word(memory.word(word)) for word in words)
        found = [at * POINTER for at, word in enumerate(held) if word == id(source)]
    pointer = ctypes.POINTER(_Parser).from_address
    is_open, held_by = attrgetter("contents.free"), attrgetter("contents.source.contents.held")
    opened = len(found) == 1 and is_open(pointer(id(probe) + found[0]))
    probe.close()
    place = found[0] if opened and not is_open(pointer(id(probe) + found[0])) else 0

    def look(obj: Any) -> Owned:
        parsers = [pointer(id(obj) + place)] if place else []
        # One call from the look whether it is open until the source is held: in a second one,
        # another thread could have closed it.
        held = list(map(held_by, filter(is_open, parsers)))
        return Owned(references=held, note="opaque")  # beside what it has not given out yet

    return {reader: Adapter(look)}


ADAPTERS = {
    "pandas._libs.hashtable": _pandas,
    "pandas._libs.index": _engines,
    "pandas._libs.interval": _intervals,
    "pandas._libs.parsers": _parsers,
}
