"""Processes that the system does not show, wrappers of all kinds, and other systems."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from jupyter_memguard import process, proportions
from jupyter_memguard.config import Memguard
from jupyter_memguard.kernel_memory import KernelMemory
from jupyter_memguard.process import (
    Connection,
    KernelProcess,
    ProcessGoneError,
    ProcessId,
    ProcessTable,
)
from jupyter_memguard.targets import Target

if TYPE_CHECKING:
    from .conftest import Kernels

NOWHERE = Connection("nowhere.json", 1)
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

# As `conda run` does: it writes and runs a script, and only the script names the connection.
CONDA_RUN = """
import shlex, subprocess, sys, tempfile
with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as script:
    script.write(shlex.join(sys.argv[1:]) + "\\nexit $?\\n")
sys.exit(subprocess.call(["bash", script.name]))
"""


def wrapped(how: str, argv: list[str], folder: Path) -> list[str]:
    """Give the command line of a kernel that something else starts."""
    command = " ".join(part if part == "{connection_file}" else shlex.quote(part) for part in argv)
    if how == "conda run":
        script = folder / "conda_run.py"
        script.write_text(CONDA_RUN)
        return [sys.executable, str(script), *argv]
    return {
        "sh -c": ["sh", "-c", command],
        "sh -c, and more": ["sh", "-c", f"{command}; true"],
        "nested": ["sh", "-c", f"sh -c {shlex.quote(command + '; true')}; true"],
        "uv run": [sys.executable, "-m", "uv", "run", "--offline", "--no-project", *argv],
    }[how]


@pytest.mark.parametrize("transport", ["tcp"])
@pytest.mark.parametrize("sockets", [True, False])
@pytest.mark.parametrize("how", ["sh -c", "sh -c, and more", "nested", "uv run", "conda run"])
async def test_a_wrapper_is_not_taken_for_the_kernel(  # noqa: PLR0913, PLR0917 (all are fixtures)
    kernels: Kernels,
    ipykernel_argv: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    sockets: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    if not sockets:  # as on a system that does not show sockets: command lines decide
        monkeypatch.setattr(process, "_listens", lambda *_: False)
        monkeypatch.setattr(process, "_sockets_are_shown", lambda: False)
    kernels.add_spec("wrapped", wrapped(how, ipykernel_argv, tmp_path))
    kernel_id = await kernels.start("wrapped")
    pid = int(await kernels.run(kernel_id, "import os; print(os.getpid())"))
    if how != "sh -c":
        assert pid != kernels.process(kernel_id).pid
    reply = await kernels.measured(kernel_id)
    assert reply["started"] == psutil.Process(pid).create_time()
    await kernels.run(kernel_id, "held = bytearray(b'x') * 100_000_000")
    grown = await kernels.memory(kernel_id)
    assert grown["rss_bytes"] - reply["rss_bytes"] > 95_000_000
    assert grown["children_bytes"] == 0


async def test_a_kernel_that_ends_below_its_wrapper_has_died(
    kernels: Kernels, ipykernel_argv: list[str], tmp_path: Path
) -> None:
    argv = wrapped("sh -c, and more", ipykernel_argv, tmp_path)
    kernels.add_spec("outlived", [*argv[:2], f"{argv[2]}; sleep 600"])
    kernel_id = await kernels.start("outlived")
    pid = int(await kernels.run(kernel_id, "import os; print(os.getpid())"))
    await kernels.measured(kernel_id)
    psutil.Process(pid).kill()
    await kernels.until(kernel_id, lambda reply: reply["reason"] is not None)
    assert kernels.process(kernel_id).is_running()
    assert [(await kernels.memory(kernel_id))["reason"] for _ in range(2)] == ["died", "died"]


@ON_LINUX
def test_a_process_that_gives_its_memory_back_to_end_has_ended() -> None:
    # The more memory it has, the longer its end takes: about a second for each 6 GB.
    program = "held = bytearray(b'x') * 300_000_000; print(); input()"
    with subprocess.Popen(
        [sys.executable, "-uc", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        kernel = KernelProcess(psutil.Process(child.pid))
        child.kill()
        with pytest.raises(ProcessGoneError):
            list(iter(lambda: kernel.usage().rss_bytes, 0))


@pytest.mark.usefixtures("elsewhere")
def test_processes_that_are_said_to_be_each_other_s_parents_count_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Windows still reports a parent that has ended. A grandchild may have got its pid by now.
    family = [
        (ProcessId(pid, b""), parent, rss)
        for pid, parent, rss in ((1, 3, 10), (2, 1, 20), (3, 2, 40))
    ]
    monkeypatch.setattr(process, "_psutil_processes", lambda: family)
    assert sum(ProcessTable().descendants(1).values()) == 60


def read(pid: int) -> Any:
    """Read the memory of a process as if it were a kernel's."""
    return KernelMemory(Memguard()).read(Target("k", None, pid, NOWHERE))


@ON_LINUX
@pytest.mark.parametrize("whose", ["another's", "nobody's"])
def test_a_process_that_proc_hides_is_not_permitted(whose: str) -> None:
    # This uses a real mount of /proc that hides other users' processes, and a user who is not root.
    program = (
        "import json, os, subprocess, sys\n"
        "from jupyter_memguard.tests.test_processes import read\n"
        "pid = int(sys.argv[1])\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(json.dumps(read(pid)))\n"
    )
    mount = 'mount -t proc -o hidepid=2 proc /proc || exit 77; exec "$@"'
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        if whose == "nobody's":
            child.communicate(b"\n")
        pid = str(child.pid)
        try:
            done = subprocess.run(
                ["unshare", "-m", "sh", "-c", mount, "sh", sys.executable, "-c", program, pid],
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            pytest.skip("there is no unshare")
        finally:
            child.kill()
    if done.returncode in (1, 77) and not done.stdout and "Traceback" not in done.stderr:
        pytest.skip(f"/proc cannot be mounted anew: {done.stderr.strip()}")
    reply = json.loads(done.stdout)
    assert reply["reason"] == ("not_permitted" if whose == "another's" else "died")
    assert reply["rss_bytes"] is None


@pytest.mark.parametrize("method", ["__init__", "status", "children"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [(psutil.AccessDenied, "not_permitted"), (psutil.NoSuchProcess, "died")],
)
def test_what_the_system_refuses_to_psutil_is_reported(
    monkeypatch: pytest.MonkeyPatch, method: str, error: type[psutil.Error], reason: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error(os.getpid())

    monkeypatch.setattr(psutil.Process, method, refuse)
    reply = read(os.getpid())
    assert reply["reason"] == reason
    assert reply["rss_bytes"] is reply["level"] is reply["source"] is None


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS or Windows: no /proc, what psutil knows, and this process for a kernel."""
    monkeypatch.setattr(process, "_LINUX", False)
    for module in (process, proportions):
        monkeypatch.setattr(module, "_PROC", Path("/there is none"))
    monkeypatch.setattr("jupyter_memguard.limits.memory_groups", lambda _: [])
    monkeypatch.setattr("jupyter_memguard.limits.address_space_bytes", lambda _: None)
    monkeypatch.setattr(process, "_listens", lambda *_: True)


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_psutil_reads_the_process_its_children_and_the_machine() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        reply = read(os.getpid())
        child.communicate(b"\n")
    own = psutil.Process().memory_info().rss
    assert reply["reason"] is None
    assert abs(reply["rss_bytes"] - own) < 20_000_000
    assert reply["children_bytes"] == reply["children_rss_bytes"] > 0
    assert reply["pss_bytes"] is reply["swap_bytes"] is reply["anonymous_bytes"] is None
    assert reply["limit_source"] == reply["nearest"]["source"] == "machine"
    assert reply["limit_bytes"] == psutil.virtual_memory().total


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("error", "reason"),
    [(psutil.AccessDenied, "not_permitted"), (psutil.NoSuchProcess, "died")],
)
def test_elsewhere_a_refusal_is_reported(
    monkeypatch: pytest.MonkeyPatch, error: type[psutil.Error], reason: str
) -> None:
    memory = KernelMemory(Memguard())
    target = Target("k", None, os.getpid(), NOWHERE)
    assert memory.read(target)["reason"] is None

    def refuse(*_: object) -> None:
        raise error(os.getpid())

    # macOS lets nobody but root read another user's process.
    monkeypatch.setattr(psutil.Process, "memory_info", refuse)
    assert memory.read(target)["reason"] == reason
    assert memory.samples([target]) == {}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("peak", [None, 123])
def test_the_highest_mark_is_reported_where_the_system_has_one(
    monkeypatch: pytest.MonkeyPatch, peak: int | None
) -> None:
    class Memory:
        rss = 100
        vms = 200

    if peak is not None:  # Windows
        Memory.peak_wset = peak  # type: ignore[attr-defined]
    monkeypatch.setattr(psutil.Process, "memory_info", lambda _: Memory())
    taken = KernelMemory(Memguard()).samples([Target("k", None, os.getpid(), NOWHERE)])
    assert (taken["k"].rss_bytes, taken["k"].high_water_bytes) == (100, peak)


@pytest.mark.usefixtures("elsewhere")
def test_a_process_that_ends_between_two_looks_has_no_highest_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = KernelMemory(Memguard())
    looks = iter([psutil.Process().memory_info()])

    def once(process: psutil.Process) -> Any:
        for look in looks:
            return look
        raise psutil.NoSuchProcess(process.pid)

    monkeypatch.setattr(psutil.Process, "memory_info", once)
    taken = memory.samples([Target("k", None, os.getpid(), NOWHERE)])
    assert taken["k"].high_water_bytes is None
