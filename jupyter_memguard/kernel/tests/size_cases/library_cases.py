"""Objects of libraries."""

# ruff: noqa: ANN001, ANN201, ARG001, NPY002

from __future__ import annotations

from table_cases import (  # type: ignore[import-not-found]
    Case,
    arrow_table,
    frame_of_numbers,
    frame_strings,
    polars_frame,
)

LIBRARIES: dict[str, Case] = {}


def case(build):
    """Register a case under its function's name."""
    return LIBRARIES.setdefault(build.__name__, build)


@case
def untouched_zeros(keep):
    import numpy as np

    return np.zeros(10**7)


@case
def half_written_zeros(keep):
    import numpy as np

    made = np.zeros(10**7)
    made[: 5 * 10**6] = 1
    return made


@case
def masked_array(keep):
    import numpy as np

    return np.ma.masked_array(np.ones(5 * 10**6), mask=np.ones(5 * 10**6, dtype=bool))


@case
def structured_array(keep):
    import numpy as np

    return np.ones(5 * 10**6, dtype=[("a", "f8"), ("b", "i4")])


@case
def array_subclass(keep):
    import numpy as np

    class Image(np.ndarray):
        pass

    made = np.ones(5 * 10**6).view(Image)
    made.history = ["x" * 1000 for _ in range(10)]
    return made


@case
def flat_iterator(keep):
    import numpy as np

    return np.ones(10**7).flat


@case
def array_from_bytes(keep):
    import numpy as np

    return np.frombuffer(b"x" * 80_000_000, dtype="u1")[:10]


@case
def memory_map(keep):
    import tempfile

    import numpy as np

    file = tempfile.NamedTemporaryFile()  # noqa: SIM115
    made = np.memmap(file.name, dtype="u1", mode="w+", shape=40_000_000)
    made[:] = 1
    keep["file"] = file
    return made


@case
def variable_strings(keep):
    import numpy as np

    return np.array(
        [f"a string of some length {i}" for i in range(300_000)], np.dtypes.StringDType()
    )


@case
def csv_reader(keep):
    import io

    import pandas as pd

    return pd.read_csv(io.StringIO("a,b,c\n" + "1,2,3\n" * 1_000_000), chunksize=10)


@case
def series_with_index_engine(keep):
    import numpy as np
    import pandas as pd

    made = pd.Series(np.ones(10**6), index=np.random.permutation(10**6))
    made.loc[5]
    return made


@case
def series_looked_up_by_texts(keep):
    import numpy as np
    import pandas as pd

    made = pd.Series(np.ones(200_000), index=[f"the key {i}" for i in range(200_000)])
    made.loc["the key 5"]
    return made


@case
def frame_looked_up_by_objects(keep):
    import numpy as np
    import pandas as pd

    keys = pd.Index([f"the key {i}" for i in range(200_000)], dtype=object)
    made = pd.DataFrame({"a": np.ones(200_000)}, index=keys)
    made.loc["the key 5"]
    return made


@case
def arrow_table_of_a_sorted_frame(keep):
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    made = pd.DataFrame({"x": np.random.rand(10**6), "y": np.random.rand(10**6)})
    return pa.Table.from_pandas(made.sort_values("x"), preserve_index=False)


@case
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


@case
def group_by(keep):
    keep["df"] = frame_of_numbers()
    return keep["df"].groupby("b")


@case
def group_by_dropped(keep):
    return frame_of_numbers().groupby("b")


@case
def frame_strings_column_of_live(keep):
    keep["df"] = frame_strings(keep)
    return keep["df"]["s"]


@case
def polars_strings(keep):
    import polars as pl

    return pl.DataFrame({"s": [f"a longer text, number {i}" for i in range(10**6)]})


@case
def polars_series_of_live(keep):
    keep["df"] = polars_frame(keep)
    return keep["df"]["a"]


@case
def polars_slice_dropped(keep):
    return polars_frame(keep).head(5)


@case
def polars_lazy(keep):
    return polars_frame(keep).lazy()


@case
def arrow_of_live_array(keep):
    import numpy as np
    import pyarrow as pa

    keep["a"] = np.ones(10**7)
    return pa.array(keep["a"])


@case
def arrow_of_dropped_array(keep):
    import numpy as np
    import pyarrow as pa

    return pa.array(np.ones(10**7))


@case
def arrow_dictionary(keep):
    import pyarrow as pa

    return pa.array([f"text {i % 100_000}" for i in range(10**6)]).dictionary_encode()


@case
def arrow_array_of_live_table(keep):
    keep["t"] = arrow_table(keep)
    return keep["t"].column(0).chunk(0)


@case
def arrow_extension_types(keep):
    import numpy as np
    import pyarrow as pa

    tensors = pa.fixed_shape_tensor(pa.float64(), (10,))
    numbers = pa.array(np.arange(10**6, dtype="f8").tolist())
    return pa.table(
        {
            "a": pa.ExtensionArray.from_storage(
                tensors, pa.FixedSizeListArray.from_arrays(numbers, 10)
            ),
            "b": pa.ExtensionArray.from_storage(
                pa.uuid(), pa.array([b"x" * 16] * 10**5, pa.binary(16))
            ),
        }
    )


@case
def numpy_of_arrow(keep):
    return arrow_table(keep).column(0).chunk(0).to_numpy()


@case
def torch_tensor(keep):
    import torch

    return torch.ones(10**7)


@case
def torch_view_dropped(keep):
    import torch

    return torch.ones(10**7)[:5]


@case
def torch_view_of_live(keep):
    import torch

    keep["t"] = torch.ones(10**7)
    return keep["t"][:5]


@case
def torch_numpy(keep):
    import torch

    return torch.ones(10**7).numpy()


@case
def torch_saved_for_backward(keep):
    import torch

    made = torch.ones(10**7)
    keep["loss"] = (made * torch.ones(1, requires_grad=True)).sum()
    return made


@case
def torch_module(keep):
    import torch

    return torch.nn.Sequential(torch.nn.Linear(2000, 2000), torch.nn.Linear(2000, 2000))


@case
def torch_sparse(keep):
    import torch

    return torch.sparse_coo_tensor(torch.arange(2_000_000).repeat(2, 1), torch.ones(2_000_000))


@case
def torch_sparse_of_live_values(keep):
    import torch

    keep["live"] = torch.ones(4_000_000)
    return torch.sparse_coo_tensor(torch.arange(4_000_000).reshape(1, -1), keep["live"])


@case
def torch_storage(keep):
    import torch

    return [torch.ones(8_000_000).untyped_storage()]


@case
def torch_storage_of_live(keep):
    import torch

    keep["live"] = torch.ones(8_000_000)
    return keep["live"][:5].untyped_storage()


@case
def pillow_image_over_live_array(keep):
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (5000, 5000), dtype=np.uint8)
    keep["pixels"] = pixels
    return Image.fromarray(pixels)


@case
def pillow_image_over_array(keep):
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (3000, 3000, 4), dtype=np.uint8)
    return [Image.fromarray(pixels), Image.fromarray(pixels).crop((0, 0, 2000, 3000))]


@case
def pillow_image(keep):
    from PIL import Image

    return Image.new("RGB", (4000, 4000), (1, 2, 3))


@case
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


@case
def matplotlib_open_figure(keep):
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt
    import numpy as np

    return plt.plot(np.ones(10**6))


@case
def networkx_graph(keep):
    import networkx as nx

    made = nx.Graph()
    made.add_edges_from((i, i * 7 % 20_000, {"weight": i * 0.5}) for i in range(40_000))
    return made


@case
def sklearn_forest(keep):
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

    made = RandomForestClassifier(n_estimators=5, n_jobs=1)
    made.fit(np.random.rand(20_000, 5), np.random.randint(0, 5, 20_000))
    return made


@case
def sklearn_hashed_texts(keep):
    from sklearn.feature_extraction.text import HashingVectorizer

    texts = [" ".join(f"w{j * i % 9999}" for j in range(30)) for i in range(40_000)]
    return HashingVectorizer().transform(texts)


@case
def xarray_dataset(keep):
    import numpy as np
    import xarray as xr

    return xr.Dataset({"t": (("x", "y"), np.ones((1000, 5000)))}, coords={"x": np.arange(1000)})


@case
def periods(keep):
    import pandas as pd

    return pd.period_range("1990", periods=200_000, freq="h").astype(object)


@case
def view_of_cython(keep):
    import numpy as np
    from scipy.spatial.transform import Rotation

    turned = Rotation.from_euler("zyx", np.random.default_rng(1).random((500_000, 3)))
    return [turned, turned.as_rotvec()]


@case
def view_of_cython_in_use(keep):
    import numpy as np
    from scipy.spatial.transform import Rotation

    turned = Rotation.from_euler("zyx", np.random.default_rng(1).random((500_000, 3)))
    keep["some"] = turned.as_quat()[::2]
    return [turned, turned.as_matrix()]


@case
def polars_arrays(keep):
    import numpy as np
    import polars as pl

    numbers = np.ones((200_000, 20))
    return pl.DataFrame({"vector": pl.Series(numbers, dtype=pl.Array(pl.Float64, 20))})


@case
def rows_of_live_tensor(keep):
    import torch

    keep["table"] = torch.ones(20_000, 50)
    return list(keep["table"].unbind(0))


@case
def small_tensors(keep):
    import torch

    return [torch.ones(3) for _ in range(20_000)]
