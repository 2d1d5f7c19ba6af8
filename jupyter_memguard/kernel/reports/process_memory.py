"""What the process's memory is made of, as the system and the C library tell it, at one moment.

The C library keeps memory that was freed, and hands it out again; `malloc_trim` gives it back to
the system. How much that would be, glibc does not tell: its free chunks can also lie in pages that
were given back before, or were never touched. So the estimate is what of its heaps is resident,
less what is in use, less the page at the ends of each free chunk, which cannot be given back.

Python's own allocator gives nothing back on demand, but what it keeps free is free all the same
(`python_allocator.py`). The pools of pyarrow, polars and torch do not tell what they keep.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Iterator, NamedTuple

from ..retention.describe import library
from ..retention.process import is_glibc, rss_bytes
from . import python_allocator

# glibc's heaps, apart from the first, begin at multiples of this.
_HEAP_BYTES = 64 * 2**20
# The bookkeeping at a heap's begin: its arena, the heap before it, and its size.
_HEAP_HEAD = struct.Struct("=QQQ")
# An arena's own bookkeeping follows that of its first heap.
_HEAD_BYTES = 256
_PRIVATE = re.compile(
    rb"^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *(\[heap\])?$", re.MULTILINE
)
_STATUS = re.compile(rb"^(VmRSS|RssAnon):\s*([0-9]+) kB$", re.MULTILINE)
_LARGEST_INT = 2**31
_PAGES_AT_ONCE = 1 << 16
# The most memory of which each page is looked at; of more, as many parts as fit.
_MOST_BYTES = 16 * 2**30


class ProcessMemory(NamedTuple):
    """The memory of this process in bytes; each figure is None where it is not known.

    `anonymous` and `mapped`, which is files and shared memory, add up to `rss`. `free` and
    `python_free` are in `anonymous`: an estimate of what giving free memory back would lower `rss`
    by, and what Python's allocator keeps for the next objects.
    """

    rss: int | None
    free: int | None
    mapped: int | None
    anonymous: int | None
    python_free: int | None

    @property
    def all_free(self) -> int:
        """All that is known to be free, in bytes."""
        return (self.free or 0) + (self.python_free or 0)


def read() -> ProcessMemory:
    """Return what the process's memory is made of now."""
    found = {}
    with suppress(OSError):
        status = Path("/proc/self/status").read_bytes()
        found = {name: int(number) * 1024 for name, number in _STATUS.findall(status)}
    if not {b"VmRSS", b"RssAnon"} <= found.keys():  # not Linux, or not a whole one
        return ProcessMemory(rss_bytes(), None, None, None, None)
    rss, anonymous = found[b"VmRSS"], found[b"RssAnon"]
    free, python = free_bytes(), python_allocator.read()
    return ProcessMemory(
        rss,
        None if free is None else min(free, anonymous),
        rss - anonymous,
        anonymous,
        None if python is None else min(python.free, anonymous - min(free or 0, anonymous)),
    )


def free_bytes() -> int | None:
    """Return an estimate of what glibc would give back; None where it is not known."""
    try:
        return _free_in_heaps()
    except Exception:  # noqa: BLE001 - another version of the C library, or of the system
        return None


def handed_out_bytes() -> int | None:
    """Return what the allocators that tell it have handed out; None where Python's does not.

    These are Python's, glibc's and, if it is not one of these, Arrow's. What they got back is free
    for the next objects also where it does not go back to the system.
    """
    python = python_allocator.read()
    heaps = _heaps_handed_out()
    if python is None or heaps is None:
        return None
    return python.handed_out + heaps + _arrow_handed_out()


def _arrow_handed_out() -> int:
    pyarrow = library("pyarrow")
    # An old or half-imported pyarrow lacks the functions.
    with suppress(Exception):
        if pyarrow is not None:
            pool = pyarrow.default_memory_pool()
            if pool.backend_name != "system":
                return int(pool.bytes_allocated())
    return 0


class _Figures(ctypes.Structure):
    """The answer of `mallinfo2`."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd",
        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
    ))  # fmt: skip


class _OldFigures(ctypes.Structure):
    """The answer of `mallinfo`, of which all fields are ints that can overflow."""

    _fields_ = tuple((field[0], ctypes.c_int) for field in _Figures._fields_)


def _heaps_handed_out() -> int | None:
    try:
        ask = ctypes.CDLL(None).mallinfo2 if is_glibc() else None
    except AttributeError:  # the older function's figures are too small for large blocks
        return None
    if ask is None:
        return None
    ask.restype = _Figures
    found = ask()
    return int(found.uordblks + found.hblkhd)  # in the heaps, and in mappings of their own


def _free_in_heaps() -> int | None:
    if not is_glibc() or sys.maxsize < 2**32:
        return None
    c_library = ctypes.CDLL(None)
    heaps = list(_heaps())
    figures = _figures(c_library, sum(end - start for start, end in heaps))
    if figures is None:
        return None
    free, used, chunks = figures
    page = os.sysconf("SC_PAGE_SIZE")
    resident = _resident(c_library, heaps, page)
    return max(0, min(free, resident - used) - chunks * (page - 1))


def _figures(c_library: ctypes.CDLL, heap_bytes: int) -> tuple[int, int, int] | None:
    """Return the bytes that are free and in use in the heaps, and the number of free chunks."""
    ask = getattr(c_library, "mallinfo2", None)
    if ask is None:
        if heap_bytes >= _LARGEST_INT:
            return None
        ask = c_library.mallinfo
        ask.restype = _OldFigures
    else:
        ask.restype = _Figures
    found = ask()
    free, used, chunks = found.fordblks, found.uordblks, found.ordblks
    return None if min(free, used, chunks) < 0 else (free, used, chunks)


def _heaps() -> Iterator[tuple[int, int]]:
    """Yield where glibc's heaps begin and end."""
    private = [
        (int(start, 16), int(end, 16), name)
        for start, end, name in _PRIVATE.findall(Path("/proc/self/maps").read_bytes())
    ]
    # The memory is read as a file: another thread can give a heap back in this moment.
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        for start, end, name in private:
            if name:
                yield start, end
                continue
            for heap in range(start + -start % _HEAP_BYTES, end, _HEAP_BYTES):
                size = _heap_size(memory, heap)
                if 0 < size <= end - heap:
                    yield heap, heap + size
    finally:
        os.close(memory)


def _heap_size(memory: int, start: int) -> int:
    """Return the size of the heap that begins here, or 0 if none does."""
    try:
        head = os.pread(memory, _HEAP_HEAD.size, start)
        arena, before, size = _HEAP_HEAD.unpack(head)
    except (OSError, OverflowError, struct.error):
        return 0
    is_heap = 0 < arena % _HEAP_BYTES < _HEAD_BYTES and before % _HEAP_BYTES == 0
    return size if is_heap and size <= _HEAP_BYTES else 0


def _resident(c_library: ctypes.CDLL, heaps: list[tuple[int, int]], page: int) -> int:
    """Return how much of the heaps is in memory."""
    ask = c_library.mincore
    ask.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    states = (ctypes.c_char * _PAGES_AT_ONCE)()
    total = sum(end - start for start, end in heaps)
    parts = [
        (start, min(end - start, _PAGES_AT_ONCE * page))
        for heap, end in heaps
        for start in range(heap, end, _PAGES_AT_ONCE * page)
    ]
    every = -(-total // _MOST_BYTES)
    resident = looked_at = 0
    for start, size in parts[:: max(every, 1)]:
        if ask(start, size, states) == 0:
            pages = -(-size // page)
            resident += states[:pages].count(b"\x01") * page
            looked_at += size
    return resident * total // looked_at if looked_at else 0
