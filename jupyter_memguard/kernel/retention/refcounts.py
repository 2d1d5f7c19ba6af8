"""Whether reference counts can be read in this Python, and which count means "one reference".

`sys.getrefcount` also counts the references that its own call makes, and their number differs
between versions of Python. So this module counts an object whose references are known, in
the same way as the measurements count: mapped over a list.
"""

from __future__ import annotations

import gc
import sys
from typing import Any


def counts(objects: list[Any]) -> list[int]:
    """Return the result of `sys.getrefcount` for each object in a list."""
    return list(map(sys.getrefcount, objects))


def _calibrate() -> int | None:
    """Return the count of an object that only a list holds; None if counts cannot be used."""
    if sys.implementation.name != "cpython" or "t" in getattr(sys, "abiflags", ""):
        return None
    listed = counts([object()])[0]
    for references in range(1, 4):
        holders = [[object()]]
        holders.extend([holders[0][0]] for _ in range(references - 1))
        children = gc.get_referents(holders[0])
        if counts(children) != [listed + references]:
            return None
        del children
    ring: list[Any] = []
    ring.append(ring)
    children = gc.get_referents(ring)
    del ring
    trustworthy = counts(children) == [listed + 1]
    children[0].clear()
    return listed if trustworthy else None


LISTED = _calibrate()
"""The count of an object that only a list holds; None if counts cannot be used here."""
