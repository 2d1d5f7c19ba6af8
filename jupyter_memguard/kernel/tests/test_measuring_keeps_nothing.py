"""Nothing that is looked at is kept alive, not even until the collector's next run."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Iterator

import pytest

from jupyter_memguard.kernel.retention import referrers
from jupyter_memguard.kernel.sizing import Root, measure


@pytest.fixture(autouse=True)
def without_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_measured_objects_have_the_references_they_had() -> None:
    retained = [[number] for number in range(10)]
    before = sys.getrefcount(retained), sys.getrefcount(retained[0])
    measure([Root(retained, 1)])
    assert (sys.getrefcount(retained), sys.getrefcount(retained[0])) == before


def test_who_looks_at_the_running_frames_keeps_no_frame() -> None:
    def look() -> weakref.ref[object]:
        local = {1, 2, 3}
        referrers._running_frames()
        return weakref.ref(local)

    assert look()() is None
