"""What a release gave back: by giving free memory back, by the results, and some time later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.retention.process import is_glibc

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Comm, Kernel

MIB = 2**20
# An allocator that gives back late: each call of `later` lets 60 MiB go some time after a release,
# which has a callback in this list from its end on.
LATE = """
import mmap
callbacks = get_ipython().events.callbacks["pre_run_cell"]
loop = get_ipython().kernel.io_loop
def later(seconds, size=60 * 2**20):
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(bytes(size))
    def wait():
        if callbacks:
            loop.call_later(seconds, memory.close)
        else:
            loop.call_later(0.01, wait)
    wait()
"""
pytestmark = pytest.mark.skipif(not is_glibc(), reason="only glibc can be asked to give back")


def settled(kernel: Kernel, comm: Comm, seconds: float) -> list[Any]:
    """Return what the events that came within the next seconds say."""
    time.sleep(seconds)
    kernel.value("1")
    while any(m["content"].get("comm_id") == comm.id for m in kernel.messages):
        comm.events.append(comm.receive())
    return [event["data"] for event in comm.events if event["event"] == "settled"]


def test_what_was_free_before_is_told_apart_from_what_results_gave(kernel: Kernel) -> None:
    kernel.run("blocks = [bytes(bytearray(60_000)) for _ in range(2_000)]; kept = blocks[::50]")
    kernel.run("import numpy as np; np.ones(5 * 2**20)")
    kernel.run("blocks = None")
    released = kernel.comm().request("release")
    fell = released["before_rss_bytes"] - released["after_rss_bytes"]
    assert released["trimmed_bytes"] == pytest.approx(112 * MIB, abs=5 * MIB)
    assert fell - released["trimmed_bytes"] == pytest.approx(40 * MIB, abs=5 * MIB)


def test_free_memory_is_given_back_without_a_result(kernel: Kernel) -> None:
    kernel.run("blocks = [bytes(bytearray(60_000)) for _ in range(2_000)]; kept = blocks[::50]")
    kernel.run("blocks = None")
    comm = kernel.comm()
    for method in ("release", "release_shown", "release_tracebacks"):
        released = comm.request(method)
        expected = 112 * MIB if method == "release" else 0
        assert released["trimmed_bytes"] == pytest.approx(expected, abs=5 * MIB)


@pytest.mark.parametrize("size", [111, 3_000])  # of Python's allocator, and of the system's
def test_what_stays_free_between_other_objects_is_told(kernel: Kernel, size: int) -> None:
    count = 40 * MIB // size
    kernel.run(f"blocks = [bytes(bytearray({size})) for _ in range({count})]; kept = blocks[::4]")
    kernel.run("blocks.append(None); blocks")
    kernel.run("del blocks")
    released = kernel.comm().request("release")
    fell = released["before_rss_bytes"] - released["after_rss_bytes"] - released["trimmed_bytes"]
    gone = 3 * count // 4 * (size + 33) + 8 * count
    assert released["let_go_bytes"] == pytest.approx(gone, rel=0.05)
    assert fell < 0.9 * gone


def test_what_came_back_is_what_was_let_go(kernel: Kernel) -> None:
    kernel.run("bytearray(b'1') * (40 * 2**20)")
    released = kernel.comm().request("release")
    fell = released["before_rss_bytes"] - released["after_rss_bytes"] - released["trimmed_bytes"]
    assert released["let_go_bytes"] == pytest.approx(40 * MIB, abs=MIB)
    assert fell == pytest.approx(40 * MIB, abs=2 * MIB)


def test_what_comes_back_later_is_told_each_time(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run(LATE)
    kernel.run("later(0.2); later(1.4)")
    released = comm.request("release")
    told = settled(kernel, comm, 2.5)
    assert [data["before_rss_bytes"] for data in told] == [released["before_rss_bytes"]] * 2
    falls = [released["after_rss_bytes"] - data["after_rss_bytes"] for data in told]
    assert falls == pytest.approx([60 * MIB, 120 * MIB], abs=2 * MIB)
    assert kernel.value("len(callbacks)") == 0


def test_nothing_is_told_where_nothing_comes_back(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("release")
    assert settled(kernel, comm, 2.3) == []


def test_a_cell_ends_the_reading(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run(LATE)
    kernel.run("later(0.2)")
    comm.request("release")
    assert kernel.value("len(callbacks)") == 1
    kernel.run("pass")
    assert kernel.value("len(callbacks)") == 0
    assert settled(kernel, comm, 2.3) == []


def test_a_shell_without_a_loop_only_releases(kernel: Kernel) -> None:
    kernel.run("import _jupyter_memguard as m")
    kernel.run("kernel = get_ipython().kernel; get_ipython().kernel = None; [1]")
    kernel.run("released = m.release(); get_ipython().kernel = kernel")
    assert kernel.value("released['released']") == 1
