"""The reference kernel answers as docs/protocol.md says, without a line of the package in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.kernelspec import KernelSpec

from jupyter_memguard.kernel import messages
from jupyter_memguard.kernel.tests.support import started_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.support import Kernel

HERE = Path(__file__).parent


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    argv = [sys.executable, str(HERE / "reference_kernel.py"), "-f", "{connection_file}"]
    spec = KernelSpec(argv=argv, display_name="reference", language="reference")
    with started_kernel(spec) as kernel:
        yield kernel


def keys_of(shape: Any) -> set[str]:
    return set(shape.__annotations__)


def test_it_says_that_it_answers(kernel: Kernel) -> None:
    kernel.client.kernel_info()
    info = kernel.client.get_shell_msg(timeout=30)["content"]
    assert "memguard" in info["supported_features"]


def test_its_answers_have_the_whole_shape(kernel: Kernel) -> None:
    kernel.execute("x = b'x' * 1000000")
    kernel.execute("b'y' * 2000000")
    comm = kernel.comm()
    hello = comm.event("hello")
    assert hello["version"] == 3
    assert keys_of(messages.GuardState) <= set(hello["guard_state"])
    report = comm.request("report")
    assert keys_of(messages.Report) <= set(report)
    [row] = report["results"]
    assert keys_of(messages.Row) <= set(row)
    assert row["freed_bytes"] > 2 * 10**6
    overview = comm.request("overview")
    assert keys_of(messages.Overview) <= set(overview)
    released = comm.request("release", min_bytes=2**20)
    assert keys_of(messages.Released) <= set(released)
    assert released["released"] == 1
    assert comm.request("report")["results"] == []


def test_what_it_cannot_do_is_an_unknown_method(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.event("hello")
    reply = comm.reply({"id": "1", "method": "explain", "params": {"key": "2"}})
    assert reply == {"id": "1", "ok": False, "error": {"code": "unknown_method"}}
