"""What Python's own allocator has handed out, and what it keeps free.

It gives an arena back only when all of it is free.

CPython tells it in a text alone (`sys._debugmallocstats`, which writes to the standard error). The
function below that one writes to any stream of the C library, so that the text stays in memory.
"""

from __future__ import annotations

import ctypes
import re
import sys
from typing import NamedTuple

_HANDED_OUT = re.compile(rb"^# bytes in allocated blocks += +([0-9,]+)$", re.MULTILINE)
_AVAILABLE = re.compile(rb"^# bytes in available blocks += +([0-9,]+)$", re.MULTILINE)
_UNUSED = re.compile(rb"^([0-9]+) unused pools \* ([0-9]+) bytes ", re.MULTILINE)


class PythonMemory(NamedTuple):
    """What Python's allocator has handed out, and what it keeps free, in bytes."""

    handed_out: int
    free: int


def read() -> PythonMemory | None:
    """Return what Python's allocator tells; None where it tells nothing.

    It looks at each pool of small objects, 16 KiB each.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        text = _statistics()
    except Exception:  # noqa: BLE001 - another Python, or another C library
        return None
    handed_out, available = _HANDED_OUT.search(text), _AVAILABLE.search(text)
    unused = _UNUSED.search(text)
    if handed_out is None or available is None or unused is None:
        return None  # Python was told to use another allocator
    free = _number(available[1]) + _number(unused[1]) * _number(unused[2])
    return PythonMemory(_number(handed_out[1]), free)


def _number(digits: bytes) -> int:
    return int(digits.replace(b",", b""))


def _statistics() -> bytes:
    library = ctypes.CDLL(None)
    write = ctypes.pythonapi._PyObject_DebugMallocStats  # noqa: SLF001 - there is no other
    address, size = ctypes.c_void_p(), ctypes.c_size_t()
    library.open_memstream.restype = ctypes.c_void_p
    stream = ctypes.c_void_p(library.open_memstream(ctypes.byref(address), ctypes.byref(size)))
    if not stream:
        raise MemoryError
    try:
        write(stream)
    finally:
        library.fclose(stream)
    try:
        return ctypes.string_at(address, size.value)
    finally:
        library.free(address)
