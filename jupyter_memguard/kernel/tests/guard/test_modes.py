"""What each of the guard's modes keeps, and what it leaves in a result's place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import jupyter_memguard
from jupyter_memguard.kernel.tests.support import ALIVE, EACH_ALIVE, WATCH

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

MB = 10**6
RSS = "int(open('/proc/self/statm').read().split()[1]) * __import__('os').sysconf('SC_PAGE_SIZE')"


@pytest.mark.parametrize(
    "guard",
    [
        {"mode": "large"},
        {"mode": "all"},
        {"mode": "last", "keep_last": 0},
        {"mode": "large", "threshold_bytes": 10**9, "total_bytes": 10 * MB},
    ],
)
def test_a_withheld_result_is_free_in_the_very_next_cell(
    kernel: Kernel, guard: dict[str, Any]
) -> None:
    kernel.comm().request("set_guard", **guard)
    kernel.run(WATCH)
    before = kernel.value(RSS)
    kernel.run("arr = watch(np.ones(80 * MB // 8))\narr".replace("MB", "10**6"))
    assert kernel.value(RSS) - before > 78 * MB
    printed = kernel.run(f"del arr; gc.collect(); print({ALIVE}, {RSS})").split()
    assert printed[0] == "0"
    assert int(printed[1]) - before < 4 * MB
    assert kernel.comm().request("report")["count"] == 0


@pytest.mark.parametrize(
    "cell",
    [
        "get_ipython().run_cell('1', store_history=True)",
        "get_ipython().run_cell('1', store_history=False)",
        "nested = get_ipython().run_cell('1', store_history=True)",
        "nested = get_ipython().run_cell('arr[:5]', store_history=True); del nested",
        "get_ipython().run_cell('1/0', store_history=True);",
    ],
)
def test_a_withheld_result_is_free_in_the_next_cell_after_a_nested_one(
    kernel: Kernel, cell: str
) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.run(WATCH + "get_ipython().ast_node_interactivity = 'all'")
    kernel.run("arr = watch(np.ones(10**6))")
    kernel.run("arr\n" + cell)
    assert kernel.run(f"del arr; print({ALIVE})").strip() == "0"


@pytest.mark.parametrize(
    "ending",
    ["1 / 0", "raise KeyboardInterrupt", "def f(): raise ValueError\nf()", "await sleep(0)\n1 / 0"],
)
def test_a_withheld_result_is_free_in_the_next_cell_after_one_that_failed(
    kernel: Kernel, ending: str
) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.run(WATCH + "from asyncio import sleep\nget_ipython().ast_node_interactivity = 'all'")
    kernel.run("arr = watch(np.ones(10**6))")
    reply, _ = kernel.execute("arr\n" + ending)
    assert reply["status"] == "error"
    kernel.run("failed = get_ipython().last_execution_result.error_in_exec;")
    assert kernel.run(f"del arr; print({ALIVE})").strip() == "0"
    assert kernel.value("failed.__traceback__.tb_next is not None") is True


def test_a_result_of_a_failed_execution_that_the_user_keeps_stays(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.run("get_ipython().ast_node_interactivity = 'all'\nkept = []")
    kernel.run(
        "get_ipython().events.register('post_run_cell', lambda result: kept.append(result));"
    )
    kernel.execute("[5]\n1 / 0")
    kernel.run("2")
    assert kernel.value("[r.result for r in kept if r.error_in_exec]") == [[5]]


def test_a_result_shown_after_a_withheld_one_of_the_same_cell_stays(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="large", threshold_bytes=MB)
    kernel.run("get_ipython().ast_node_interactivity = 'all'")
    kernel.run("bytes(10**6)\n5")
    assert kernel.run("print(get_ipython().last_execution_result.result)").strip() == "5"


def test_the_newest_results_are_kept_in_mode_last(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.comm().request("set_guard", mode="last", keep_last=3)
    for _ in range(6):
        kernel.run("watch(np.ones(10**6))")
    # The fourth is let go in the cell that shows the sixth... and so on.
    assert kernel.value(EACH_ALIVE) == [False] * 3 + [True] * 3
    assert kernel.value("[type(Out[n]).__name__ for n in sorted(Out)]") == (
        ["Placeholder"] * 3 + ["ndarray"] * 3
    )
    assert kernel.value("len(Out)") == 6
    assert kernel.value("_ is watched[5]() and __ is watched[4]() and ___ is watched[3]()")


def test_one_result_is_kept_with_keep_last_1(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.comm().request("set_guard", mode="last", keep_last=1)
    kernel.run("watch(np.ones(10**6))")
    kernel.run("watch(np.ones(10**6))")
    assert kernel.value(EACH_ALIVE) == [False, True]
    assert kernel.value("type(__).__name__") == "Placeholder"


def test_small_results_stay_and_large_ones_go_in_mode_large(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.comm().request("set_guard", mode="large", threshold_bytes=10 * MB)
    assert kernel.shown("3 + 4") == "7"
    kernel.run("watch(np.ones(10**6))")
    kernel.run("watch(np.ones(2 * 10**6))")
    kernel.run("[[i] for i in range(10**6)]")
    kernel.run("watch(np.ones(2 * 10**6))[:5]")
    assert kernel.value("[type(Out[n]).__name__ for n in sorted(Out)]") == [
        "int",
        "ndarray",
        "Placeholder",
        "Placeholder",
        "Placeholder",
    ]
    assert kernel.value("Out[2] == _2 == 7")
    assert kernel.value(ALIVE) == 1


def test_a_result_that_reaches_a_large_variable_is_withheld(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.comm().request("set_guard", mode="large", threshold_bytes=10 * MB)
    kernel.run("live = watch(np.ones(2 * 10**6))")
    kernel.run("live[:5]")
    assert kernel.run(f"del live; gc.collect(); print({ALIVE})") == "0\n"


def test_the_oldest_go_when_all_together_pass_the_total(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.comm().request("set_guard", mode="large", threshold_bytes=10 * MB, total_bytes=30 * MB)
    for _ in range(6):
        kernel.run("watch(np.ones(10**6))")
    assert kernel.value(EACH_ALIVE) == [False] * 3 + [True] * 3


def test_shared_memory_counts_once_in_the_total(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.comm().request("set_guard", mode="large", threshold_bytes=10 * MB, total_bytes=20 * MB)
    kernel.run("base = np.ones(10**6)")
    for _ in range(6):
        kernel.run("base[:5]")
    assert kernel.value("[type(v).__name__ for v in Out.values()]") == ["ndarray"] * 6


@pytest.mark.parametrize("mode", ["last", "large"])
def test_results_from_before_count_as_the_oldest(kernel: Kernel, mode: str) -> None:
    kernel.run(WATCH)
    for _ in range(4):
        kernel.run("watch(np.ones(10**6))")
    kernel.comm().request("set_guard", mode=mode, keep_last=3, total_bytes=25 * MB)
    assert kernel.value(ALIVE) == 4
    kernel.run("watch(np.ones(10**6))")
    assert kernel.value(EACH_ALIVE) == [False] * 2 + [True] * 3


def test_small_results_too_let_the_oldest_from_before_go(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.run("watch(np.ones(4 * 10**6))")
    kernel.run("watch(np.ones(10**6))")
    kernel.comm().request("set_guard", mode="large", total_bytes=25 * MB)
    kernel.run("3 + 4")
    assert kernel.value(EACH_ALIVE) == [False, True]
    assert kernel.value("Out[4] + _4") == 14


def test_results_from_before_stay_where_none_is_retained_from_now_on(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.run("watch(np.ones(10**6))")
    kernel.comm().request("set_guard", mode="all")
    kernel.run("watch(np.ones(10**6))")
    assert kernel.run(f"print({EACH_ALIVE})") == "[True, False]\n"


def test_the_same_object_shown_again_stays_under_its_new_number(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.run("x = watch(np.ones(10))")
    kernel.comm().request("set_guard", mode="last", keep_last=2)
    for expression in ("x", "1", "x"):
        kernel.run(expression)
    assert kernel.value("[type(v).__name__ for v in Out.values()]") == [
        "Placeholder",
        "int",
        "ndarray",
    ]
    assert kernel.value("_ is x")


def test_culling_forgets_the_hidden_names_as_well(kernel: Kernel) -> None:
    kernel.run(WATCH + "\nget_ipython().displayhook.cache_size = 5")
    kernel.comm().request("set_guard", mode="large")
    for _ in range(9):
        kernel.run("watch(np.ones(1000))")
    alive = kernel.value(ALIVE)
    assert alive == kernel.value("len(Out)") < 9
    assert kernel.value("sorted(n for n in get_ipython().user_ns_hidden if n[1:].isdigit())") == (
        kernel.value("sorted('_%d' % n for n in Out)")
    )


def test_shown_texts_are_kept_within_their_limit(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="large", shown_bytes=3 * MB)
    for _ in range(6):
        kernel.run("print('x' * 10**6)")
    for _ in range(3):
        kernel.run("'y' * 10**6")
    shown = kernel.comm().request("report")["shown"]
    assert shown["bytes"] < 5.1 * MB
    assert kernel.run("print('a'); print('b')") == "a\nb\n"


def test_tracebacks_are_let_go_if_that_is_set(kernel: Kernel) -> None:
    kernel.run(WATCH)
    kernel.comm().request("set_guard", mode="large", tracebacks=True)
    kernel.run("def fail():\n    local = watch(np.ones(10**6))\n    1 / 0")
    reply, _published = kernel.execute("fail()")
    assert reply["ename"] == "ZeroDivisionError"
    assert kernel.run(f"gc.collect(); print({ALIVE})") == "0\n"


def test_tracebacks_stay_if_that_is_not_set(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.execute("1 / 0")
    assert kernel.value("__import__('sys').last_type.__name__") == "ZeroDivisionError"


def test_the_state_says_what_was_withheld_and_since_when(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("1")
    state = comm.request("set_guard", mode="all")
    assert state["since_execution"] == 2
    assert state["set"]
    assert state["on_top"] == "us"
    kernel.run("2")
    assert comm.request("report")["guard_state"]["withheld"] == 1
    state = comm.request("set_guard", mode="off")
    assert (state["on_top"], state["since_execution"]) == ("nobody", None)


def test_what_was_withheld_is_told_at_the_cells_end(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large", threshold_bytes=10**6)
    comm.request("subscribe", cell_end=True)
    assert comm.event("guard")["withheld"] == 0
    kernel.run("import numpy as np\nnp.ones(10**6)")
    state = comm.event("guard")
    assert state["withheld"] == 1
    assert 8 * 10**6 <= state["withheld_bytes"] < 8 * 10**6 + 1000
    assert state["withheld_exact"]
    withheld = comm.event("cell_end")["withheld"]
    assert [(each["number"], each["type"], each["exact"]) for each in withheld] == [
        (1, "numpy.ndarray", True)
    ]
    kernel.run("5")
    kernel.run("[[n] for n in range(10**5)]")
    state = comm.event("guard")
    # The search for its size ended at the threshold.
    assert (state["withheld"], state["withheld_exact"]) == (2, False)
    kernel.run("live = np.ones(2 * 10**6)\nlive[::2]")
    comm.event("guard")
    kernel.run("live[1::2]")
    state = comm.event("guard")
    assert state["withheld"] == 4
    assert 16 * 10**6 <= state["withheld_bytes"] < 16 * 10**6 + 1000


def test_every_comm_hears_of_a_change(kernel: Kernel) -> None:
    first, second = kernel.comm(), kernel.comm()
    assert first.event("hello")["guard_state"]["mode"] == "off"
    second.event("hello")
    state = first.request("set_guard", mode="last", keep_last=7)
    assert first.event("guard") == second.event("guard") == state
    assert state["settings"]["keep_last"] == 7


def test_the_first_guard_since_the_start_wins(kernel: Kernel) -> None:
    kernel.inject({"mode": "last", "keep_last": 5})
    kernel.inject({"mode": "all"})
    hello = kernel.comm().event("hello")
    assert hello["guard_state"]["mode"] == "last"
    assert hello["guard_state"]["settings"]["keep_last"] == 5


# IPython's shell itself, which runs 2,000 cells without 2,000 messages.
CELLS = f"""
import gc, io, json, os, sys
from contextlib import redirect_stdout
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.history_manager.enabled = False
from jupyter_memguard.kernel import start
guard = json.loads(sys.argv[1])
start({{"guard": guard}})
def run(cells):
    for _ in range(cells):
        with redirect_stdout(io.StringIO()):
            result = shell.run_cell("numpy.ones(125_000)", store_history=True)
        assert result.success
    gc.collect()
    return {RSS}
shell.run_cell("import numpy", store_history=True)
before = run(1)
print(run(int(sys.argv[2])) - before)
"""


@pytest.mark.parametrize(
    ("guard", "allowed"),
    [
        # Of 2 GB: IPython itself keeps some kB of each cell, and a process has 5 MB of caches.
        ({"mode": "last"}, 20 * MB),
        ({"mode": "all"}, 20 * MB),
        ({"mode": "large"}, 110 * 2**20),
    ],
    ids=["last", "all", "large"],
)
def test_two_thousand_results_of_1_mb_end_where_they_began(
    guard: dict[str, Any], allowed: int
) -> None:
    assert grown_by_cells(guard) < allowed


def test_two_thousand_results_of_1_mb_stay_without_a_guard() -> None:
    assert grown_by_cells(None, cells=200) > 190 * MB


def grown_by_cells(guard: dict[str, Any] | None, cells: int = 2000) -> int:
    """Return by how many bytes a shell's RSS grows when cells show 1 MB each."""
    done = subprocess.run(
        [sys.executable, "-c", CELLS, json.dumps(guard), str(cells)],
        capture_output=True,
        check=True,
        text=True,
        timeout=280,
        cwd=Path(jupyter_memguard.__file__).parent.parent,
    )
    return int(done.stdout.split()[-1])
