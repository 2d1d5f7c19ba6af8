"""Where the memory is: an overview of results, outputs, tracebacks and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

LONG_MS = 60_000.0


def test_an_overview_looks_for_results_once_and_does_without_collections(kernel: Kernel) -> None:
    kernel.run(
        "import gc, sys\n"
        "report = sys.modules['_jupyter_memguard']._stages.module('reports.overview')\n"
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
    for part in ("results", "variables"):
        assert short[part]["bytes"] < exact[part]["bytes"]
