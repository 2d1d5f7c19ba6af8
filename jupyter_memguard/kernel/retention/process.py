"""The memory of this process: reading it, and returning free memory to the system."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

from .describe import library

_FREE_TUPLES = 2000  # of each length, that CPython keeps for what comes next
_FREE_LISTS = 80  # and as many dicts
_SHORT = 5  # lengths of tuples that a measurement makes many of are below this


def rss_bytes() -> int | None:
    """Return the resident memory of this process in bytes, or None if it is not known.

    On Linux /proc has the figure. On other systems psutil reads it, if the user's code has
    imported psutil.
    """
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        pass
    psutil = library("psutil")
    try:
        return None if psutil is None else int(psutil.Process().memory_info().rss)
    except Exception:  # noqa: BLE001 - psutil raises different errors on each system
        return None


def is_glibc() -> bool:
    """Return whether the C library is glibc, which can be asked for its free memory."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False


def give_back() -> None:
    """Collect garbage, and return free memory to the system where the allocator offers that."""
    gc.collect()
    pyarrow = library("pyarrow")
    # An old or half-imported pyarrow lacks the function.
    with suppress(Exception):
        if pyarrow is not None:
            pyarrow.default_memory_pool().release_unused()
    trim()


def trim() -> None:
    """Return free memory of glibc's to the system."""
    if is_glibc():
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def forget_lookups() -> None:
    """Empty Python's cache of attribute look-ups, which keeps memory that is free but for it.

    CPython keeps the names of the last attributes that were looked up. Code in C makes a name for
    each look-up, next to whatever was made then, and Python's allocator gives an arena of 1 MiB
    back only when all of it is free.
    """
    forget = getattr(sys, "_clear_type_cache", None)
    if forget is not None:
        forget()


def renew_free_lists() -> None:
    """Have Python keep other free tuples, lists and dicts, which lie close together.

    CPython keeps some for what comes next, and those that a large measurement has left lie all
    over its memory, so that Python's allocator gives little of it back. Those that are taken first
    here are freed last, when others have taken their place. These go to where memory was free,
    which the second round finds closer together. A collection of all generations would empty
    the lists too, but have the user's next one come early.
    """
    for length in [*range(1, _SHORT)] * 2:
        first = _as_many(length)
        second = _as_many(length)
        del second
        del first


def _as_many(length: int) -> tuple[list[Any], ...]:
    """Return as many tuples of a length, lists and dicts as CPython keeps."""
    tuples = list(zip(*(repeat(None, _FREE_TUPLES) for _ in range(length))))
    return tuples, [[] for _ in range(_FREE_LISTS)], [{"": None} for _ in range(_FREE_LISTS)]
