"""*Free memory* leaves small results: a result is small only if its size is known."""

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


def test_what_there_is_no_time_to_measure_stays_if_it_keeps_little_alive(kernel: Kernel) -> None:
    kernel.run(
        "class Tree:\n"
        "    def __init__(self, depth):\n"
        "        self.kids = [Tree(depth - 1) for _ in range(3)] if depth else []\n"
        "        for kid in self.kids: kid.up = self"
    )
    kernel.run("Tree(2)")
    kernel.run("Tree(9)")
    kernel.run("{i: [i] for i in range(20)}")
    kernel.run(
        "stages = __import__('sys').modules['_jupyter_memguard']._stages\n"
        "stages.module('reports.reporter').RELEASE_MS = 1e-3"
    )
    comm = kernel.comm()
    assert comm.request("release", min_bytes=MIB)["released"] == 1
    assert sorted(row["numbers"] for row in comm.request("report")["results"]) == [[2], [4]]


def test_large_rings_are_not_measured_for_seconds_on_end(kernel: Kernel) -> None:
    kernel.run(
        "class Node: pass\n"
        "def ring(count):\n"
        "    first = node = Node()\n"
        "    for i in range(count):\n"
        "        after = Node(); after.before, after.own, node = node, [i], after\n"
        "    first.before = node\n"
        "    return first"
    )
    for _ in range(4):
        kernel.run("ring(100_000)")
    kernel.run(
        "from time import thread_time\n"
        "reporter = vars(get_ipython())['_jupyter_memguard'].reporter\n"
        "spent, measure = [], reporter.measure\n"
        "def timed(*args):\n"
        "    began = thread_time()\n"
        "    found = measure(*args)\n"
        "    spent.append(thread_time() - began)\n"
        "    return found\n"
        "reporter.measure = timed"
    )
    assert kernel.comm().request("release", min_bytes=MIB)["released"] == 4
    [spent_s] = kernel.value("spent")
    assert spent_s < 2.5


def test_a_small_result_stays_that_shares_a_little_with_a_large_one(kernel: Kernel) -> None:
    kernel.run("import numpy as np; word = list(range(1000, 2000)); array = np.ones(10**6)")
    kernel.run("[array, word]")
    kernel.run("[word]")
    kernel.run("del array, word")
    comm = kernel.comm()
    assert comm.request("release", min_bytes=MIB)["released"] == 1
    assert [row["numbers"] for row in comm.request("report")["results"]] == [[3]]
