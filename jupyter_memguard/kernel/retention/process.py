"""The process's own memory: how much it is, and giving free memory back to the system."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress
from pathlib import Path


def rss_bytes() -> int | None:
    """Return the resident memory of this process in bytes, or None where it is not known.

    Linux tells it in /proc; elsewhere psutil does, if somebody has imported it.
    """
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        pass
    psutil = sys.modules.get("psutil")
    try:
        return None if psutil is None else int(psutil.Process().memory_info().rss)
    except Exception:  # noqa: BLE001 - psutil has errors of its own for each system
        return None


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False


def give_back() -> None:
    """Collect garbage and return free memory to the system, as far as that can be asked for."""
    gc.collect()
    pyarrow = sys.modules.get("pyarrow")
    # An old or half-imported pyarrow gives nothing back.
    with suppress(Exception):
        if pyarrow is not None:
            pyarrow.default_memory_pool().release_unused()
    if _is_glibc():
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
