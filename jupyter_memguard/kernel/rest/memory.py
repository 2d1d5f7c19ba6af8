"""What the system says of the process's memory, by what it costs."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..messages import RestMemory
    from ..reports.process_memory import ProcessMemory

_STATUS = re.compile(rb"^(RssAnon|RssFile|RssShmem|VmSwap):\s*([0-9]+) kB$", re.MULTILINE)
_ROLLUP = re.compile(rb"^(Pss):\s*([0-9]+) kB$", re.MULTILINE)


def memory(now: ProcessMemory) -> RestMemory:
    """Return the kinds of memory in bytes, None for what this system does not tell.

    `pss_bytes` counts a page that several processes share in equal parts. The system walks all
    pages for it, some milliseconds for each GiB.
    """
    status = _figures("/proc/self/status", _STATUS)
    rollup = _figures("/proc/self/smaps_rollup", _ROLLUP)
    return {
        "anonymous_bytes": status.get(b"RssAnon"),
        "file_bytes": status.get(b"RssFile"),
        "shared_bytes": status.get(b"RssShmem"),
        "swap_bytes": status.get(b"VmSwap"),
        "pss_bytes": rollup.get(b"Pss"),
        "free_bytes": now.all_free,
    }


def _figures(path: str, pattern: re.Pattern[bytes]) -> dict[bytes, int]:
    with suppress(OSError):
        return {name: int(kib) * 1024 for name, kib in pattern.findall(Path(path).read_bytes())}
    return {}
