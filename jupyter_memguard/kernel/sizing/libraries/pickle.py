"""Picklers, which remember each object that they have seen or made.

The collector would be shown all of them in one step, however many. So they are read from the table
in which they are kept, a slice at a time.
"""

from __future__ import annotations

import ctypes
from io import BytesIO
from typing import Any, Callable, Iterator

from ..allocation import rounded
from .adapter import Adapter, Owned
from .native import POINTER, Memory

_SLICE = 1000
_ENTRY = 2 * POINTER  # of a pickler's table: an object, and its number
_FIRST = 2  # the word after an object's count and type

_basic = type.__dict__["__basicsize__"].__get__
_name = type.__dict__["__name__"].__get__


def _pickle(module: Any) -> dict[type, Adapter]:
    """Return the adapters, for a version whose tables are where they are looked for."""
    pickler, unpickler = module.Pickler, module.Unpickler
    found = {}
    for cls, table_of, make in ((pickler, _written, _dumped), (unpickler, _read, _loaded)):
        try:
            probe, kept = make(cls)
            as_expected = any(obj is kept for obj in _slice(*table_of(probe), 0))
        except Exception:  # noqa: BLE001
            as_expected = False
        found[cls] = _adapter(cls, table_of) if as_expected else _unknown()
    return found


def _dumped(cls: Any) -> tuple[Any, Any]:
    kept = ["a probe"]
    probe = cls(BytesIO())
    probe.dump(kept)
    return probe, kept


def _loaded(cls: Any) -> tuple[Any, Any]:
    import pickle  # noqa: PLC0415

    probe = cls(BytesIO(pickle.dumps(["a probe"])))
    return probe, probe.load()


def _written(obj: Any) -> tuple[int, int, int]:
    """Return where a pickler's table is, how many entries it has, and the bytes of one."""
    with Memory() as memory:
        used = memory.word(id(obj) + _FIRST * POINTER)
        _, _, allocated, place = memory.words(used, 4)
    return place, allocated, _ENTRY


def _read(obj: Any) -> tuple[int, int, int]:
    with Memory() as memory:
        _, place, allocated = memory.words(id(obj) + _FIRST * POINTER, 3)
    return place, allocated, POINTER


def _slice(place: int, count: int, entry: int, start: int) -> list[Any]:
    """Return the objects in a part of a table."""
    end = min(start + _SLICE, count)
    first = place + start * entry
    keys = (ctypes.c_void_p * ((end - start) * entry // POINTER)).from_address(first)
    held = ctypes.py_object.from_address
    places = range(first, place + end * entry, entry)
    return [held(at).value for at, key in zip(places, keys[:: entry // POINTER]) if key]


def _slices(obj: Any, table_of: Callable[[Any], tuple[int, int, int]]) -> Iterator[list[Any]]:
    start = 0
    while True:
        place, count, entry = table_of(obj)  # which a thread may have changed meanwhile
        if start >= count:
            return
        yield _slice(place, count, entry, start)
        start += _SLICE


def _adapter(cls: type, table_of: Callable[[Any], tuple[int, int, int]]) -> Adapter:
    basic = _basic(cls)

    def look(obj: Any) -> Owned:
        _, count, entry = table_of(obj)
        owned = Owned(_basic(type(obj)) + (rounded(count * entry) if count else 0))
        with Memory() as memory:
            words = memory.words(id(obj), basic // POINTER)[_FIRST:]
            owned.references = [
                held
                for word in words
                if word and memory.word(memory.word(word + POINTER) + POINTER) == id(type)
                for held in (ctypes.cast(word, ctypes.py_object).value,)
                if _name(type(held)) != "Pdata"
            ]
        owned.slices = _slices(obj, table_of)
        owned.total = -(-count // _SLICE)
        return owned

    return Adapter(look, all_references=True)


def _unknown() -> Adapter:
    return Adapter(lambda _: Owned(note="opaque"), all_references=True)


ADAPTERS = {"_pickle": _pickle}
