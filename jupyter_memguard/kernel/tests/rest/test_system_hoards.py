"""What the system says of files, shared memory and free memory."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_memguard.kernel.tests.rest.conftest import Asked

MB = 10**6


def test_shared_memory(asked: Asked) -> None:
    asked.kernel.run(
        "from multiprocessing.shared_memory import SharedMemory\n"
        "block = SharedMemory(create=True, size=40_000_000)\n"
        "block.buf[:] = bytes(1) * 40_000_000"
    )
    hoard = asked.check("shared_memory", "/dev/shm/", 40 * MB)  # noqa: S108
    assert hoard["part"] == "mapped"
    assert hoard["remedy"] == "block.close(); block.unlink()"


def test_a_file_that_is_mapped(asked: Asked, tmp_path: Path) -> None:
    asked.kernel.run(
        "import numpy as np\n"
        f"np.ones(5_000_000).tofile({str(tmp_path / 'data')!r})\n"
        f"data = np.memmap({str(tmp_path / 'data')!r}, mode='r')\n"
        "int(data.sum());"
    )
    hoard = asked.check("mapped_file", str(tmp_path / "data"), 40 * MB)
    assert hoard["remedy"] == "del data"


def test_a_path_of_the_users_own_type_is_not_asked_for_its_text(
    asked: Asked, tmp_path: Path
) -> None:
    asked.kernel.run(
        "ran = []\n"
        "class Mine:\n    def __str__(self): ran.append(1); return 'mine'\n"
        f"np.ones(50_000).tofile({str(tmp_path / 'data')!r})\n"
        f"data = np.memmap({str(tmp_path / 'data')!r}, mode='r')\n"
        "int(data.sum()); data.filename = Mine()"
    )
    assert asked.hoard("mapped_file", str(tmp_path / "data"))["remedy"] is None
    assert asked.kernel.value("ran") == []
    asked.kernel.run("del data")


def test_free_memory_that_the_allocator_keeps(asked: Asked) -> None:
    # Every second of many blocks is freed, so that the allocator can give few pages back.
    asked.kernel.run("blocks = [b'x' * 120_000 for _ in range(2_000)]; del blocks[::2]")
    asked.rest()  # asking leaves something free as well
    rest = asked.rest()
    [hoard] = [
        each
        for each in rest["hoards"]
        if each["kind"] == "allocator" and each["remedy"] is not None
    ]
    assert hoard["part"] == "free"
    asked.kernel.run(hoard["remedy"])
    fell = rest["memory"]["anonymous_bytes"] - asked.rest()["memory"]["anonymous_bytes"]
    assert fell == pytest.approx(hoard["bytes"], rel=0.1)
    asked.kernel.run("del blocks")


def test_free_memory_that_python_keeps(asked: Asked) -> None:
    asked.kernel.run("small = [[number] for number in range(300_000)]; kept = small[::10]")
    asked.kernel.run("del small")
    hoard = asked.hoard("allocator", "Python")
    assert hoard["part"] == "free"
    # A list and its item's room; the numbers of a range that lives are not many.
    assert hoard["bytes"] > 270_000 * (64 + 16)
    assert hoard["remedy"] is None
    asked.kernel.run("del kept")


def test_the_code_of_libraries_and_the_kinds_of_memory(asked: Asked) -> None:
    rest = asked.rest()
    kinds = {hoard["kind"]: hoard for hoard in rest["hoards"]}
    assert kinds["code"]["part"] == "mapped"
    assert kinds["code"]["count"] > 20
    assert kinds["code_data"]["part"] == "rest"
    memory = rest["memory"]
    parts = [memory[f"{name}_bytes"] for name in ("anonymous", "file", "shared")]
    assert sum(parts) == pytest.approx(rest["rss_bytes"], abs=3 * MB)
    assert 0 < memory["pss_bytes"] <= rest["rss_bytes"] + 3 * MB
    assert memory["swap_bytes"] >= 0


SMAPS = """\
7f0000000000-7f0000200000 r--p 00000000 08:01 11 /lib/it.so
Rss:                1000 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd mr mw me
7f0000200000-7f0000400000 r-xp 00000000 08:01 11 /lib/it.so
Rss:                 500 kB
Anonymous:           100 kB
Swap:                 20 kB
VmFlags: rd ex mr mw me
7f0000400000-7f0000600000 rw-p 00000000 00:00 0
Rss:                 700 kB
Anonymous:           700 kB
Swap:               4000 kB
VmFlags: rd wr mr mw me
"""


def test_swapped_pages_are_told(asked: Asked) -> None:
    # No test can have the system swap, so the kernel reads a text of such a system.
    asked.kernel.run(
        textwrap.dedent(f"""
        import sys
        module = sys.modules['_jupyter_memguard']._stages.module('rest.hoarders.system')
        class Smaps:
            def __init__(self, path): pass
            def read_bytes(self): return {SMAPS.encode()!r}
        real, module.Path = module.Path, Smaps
        """)
    )
    hoards = {hoard["kind"]: hoard for hoard in asked.rest()["hoards"]}
    asked.kernel.run("module.Path = real")
    assert (hoards["swap"]["bytes"], hoards["swap"]["part"]) == (4020 * 1024, "swap")
    assert hoards["code"]["bytes"] == 1400 * 1024
    assert hoards["code_data"]["bytes"] == 100 * 1024


def test_the_report_of_python_tells_it_too(asked: Asked) -> None:
    asked.kernel.run("import _jupyter_memguard as api")
    rest = asked.kernel.value("api.report()['rest']")
    assert (
        rest["rest_bytes"]
        == sum(hoard["bytes"] for hoard in rest["hoards"] if hoard["part"] == "rest")
        + rest["remainder_bytes"]
    )
    assert asked.kernel.value("api.report(rest=False)['rest'] is None")
