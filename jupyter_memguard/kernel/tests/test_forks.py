"""A process that a cell forks has our code and its parent's comms: it works, and stays quiet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_memguard.kernel.tests.support import Kernel

# A cell that runs `work()` in a child, and has the child write what it returns.
FORK = """
import json, os
def forked(work, path):
    child = os.fork()
    if child == 0:
        try:
            found = work()
        except BaseException as error:
            found = repr(error)
        with open(path, "w") as file:
            json.dump(found, file)
        os._exit(0)
    os.waitpid(child, 0)
"""
# What a child may do: show results, end cells, release, change the guard.
WORK = """
import _jupyter_memguard as m
shell = get_ipython()
def work():
    session = shell._jupyter_memguard
    sent = []
    # ipykernel would refuse what a child sends, and write it into the server's log.
    for comm in session.channel._comms.values():
        comm.send = sent.append
    shell.run_cell("[1] * 10**5", store_history=True)
    shell.run_cell("[2] * 10**5", store_history=True)
    session.cells._running.clear()
    shell.events.trigger("post_run_cell", shell.last_execution_result)
    shown = sorted(type(Out[number]).__name__ for number in list(Out)[-2:])
    m.release()
    m.set_guard("all")
    return [shown, m.report()["count"], sent]
"""


@pytest.mark.parametrize("mode", ["off", "large", "all"])
def test_a_forked_child_works_and_sends_nothing(kernel: Kernel, tmp_path: Path, mode: str) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    comm.request("set_guard", mode=mode, threshold_bytes=10**5)
    kernel.run(FORK)
    kernel.run(WORK)
    kernel.run("'kept'")
    found = tmp_path / "found"
    kernel.run(f"forked(work, {str(found)!r})\n'shown by the parent'")
    kind = "list" if mode == "off" else "Placeholder"
    assert json.loads(found.read_text()) == [[kind, kind], 0, []]
    # The parent is as if there had been no child.
    report = comm.request("report")
    assert report["guard_state"]["mode"] == mode
    assert report["count"] == (0 if mode == "all" else 2)
    assert kernel.shown("_") == "'shown by the parent'" or mode == "all"
    told = [message for message in comm.events if message["event"] == "guard"]
    assert {message["data"]["mode"] for message in told} <= {"off", mode}
    ends = [message["data"] for message in comm.events if message["event"] == "cell_end"]
    assert {shown["number"] for end in ends for shown in end["results"]} <= {3, 4}
    assert {gone for end in ends for gone in end["gone"]} == set()


def test_children_of_multiprocessing_work_under_the_guard(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large", threshold_bytes=10**5)
    kernel.run("import multiprocessing\ncontext = multiprocessing.get_context('fork')")
    kernel.run("def large(number): return [number] * 10**5")
    kernel.run("with context.Pool(2) as pool: made = pool.map(large, range(4))")
    kernel.run("made")
    assert kernel.value("[len(each) for each in made]") == [10**5] * 4
    assert comm.request("report")["guard_state"]["withheld"] == 1
    assert comm.request("release")["released"] == 0
