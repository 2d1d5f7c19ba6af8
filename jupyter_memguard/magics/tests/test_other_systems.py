"""The magics where the system has neither /proc nor glibc, as macOS and Windows have not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Takes away what only Linux has, then uses everything.
WITHOUT = """
import ctypes, os, pathlib, sys
from IPython.core.interactiveshell import InteractiveShell

def missing(*_args, **_named):
    raise FileNotFoundError("not on this system")

def refused(*_args, **_named):
    raise TypeError("bad argument type for built-in operation")  # as ctypes does on Windows

real = pathlib.Path.read_bytes, pathlib.Path.write_bytes, os.open

def is_proc(path):
    return str(path).replace(os.sep, "/").startswith("/proc")

pathlib.Path.read_bytes = lambda self: missing() if is_proc(self) else real[0](self)
pathlib.Path.write_bytes = lambda self, data: missing() if is_proc(self) else real[1](self, data)
os.open = lambda path, *more, **named: (
    missing() if is_proc(path) else real[2](path, *more, **named)
)
for name in ("confstr", "sysconf", "pread"):
    if hasattr(os, name):
        delattr(os, name)
ctypes.CDLL = refused
sys.modules["resource"] = None

shell = InteractiveShell.instance()
for cell in (
    "%load_ext jupyter_memguard",
    "big = b'x' * 20_000_000",
    "list(range(300_000))",
    "%memguard",
    "%memguard rest",
    "%%memguard\\nkept = list(range(10)); kept",
    "%memguard free 3 99",
    "%memguard guard large",
    "list(range(3_000_000))",
    "Out[9]",
    "%memguard free all",
    "%unload_ext jupyter_memguard",
):
    shell.run_cell(cell, store_history=True).raise_error()
"""


def test_all_works_and_says_what_the_system_does_not_tell() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    said = done.stdout
    assert "Out[3]" in said
    assert "list" in said
    assert "This system does not tell the kernel's memory; known are" in said
    assert "This system does not tell the kernel's memory.\n" in said
    assert "Freed 1 result; this system does not tell the memory before and after" in said
    assert "IPython keeps no Out[99]" in said
    assert "<Out[9] was not kept" in said
