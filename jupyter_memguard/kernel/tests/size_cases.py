"""What notebooks show, as cases for the sizes: tests and benchmarks/sizes.py build them.

Each function builds one displayed value, in a process of its own. What the user would still have
in variables goes into `keep`. The first lot is the table of docs/sizes.md.
"""

# ruff: noqa: ANN001, ANN201, ANN202, ANN204, ARG001, NPY002, PYI024

from __future__ import annotations

from typing import Any, Callable, Dict

Case = Callable[[Dict[str, Any]], Any]

TABLE: dict[str, Case] = {}
MORE: dict[str, Case] = {}


def table(text):
    """Register a case of the table under the text that it has there."""
    return lambda build: TABLE.setdefault(text, build)


def more(build):
    """Register a further case under its function's name."""
    return MORE.setdefault(build.__name__, build)


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


def _frame():
    import numpy as np
    import pandas as pd

    return pd.DataFrame({"a": np.arange(5 * 10**6), "b": np.ones(5 * 10**6)})


@table("DataFrame of numbers")
def frame(keep):
    return _frame()


@table("its .head(), frame kept")
def frame_head(keep):
    keep["df"] = _frame()
    return keep["df"].head()


@table("its .iloc[:5], frame dropped")
def frame_iloc(keep):
    return _frame().iloc[:5]


@table('livedf["a"]')
def frame_column(keep):
    keep["df"] = _frame()
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


@more
def chain_of_dicts_in_a_cycle(keep):
    return cyclic_dicts(keep)[0]


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


@more
def untouched_zeros(keep):
    import numpy as np

    return np.zeros(10**7)


@more
def half_written_zeros(keep):
    import numpy as np

    made = np.zeros(10**7)
    made[: 5 * 10**6] = 1
    return made


@more
def dict_of_strings(keep):
    return {f"key number {i}": f"value number {i}" for i in range(200_000)}


@more
def dict_of_int_keys(keep):
    return {i * 1000: float(i) for i in range(200_000)}


@more
def set_of_tuples(keep):
    return {(i, str(i)) for i in range(200_000)}


@more
def ordered_dict(keep):
    from collections import OrderedDict

    return OrderedDict((f"key number {i}", [i]) for i in range(100_000))


@more
def counter_and_defaultdict(keep):
    from collections import Counter, defaultdict

    groups = defaultdict(list)
    for i in range(100_000):
        groups[i % 1000].append(i * 7)
    return [Counter(f"word{i}" for i in range(100_000)), groups]


@more
def deque_of_floats(keep):
    from collections import deque

    return deque(float(i) for i in range(400_000))


@more
def instances(keep):
    class Point:
        def __init__(self, x, y):
            self.x = x
            self.y = y

    return [Point(i, float(i)) for i in range(100_000)]


@more
def instances_with_materialised_dict(keep):
    class Point:
        def __init__(self, x):
            self.x = x

    made = [Point(i) for i in range(50_000)]
    for point in made:
        vars(point)["y"] = 1.5 * point.x
    return made


@more
def instances_with_slots(keep):
    class Point:
        __slots__ = ("x", "y")

        def __init__(self, x, y):
            self.x = x
            self.y = y

    return [Point(i, float(i)) for i in range(200_000)]


@more
def dataclasses_and_enums(keep):
    import dataclasses
    import enum

    class Colour(enum.Enum):
        RED = 1

    @dataclasses.dataclass
    class Row:
        name: str
        colour: Colour
        values: list

    return [Row(f"row {i}", Colour.RED, [i, i + 0.5]) for i in range(50_000)]


@more
def named_tuples(keep):
    from collections import namedtuple

    row = namedtuple("row", "a b")
    return [row(i, str(i)) for i in range(200_000)]


@more
def dict_subclass(keep):
    class Config(dict):
        pass

    made = [Config({f"name{i}": [i]}) for i in range(30_000)]
    for config in made:
        config.extra = "x" * 30 + str(len(config))
    return made


@more
def tree_with_parents(keep):
    class Node:
        def __init__(self, parent):
            self.parent = parent
            self.children = []
            if parent:
                parent.children.append(self)

    root = Node(None)
    level = [root]
    for _ in range(9):
        level = [Node(parent) for parent in level for _ in range(3)]
    return root


@more
def many_small_cycles(keep):
    made = []
    for i in range(50_000):
        ring = [i]
        ring.append(ring)
        made.append(ring)
    return made


@more
def deeply_nested(keep):
    made = []
    for _ in range(200_000):
        made = [made]
    return made


@more
def closure_over_array(keep):
    import numpy as np

    held = np.ones(10**7)
    return lambda i: held[i]


@more
def partial_over_array(keep):
    import functools

    import numpy as np

    return functools.partial(np.add, np.ones(10**7))


@more
def bound_method_of_holder(keep):
    import numpy as np

    class Model:
        def __init__(self):
            self.weights = np.ones(10**7)

        def predict(self):
            return self.weights

    return Model().predict


@more
def coroutine_holding_an_array(keep):
    import numpy as np

    async def work(held):
        return held

    keep["warnings"] = __import__("warnings").simplefilter("ignore")
    return work(np.ones(10**7))


@more
def exception_with_frames(keep):
    import numpy as np

    def fail():
        held = np.ones(10**7)
        raise ValueError(len(held))

    try:
        fail()
    except ValueError as error:
        return error


@more
def lru_cached_function(keep):
    import functools

    import numpy as np

    @functools.lru_cache(maxsize=None)
    def load(i):
        return np.full(10**6, float(i))

    for i in range(10):
        load(i)
    return load


@more
def iterators(keep):
    import itertools

    import numpy as np

    return [zip([np.ones(5 * 10**6)], [1]), itertools.chain([np.ones(5 * 10**6)]), iter([1])]


@more
def memoryview_of_bytearray(keep):
    made = bytearray(80_000_000)
    for i in range(0, len(made), 4096):
        made[i] = 1
    return memoryview(made)[:5]


@more
def bytes_untouched(keep):
    return bytes(80_000_000)


@more
def bytes_written(keep):
    return b"x" * 80_000_000


@more
def text(keep):
    return "\u20ac" * 20_000_000


@more
def array_module(keep):
    import array

    return array.array("d", b"x" * 80_000_000)


@more
def bytes_io(keep):
    import io

    made = io.BytesIO()
    made.write(b"x" * 40_000_000)
    return made


@more
def string_io(keep):
    import io

    made = io.StringIO()
    for _ in range(1000):
        made.write("x" * 40_000)
    return made


@more
def ctypes_buffer(keep):
    import ctypes

    made = ctypes.create_string_buffer(40_000_000)
    ctypes.memset(made, 1, 40_000_000)
    return made


@more
def masked_array(keep):
    import numpy as np

    return np.ma.masked_array(np.ones(5 * 10**6), mask=np.ones(5 * 10**6, dtype=bool))


@more
def structured_array(keep):
    import numpy as np

    return np.ones(5 * 10**6, dtype=[("a", "f8"), ("b", "i4")])


@more
def array_subclass(keep):
    import numpy as np

    class Image(np.ndarray):
        pass

    made = np.ones(5 * 10**6).view(Image)
    made.history = ["x" * 1000 for _ in range(10)]
    return made


@more
def flat_iterator(keep):
    import numpy as np

    return np.ones(10**7).flat


@more
def array_from_bytes(keep):
    import numpy as np

    return np.frombuffer(b"x" * 80_000_000, dtype="u1")[:10]


@more
def memory_map(keep):
    import tempfile

    import numpy as np

    file = tempfile.NamedTemporaryFile()  # noqa: SIM115
    made = np.memmap(file.name, dtype="u1", mode="w+", shape=40_000_000)
    made[:] = 1
    keep["file"] = file
    return made


@more
def mapped_without_a_file(keep):
    import mmap

    made = mmap.mmap(-1, 40_000_000)
    made.write(b"x" * 30_000_000)
    return made


@more
def variable_strings(keep):
    import numpy as np

    return np.array(
        [f"a string of some length {i}" for i in range(300_000)], np.dtypes.StringDType()
    )


@more
def csv_reader(keep):
    import io

    import pandas as pd

    return pd.read_csv(io.StringIO("a,b,c\n" + "1,2,3\n" * 1_000_000), chunksize=10)


@more
def class_with_data(keep):
    return type("Config", (), {"table": bytearray(b"x") * 30_000_000})


@more
def grown_list(keep):
    made = []
    for _ in range(9_400_000):
        made.append(None)  # noqa: PERF401 - so that it has room for more
    return made


@more
def series_with_index_engine(keep):
    import numpy as np
    import pandas as pd

    made = pd.Series(np.ones(10**6), index=np.random.permutation(10**6))
    made.loc[5]
    return made


@more
def frame_with_dates_and_categories(keep):
    import numpy as np
    import pandas as pd

    count = 10**6
    return pd.DataFrame(
        {
            "when": pd.date_range("2020", periods=count, freq="s", tz="Europe/Paris"),
            "kind": pd.Categorical.from_codes(np.arange(count) % 3, ["a", "b", "c"]),
            "maybe": pd.array(np.arange(count), dtype="Int64"),
        }
    )


@more
def group_by(keep):
    keep["df"] = _frame()
    return keep["df"].groupby("b")


@more
def group_by_dropped(keep):
    return _frame().groupby("b")


@more
def frame_strings_column_of_live(keep):
    keep["df"] = frame_strings(keep)
    return keep["df"]["s"]


@more
def polars_strings(keep):
    import polars as pl

    return pl.DataFrame({"s": [f"a longer text, number {i}" for i in range(10**6)]})


@more
def polars_series_of_live(keep):
    keep["df"] = polars_frame(keep)
    return keep["df"]["a"]


@more
def polars_slice_dropped(keep):
    return polars_frame(keep).head(5)


@more
def polars_lazy(keep):
    return polars_frame(keep).lazy()


@more
def arrow_of_live_array(keep):
    import numpy as np
    import pyarrow as pa

    keep["a"] = np.ones(10**7)
    return pa.array(keep["a"])


@more
def arrow_of_dropped_array(keep):
    import numpy as np
    import pyarrow as pa

    return pa.array(np.ones(10**7))


@more
def arrow_dictionary(keep):
    import pyarrow as pa

    return pa.array([f"text {i % 100_000}" for i in range(10**6)]).dictionary_encode()


@more
def arrow_array_of_live_table(keep):
    keep["t"] = arrow_table(keep)
    return keep["t"].column(0).chunk(0)


@more
def numpy_of_arrow(keep):
    return arrow_table(keep).column(0).chunk(0).to_numpy()


@more
def torch_tensor(keep):
    import torch

    return torch.ones(10**7)


@more
def torch_view_dropped(keep):
    import torch

    return torch.ones(10**7)[:5]


@more
def torch_view_of_live(keep):
    import torch

    keep["t"] = torch.ones(10**7)
    return keep["t"][:5]


@more
def torch_numpy(keep):
    import torch

    return torch.ones(10**7).numpy()


@more
def torch_saved_for_backward(keep):
    import torch

    made = torch.ones(10**7)
    keep["loss"] = (made * torch.ones(1, requires_grad=True)).sum()
    return made


@more
def torch_module(keep):
    import torch

    return torch.nn.Sequential(torch.nn.Linear(2000, 2000), torch.nn.Linear(2000, 2000))


@more
def torch_sparse(keep):
    import torch

    return torch.sparse_coo_tensor(torch.arange(2_000_000).repeat(2, 1), torch.ones(2_000_000))


@more
def torch_sparse_of_live_values(keep):
    import torch

    keep["live"] = torch.ones(4_000_000)
    return torch.sparse_coo_tensor(torch.arange(4_000_000).reshape(1, -1), keep["live"])


@more
def torch_storage(keep):
    import torch

    return [torch.ones(8_000_000).untyped_storage()]


@more
def torch_storage_of_live(keep):
    import torch

    keep["live"] = torch.ones(8_000_000)
    return keep["live"][:5].untyped_storage()


@more
def pillow_image(keep):
    from PIL import Image

    return Image.new("RGB", (4000, 4000), (1, 2, 3))


@more
def matplotlib_figure(keep):
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt
    import numpy as np

    figure, axes = plt.subplots()
    axes.plot(np.ones(10**6))
    figure.canvas.draw()
    plt.close(figure)
    return figure


@more
def matplotlib_open_figure(keep):
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt
    import numpy as np

    return plt.plot(np.ones(10**6))


@more
def networkx_graph(keep):
    import networkx as nx

    made = nx.Graph()
    made.add_edges_from((i, i * 7 % 20_000, {"weight": i * 0.5}) for i in range(40_000))
    return made


@more
def sklearn_forest(keep):
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

    made = RandomForestClassifier(n_estimators=5, n_jobs=1)
    made.fit(np.random.rand(20_000, 5), np.random.randint(0, 5, 20_000))
    return made


@more
def xarray_dataset(keep):
    import numpy as np
    import xarray as xr

    return xr.Dataset({"t": (("x", "y"), np.ones((1000, 5000)))}, coords={"x": np.arange(1000)})
