"""polars' data frames and series.

polars exports its columns without a copy through Arrow's C data interface
(https://arrow.apache.org/docs/format/CDataInterface.html). That says where the data is, but not how
much memory lies around it: a slice looks like all that there is.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Any, Iterator

from ..blocks import USERS_UNKNOWN, Block
from .adapter import Adapter, Owned

_TEXT_BUFFERS = 3  # validity, offsets, text
_POINTER = ctypes.POINTER


class _Schema(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", _POINTER(_POINTER(_Schema))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class _Array(ctypes.Structure):
    pass


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", _POINTER(ctypes.c_void_p)),
    ("children", _POINTER(_POINTER(_Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_Call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", _Call),
        ("get_next", _Call),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


# Bits of an element in the last buffer, by the format's first letter; strings and lists apart.
_BITS = {
    "b": 1, "c": 8, "C": 8, "s": 16, "S": 16, "i": 32, "I": 32, "l": 64, "L": 64, "e": 16,
    "f": 32, "g": 64, "v": 128, "z": 32, "u": 32, "Z": 64, "U": 64,
}  # fmt: skip


def _element_bits(code: str) -> int:
    """Return the bits of an element of a format, 0 if it is not known."""
    if code[0] in "td":
        if code[0] == "d":
            return 128
        return 32 if code[:3] in ("tdD", "tts", "ttm") else 64
    if code[0] == "+":
        return 64 if code == "+L" else 32 if code == "+l" else 0
    return _BITS.get(code[0], 0)


def _parts(schema: _Schema, array: _Array) -> Iterator[tuple[int, int]]:
    """Yield the address and size in bytes of every buffer of an exported array."""
    code = schema.format.decode("ascii")
    length = array.length + array.offset
    buffers = [array.buffers[index] for index in range(array.n_buffers)]
    if buffers and buffers[0]:
        yield buffers[0], (length + 7) // 8
    if len(buffers) > 1 and buffers[1]:
        yield buffers[1], (length * _element_bits(code) + 7) // 8
    if code[0] == "v":
        count = len(buffers) - 3
        sizes = (ctypes.c_int64 * count).from_address(buffers[-1]) if count > 0 else ()
        yield from zip(buffers[2:-1], sizes)
    elif code[0] in "uz" and len(buffers) == _TEXT_BUFFERS and buffers[2]:
        yield buffers[2], (ctypes.c_int32 * (length + 1)).from_address(buffers[1])[length]
    elif code[0] in "UZ" and len(buffers) == _TEXT_BUFFERS and buffers[2]:
        yield buffers[2], (ctypes.c_int64 * (length + 1)).from_address(buffers[1])[length]
    for index in range(array.n_children):
        yield from _parts(schema.children[index].contents, array.children[index].contents)


def _plain(schema: _Schema) -> bool:
    """Return whether polars hands such a column over as it is; dictionaries are made for export."""
    return not schema.dictionary and all(
        _plain(schema.children[index].contents) for index in range(schema.n_children)
    )


def _polars(_: Any) -> dict[type, Adapter]:
    """Return the adapters of polars' data frames and series."""
    native = sys.modules.get("polars._plr") or sys.modules["polars.polars"]
    frame, series = native.PyDataFrame, native.PySeries
    pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )

    def of_series(column: Any, owner: int) -> list[Block]:
        capsule = series.__arrow_c_stream__(column)
        stream = _Stream.from_address(pointer_of(capsule, b"arrow_array_stream"))
        schema = _Schema()
        found: list[Block] = []
        if stream.get_schema(ctypes.addressof(stream), ctypes.addressof(schema)):
            raise ValueError
        try:
            if not _plain(schema):
                raise ValueError
            while True:
                array = _Array()
                if stream.get_next(ctypes.addressof(stream), ctypes.addressof(array)):
                    raise ValueError
                if not array.release:
                    return found
                try:
                    found.extend(
                        Block(address, size, owner, USERS_UNKNOWN)
                        for address, size in _parts(schema, array)
                        if size
                    )
                finally:
                    _Release(array.release)(ctypes.addressof(array))
        finally:
            _Release(schema.release)(ctypes.addressof(schema))

    def of_columns(columns: list[Any], owner: int) -> Owned:
        blocks: dict[int, Block] = {}
        for column in columns:
            with suppress(ValueError):  # a kind of column that is made anew for export
                blocks.update((block.address, block) for block in of_series(column, owner))
        return Owned(64, list(blocks.values()), note="opaque")

    return {
        frame: Adapter(lambda obj: of_columns(frame.get_columns(obj), id(obj)), shares=frame),
        series: Adapter(lambda obj: of_columns([obj], id(obj)), shares=series),
    }


ADAPTERS = {"polars": _polars}
