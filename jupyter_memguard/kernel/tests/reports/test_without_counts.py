"""Where reference counts tell nothing all is answered, nothing is proven, and all is released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import ALIVE, WATCH

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

MB = 10**6


def test_a_kernel_without_counts_reports_estimates_and_releases_all(stock: Kernel) -> None:
    # As on an interpreter that counts in another way, or not at all.
    stock.run("import sys; sys.getrefcount = lambda obj: 4")
    stock.run(WATCH)
    assert stock.inject() == support.VERSION
    comm = stock.comm()
    stock.run("arr = watch(np.ones(5_000_000)); arr")
    stock.run("del arr")
    stock.run("kept = [bytearray(20_000_000)]; cycle = [kept]; cycle.append(cycle); del cycle")
    report = comm.request("report", budget_ms=5000)
    [row] = report["results"]
    assert row["notes"] == ["no-refcounts"]
    assert (row["freed_bytes"], row["exact"]) == (0, False)
    assert row["estimate_bytes"] > 39 * MB
    overview = comm.request("overview", budget_ms=5000)
    [kept] = [each for each in overview["largest"] if each["name"] == "kept"]
    assert not kept["exact"]
    assert comm.request("rest")["hoards"] is not None
    try_to_raise = "def fail():\n    local = bytearray(1_000_000)\n    raise ValueError\nfail()"
    stock.execute(try_to_raise)
    assert comm.request("release_tracebacks")["released"] == 1
    assert comm.request("set_guard", mode="large")["mode"] == "large"
    stock.run("watch(np.ones(4_000_000))")
    assert comm.request("release")["released"] >= 1
    assert stock.value(ALIVE) == 0
    assert comm.request("report")["count"] == 0
