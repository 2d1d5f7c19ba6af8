"""What libraries keep is told with its size, and goes with the code that is offered."""

from __future__ import annotations

import time
from typing import Any

import pytest

from jupyter_memguard.kernel.tests.rest.conftest import Asked
from jupyter_memguard.kernel.tests.support import PATIENCE_S, running_kernel

MB = 10**6
# A line of so many points has 24 bytes for each, and its path and what is drawn of it some more.
PLOT = """
def plot(points=1_000_000):
    figure, axes = plt.subplots()
    axes.plot(np.random.rand(points))
    return figure
"""


@pytest.fixture(scope="module")
def pyplot(asked: Asked) -> None:
    """Import what plots, and plot once: fonts and such stay."""
    asked.kernel.run(
        "import numpy as np, matplotlib.pyplot as plt\nplt.switch_backend('agg')\n" + PLOT
    )
    asked.kernel.run("plot(10).canvas.draw(); plt.close('all')")


@pytest.fixture(scope="module")
def widgets(asked: Asked) -> None:
    asked.kernel.run("import ipywidgets, os\nipywidgets.Image(value=b'1').close()")


def check(asked: Asked, kind: str, size: float) -> Any:
    """Check a hoard's size, and that its memory is gone after its remedy.

    What libraries let go is in cycles. They are collected then, as when the remedy is pressed.
    """
    hoard = asked.hoard(kind, "")
    assert hoard["bytes"] == pytest.approx(size, rel=0.1), hoard
    assert hoard["part"] == "rest"
    before = asked.rss()
    asked.kernel.run(hoard["remedy"])
    until = time.monotonic() + PATIENCE_S
    while before - asked.rss() < 0.9 * size - 3 * MB:  # threads may end only now
        assert time.monotonic() < until, (before, asked.rss(), size)
        asked.kernel.value("__import__('gc').collect()")
    assert sum(each["bytes"] for each in asked.hoards(kind)) < 0.1 * size
    return hoard


def grown(asked: Asked, code: str) -> int:
    """Run code; return by how much the kernel's memory grew."""
    asked.kernel.value("__import__('gc').collect()")  # what earlier tests have left in cycles
    before = asked.rss()
    asked.kernel.run(code)
    asked.kernel.value("__import__('gc').collect()")
    return asked.rss() - before


@pytest.mark.usefixtures("pyplot")
def test_figures_that_were_left_open(asked: Asked) -> None:
    size = grown(asked, "for _ in range(4): plot()")
    assert size > 60 * MB
    hoard = check(asked, "figures", size)
    assert hoard["count"] == 4
    assert hoard["remedy"] == "plt.close('all')"


@pytest.mark.usefixtures("pyplot")
def test_a_figure_that_a_variable_holds_is_not_freed_by_closing_it(asked: Asked) -> None:
    size = grown(asked, "mine = plot()\nfor _ in range(3): plot()")
    assert check(asked, "figures", size * 3 / 4)["count"] == 4
    assert not asked.hoards("shared_variables")
    asked.kernel.run("del mine")


@pytest.mark.parametrize(("keep", "kind"), [("mine", "variables"), ("show", "results")])
@pytest.mark.usefixtures("pyplot")
def test_an_open_figure_with_another_holder_is_told_as_shared_with_it(
    asked: Asked, keep: str, kind: str
) -> None:
    size = grown(asked, "mine = plot()")
    if keep == "show":
        asked.kernel.run("mine")
        asked.kernel.run("del mine")
    asked.rest()  # whatever is imported for it is there
    overview = asked.comm.request("overview", budget_ms=5000)
    rest = asked.rest()
    # What is free changes with each answer by some MB; without the figure it would be all of it.
    assert rest["rest_bytes"] == pytest.approx(overview["rest"]["bytes"], abs=size / 4)
    [hoard] = [each for each in rest["hoards"] if each["kind"] == f"shared_{kind}"]
    assert hoard["bytes"] == pytest.approx(size, rel=0.1)
    assert (hoard["name"], hoard["part"], hoard["remedy"]) == ("figures", "rest", None)
    asked.kernel.run("plt.close('all')")
    assert not asked.hoards(f"shared_{kind}")
    asked.kernel.run("mine = None")
    asked.kernel.run("%reset -f out")


@pytest.mark.usefixtures("pyplot", "widgets")
def test_figures_that_are_widgets(asked: Asked) -> None:
    asked.kernel.run("%matplotlib widget\nplt.ioff(); plot(10); plt.close('all')")
    asked.kernel.run("ipywidgets.Widget.close_all()")
    size = grown(asked, "for _ in range(4): plot()")
    check(asked, "figures", size)
    # The toolbar of a closed figure, which ipywidgets keeps, keeps the figure.
    asked.kernel.run("for _ in range(4): plot()\nplt.close('all')")
    assert not asked.hoards("figures")
    check(asked, "widgets", size)
    asked.kernel.run("%matplotlib agg")


@pytest.mark.usefixtures("widgets")
def test_widgets_that_nobody_closed(asked: Asked) -> None:
    asked.kernel.run("for _ in range(4): ipywidgets.Image(value=os.urandom(10_000_000))")
    hoard = check(asked, "widgets", 40 * MB)
    assert hoard["count"] == 4
    assert hoard["remedy"] == "ipywidgets.Widget.close_all()"


@pytest.mark.usefixtures("widgets")
def test_widgets_that_a_page_has_closed(asked: Asked) -> None:
    asked.kernel.run(
        "for _ in range(4): image = ipywidgets.Image(value=os.urandom(10_000_000))\n"
        "closed = [each.comm.comm_id for each in ipywidgets.widgets.widget._instances.values()\n"
        "          if type(each) is ipywidgets.Image and each is not image]"
    )
    for comm in asked.kernel.value("closed"):
        asked.kernel.send("comm_close", {"comm_id": comm, "data": {}})
    assert check(asked, "widgets_closed", 30 * MB)["count"] == 3
    assert asked.kernel.value("image.comm._closed") is False
    asked.kernel.run("del image")
    check(asked, "widgets", 10 * MB)


@pytest.mark.usefixtures("pyplot", "widgets")
def test_plotlys_figures(asked: Asked) -> None:
    asked.kernel.run(
        "import plotly.graph_objects as go\ngo.FigureWidget(go.Scatter(y=[1])).close()"
    )
    size = grown(
        asked,
        "for _ in range(4): go.FigureWidget(go.Scatter(y=np.random.rand(1_000_000)))\n"
        "ipywidgets.Image(value=os.urandom(10_000_000));",
    )
    # anywidget's signal of the file that draws a figure keeps each that was closed.
    assert check(asked, "plotly", size - 10 * MB)["count"] == 4
    check(asked, "widgets", 10 * MB)


@pytest.mark.usefixtures("pyplot")
def test_bokehs_document(asked: Asked) -> None:
    asked.kernel.run(
        "from bokeh.io import curdoc\nfrom bokeh.plotting import figure as bokeh_figure\n"
        "def add(points=1_000_000):\n"
        "    drawn = bokeh_figure()\n"
        "    drawn.line(np.random.rand(points), np.random.rand(points))\n"
        "    curdoc().add_root(drawn)\n"
        "add(1)\n"
        "import bokeh.io.state as state, bokeh.document\n"
        "state.curstate().document = bokeh.document.Document()"
    )
    size = grown(asked, "for _ in range(4): add()")
    assert check(asked, "bokeh", size)["count"] == 4


@pytest.mark.usefixtures("pyplot")
def test_what_pyarrows_pool_has_not_given_back(asked: Asked) -> None:
    asked.kernel.run("import pyarrow as pa\npa.array([1.5]);")
    size = grown(
        asked,
        "def pieces():\n"
        "    one = pa.array(np.random.rand(1000))\n"
        "    return [pa.concat_arrays([one, one[:9]]) for _ in range(20_000)]\n"
        "pieces();",
    )
    assert size > 100 * MB
    hoard = check(asked, "pyarrow", size)
    assert hoard["remedy"] == "pa.default_memory_pool().release_unused()"


CLUSTER = """
import dask.array, distributed
client = distributed.Client(processes=False, dashboard_address=None, n_workers=2)
data = dask.array.random.random((5_000_000,), chunks=1_000_000).persist()
distributed.wait(data);
"""


def test_results_of_a_variables_futures_are_the_variables_and_not_the_workers() -> None:
    with running_kernel() as kernel:
        kernel.inject()
        kernel.run(CLUSTER)
        kernel.run("del client")
        asked = Asked(kernel)
        assert asked.hoards("dask") == []
        [data] = [x for x in asked.comm.request("overview")["largest"] if x["name"] == "data"]
        assert data["size_bytes"] == pytest.approx(40 * MB, rel=0.05)


@pytest.mark.parametrize(
    ("keep", "count"),
    [
        ("client.publish_dataset(mine=data)", 5),
        ("f = client.compute(data); distributed.wait(f); distributed.Queue('q').put(f); del f", 1),
    ],
    ids=["a published dataset", "a queue"],
)
def test_what_a_cluster_keeps_without_a_future_in_the_notebook(keep: str, count: int) -> None:
    with running_kernel() as kernel:
        kernel.inject()
        kernel.run(CLUSTER)
        kernel.run(keep)
        kernel.run("del client, data")
        assert check(Asked(kernel), "dask", 40 * MB)["count"] == count
