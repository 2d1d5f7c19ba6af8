"""With thousands of results, work and messages stay within their bounds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

SHOW = """
shell = get_ipython(); shell.displayhook.cache_size = 10**6
def show(things):
    for thing in things:
        shell.displayhook.update_user_ns(thing)
        shell.execution_count += 1
"""
COUNT_SEARCHES = """
import gc
searches, real = [], gc.get_referrers
def counting(*objects):
    searches.append(len(objects))
    return real(*objects)
gc.get_referrers = counting
"""


def test_nobody_is_searched_who_holds_what_is_not_held(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("show([n] for n in range(500))")
    kernel.run(COUNT_SEARCHES)
    released = kernel.comm().request("release")
    assert (released["released"], released["still_alive"]) == (500, [])
    assert kernel.value("len(searches)") <= 1


def test_a_holder_without_time_for_a_search_is_reported_as_unknown(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("kept = [[n] for n in range(50)]\nshow(kept)")
    # C code holds the function, so that no search from the user's names leads there.
    kernel.run("import atexit; atexit.register(lambda kept=kept: None); del kept")
    kernel.run(COUNT_SEARCHES)
    kernel.run(
        "import _jupyter_memguard as m; m._stages.module('retention.still_alive').SEARCH_MS = 0.0"
    )
    released = kernel.comm().request("release")
    assert [alive["held_by"] for alive in released["still_alive"]] == [["<unknown>"]] * 50
    assert kernel.value("searches") == []


def test_many_views_of_one_array_make_a_short_report_and_go_together(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("import numpy as np; base = np.ones(10**6)")
    kernel.run("show(base[n:n + 5] for n in range(400)); del base")
    comm = kernel.comm()
    report = comm.request("report", budget_ms=3000)
    assert report["count"] == 400
    assert len(report["results"]) == 400
    assert {len(row["shared_with"]) for row in report["results"]} == {100}
    assert len(json.dumps(report)) < 10**6
    assert comm.request("release", min_bytes=10**6)["released"] == 400


def test_small_results_come_after_those_that_keep_much_for_somebody_else(kernel: Kernel) -> None:
    kernel.run("import numpy as np; kept = np.ones(10**5)")
    for source in ("kept", "[1]", "np.ones(10**5)", "[2, 3, 4, 5]"):
        kernel.run(source)
    rows = kernel.comm().request("report", budget_ms=3000)["results"]
    assert [row["numbers"][0] for row in rows] == [4, 2, 5, 3]


def test_many_results_from_before_the_guard_go_without_a_size(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("show([n] for n in range(300))")
    comm = kernel.comm()
    kernel.run("import _jupyter_memguard as m; m._stages.module('guard.guard').DECIDE_MS = 0.0")
    comm.request("set_guard", mode="last", keep_last=2)
    kernel.run("[5]")
    assert comm.request("report")["count"] == 2
    text = kernel.value("repr(Out[3])")
    assert text.startswith("<Out[3] was not kept: list, 1 item. To keep")


def test_a_few_bytes_of_a_large_result_are_enough_to_withhold_it(kernel: Kernel) -> None:
    kernel.run("lists = [[n] for n in range(10**6)]")
    kernel.comm().request("set_guard", mode="all")
    kernel.run(
        "import _jupyter_memguard as m\nf = m._stages.module('sizing.worklist')\n"
        "taken, real = [], f.Worklist.take\n"
        "def take(self):\n    taken.append(1)\n    return real(self)\nf.Worklist.take = take"
    )
    kernel.run("lists")
    assert kernel.value("len(taken)") == 0
    assert kernel.value("'1000000 items, at least 8.' in repr(Out[3])")


def test_a_cells_end_measures_few_results_and_no_small_ones(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("show([[n] * 10**5 for n in range(300)])")
    comm = kernel.comm()
    comm.request("set_guard", mode="large")
    comm.request("subscribe", cell_end=True)
    kernel.run(
        "import _jupyter_memguard as m\ns = m._stages.module('reports.cell_ends')\n"
        "looked, real = [], s.Survey\n"
        "def survey(shell, entries, **how):\n"
        "    looked.append(len(entries))\n"
        "    return real(shell, entries, **how)\n"
        "s.Survey = survey"
    )
    comm.events.clear()
    first = kernel.value("looked.clear() or get_ipython().execution_count")
    for cell in ("'small'", "big = [None] * 10**5; big", "[None] * 10**5"):
        kernel.run(cell)
    told: dict[int, int] = {}
    while first + 2 not in told:
        told.update((r["number"], r["freed_bytes"]) for r in comm.event("cell_end")["results"])
    assert first not in told
    assert told[first + 1] == 0
    assert told[first + 2] > 10**5
    assert 0 < kernel.value("max(looked)") <= 50


def test_what_is_kept_is_not_weighed_for_each_small_result(kernel: Kernel) -> None:
    kernel.run(SHOW)
    comm = kernel.comm()
    comm.request("set_guard", mode="large", threshold_bytes=10**6, total_bytes=10**7)
    kernel.run(
        "import _jupyter_memguard as m\ng = m._stages.module('sizing')\n"
        "weighed, real = [], g.keeps_alive_in_turn\n"
        "def in_turn(objects, **how):\n"
        "    weighed.append(len(objects))\n"
        "    return real(objects, **how)\n"
        "g.keeps_alive_in_turn = in_turn"
    )
    kernel.run("show(bytes(10**5) for n in range(300))")
    kept = "sum(type(x) is bytes for x in Out.values())"
    assert 99 <= kernel.value(kept) <= 102
    often = kernel.value("len(weighed)")
    assert often < 110
    kernel.run("show([n] for n in range(300))")
    assert kernel.value("len(weighed)") == often


COUNT_MEASURED = """
import gc, sys
reporter = sys.modules["_jupyter_memguard"]._stages.module("reports.reporter")
reporter.Survey.__init__.__globals__["_FRESH_S"] = 600.0  # however slow this machine is
measured, collecting, real = [], [], reporter.Survey
def counting(shell, entries, **options):
    measured.append(len(entries))
    collecting.append(gc.isenabled())
    return real(shell, entries, **options)
reporter.Survey = counting
"""


def test_a_further_page_is_of_the_report_that_the_first_began(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("show([str(n), n + 1000] for n in range(300))")
    kernel.run(COUNT_MEASURED)
    comm = kernel.comm()
    pages = [comm.request("report", offset=n, limit=100, budget_ms=5000) for n in (0, 100, 200)]
    assert kernel.value("measured") == [300]
    assert kernel.value("collecting") == [False]
    assert kernel.value("gc.isenabled()")
    keys = [row["key"] for page in pages for row in page["results"]]
    assert len(set(keys)) == 300
    assert all(row["exact"] for page in pages for row in page["results"])
    assert len({page["freed_bytes_all"] for page in pages}) == 1


def test_a_page_is_measured_anew_when_a_cell_was_run_or_a_result_released(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("show([str(n), n + 1000] for n in range(30))")
    kernel.run(COUNT_MEASURED)
    comm = kernel.comm()
    first = comm.request("report", limit=10, budget_ms=5000)
    kernel.run("_5.append(bytes([1]) * 50_000)")
    second = comm.request("report", offset=10, limit=10, budget_ms=5000)
    assert second["freed_bytes_all"] - first["freed_bytes_all"] > 50_000
    comm.request("release", keys=[first["results"][0]["key"]])
    kernel.run("measured.clear()")
    comm.request("report", limit=10)
    assert comm.request("report", offset=10, limit=10)["count"] == 29
    assert kernel.value("measured") == [29]


def test_a_page_reports_what_there_was_no_time_for_before(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("show([str(n), n + 1000] for n in range(500))")
    comm = kernel.comm()
    first = comm.request("report", limit=100, budget_ms=0)
    assert not any(row["exact"] for row in first["results"])
    second = comm.request("report", offset=100, limit=400, budget_ms=5000)
    assert len(second["results"]) == 400
    assert all(row["exact"] and row["freed_bytes"] > 0 for row in second["results"])


FRAMES = """
import numpy as np, pandas as pd
base = pd.DataFrame(np.ones((3000, 2)))
show(
    frame
    for n in range(300)
    for frame in (
        pd.DataFrame({"a": np.arange(4000.0 + n), "b": ["x" * (5 + n % 3)] * (4000 + n)}),
        pd.DataFrame({"a": np.arange(5)}),
        base.iloc[n : n + 1000],
    )
)
"""


def test_rows_that_the_time_does_not_reach_are_like_those_that_it_reaches_or_not_told(
    kernel: Kernel,
) -> None:
    kernel.run(SHOW)
    kernel.run(FRAMES)
    comm = kernel.comm()
    reports = []
    for budget_ms in (5, 10, 20, 40, 80, 160, 320, 640, 20_000):  # the last one tells all
        kernel.run("None")  # ends what was measured
        reports.append(comm.request("report", budget_ms=budget_ms, limit=1000))
    while not comm.request("refine")["final"]:
        pass
    last = comm.request("report", limit=1000)
    truth = {row["key"]: row["freed_bytes"] for row in last["results"]}
    assert len(truth) == 900
    large = {key for key in truth if truth[key] > 30_000}
    assert len(large) == 300
    complete = 0
    for report in reports:
        told = {
            row["key"]: max(row["freed_bytes"], row["estimate_bytes"] or 0)
            for row in report["results"]
            if row["exact"] or row["estimate_bytes"]
        }
        assert [key for key in told if told[key] > 1.15 * truth[key]] == []
        assert [key for key in large & told.keys() if told[key] < 0.85 * truth[key]] == []
        if large <= told.keys():
            complete += 1
            likely = max(report["freed_bytes_all"], report["estimate_bytes_all"] or 0)
            assert 0.9 * last["freed_bytes_all"] < likely < 1.1 * last["freed_bytes_all"]
    assert complete > 0
