"""The package where neither a server nor psutil is: the kernel's part, and what a server says."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jupyter_memguard

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
MISSING = ("jupyter_server", "jupyterlab", "psutil", "tornado")


def test_the_kernels_part_needs_none_of_them() -> None:
    code = (
        "import sys\n"
        f"for name in {MISSING!r}: sys.modules[name] = None\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "for line in ('%load_ext jupyter_memguard', '[1, 2]', '%memguard', '%memguard rest',\n"
        "             '%memguard guard large', '%memguard free all', '%%memguard\\n1;'):\n"
        "    shell.run_cell(line, store_history=True).raise_error()\n"
        "import jupyter_memguard.always_on\n"
        "print('all well')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout.endswith("all well\n"), done.stdout + done.stderr


def test_a_server_without_psutil_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in list(sys.modules):
        if name.startswith("jupyter_memguard.") and not name.startswith("jupyter_memguard.kernel"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psutil", None)
    server: Any = SimpleNamespace(log=logging.getLogger("server"))
    jupyter_memguard._load_jupyter_server_extension(server)
    [record] = caplog.records
    assert "without psutil" in record.getMessage()
    assert "jupyter_memguard[lab]" in record.getMessage()
