"""Prometheus metrics, in the registry that jupyter_server's ``/metrics`` exports.

This module makes the metrics when it is imported, so that a second load in the
same process uses the same ones. No label names a kernel: kernels come and go, and
the registry keeps every label that was ever used.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .replies import MemoryReply

KERNELS = Gauge("jupyter_memguard_kernels", "Running kernels whose memory this server can read")
RSS = Gauge("jupyter_memguard_kernels_rss_bytes", "Resident memory of these kernels together")
CHILDREN = Gauge(
    "jupyter_memguard_kernels_children_rss_bytes",
    "Resident memory of these kernels' child processes together; shared pages count in each",
)
LARGEST = Gauge(
    "jupyter_memguard_largest_kernel_rss_bytes", "Resident memory of the largest of these kernels"
)
LIMIT = Gauge(
    "jupyter_memguard_nearest_limit_bytes",
    "The memory limit that a kernel is nearest to; NaN while there is no kernel",
)
USED = Gauge(
    "jupyter_memguard_nearest_limit_used_bytes",
    "What counts against the limit that a kernel is nearest to; NaN while there is no kernel",
)
LEVEL = Gauge(
    "jupyter_memguard_nearest_limit_ratio",
    "The used part of the limit that a kernel is nearest to, 0 to 1; 0 while there is no kernel",
)
FREES = Counter("jupyter_memguard_free_memory", "How often a person used Free memory")
FREED_BYTES = Counter(
    "jupyter_memguard_freed_bytes", "By how much resident memory fell when memory was freed"
)
RELEASED = Counter("jupyter_memguard_released_results", "Retained results that were let go")


def update(replies: Iterable[MemoryReply]) -> None:
    """Set the gauges.

    Args:
        replies: every kernel's memory; replies without a figure do not count.

    """
    read = [reply for reply in replies if reply["rss_bytes"] is not None]
    sizes = [reply["rss_bytes"] or 0 for reply in read]
    KERNELS.set(len(read))
    RSS.set(sum(sizes))
    CHILDREN.set(sum(reply["children_rss_bytes"] or 0 for reply in read))
    LARGEST.set(max(sizes, default=0))
    near = max(read, key=lambda reply: reply["level"] or 0.0, default=None)
    nearest = near["nearest"] if near is not None else None
    LIMIT.set(nearest["limit_bytes"] if nearest else math.nan)
    USED.set(nearest["used_bytes"] if nearest else math.nan)
    LEVEL.set((near["level"] or 0.0) if near is not None else 0.0)
