"""Memory that pyarrow's pool has not given back to the system after its arrays had gone.

mimalloc takes memory for the pool in large reserved stretches. What is present of the stretch that
a small new buffer lies in, and is not allocated, can be given back, unless it lies in pages of
which a part is in use.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

from ..hoard import Hoard, Look
from ..native import native_function

_RESERVED = 1 << 26  # bytes; a stretch of mimalloc's has at least so many
_STRETCH = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 .*$", re.MULTILINE)
_RSS = re.compile(rb"^Rss: +([0-9]+) kB$", re.MULTILINE)
_PROBE = 64  # bytes


def find(look: Look) -> Iterator[Hoard]:
    """Yield what the default pool can give back."""
    names = look.library("pyarrow.lib")
    pool = native_function(names.default_memory_pool)()
    backend = names.MemoryPool.backend_name.__get__(pool)
    if backend == "system":  # its free memory is the allocator's
        return
    if backend != "mimalloc":
        raise LookupError
    allocated = names.MemoryPool.bytes_allocated(pool)
    unused = _present(names) - allocated
    if unused > 0:
        arrow, before = look.alias("pyarrow")
        yield Hoard(
            "pyarrow",
            backend,
            remedy=f"{before}{arrow}.default_memory_pool().release_unused()",
            bytes=unused,
            exact=False,
        )


def _present(names: Any) -> int:
    """Return how many bytes are present of the stretch that the pool takes memory from."""
    probe = native_function(names.allocate_buffer)(_PROBE)
    address = names.Buffer.address.__get__(probe)
    text = Path("/proc/self/smaps").read_bytes()
    for stretch in _STRETCH.finditer(text):
        first, end = int(stretch[1], 16), int(stretch[2], 16)
        if first <= address < end and end - first >= _RESERVED:
            found = _RSS.search(text, stretch.end())
            return 0 if found is None else int(found[1]) * 1024
    return 0
