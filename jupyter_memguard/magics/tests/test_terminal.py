"""`%memguard` in a terminal: IPython without a kernel, driven by its keyboard."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pexpect = pytest.importorskip("pexpect")
MIB = 2**20


class Terminal:
    """An `ipython` that reads what is typed."""

    def __init__(self, home: Path) -> None:
        arguments = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
        self.child = pexpect.spawn(
            sys.executable,
            arguments,
            env={"PATH": "/usr/bin:/bin", "IPYTHONDIR": str(home), "HOME": str(home)},
            encoding="utf-8",
            timeout=60,
            dimensions=(40, 200),
        )
        self.number = 0
        self._wait()

    def _wait(self) -> None:
        self.number += 1
        self.child.expect_exact(f"In [{self.number}]: ")

    def type(self, line: str) -> str:
        """Type a line; return what stands above the next prompt."""
        self.child.sendline(line)
        self._wait()
        return str(self.child.before).replace("\r", "")

    def rss(self) -> int:
        said = self.type("print('rss', __import__('psutil').Process().memory_info().rss)")
        return int(re.findall(r"rss (\d+)", said)[-1])


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.child.close(force=True)


def test_the_magics_work_at_a_prompt(terminal: Terminal) -> None:
    terminal.type("%load_ext jupyter_memguard")
    terminal.type("import numpy as np")
    assert "array" in terminal.type("arr = np.ones(2 * 10**7); arr")
    terminal.type("del arr")
    held = terminal.rss()
    table = terminal.type("%memguard")
    assert "Out[3]  152.6 MiB  numpy.ndarray" in table
    assert "<td" not in table
    assert "Freed 1 result" in terminal.type("%memguard free")
    assert held - terminal.rss() > 140 * MIB
    assert "it takes off, large, last or all" in terminal.type("%memguard guard biggest")
    terminal.type("%memguard guard large")
    terminal.type("arr = np.ones(2 * 10**7); arr")
    held = terminal.rss()
    terminal.type("del arr")
    assert held - terminal.rss() > 140 * MIB
    assert "Traceback" not in terminal.type("%unload_ext jupyter_memguard")
    assert "not found" in terminal.type("%memguard")
