"""Where the memory is: an overview of results, outputs, tracebacks and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

LONG_MS = 60_000.0
PARTS = ("results", "shared", "variables", "shown", "tracebacks", "free", "mapped", "rest")


def check_parts(overview: dict[str, Any]) -> None:
    """Check that the parts add up to the whole, and that none is negative."""
    assert sum(overview[part]["bytes"] for part in PARTS) == overview["rss_bytes"]
    for part in PARTS:
        assert overview[part]["bytes"] >= 0, part
        estimate = None if overview[part]["exact"] else overview[part]["bytes"]
        assert overview[part]["estimate_bytes"] == estimate, part


def test_an_overview_looks_for_results_once_and_does_without_collections(kernel: Kernel) -> None:
    kernel.run(
        "import gc, sys\n"
        "report = sys.modules['_jupyter_memguard']._stages.module('reports.reporter')\n"
        "collected, real = [], report.collect\n"
        "def counting(shell):\n"
        "    collected.append(gc.isenabled())\n"
        "    return real(shell)\n"
        "report.collect = counting"
    )
    kernel.run("[5]")
    assert kernel.comm().request("overview")["results"]["bytes"] > 0
    assert kernel.value("collected") == [False]
    assert kernel.value("gc.isenabled()")


def test_an_overview_keeps_to_its_budget_and_says_what_is_a_bound(kernel: Kernel) -> None:
    kernel.run("[[n] for n in range(10**6)]")
    kernel.run("kept = [[n] for n in range(10**6)]")
    comm = kernel.comm()
    short = comm.request("overview", budget_ms=60)
    assert not short["results"]["exact"]
    assert not short["variables"]["exact"]
    exact = comm.request("overview", budget_ms=LONG_MS)
    assert exact["results"]["exact"]
    # What is drawn is about what there is, though little of it was counted by then.
    for part in ("results", "variables"):
        assert short[part]["bytes"] == short[part]["estimate_bytes"]
        assert short[part]["bytes"] == pytest.approx(exact[part]["bytes"], rel=0.3)


@pytest.mark.parametrize(("mode", "part"), [("off", "shared"), ("large", "variables")])
def test_the_parts_add_up_right_after_a_cell_that_made_and_showed_a_variable(
    kernel: Kernel, mode: str, part: str
) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode=mode)
    kernel.run("import numpy as np")
    check_parts(comm.request("overview"))
    kernel.run("array = np.ones(12_500_000); array")
    overview = comm.request("overview")
    check_parts(overview)
    # With the guard on IPython keeps no result, so that the variable alone holds the array.
    assert overview[part]["bytes"] == pytest.approx(100e6, rel=0.01)
    [largest] = [each for each in overview["largest"] if each["name"] == "array"]
    assert largest["size_bytes"] == pytest.approx(100e6, rel=0.01)
    assert largest["freed_bytes"] == (largest["size_bytes"] if mode == "large" else 0)
    assert largest["results"] == ([] if mode == "large" else ["Out[2]"])
    kernel.run("array.sum();")
    overview = comm.request("overview")
    check_parts(overview)
    assert overview[part]["bytes"] == pytest.approx(100e6, rel=0.01)


def test_the_parts_add_up_with_results_outputs_tracebacks_and_free_memory(kernel: Kernel) -> None:
    kernel.run("import numpy as np; kept = [np.ones(1_000_000), {n: [n] for n in range(50_000)}]")
    kernel.run("kept[0][:5]")
    kernel.run("np.ones(2_000_000)")
    kernel.run("print('x' * 10**6)")
    kernel.run("def fail():\n    local = np.ones(4_750_000)\n    1 / 0")
    kernel.execute("fail()")
    # Every second of many blocks is freed, so that the allocator can give few pages back.
    kernel.run("blocks = [bytes(50_000) for _ in range(1000)]; del blocks[::2]")
    comm = kernel.comm()
    overview = comm.request("overview", budget_ms=LONG_MS)
    check_parts(overview)
    sizes = {name: overview[name]["bytes"] for name in PARTS}
    assert sizes["results"] == pytest.approx(16e6, rel=0.01)
    assert sizes["shared"] == pytest.approx(8e6, rel=0.01)
    assert sizes["tracebacks"] == pytest.approx(38e6, rel=0.01)
    assert sizes["variables"] > 25e6
    assert sizes["shown"] > 1e6
    check_parts(comm.request("overview", budget_ms=0))


def test_a_traceback_keeps_its_frames_after_a_further_cell(kernel: Kernel) -> None:
    kernel.run("import numpy as np\ndef fail():\n    local = np.ones(4_750_000)\n    1 / 0")
    kernel.execute("fail()")
    kernel.run("1+1")
    comm = kernel.comm()
    kept = comm.request("report", budget_ms=LONG_MS)["tracebacks"]
    assert (kept["count"], kept["exact"]) == (1, True)
    assert kept["bytes"] == pytest.approx(38e6, rel=0.01)
    assert comm.request("overview")["tracebacks"]["bytes"] == kept["bytes"]


def test_an_overview_says_of_a_large_session_what_the_report_before_said(kernel: Kernel) -> None:
    """A further account of an unfinished measurement would take most of the time."""
    kernel.run("made = [[n] for n in range(10**6)]\nmade, list(made)")
    kernel.run("import _jupyter_memguard as guard")
    kernel.run(
        "made = []\n"
        "survey = guard._stages.module('reports.survey')\n"
        "figures = survey._figures\n"
        "def counted(*args):\n"
        "    made.append(1)\n"
        "    return figures(*args)\n"
        "survey._figures = counted\n"
        "vars(get_ipython())['_jupyter_memguard'].reporter._pace.look_s = 1e-3"
    )
    comm = kernel.comm()
    report = comm.request("report", budget_ms=60)
    overview = comm.request("overview", budget_ms=60)
    assert not overview["final"]
    assert kernel.value("made") == [1]
    told = report["estimate_bytes_all"] or report["freed_bytes_all"]
    assert overview["results"]["bytes"] == told
    # It has measured all the same.
    assert comm.request("report", budget_ms=LONG_MS)["final"]
