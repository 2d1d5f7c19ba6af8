"""Nothing that is looked at is kept alive, not even until the collector's next run."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import TYPE_CHECKING, Any, Iterator

import pytest

from jupyter_memguard.kernel.retention import referrers
from jupyter_memguard.kernel.sizing import Root, measure
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel


@pytest.fixture
def without_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collections")
def test_measured_objects_have_the_references_they_had() -> None:
    retained = [[number] for number in range(10)]
    before = sys.getrefcount(retained), sys.getrefcount(retained[0])
    measure([Root(retained, 1)])
    assert (sys.getrefcount(retained), sys.getrefcount(retained[0])) == before


@pytest.mark.usefixtures("without_collections")
def test_who_looks_at_the_running_frames_keeps_no_frame() -> None:
    def look() -> weakref.ref[object]:
        local = {1, 2, 3}
        referrers._running_frames()
        return weakref.ref(local)

    assert look()() is None


def test_a_measurement_leaves_nothing_behind() -> None:
    class Point:
        def __init__(self) -> None:
            self.values = [object()]

    ring: list[Any] = [Point()]
    ring.append(ring)
    objects: list[Any] = [Point(), ring, {"k": Point()}, (Point(),)]
    watched = [weakref.ref(objects[0]), weakref.ref(ring[0]), weakref.ref(objects[2]["k"])]
    roots = [Root(obj, 0) for obj in objects]
    gc.collect()
    gc.disable()
    try:
        measure(roots)  # the first call fills what Python itself caches for abstract classes
        for _ in range(2):
            counts = [sys.getrefcount(obj) for obj in objects]
            inner = sys.getrefcount(objects[0].values[0])
            referents = [len(gc.get_referents(obj)) for obj in objects]
            tracked = len(gc.get_objects())
            sizes, together = measure(roots, budget_ms=PLENTY)
            del sizes, together
            assert len(gc.get_objects()) - tracked <= 2
            assert [sys.getrefcount(obj) for obj in objects] == counts
            inner_after = sys.getrefcount(objects[0].values[0])  # an assert would hold it
            assert inner_after == inner
            assert [len(gc.get_referents(obj)) for obj in objects] == referents
        objects.clear()
        roots.clear()
        del ring
        assert watched[0]() is None
        assert watched[2]() is None
    finally:
        gc.enable()


def test_the_collector_is_as_it_was() -> None:
    measure([Root([1], 0)])
    assert gc.isenabled()
    gc.disable()
    try:
        measure([Root([1], 0)])
        assert not gc.isenabled()
    finally:
        gc.enable()


LOOK_UP = """
import _jupyter_memguard, sys
process = _jupyter_memguard._stages.module("retention.process")
class Looked: pass
name = "_".join(["an", "attribute", "of", "this", "test"])
alone = sys.getrefcount(name)
hasattr(Looked, name)
looked_up = sys.getrefcount(name)
process.forget_lookups()
forgotten = sys.getrefcount(name)
found = hasattr(Looked, name)
"""


def test_python_keeps_no_names_of_attributes_for_a_measurements_end(kernel: Kernel) -> None:
    kernel.run(LOOK_UP)
    assert kernel.value("[looked_up > alone, forgotten == alone]") == [True, True]
    assert kernel.value("[found, Looked.__name__]") == [False, "Looked"]
