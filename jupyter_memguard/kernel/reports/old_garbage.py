"""Garbage in cycles that has become old, and may hold results.

Garbage, such as what has drawn a figure or the frames of an error, counts as a holder until it is
collected. A report collects what is new. For the rest the collector looks only once there is a
quarter more than before, so that a result can look held for the rest of a session.
"""

from __future__ import annotations

import gc

from ..retention.refcounts import LISTED
from ..sizing import collector_is_on

# Bytes that are worth a collection.
_WORTH = 10 << 20
# Tracked objects at which a full collection takes some 200 ms, as the collector does by itself.
_MOST_OBJECTS = 500_000


class OldGarbage:
    """Collects all garbage, in an idle kernel, where some of it may hold results."""

    def __init__(self) -> None:
        """Begin without knowing anything."""
        self._held = 0  # bytes that were held when there was no garbage

    def may_hold(self, held: int) -> bool:
        """Return whether garbage may hold some of the bytes that something unknown holds."""
        self._held = min(self._held, held)
        if held < self._held + _WORTH or LISTED is None or not collector_is_on():
            return False
        return len(gc.get_objects()) <= _MOST_OBJECTS

    def collect(self, held: int) -> bool:
        """Collect garbage for the sake of these bytes; return whether there was some."""
        self._held = held
        return gc.collect() > 0
