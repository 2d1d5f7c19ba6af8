"""Our work beside the user's threads: docs/reliability.md has the figures of a longer run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_memguard.kernel.tests.threads import beside_threads

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel


@pytest.mark.timeout(600)
def test_all_is_whole_beside_threads_that_allocate_change_show_and_fork() -> None:
    done, wrong = beside_threads(seconds=20)
    assert wrong == []
    for what in ("forks", "mutates", "shows", "reports", "report", "release", "set_guard"):
        assert done[what], done


def test_a_report_in_a_thread_leaves_the_pages_measurement_as_it_is(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("rows = [[at] for at in range(300_000)]")
    kernel.run("rows")
    assert not comm.request("report", budget_ms=1)["final"]
    # No cell, which would end the measurement: a thread asks by itself.
    kernel.value(
        "[setattr(get_ipython(), 'asking', __import__('threading').Thread("
        "target=__import__('_jupyter_memguard').report)), get_ipython().asking.start(),"
        " get_ipython().asking.join()]"
    )
    assert not comm.request("refine", budget_ms=1)["final"]
    while not comm.request("refine")["final"]:
        pass
    assert comm.request("report")["final"]


MAKING = """
import threading
failed, going = [], [True]
def make():
    while going:
        try:
            tuple(number for number in range(3000))
        except SystemError as error:
            failed.append(str(error))
making = threading.Thread(target=make)
making.start()
"""


def test_a_thread_can_make_tuples_while_the_rest_is_looked_at(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("objects = [[number] for number in range(100_000)]")
    kernel.run(MAKING)
    for _ in range(4):
        comm.request("rest")
    kernel.run("going.clear(); making.join()")
    assert kernel.value("failed") == []
