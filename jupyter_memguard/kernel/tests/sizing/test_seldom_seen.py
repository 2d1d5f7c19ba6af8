"""What is seldom seen: callbacks that are methods, arrays of records, batches of columns."""

from __future__ import annotations

import subprocess
import sys
import weakref
from typing import Any

import numpy as np
import pyarrow as pa

from jupyter_memguard.kernel.sizing import Root, measure, memory_pages
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY


class Watched:
    """What can be referred to weakly."""

    def __init__(self) -> None:
        self.data = bytearray(100_000)


class Watcher:
    """Hears when something goes."""

    def gone(self, _reference: Any) -> None:
        """Do nothing."""


def test_a_method_that_hears_of_the_end_makes_the_figure_a_bound() -> None:
    watcher = Watcher()
    references = []

    def watched() -> Watched:
        made = Watched()
        references.append(weakref.ref(made, watcher.gone))
        return made

    [size], _ = measure([Root(watched(), 0)], budget_ms=PLENTY)
    assert size.freed_bytes >= 100_000
    assert not size.exact


def test_an_array_of_records_with_objects_is_not_looked_into() -> None:
    kind = np.dtype([("a", "O"), ("b", "f8")])
    [size], _ = measure([Root(np.zeros(10_000, dtype=kind), 0)], budget_ms=PLENTY)
    assert size.notes == ("opaque",)


def test_a_batch_of_columns_owns_them() -> None:
    columns = {"a": np.arange(100_000.0), "b": np.arange(100_000)}
    [size], _ = measure([Root(pa.record_batch(columns), 0)], budget_ms=PLENTY)
    assert size.likely_bytes < 2_000_000


def test_of_memory_that_no_page_map_has_nothing_is_known() -> None:
    pages = memory_pages.MemoryPages()
    try:
        assert pages.present(2**60, 10**6) is None
    finally:
        pages.close()


def test_without_counts_shared_blocks_and_types_in_c_are_estimated() -> None:
    code = """
import sys
sys.getrefcount = lambda obj: 4
import io, itertools, random, socket, sqlite3, ssl, zlib
import numpy as np, pyarrow as pa
from jupyter_memguard.kernel.sizing import Root, measure
numbers = pa.array(np.arange(100_000.0))
held = [
    [numbers, numbers.slice(10), np.zeros(1000, dtype=[("a", "O")])],
    [zlib.compressobj(), random.Random(), itertools.count(), socket.socket(), ssl.SSLContext(),
     sqlite3.connect(":memory:"), io.BufferedReader(io.BytesIO(b"x" * 1000))],
]
sizes, together = measure([Root(obj, 0) for obj in held], budget_ms=10_000)
assert all("no-refcounts" in size.notes for size in [*sizes, together])
assert sizes[0].estimate_bytes > 799_000, sizes
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
