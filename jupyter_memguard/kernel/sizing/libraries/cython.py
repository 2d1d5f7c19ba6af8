"""Cython's views of memory, and the arrays that Cython makes to have some.

A view that was cut out of another refers to that in C alone. All that were cut out of one count
each other there, and have one reference to it together.
"""

from __future__ import annotations

import ctypes
from typing import Any

from ..blocks import Block
from .adapter import Adapter, Owned
from .native import COUNT, POINTER, Memory, layout_of

_DATA, _BYTES, _FREES = 3, 4, 13  # words of an array
_CUTS = 7  # the word of a view that counts what was cut out of it
_CONTIGUOUS = 0x1D  # PyBUF_FORMAT, PyBUF_STRIDES and PyBUF_WRITABLE
_PROBE = (5, 3)  # of numbers with eight bytes

_basic = type.__dict__["__basicsize__"].__get__


def _cython(module: Any) -> dict[type, Adapter]:
    """Return the adapters of the types that the modules of one library share."""
    array, view = module.array, module.memoryview
    made = array(_PROBE, POINTER, "d", "c")
    whole = view(made, _CONTIGUOUS)
    parts = [whole[1:], whole[2:]]

    def place_of_whole(memory: Memory) -> int:
        size = _PROBE[0] * _PROBE[1] * POINTER
        words = memory.words(id(made), _basic(array) // POINTER)
        cut = memory.words(id(parts[0]), _basic(type(parts[0])) // POINTER)
        counted = memory.word(id(whole) + _CUTS * POINTER) & COUNT == len(parts)
        if words[_BYTES] != size or words[_FREES] != 1 or not counted or not words[_DATA]:
            raise LookupError
        return cut.index(id(whole)) * POINTER

    place = layout_of(place_of_whole)
    if place is None:
        return {}

    def of_array(obj: Any) -> Owned:
        with Memory() as memory:
            words = memory.words(id(obj), _basic(array) // POINTER)
        if words[_FREES] != 1:  # something else frees it, or it is of objects
            return Owned(note="opaque")
        return Owned(_basic(type(obj)), [Block(words[_DATA], words[_BYTES], id(obj))])

    def of_part(obj: Any) -> Owned:
        with Memory() as memory:
            whole = memory.word(id(obj) + place)
            cuts = memory.word(whole + _CUTS * POINTER) & COUNT if whole else 0
        if cuts > 1:
            return Owned(note="sharing-unknown")
        held = ctypes.py_object.from_address(id(obj) + place).value if cuts else None
        return Owned(references=[held] if cuts else [])

    return {
        array: Adapter(of_array),
        view: Adapter(lambda _: Owned()),
        type(parts[0]): Adapter(of_part),
    }


ADAPTERS = dict.fromkeys(
    ("scipy._cyutility", "sklearn._cyutility", "pandas._libs._cyutility"), _cython
)
