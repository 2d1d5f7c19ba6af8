"""Garbage in cycles that has become old, and may hold results.

Garbage, such as what has drawn a figure or the frames of an error, counts as a holder until it is
collected. A report collects what is new. For the rest the collector looks only once there is a
quarter more than before, so that a result can look held for the rest of a session.
"""

from __future__ import annotations

import gc
from typing import Collection

from ..retention.refcounts import LISTED
from ..sizing import collector_is_on

# Tracked objects at which a full collection takes some 200 ms, as the collector does by itself.
_MOST_OBJECTS = 500_000


class OldGarbage:
    """Collects all garbage, in an idle kernel, where some of it may hold results."""

    def __init__(self) -> None:
        """Begin without knowing anything."""
        self._held: set[str] = set()  # keys of results for which it was collected

    def may_hold(self, keys: Collection[str]) -> bool:
        """Return whether garbage may hold some of these results, as far as is known."""
        if LISTED is None or not collector_is_on() or self._held.issuperset(keys):
            return False
        return len(gc.get_objects()) <= _MOST_OBJECTS

    def collect(self, keys: Collection[str]) -> bool:
        """Collect garbage for these results, once; return whether there was some."""
        self._held = set(keys)
        return gc.collect() > 0
