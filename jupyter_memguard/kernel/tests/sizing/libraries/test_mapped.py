"""Shared memory that has no name: who else leads to it keeps it."""

from __future__ import annotations

import mmap
import os
import sys

import pytest

from jupyter_memguard.kernel.sizing import Root, measure

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has it")

SIZE = 20_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
@pytest.mark.parametrize("is_kept", [True, False])
def test_shared_memory_goes_with_its_last_descriptor(
    *,
    is_kept: bool,
) -> None:
    descriptor = os.memfd_create("of a test")
    os.ftruncate(descriptor, SIZE)
    root = Root(None, 0)
    root.obj = mmap.mmap(descriptor, SIZE)
    root.obj.write(b"x" * SIZE)
    if not is_kept:
        os.close(descriptor)
    size = measure([root], budget_ms=20_000)[0][0]
    if is_kept:
        os.close(descriptor)
        assert "mapped" in size.notes
        assert size.freed_bytes < SIZE / 10
    else:
        assert size.freed_bytes == pytest.approx(SIZE, rel=0.01)
