"""The cases of the table of docs/sizes.md, by the text that they have there."""

# ruff: noqa: ANN001, ANN201, ANN202, ARG001, NPY002

from __future__ import annotations

from typing import Any, Callable, Dict

Case = Callable[[Dict[str, Any]], Any]

TABLE: dict[str, Case] = {}


def table(text):
    """Register a case under the text that it has in the table."""
    return lambda build: TABLE.setdefault(text, build)


@table("np.ones(10**7)")
def ones(keep):
    import numpy as np

    return np.ones(10**7)


@table("np.ones(10**7)[:5]")
def view(keep):
    import numpy as np

    return np.ones(10**7)[:5]


@table("live[:5]")
def live_view(keep):
    import numpy as np

    keep["live"] = np.ones(10**7)
    return keep["live"][:5]


@table("live")
def live_alias(keep):
    import numpy as np

    keep["live"] = np.ones(10**7)
    return keep["live"]


def frame_of_numbers():
    import numpy as np
    import pandas as pd

    return pd.DataFrame({"a": np.arange(5 * 10**6), "b": np.ones(5 * 10**6)})


@table("DataFrame of numbers")
def frame(keep):
    return frame_of_numbers()


@table("its .head(), frame kept")
def frame_head(keep):
    keep["df"] = frame_of_numbers()
    return keep["df"].head()


@table("its .iloc[:5], frame dropped")
def frame_iloc(keep):
    return frame_of_numbers().iloc[:5]


@table('livedf["a"]')
def frame_column(keep):
    keep["df"] = frame_of_numbers()
    return keep["df"]["a"]


@table("DataFrame of 10**6 strings")
def frame_strings(keep):
    import pandas as pd

    return pd.DataFrame({"s": [f"text number {i} of many" for i in range(10**6)]})


@table("DataFrame of 3 x 10**5 lists")
def frame_lists(keep):
    import pandas as pd

    return pd.DataFrame({"l": [[i] for i in range(300_000)]})


@table("list of 10**6 one-element lists")
def list_of_lists(keep):
    return [[i] for i in range(10**6)]


@table("3 x 10**5 dicts in a cycle")
def cyclic_dicts(keep):
    ring = [{"i": i} for i in range(300_000)]
    for one, other in zip(ring, ring[1:] + ring[:1]):
        one["next"] = other
    return ring


@table("dict of ten 8 MB arrays")
def dict_of_arrays(keep):
    import numpy as np

    return {f"k{i}": np.ones(10**6) for i in range(10)}


@table("object ndarray of 5 x 10**5 strings")
def object_array(keep):
    import numpy as np

    return np.array([str(i) * 20 for i in range(500_000)], dtype=object)


@table("polars DataFrame")
def polars_frame(keep):
    import numpy as np
    import polars as pl

    return pl.DataFrame({"a": np.arange(5 * 10**6), "b": np.random.rand(5 * 10**6)})


@table("pyarrow table")
def arrow_table(keep):
    import numpy as np
    import pyarrow as pa

    return pa.table({"a": pa.array(np.arange(10**7).tolist())})


@table("pa.table(...).slice(0, 5), table dropped")
def arrow_slice(keep):
    return arrow_table(keep).slice(0, 5)


@table("scipy csr matrix")
def scipy_csr(keep):
    import numpy as np
    import scipy.sparse as sp

    count = 4_500_000
    rows = np.arange(count) % 1000
    return sp.csr_matrix((np.ones(count), (rows, np.arange(count))), shape=(1000, count))


@table("xarray DataArray")
def xarray_array(keep):
    import numpy as np
    import xarray as xr

    return xr.DataArray(np.ones((1000, 10_000)), dims=("x", "y"))


@table("generator holding an 80 MB array")
def generator(keep):
    import numpy as np

    def numbers():
        held = np.ones(10**7)
        yield 1
        yield held

    made = numbers()
    next(made)
    return made
