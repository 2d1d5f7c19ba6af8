"""Measuring keeps nothing alive, not even until the collector's next run."""

from __future__ import annotations

import gc
import sys

from jupyter_memguard.kernel.sizing import Root, measure


def test_measured_objects_have_the_references_they_had() -> None:
    retained = [[number] for number in range(10)]
    gc.disable()
    try:
        before = sys.getrefcount(retained), sys.getrefcount(retained[0])
        measure([Root(retained, 1)])
        assert (sys.getrefcount(retained), sys.getrefcount(retained[0])) == before
    finally:
        gc.enable()
