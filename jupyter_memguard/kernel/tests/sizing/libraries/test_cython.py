from __future__ import annotations

from typing import Any, Callable

import pytest

from jupyter_memguard.kernel.sizing import Root, measure
from jupyter_memguard.kernel.sizing.libraries import native

numpy = pytest.importorskip("numpy")
pytest.importorskip("scipy.spatial.transform")
types: Any = pytest.importorskip("scipy._cyutility")
pytestmark = pytest.mark.skipif(not native.is_readable(), reason="memory cannot be read here")

ITEMS = 100_000
SIZE = 8 * ITEMS


def whole_view() -> Any:
    contiguous = 0x1D
    view = types.memoryview(types.array((ITEMS,), 8, "d", "c"), contiguous)
    numpy.asarray(view)[:] = 1.0  # what was never written is not there
    return view


def told(build: Callable[[], Any]) -> Any:
    """Return what the result of a function would free."""
    root = Root(None, 0)
    root.obj = build()
    return measure([root], budget_ms=20_000)[0][0]


def test_a_part_of_a_view_frees_the_whole_memory() -> None:
    size = told(lambda: whole_view()[5:])
    assert size.exact
    assert size.freed_bytes == pytest.approx(SIZE, rel=0.01)


@pytest.mark.parametrize(
    "keep", [lambda view: view, lambda view: view[7:], lambda view: view[3:][2:]]
)
def test_a_part_frees_nothing_while_its_view_or_another_part_lives(keep: Any) -> None:
    view = whole_view()
    kept = [keep(view)]
    views = [view]
    del view
    assert told(lambda: views.pop()[5:]).freed_bytes < SIZE / 10
    assert kept


def test_parts_of_one_view_are_told_as_a_bound() -> None:
    views = [whole_view()]

    def parts() -> list[Any]:
        view = views.pop()
        return [view[5:], view[6:]]

    size = told(parts)
    assert not size.exact
    assert size.freed_bytes < SIZE / 10


def test_memory_that_was_never_written_is_not_there() -> None:
    # So much is the system's own memory, not what something else has written before.
    size = told(lambda: types.array((80 * ITEMS,), 8, "d", "c"))
    assert size.freed_bytes < SIZE
