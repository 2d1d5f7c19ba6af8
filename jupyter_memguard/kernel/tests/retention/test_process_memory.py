"""What is free, but not given back: the estimate, beside what `malloc_trim` gives back."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_memguard.kernel.reports import process_memory
from jupyter_memguard.kernel.retention.process import is_glibc

MIB = 2**20
# What a process freed that still holds the memory, or not.
FREED = {
    "nothing": "",
    "large blocks between small ones": "blocks = blocks_of(60_000, 3_000); kept = blocks[::50]",
    "blocks of less than a page": "blocks = blocks_of(3_000, 40_000); kept = blocks[::200]",
    # Between the used blocks no whole page is free.
    "every second small block": "blocks = blocks_of(3_000, 40_000); kept = blocks[::2]",
    "the blocks of threads": """
import threading
kept = []
def work(): kept.append(blocks_of(3_000, 20_000)[::100])
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
""",
    "blocks that were given back before": "blocks = blocks_of(60_000, 3_000); del blocks; trim()",
    "memory that was never written to": "blocks = [malloc(100_000) for _ in range(2_000)]",
}
MEASURE = """
import ctypes, json, os, sys
from jupyter_memguard.kernel.reports import process_memory
from jupyter_memguard.kernel.retention.process import rss_bytes
libc = ctypes.CDLL(None)
def trim(): libc.malloc_trim(0)
def blocks_of(size, count): return [bytes(bytearray(size)) for _ in range(count)]
libc.malloc.restype = ctypes.c_void_p
def malloc(size): return libc.malloc(ctypes.c_size_t(size))
trim()
exec(sys.argv[1])
blocks = None
said, before = process_memory.read(), rss_bytes()
trim()
print(json.dumps([*said, before - rss_bytes()]))
"""


def measured(freed: str) -> tuple[process_memory.ProcessMemory, int]:
    """Return what a process says after it freed memory, and what it gave back then."""
    command = [sys.executable, "-c", MEASURE, FREED[freed]]
    *said, gave = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return process_memory.ProcessMemory(*said), gave


@pytest.mark.skipif(not is_glibc(), reason="only glibc tells of its free memory")
@pytest.mark.parametrize("freed", FREED)
def test_what_is_free_is_what_can_be_given_back(freed: str) -> None:
    said, gave = measured(freed)
    assert said.free is not None
    assert abs(said.free - gave) < max(2 * MIB, gave / 10)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of it")
def test_the_figures_are_of_one_moment() -> None:
    said = process_memory.read()
    assert said.rss == (said.anonymous or 0) + (said.mapped or 0)
    assert 0 < (said.mapped or 0) < said.rss
    assert 0 <= (said.free or 0) <= (said.anonymous or 0)


FREE_IN_PYTHON = """
import json
from jupyter_memguard.kernel.reports.python_allocator import read
before = read()
objects = [[number] for number in range(400_000)]
kept = objects[::10]
objects.clear()
now = read()
print(now.free - before.free, now.handed_out - before.handed_out)
"""


@pytest.mark.skipif(not is_glibc(), reason="only the C library of Linux writes into memory")
def test_what_pythons_allocator_keeps_is_told() -> None:
    command = [sys.executable, "-c", FREE_IN_PYTHON]
    answer = subprocess.run(command, check=True, capture_output=True)
    free, handed_out = map(int, answer.stdout.split())
    # A list with the collector's head is of 64 bytes, its items of 16, and the number of 32.
    assert free == pytest.approx(360_000 * (64 + 16 + 32), rel=0.1)
    assert handed_out == pytest.approx(40_000 * (64 + 16 + 32), rel=0.1)
    assert answer.stderr == b""


SCATTERED = """
import gc, sys
from jupyter_memguard.kernel.retention.process import renew_free_lists, rss_bytes
make, most = eval("lambda: " + sys.argv[1]), int(sys.argv[2])
objects = [make() for _ in range(800_000)]
last = objects[:: len(objects) // most]
objects.clear()
kept = [make() for _ in range(most)]  # those that Python keeps are used again
del last  # these are what Python keeps now, all over its memory
before = rss_bytes()
renew_free_lists()
renewed = rss_bytes()
gc.collect()  # empties what Python keeps
print(before - renewed, renewed - rss_bytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the process's size is read in /proc")
@pytest.mark.parametrize(
    ("make", "most"),
    [
        *((f"tuple([None] * {length})", "2000") for length in (1, 2, 3, 4)),
        ("[]", "80"),
        ("{'': None}", "80"),
    ],
)
def test_free_objects_that_python_keeps_hold_no_memory_that_is_free(make: str, most: str) -> None:
    command = [sys.executable, "-c", SCATTERED, make, most]
    answer = subprocess.run(command, check=True, capture_output=True)
    given_back, left = map(int, answer.stdout.split())
    assert given_back > 25 * MIB
    assert left < 4 * MIB


def test_another_allocator_is_not_said_to_keep_anything() -> None:
    program = "from jupyter_memguard.kernel.reports import python_allocator as a; "
    program += "print(a.read())"
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONMALLOC": "malloc"}
    answer = subprocess.run(command, check=True, capture_output=True, env=environment)
    assert answer.stdout.strip() == b"None"


def _raise(*_args: Any, **_named: Any) -> Any:
    raise OSError


def test_where_nothing_is_told_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", _raise)
    assert process_memory.read().free is None
    monkeypatch.setattr(Path, "read_bytes", _raise)
    said = process_memory.read()
    assert (said.free, said.mapped, said.anonymous) == (None, None, None)


def test_the_old_figures_are_asked_where_the_new_are_missing() -> None:
    class Old:
        class mallinfo:  # noqa: N801 - the function's name
            restype: Any = None

            def __new__(cls) -> Any:
                return cls.restype(fordblks=3 * MIB, uordblks=MIB, ordblks=5)

    old: Any = Old
    assert process_memory._figures(old, 2**30) == (3 * MIB, MIB, 5)
    # Its figures would not fit.
    assert process_memory._figures(old, 2**31) is None
