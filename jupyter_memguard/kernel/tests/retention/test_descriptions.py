"""What a row says of its result, found without running any of the result's code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memguard.kernel.reports.rows import source_line
from jupyter_memguard.kernel.retention.describe import is_view, summary

TABLE = pd.DataFrame(
    {
        "a": np.arange(10.0),
        "key": list("abcdefghij"),
        "time": pd.date_range("2020", periods=10),
    }
)


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        TABLE[TABLE.key == "c"],
        TABLE[:0],
        TABLE.describe(),
        TABLE.groupby("key")[["a"]].mean(),
        TABLE.groupby(["key", "time"]).sum(),
        TABLE.groupby(pd.cut(TABLE.a, 3), observed=False)[["a"]].sum(),
        TABLE.set_index("time"),
        TABLE.set_index(pd.CategoricalIndex(TABLE.key)),
        TABLE.set_index(pd.IntervalIndex.from_breaks(range(11))),
        TABLE.set_index(pd.Index(range(10), dtype="Int64")),
        TABLE.set_index(pd.Index(TABLE.key, dtype=object)),
        TABLE.set_index(pd.period_range("2020", periods=10)),
    ],
)
def test_a_table_of_any_index_has_its_shape(table: pd.DataFrame) -> None:
    rows, columns = table.shape
    assert summary(table) == f"{rows} x {columns}"
    assert summary(table.iloc[:, 0]) == str(rows)


def test_an_index_that_is_not_of_pandas_has_no_length() -> None:
    class Array(pd.api.extensions.ExtensionArray):  # type: ignore[misc]
        _data = np.ones(3)
        dtype = pd.Series(dtype=object).array.dtype

        def __len__(self) -> int:
            raise AssertionError

    table = pd.DataFrame({"a": [1.0]})
    table._mgr.axes[1].__dict__.update(_range=None, _data=Array())
    assert summary(table) == "? x 1"


ARRAY = np.ones(100)


@pytest.mark.parametrize(
    "view", [ARRAY[:5], memoryview(b"five bytes"), pd.DataFrame(np.ones((5, 2)))[1:]]
)
def test_what_shows_memory_of_another_object_is_a_view(view: Any) -> None:
    assert is_view(view)


@pytest.mark.parametrize("own", [ARRAY, ARRAY[:5].copy(), TABLE[["a"]].copy(), [ARRAY], 5])
def test_what_has_its_own_memory_is_no_view(own: Any) -> None:
    assert not is_view(own)


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("import gc\nmerged", "merged"),
        ("# load\ndf.describe(\n    percentiles=[1],\n)\n\n", "df.describe("),
        ("x\n# what it was\n", "x"),
        ("f('''\nmore\n''')", "f('''"),
        ("%time a\n%time b", "%time b"),
        ("  indented", "indented"),
        ("# only a comment", ""),
        ("", ""),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_cell_is_known_by_the_line_of_what_it_shows(cell: str, line: str) -> None:
    shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=["", cell]))
    assert source_line(shell, 1) == line
    assert source_line(shell, 2) is None
