"""The kinds of a process's memory, and its share of what it has in common with its forks."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_memguard import proportions
from jupyter_memguard.process import ProcessId
from jupyter_memguard.proportions import Proportion, Proportions

if TYPE_CHECKING:
    from .conftest import Kernels

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

MB = 1_000_000
OWN = ProcessId(os.getpid(), b"1")


async def test_forks_count_what_they_share_once_together(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.run(
        kernel_id,
        "import os, time\n"
        "held = bytearray(b'x') * 200_000_000\n"
        "forks = [os.fork() for _ in range(3)]\n"  # 8 processes: the kernel and 7 forks
        "if 0 in forks:\n"
        "    time.sleep(600)",
    )
    try:
        reply = await kernels.until(
            kernel_id, lambda reply: (reply["children_rss_bytes"] or 0) > 7 * 200 * MB
        )
        assert 7 / 8 * 200 * MB < reply["children_bytes"] < 500 * MB
        assert reply["pss_bytes"] < reply["rss_bytes"] - 7 / 8 * 190 * MB
    finally:
        for child in kernels.process(kernel_id).children(recursive=True):
            child.kill()


async def test_the_kinds_of_a_kernel_s_memory_sum_to_it(kernels: Kernels, tmp_path: Path) -> None:
    kernel_id = await kernels.start()
    before = await kernels.measured(kernel_id)
    file = tmp_path / "mapped"
    file.write_bytes(b"x" * (80 * MB))
    await kernels.run(
        kernel_id,
        "import mmap\n"
        "allocated = bytearray(b'x') * 160_000_000\n"
        "shared = mmap.mmap(-1, 120_000_000)\n"
        "shared.write(b'x' * 120_000_000)\n"
        f"file = open({str(file)!r}, 'rb')\n"
        "mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)\n"
        "sum(mapped[::4096])",
    )
    reply = await kernels.memory(kernel_id)
    kinds = {
        name: reply[name] - before[name]
        for name in ("anonymous_bytes", "shared_bytes", "file_bytes")
    }
    for name, expected in (("anonymous_bytes", 160), ("shared_bytes", 120), ("file_bytes", 80)):
        assert abs(kinds[name] - expected * MB) < 20 * MB, (name, kinds)
    total = reply["anonymous_bytes"] + reply["shared_bytes"] + reply["file_bytes"]
    assert abs(total - reply["rss_bytes"]) < 5 * MB
    assert isinstance(reply["swap_bytes"], int)


def test_what_grew_since_the_reading_counts_as_the_process_s_own() -> None:
    read = Proportion(pss_bytes=50, swap_bytes=0, rss_bytes=200)
    assert read.pss_at(230) == 80
    assert read.pss_at(180) == 30
    assert read.pss_at(100) == 0
    assert Proportion(300, 0, 300).pss_at(250) == 250


def test_a_process_is_read_seldom_and_by_a_thread_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readers = []

    def read(_: int) -> Proportion:
        readers.append(threading.current_thread())
        return Proportion(1, 2, 3)

    monkeypatch.setattr(proportions, "_read_proportion", read)
    known = Proportions()
    assert [known.of([OWN]) for _ in range(3)] == [{OWN: Proportion(1, 2, 3)}] * 3
    assert len(readers) == 1
    assert readers[0] is not threading.current_thread()
    monkeypatch.setattr(proportions, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(proportions, "_TIMES_ITS_COST", 0)
    other = ProcessId(OWN.pid, b"2")  # a later process with the same pid
    for _ in range(2):
        known.of([other])
    assert len(readers) == 3


def test_nobody_waits_for_a_process_that_makes_its_reading_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_end = threading.Event()

    def read(_: int) -> Proportion:
        may_end.wait()
        return Proportion(1, 2, 3)

    monkeypatch.setattr(proportions, "_read_proportion", read)
    monkeypatch.setattr(proportions, "_PATIENCE_SECONDS", 0.01)
    known = Proportions()
    assert known.of([OWN]) == {}
    may_end.set()
    monkeypatch.setattr(proportions, "_PATIENCE_SECONDS", 60.0)
    assert known.of([OWN]) == {OWN: Proportion(1, 2, 3)}


def test_what_the_system_does_not_tell_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = ProcessId(2**22 + 1, b"1")  # above the greatest pid
    assert Proportions().of([nobody]) == {}
    assert proportions.read_kinds(nobody.pid) == proportions.Kinds()
    # As before Linux 4.14: there is no such file.
    monkeypatch.setattr(proportions, "_PROC", Path("/sys"))
    assert Proportions().of([OWN]) == {}


def test_a_process_that_nobody_asks_about_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Proportions()
    assert OWN in known.of([OWN])
    other = ProcessId(os.getppid(), b"1")
    monkeypatch.setattr(proportions, "_FORGOTTEN_SECONDS", -1000.0)
    assert known.of([other]) == {}
    assert known._known == {}
