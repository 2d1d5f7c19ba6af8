"""What cells' ends tell of results that nobody looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Comm, Kernel

BYTES = 8 * 10**6


TIMES = {
    ("reports.cell_ends", "CELL_END_MS"),
    ("reports.cell_ends", "LISTEN_MS"),
    ("guard.guard", "LISTED_MS"),
}


@pytest.fixture(autouse=True)
def _with_time(kernel: Kernel) -> None:
    """Give cells' ends all the time that they need, on a slow machine too."""
    module = "__import__('_jupyter_memguard')._stages.module(name)"
    kernel.value(f"[setattr({module}, limit, 10_000.0) for name, limit in {TIMES}]")


def told(comm: Comm) -> dict[int, dict[str, Any]]:
    """Return the next event's results by their numbers."""
    return {result["number"]: result for result in comm.event("cell_end")["results"]}


def test_a_result_is_told_anew_when_no_variable_names_it_any_more(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np\narr = np.ones(10**6)\narr")
    assert told(comm)[1]["freed_bytes"] == 0
    kernel.run("del arr")
    result = told(comm)[1]
    assert BYTES <= result["freed_bytes"] < BYTES + 1000
    assert result["exact"]
    kernel.run("again = Out[1]")
    assert told(comm)[1]["freed_bytes"] == 0


def test_a_result_whose_owner_is_a_container_is_told_when_it_leaves_it(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np\nd = {'arr': np.ones(10**6)}\nd['arr']")
    assert told(comm)[1]["freed_bytes"] == 0
    kernel.run("d.clear()")
    assert told(comm)[1]["freed_bytes"] >= BYTES


def test_results_that_share_memory_are_told_with_what_they_free_together(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np\narr = np.ones(10**6)\narr")
    kernel.run("arr[:10]")
    assert [list(told(comm)), list(told(comm))] == [[1], [2]]
    kernel.run("del arr")
    results = told(comm)
    assert sorted(results) == [1, 2]
    keys = sorted(result["key"] for result in results.values())
    for result in results.values():
        assert sorted(result["group"]) == keys
        assert result["freed_bytes"] >= BYTES


def test_what_has_not_changed_is_not_told_again(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np\nnp.ones(10**6)")
    assert list(told(comm)) == [1]
    kernel.run("x = 1")
    kernel.run("np.ones(10**6)")
    assert list(told(comm)) == [3]


def test_who_listens_late_is_told_what_is_there(kernel: Kernel) -> None:
    kernel.run("import numpy as np\narr = np.ones(10**6)\narr")
    kernel.run("arr[:2]; 5")
    kernel.run("np.ones(2 * 10**6)")
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    results = told(comm)
    assert {number: each["freed_bytes"] // BYTES for number, each in results.items()} == {
        1: 0,
        3: 2,
    }
    kernel.run("del arr")
    assert list(told(comm)) == [1]
    # Another page has heard nothing yet.
    kernel.comm().request("subscribe", cell_end=True)
    assert sorted(told(comm)) == [1, 3]


def test_the_same_object_under_two_numbers_counts_once(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np\narr = np.ones(10**6)\narr")
    kernel.run("arr")
    kernel.run("del arr")
    events = [told(comm) for _ in range(3)]
    last = events[-1]
    assert sorted(last) == [1, 2]
    assert last[1]["key"] == last[2]["key"]
    assert last[1]["freed_bytes"] >= BYTES


# Notes for each cell's end how many results are measured.
NOTE_MEASURED = (
    "def note():\n"
    "    ends = vars(get_ipython())['_jupyter_memguard'].reporter.cell_ends\n"
    "    measure = ends._measured\n"
    "    def noted(entries, own):\n"
    "        measured.append(len(entries))\n"
    "        return measure(entries, own)\n"
    "    ends._measured = noted\n"
    "measured = []\n"
    "note(); del note"
)


def test_results_that_share_nothing_are_not_measured_at_each_cells_end(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np")
    for _ in range(3):
        kernel.run("np.ones(10**6)")
    kernel.run(NOTE_MEASURED)
    for _ in range(4):
        kernel.run("5")
    # When the name `measured` was new, all three; since then none.
    assert kernel.value("measured") == [3]
    kernel.run("np.ones(10**6)")
    assert kernel.value("measured") == [3, 1]


def test_results_that_share_nothing_are_measured_when_names_or_references_change(
    kernel: Kernel,
) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np\nkept = []")
    kernel.run("[np.ones(10**6)]")
    assert told(comm)[2]["freed_bytes"] >= BYTES
    kernel.run("5")
    kernel.run("kept.append(Out[2])")
    kernel.run("kept.clear()")
    kernel.run("part = Out[2][0]")
    kernel.run("del part")
    freed = [told(comm)[2]["freed_bytes"] >= BYTES for _ in range(4)]
    assert freed == [False, True, False, True]


def test_results_that_share_are_measured_at_each_cells_end(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np\nheld = [np.ones(10**6)]")
    kernel.run("held[0][:10]")
    assert told(comm)[2]["freed_bytes"] < 1000
    kernel.run("held.clear()")  # no name has another meaning
    assert told(comm)[2]["freed_bytes"] >= BYTES


def test_a_new_page_is_told_of_results_that_share_nothing(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np")
    kernel.run("np.ones(10**6)")
    kernel.run("5")
    assert list(told(comm)) == [2]
    kernel.comm().request("subscribe", cell_end=True)
    assert list(told(comm)) == [2]


def test_no_more_is_remembered_of_results_than_are_watched(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("import numpy as np")
    for _ in range(55):
        kernel.run("np.ones(200_000)")
    kernel.run("ends = vars(get_ipython())['_jupyter_memguard'].reporter.cell_ends")
    assert kernel.value("len(ends._settled)") == 50


def test_a_cells_end_remembers_few_of_many_results(kernel: Kernel) -> None:
    kernel.run(
        "def show(objects):\n"
        "    for obj in objects:\n"
        "        get_ipython().displayhook(obj)\n"
        "        get_ipython().execution_count += 1"
    )
    kernel.run("show([[n] for n in range(20_000)] for _ in range(300))")
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run(NOTE_MEASURED)
    kernel.run("reporter = vars(get_ipython())['_jupyter_memguard'].reporter")
    kernel.run("for _ in range(10): reporter.cell_end(1)")
    assert kernel.value("max(measured)") <= 50
    assert kernel.value("len(reporter.cell_ends._told)") == 50
