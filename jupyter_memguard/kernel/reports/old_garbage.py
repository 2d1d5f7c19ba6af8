"""Garbage in cycles that has become old, and may be or hold much.

Garbage, such as what has drawn a figure or the frames of an error, counts as a holder until it is
collected. A report collects what is new. For the rest the collector looks only once there is a
quarter more than before, so that a result can look held for the rest of a session.
"""

from __future__ import annotations

import gc
import sys

from ..retention.refcounts import LISTED
from ..retention.tracked import tracked_count
from ..sizing import collector_is_on

# Bytes that are worth a collection.
_WORTH = 10 << 20
# Tracked objects at which a full collection takes some 200 ms, as the collector does by itself.
_MOST_OBJECTS = 500_000


class OldGarbage:
    """Collects all garbage, in an idle kernel, where much may be garbage or held by it."""

    def __init__(self) -> None:
        """Begin without knowing anything."""
        self._held = 0
        self._rest = 0
        self._modules = 0  # that were imported by then

    def may_be(self, held: int, rest: int | None = None) -> bool:
        """Return whether more is held, or in the rest, than when there was no garbage.

        `held` is the bytes of results that something unknown holds, and `rest` those that are
        nobody's. Modules are in the rest, so growth says nothing where some were imported.
        """
        self._held = min(self._held, held)
        worth = held >= self._held + _WORTH
        if rest is not None:
            if len(sys.modules) != self._modules or rest < self._rest:
                self._modules, self._rest = len(sys.modules), rest
            worth = worth or rest >= self._rest + max(_WORTH, self._rest // 10)
        if not worth or LISTED is None or not collector_is_on():
            return False
        if tracked_count() <= _MOST_OBJECTS:
            return True
        self._held, self._rest = held, rest or self._rest  # this is asked once for so much
        return False

    def collect(self, held: int, rest: int | None) -> bool:
        """Collect garbage for the sake of these bytes; return whether there was some."""
        self._held = held
        self._rest = rest or 0
        return gc.collect() > 0
