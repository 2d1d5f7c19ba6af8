"""What releasing the kept tracebacks would free."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from ..retention import tracebacks
from ..retention.holders import boundary
from ..retention.sizes import Root
from ..sizing import measure

if TYPE_CHECKING:
    from ..messages import Kept

# The budget may grow to this multiple when other processes used the processor.
_MOST_TIMES = 10
# The processor time of this thread. Windows counts it in steps longer than the budget.
_clock = time.perf_counter if sys.platform == "win32" else time.thread_time


def kept_tracebacks(shell: Any, budget_ms: float) -> Kept:
    """Return what releasing the kept tracebacks would free, and how many exceptions they are.

    `budget_ms` is the time for measuring.
    """
    found = tracebacks.kept(shell)
    if not found:
        return {"bytes": 0, "count": 0, "exact": True}
    count = tracebacks.exceptions_in([obj for obj, _references in found])
    held = [Root(obj, references) for obj, references in found]
    found.clear()
    limits = [*boundary(shell), *tracebacks.holders(shell)]
    began = _clock()
    together = measure(held, budget_ms=budget_ms, boundary=limits, each=False)[1]
    had_ms = (_clock() - began) * 1000
    if "cut" in together.notes and had_ms < budget_ms / 2:
        # Other processes used the time. On a busy machine every report would otherwise be cut.
        more_ms = budget_ms * min(_MOST_TIMES, budget_ms / max(had_ms, 1))
        together = measure(held, budget_ms=more_ms, boundary=limits, each=False)[1]
    return {"bytes": together.freed_bytes, "count": count, "exact": together.exact}
