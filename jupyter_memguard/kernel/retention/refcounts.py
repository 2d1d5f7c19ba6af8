"""Tells whether reference counts can be read here, and what a count of one looks like.

`sys.getrefcount` counts the references that its own call makes, and how many those are differs
between versions. So the number is found by looking at an object whose references are known, in
the very call shape that the walks use: mapped over a list.
"""

from __future__ import annotations

import gc
import sys
from typing import Any


def counts(objects: list[Any]) -> list[int]:
    """Return what `sys.getrefcount` says of each object of a list."""
    return list(map(sys.getrefcount, objects))


def _calibrate() -> int | None:
    """Return the count of an object that only the list holds, None where counts mean nothing."""
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
"""The count of an object that nothing but a list holds; None: counts cannot be used here."""
