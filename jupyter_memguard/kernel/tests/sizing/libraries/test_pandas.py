"""What an index that was looked up has, where something else uses a part of it."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from jupyter_memguard.kernel.sizing import Root, measure
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

pandas = pytest.importorskip("pandas")
COUNT = 60_000
TEXTS = 4_000_000  # bytes of so many, about


def looked_up(values: Any) -> Any:
    index = pandas.Index(values, copy=False, dtype=object)
    index.get_loc(values[5])
    return index


def texts(name: str) -> Any:
    import numpy as np

    return np.array([f"the {name} number {number}" for number in range(COUNT)], dtype=object)


def test_the_values_and_the_table_fall_with_the_index() -> None:
    held = [looked_up(texts("value"))]
    size = measure([Root(held, 1)], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert size.freed_bytes > TEXTS


def test_values_stay_with_a_table_that_somebody_holds() -> None:
    held = [looked_up(texts("value"))]
    table = held[0]._engine.mapping
    size = measure([Root(held, 1)], budget_ms=PLENTY)[0][0]
    assert size.freed_bytes < TEXTS
    assert len(table) == COUNT


def test_values_that_were_written_after_the_lookup_are_no_keys() -> None:
    values, others = texts("value"), texts("other")
    held = [looked_up(values)]
    values[:] = others
    size = measure([Root(held, 1)], budget_ms=PLENTY)[0][0]
    assert not size.exact or size.freed_bytes < TEXTS
    assert len(others) == len(values)


def test_no_key_of_the_users_own_type_is_asked() -> None:
    import numpy as np

    class Key:
        asked = False

        def __eq__(self, other: object) -> bool:
            Key.asked = True
            return self is other

        def __hash__(self) -> int:
            Key.asked = True
            return id(self) >> 4

    keys = np.empty(2_000, dtype=object)
    keys[:] = [Key() for _ in range(2_000)]
    held = [looked_up(keys)]
    Key.asked = False
    measure([Root(held, 1)], budget_ms=PLENTY)
    assert not Key.asked


@pytest.mark.parametrize("width", [1, 30])
@pytest.mark.parametrize("kind", ["int64", "float64"])
def test_an_index_of_intervals_has_the_tree_that_a_look_up_makes(kind: str, width: int) -> None:
    import numpy as np
    from pandas._libs.interval import IntervalTree

    left = np.arange(COUNT, dtype=kind)
    right = left + width
    tracemalloc.start()
    held = [IntervalTree(left, right)]
    made, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = measure([Root(held, 1)], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert size.freed_bytes == pytest.approx(made, rel=0.02)
