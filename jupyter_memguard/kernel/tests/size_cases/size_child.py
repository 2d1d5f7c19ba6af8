"""Builds one case in this process, measures it, lets it go, and prints what really came back."""

# ruff: noqa: T201

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import re
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def engine() -> Any:
    """Return the engine's modules as a package of their own, as they are injected."""
    package = types.ModuleType("memguard_kernel")
    package.__path__ = [str(HERE.parent.parent)]
    sys.modules.setdefault("memguard_kernel", package)
    return importlib.import_module("memguard_kernel.sizing")


class _MallInfo(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keep",
        ]
    )


def allocated() -> int:
    """Return the bytes in use by malloc's and pymalloc's own count (Linux, glibc 2.33 on)."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _MallInfo
    info = libc.mallinfo2()
    with tempfile.TemporaryFile() as file:
        saved = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        file.seek(0)
        stats = file.read().decode()
    in_pools = sum(
        int(size) * int(used)
        for size, used in re.findall(r"^ +\d+ +(\d+) +\d+ +(\d+) +\d+$", stats, re.MULTILINE)
    )
    return int(info.uordblks + info.hblkhd) + in_pools


def resident() -> int:
    """Return the resident bytes that are not of files."""
    status = Path("/proc/self/status").read_text()
    return sum(int(kib) * 1024 for kib in re.findall(r"Rss(?:Anon|Shmem):\s+(\d+)", status))


def settle() -> None:
    """Collect, and give free memory back to the system."""
    gc.collect()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def settled_resident(before: int, expected: int) -> int:
    """Return the resident bytes once they have come down by what is expected, or stay put."""
    end = time.monotonic() + 4
    while True:
        settle()
        now = resident()
        if before - now > expected * 0.97 or time.monotonic() > end:
            return now
        time.sleep(0.1)


def describe(size: Any) -> dict[str, Any]:
    """Return a size's figures as a dict."""
    return {name: getattr(size, name) for name in type(size).__slots__}


def main() -> None:
    """Print one JSON object: the measured size, and the truth by two counts."""
    sizing = engine()
    import size_cases  # type: ignore[import-not-found]

    name, budget = sys.argv[1], float(sys.argv[2])
    build = size_cases.CASES[name]
    keep: dict[str, Any] = {}
    held = [build(keep)]
    sizing.measure([sizing.Root([], 0)])  # what a first call loads is no part of the case
    settle()
    root = sizing.Root(held.pop(), 0)
    sizes, _ = sizing.measure([root], budget_ms=budget, boundary=[keep])
    size = describe(sizes[0])
    del sizes, _
    settle()
    allocated()
    blocks_before, resident_before = allocated(), resident()
    root.obj = None
    settle()
    size["allocator"] = blocks_before - allocated()
    size["resident"] = resident_before - settled_resident(resident_before, size["freed_bytes"])
    print(json.dumps(size))


if __name__ == "__main__":
    main()
