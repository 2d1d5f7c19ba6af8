"""The memory of this process: reading it, and returning free memory to the system."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

from .describe import library


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
