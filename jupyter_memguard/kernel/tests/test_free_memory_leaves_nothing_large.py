"""*Free memory* has a least size: a result is small only if that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

MIB = 2**20


def test_more_large_results_than_one_measurement_has_time_for_all_go(kernel: Kernel) -> None:
    kernel.run(
        "class Block:\n    def __init__(self):\n        self.all = [[i] for i in range(15_000)]"
    )
    for _ in range(150):
        kernel.run("Block()")
    comm = kernel.comm()
    released = comm.request("release", min_bytes=MIB)
    assert released["released"] == 150
    assert comm.request("report", budget_ms=60_000)["results"] == []


def test_what_only_uncollected_garbage_holds_as_well_goes(kernel: Kernel) -> None:
    kernel.run(
        "import gc, weakref, numpy as np\n"
        "class Model:\n"
        "    def __init__(self): self.me, self.weights = self, np.ones(10**6)\n"
        "m = Model(); w = weakref.ref(m.weights)\n"
        "gc.collect()  # old by now, as after some minutes of work\n"
        "None"
    )
    kernel.run("m.weights")
    kernel.run("m = None")
    assert kernel.comm().request("release", min_bytes=MIB)["released"] == 1
    assert kernel.value("w() is None")
