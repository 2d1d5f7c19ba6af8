"""Large results of libraries are told truly, in a full heap and with memory that C code has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests.support import PATIENCE_S

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Comm, Kernel

MB = 10**6
HEAP = "heap = [[number] for number in range(400_000)]"
RESULTS = {
    "texts of pandas": ("import pandas as pd", "pd.DataFrame({'a': ['some text'] * 3_000_000})"),
    "numbers of pandas": (
        "import numpy as np, pandas as pd",
        "pd.DataFrame({'a': np.ones(3_000_000), 'b': np.ones(3_000_000)})",
    ),
    "polars": ("import polars as pl", "pl.select(pl.int_range(0, 6_000_000).alias('a'))"),
    "pyarrow": ("import pyarrow as pa", "pa.table({'a': pa.array(range(5_000_000))})"),
    "torch": ("import torch", "torch.rand(10**7)"),
}


DRAWN = """
import io
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
def made():
    figure, axes = plt.subplots()
    axes.plot(np.random.rand(3_000_000))
    figure.savefig(io.BytesIO())
    plt.close(figure)
    return figure
"""
WRITTEN = """
import io
def made():
    written = io.StringIO()
    for _ in range(3_000_000): written.write("some text ")
    return written
"""


# Geometries of each kind; what an algorithm made has room for more coordinates.
GEOMETRIES = """
import numpy as np, shapely
pairs = lambda *shape: np.random.rand(*shape, 2)
points = lambda *shape: shapely.points(pairs(*shape))
"""
KINDS = {
    "points": "points(200_000)",
    "lines": "shapely.linestrings(pairs(20_000, 30))",
    "rings": "shapely.linearrings(pairs(20_000, 30))",
    "polygons": "shapely.buffer(points(20_000), 1)",
    "several points": "shapely.multipoints(points(20_000, 6))",
    "several lines": "shapely.multilinestrings(shapely.linestrings(pairs(20_000, 3, 9)))",
    "several polygons": "shapely.multipolygons(shapely.polygons(pairs(20_000, 3, 9)))",
    "collections": "shapely.geometrycollections(points(30_000, 5))",
    "a tree": "shapely.STRtree(points(50_000))",
}


WAITING_TASK = """
slow = client.submit(lambda x: time.sleep(20), future)
while not client.cluster.scheduler.tasks[future.key].waiters: time.sleep(0.01)
"""


def told(report: Any) -> int:
    """Return the bytes that the only row says."""
    [row] = report["results"]
    return max(int(row["freed_bytes"]), row["estimate_bytes"] or 0)


def cluster(limit: str) -> str:
    """Return code that starts a cluster of dask in the process, with one worker."""
    return (
        "import numpy as np, distributed\n"
        "client = distributed.Client(processes=False, dashboard_address=None, n_workers=1,"
        f" memory_limit={limit!r})"
    )


def final(comm: Comm) -> Any:
    """Return a report after everything was followed."""
    comm.request("report")
    while not comm.request("refine")["final"]:
        pass
    return comm.request("report")


@pytest.mark.parametrize("made", RESULTS)
def test_a_large_result_is_told_at_once(kernel: Kernel, made: str) -> None:
    imports, value = RESULTS[made]
    kernel.run(imports)
    kernel.run(HEAP)
    kernel.run(value)
    comm = kernel.comm()
    first = told(comm.request("report"))
    last = told(final(comm))
    assert last > 30 * MB
    assert first == pytest.approx(last, rel=0.1)


def test_a_result_that_is_shown_twice_is_one_row_and_goes_at_once(kernel: Kernel) -> None:
    kernel.run("import numpy as np\na = np.ones(10**7)\na")
    kernel.run("a")
    kernel.run("del a")
    comm = kernel.comm()
    report = comm.request("report")
    assert told(report) == pytest.approx(80 * MB, rel=0.01)
    [row] = report["results"]
    assert sorted(row["numbers"]) == [1, 2]
    assert comm.request("release", keys=[row["key"]])["let_go_bytes"] > 79 * MB


# A worker with a limit may put results on the disk, and keeps them in another mapping.
@pytest.mark.parametrize("limit", ["4GB", "0"])
def test_what_a_worker_in_the_process_has_for_a_future_is_in_its_figure(
    kernel: Kernel, limit: str
) -> None:
    kernel.run(cluster(limit))
    kernel.run("future = client.submit(np.ones, 5_000_000)\ndistributed.wait(future)\nfuture")
    kernel.run("del future")
    comm = kernel.comm()
    report = final(comm)
    [row] = report["results"]
    assert told(report) == pytest.approx(40 * MB, rel=0.05)
    assert row["freed_bytes"] == pytest.approx(40 * MB, rel=0.05)
    kept = "sum(len(each.data) for each in client.cluster.workers.values())"
    assert kernel.value(kept) == 1
    comm.request("release", keys=[row["key"]])
    # The cluster's own thread lets it go.
    end = time.monotonic() + PATIENCE_S
    while kernel.value(kept) and time.monotonic() < end:
        pass
    assert kernel.value(kept) == 0


def test_what_several_futures_stand_for_is_told_once_and_of_none_alone(kernel: Kernel) -> None:
    kernel.run(cluster("0"))
    for _ in range(2):
        kernel.run("distributed.wait(client.submit(np.ones, 5_000_000)).done.pop()")
    report = final(kernel.comm())
    assert len(report["results"]) == 2
    for row in report["results"]:
        assert row["freed_bytes"] < MB
        assert row["estimate_bytes"] == pytest.approx(20 * MB, rel=0.05)
        assert not row["exact"]


@pytest.mark.parametrize(
    "other",
    ["distributed.Queue('q').put(future)", "distributed.Variable('v').set(future)", WAITING_TASK],
    ids=["a queue", "a variable", "a task that waits"],
)
def test_a_result_that_a_cluster_keeps_for_others_too_is_not_the_futures(
    kernel: Kernel, other: str
) -> None:
    kernel.run(cluster("0"))
    kernel.run("import time\nfuture = client.submit(np.ones, 5_000_000)\ndistributed.wait(future);")
    kernel.run(f"{other}\nNone")
    kernel.run("future")
    kernel.run("del future")
    [row] = final(kernel.comm())["results"]
    assert row["freed_bytes"] < MB
    assert not row["exact"]


def test_a_future_that_was_released_has_nothing(kernel: Kernel) -> None:
    kernel.run(cluster("0"))
    kernel.run(
        "first = client.submit(np.ones, 5_000_000); second = client.submit(np.ones, 5_000_000)"
    )
    kernel.run("distributed.wait(first); second.release()")
    kernel.run("first")
    kernel.run("second")
    kernel.run("del first, second")
    rows = final(kernel.comm())["results"]
    assert sorted(row["freed_bytes"] > 39 * MB for row in rows) == [False, True]


def test_what_a_variable_has_as_well_as_a_worker_is_not_the_futures(kernel: Kernel) -> None:
    kernel.run(cluster("0"))
    kernel.run("future = client.submit(np.ones, 5_000_000)\nmine = future.result()\nfuture")
    kernel.run("del future")
    comm = kernel.comm()
    assert told(final(comm)) < MB
    [mine] = [each for each in comm.request("overview")["largest"] if each["name"] == "mine"]
    assert mine["size_bytes"] == pytest.approx(40 * MB, rel=0.05)


@pytest.mark.parametrize("made", [DRAWN, WRITTEN], ids=["a drawn figure", "a written text"])
def test_what_c_code_holds_for_a_result_is_in_its_figure(kernel: Kernel, made: str) -> None:
    kernel.run(made)
    kernel.run("made()")
    comm = kernel.comm()
    report = final(comm)
    [row] = report["results"]
    assert row["exact"]
    came_back = comm.request("release", keys=[row["key"]])["let_go_bytes"]
    assert came_back > 29 * MB
    assert told(report) == pytest.approx(came_back, rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_geometries_are_told_with_the_memory_of_their_coordinates(
    kernel: Kernel, kind: str
) -> None:
    kernel.run(GEOMETRIES)
    kernel.run(KINDS[kind])
    comm = kernel.comm()
    report = final(comm)
    [row] = report["results"]
    came_back = comm.request("release", keys=[row["key"]])["let_go_bytes"]
    assert came_back > 10 * MB
    assert told(report) == pytest.approx(came_back, rel=0.05)


def test_captured_output_is_told_of_the_variable_that_has_it(kernel: Kernel) -> None:
    kernel.run("%%capture cap\nfor _ in range(300_000): print('x' * 100)")
    kernel.run("None")
    largest = kernel.comm().request("overview")["largest"]
    [cap] = [each for each in largest if each["name"] == "cap"]
    assert cap["freed_bytes"] == pytest.approx(300_000 * 101, rel=0.05)
