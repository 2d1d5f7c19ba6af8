"""The recipes people asked about: each gives its memory back, and would not without us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import ALIVE, WATCH, running_kernel

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

MB = 10**6
SETUP = f"""{WATCH}
class Big:
    def __init__(self):
        self.data = np.ones(20 * 10**6 // 8)
    def _repr_html_(self):
        return '<b>big</b>'
"""

RECIPES = {
    "the article": [
        "arr = watch(np.ones(80 * 10**6 // 8))",
        "arr",
        "del arr; gc.collect()",
        "del Out[3]",
        "gc.collect();",
    ],
    "values of a frame, shown again and again": [
        "import pandas as pd; get_ipython().cache_size = 0",
        *[
            "big = pd.DataFrame(np.ones((10**6, 2))); watch(big.values.base); big.values",
            "del big; gc.collect();",
        ]
        * 3,
    ],
    "entries that were culled": [
        "get_ipython().displayhook.cache_size = 5",
        *["watch(np.ones(20 * 10**6 // 8))"] * 8,
    ],
    "the same cell run again": ["X = watch(np.random.random((1000, 2500)))\nX"] * 4
    + ["del X; gc.collect();"],
    "an object with an HTML repr": ["watch(Big())", "gc.collect();"],
    "reset of the output cache": [
        *["arr = watch(np.arange(20 * 10**6 // 8)); arr"] * 3,
        "del arr",
        "%reset -f out",
        "gc.collect();",
    ],
    "the head of a deep copy": [
        # In pandas 2, `head()` returns a view of the whole table.
        *["copied = watch(np.ones((10**6, 4))).copy(); watch(copied); copied[:5]"] * 3,
        "del copied; gc.collect();",
    ],
}


FAILING = [
    "def fail():\n    local = watch(np.ones(20 * 10**6 // 8))\n    1 / 0",
    "fail()",
    "gc.collect();",
]
# Runs each recipe in a shell without us, forked so that IPython is imported once.
DRIVER = f"""
import contextlib, io, json, os, sys
from IPython.core.interactiveshell import InteractiveShell
import numpy, pandas
kept = {{}}
for name, cells in json.load(sys.stdin).items():
    reader, writer = os.pipe()
    if os.fork() == 0:
        shell = InteractiveShell.instance()
        shell.history_manager.enabled = False
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in cells:
                shell.run_cell(cell, store_history=True)
        os.write(writer, str(eval({ALIVE!r}, shell.user_ns)).encode())
        os._exit(0)
    os.wait()
    kept[name] = int(os.read(reader, 100))
print(json.dumps(kept))
"""


@pytest.fixture(scope="module")
def kept_by_stock() -> dict[str, int]:
    """Return how many of the watched objects each recipe leaves alive without us."""
    recipes = {**RECIPES, "failing": FAILING}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps({name: [SETUP, *cells] for name, cells in recipes.items()}),
        capture_output=True,
        check=True,
        text=True,
    )
    kept: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return kept


@pytest.mark.parametrize("name", RECIPES)
def test_release_gives_back_what_a_stock_shell_keeps(
    kernel: Kernel, kept_by_stock: dict[str, int], name: str
) -> None:
    for cell in (SETUP, *RECIPES[name]):
        kernel.run(cell)
    assert kernel.value(ALIVE) == kept_by_stock[name] > 0
    comm = kernel.comm()
    report = comm.request("report", budget_ms=2000)
    released = comm.request("release")
    assert kernel.value(ALIVE) == 0
    assert released["still_alive"] == []
    fell = released["before_rss_bytes"] - released["after_rss_bytes"]
    assert report["freed_bytes_all"] >= 20 * MB
    # More can come back: memory that was free before, but not yet returned to the system.
    assert fell > 0.95 * report["freed_bytes_all"]
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("_") == "7"


def test_release_of_tracebacks_gives_back_the_frames_locals(
    kernel: Kernel, kept_by_stock: dict[str, int]
) -> None:
    for cell in (SETUP, *FAILING):
        kernel.execute(cell)
    assert kernel.value(ALIVE) == kept_by_stock["failing"] == 1
    comm = kernel.comm()
    kept = comm.request("report", budget_ms=2000)["tracebacks"]
    assert kept["count"] == 1
    assert kept["bytes"] == pytest.approx(20 * MB, rel=0.01)
    released = comm.request("release_tracebacks")
    assert released["released"] == 1
    assert released["still_alive"] == []
    assert kernel.value(ALIVE) == 0
    assert comm.request("report")["tracebacks"] == {"bytes": 0, "count": 0, "exact": True}
    assert "No traceback" in kernel.run("%tb") + str(kernel.execute("%tb")[1])
    reply, _published = kernel.execute("fail()")
    assert reply["ename"] == "ZeroDivisionError"


def test_tracebacks_are_measured_although_results_and_variables_take_the_time(
    kernel: Kernel,
) -> None:
    for cell in (SETUP, "lists = [[n] for n in range(500_000)]", "[[n] for n in range(500_000)]"):
        kernel.run(cell)
    for cell in FAILING:
        kernel.execute(cell)
    report = kernel.comm().request("report", budget_ms=100)
    assert not report["final"]
    assert report["tracebacks"]["bytes"] == pytest.approx(20 * MB, rel=0.05)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["fail()", "%debug"], ["up", "down", "quit"]),
        (["%pdb on", "fail()", "%pdb off"], ["quit"]),
        (["%debug fail()"], ["continue"]),
    ],
    ids=["debug", "pdb", "debug of a statement"],
)
def test_release_of_tracebacks_gives_back_what_the_debugger_stood_at(
    kernel: Kernel, cells: list[str], said: list[str]
) -> None:
    kernel.run(SETUP)
    kernel.run("def fail():\n    local = watch(np.ones(20 * 10**6 // 8))\n    1 / 0")
    kernel.run(
        f"said = iter({said})\nget_ipython().kernel.raw_input = lambda prompt='': next(said)"
    )
    for cell in cells:
        kernel.execute(cell)
    kernel.run("gc.collect();")
    assert kernel.value("list(said)") == []
    assert kernel.value(ALIVE) == 1
    comm = kernel.comm()
    kept = comm.request("report", budget_ms=2000)["tracebacks"]
    assert kept["count"] == 1
    assert kept["bytes"] == pytest.approx(20 * MB, rel=0.01)
    overview = comm.request("overview", budget_ms=2000)
    assert overview["tracebacks"]["bytes"] == pytest.approx(20 * MB, rel=0.01)
    released = comm.request("release_tracebacks")
    assert (released["released"], released["still_alive"]) == (1, [])
    assert kernel.value(ALIVE) == 0
    assert comm.request("report")["tracebacks"]["count"] == 0
    # The debugger still works.
    kernel.run("said = iter(['p local.size', 'quit'])")
    kernel.execute("fail()")
    assert "2500000" in kernel.run("%debug")


def test_release_of_what_was_shown_gives_back_printed_texts(kernel: Kernel) -> None:
    kernel.run("import gc")
    for _ in range(3):
        kernel.run("print('x' * 10**7)")
    kernel.run("gc.collect();")
    comm = kernel.comm()
    shown = comm.request("report")["shown"]
    assert shown["bytes"] == pytest.approx(30 * MB, rel=0.01)
    released = comm.request("release_shown")
    assert released["released"] == 3
    assert released["before_rss_bytes"] - released["after_rss_bytes"] > 28 * MB
    assert comm.request("report")["shown"]["bytes"] < 10_000
    assert kernel.run("print('still prints')") == "still prints\n"


def test_release_gives_back_deep_copies_that_head_keeps_under_pandas_2() -> None:
    python = os.environ.get("MEMGUARD_PANDAS2_PYTHON")
    if not python:
        pytest.skip("MEMGUARD_PANDAS2_PYTHON names no Python with pandas 2.2 and ipykernel")
    with running_kernel(python=Path(python)) as kernel:
        assert kernel.inject() == support.VERSION
        kernel.run("import gc, weakref, numpy as np, pandas as pd\nwatched = []")
        assert kernel.value("pd.__version__").startswith("2.2.")
        kernel.run("df = pd.DataFrame(np.ones((10**6, 4)))")
        copy = "df_temp = df.copy(deep=True); watched.append(weakref.ref(df_temp.values.base))"
        for _ in range(3):
            kernel.run(f"{copy}; df_temp.head()")
        kernel.run("del df_temp; gc.collect();")
        assert kernel.value(ALIVE) == 3
        comm = kernel.comm()
        report = comm.request("report", budget_ms=3000)
        assert report["freed_bytes_all"] == pytest.approx(96 * MB, rel=0.01)
        released = comm.request("release")
        assert released["still_alive"] == []
        assert kernel.value(ALIVE) == 0
        fell = released["before_rss_bytes"] - released["after_rss_bytes"]
        assert fell > 0.95 * report["freed_bytes_all"]
        comm.request("set_guard", mode="large")
        kernel.run(f"{copy}; df_temp.head()")
        assert kernel.run(f"del df_temp; gc.collect(); print({ALIVE})") == "0\n"
