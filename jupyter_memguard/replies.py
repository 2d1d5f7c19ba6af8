"""The shapes of the endpoints' answers about one kernel (docs/rest.md)."""

from __future__ import annotations

import time
from typing import TypedDict


class LimitReply(TypedDict):
    """A limit: its source as a code, the limit and what counts against it in bytes."""

    source: str
    limit_bytes: int
    used_bytes: int


class MemoryReply(TypedDict):
    """One kernel's memory: amounts in bytes, times in seconds since the epoch."""

    id: str
    rss_bytes: int | None
    pss_bytes: int | None
    swap_bytes: int | None
    anonymous_bytes: int | None
    file_bytes: int | None
    shared_bytes: int | None
    children_bytes: int | None
    children_rss_bytes: int | None
    limit_bytes: int | None
    limit_source: str | None
    used_bytes: int | None
    level: float | None
    nearest: LimitReply | None
    oom_kills: int | None
    reason: str | None
    source: str | None
    started: float | None
    sampled: float


def reply_without_figures(kernel_id: str, reason: str | None) -> MemoryReply:
    """Make the answer for a kernel whose memory was not read.

    Args:
        kernel_id: the kernel.
        reason: the code that says why there is no figure; None if figures follow.

    """
    return {
        "id": kernel_id,
        "rss_bytes": None,
        "pss_bytes": None,
        "swap_bytes": None,
        "anonymous_bytes": None,
        "file_bytes": None,
        "shared_bytes": None,
        "children_bytes": None,
        "children_rss_bytes": None,
        "limit_bytes": None,
        "limit_source": None,
        "used_bytes": None,
        "level": None,
        "nearest": None,
        "oom_kills": None,
        "reason": reason,
        "source": None,
        "started": None,
        "sampled": time.time(),
    }
