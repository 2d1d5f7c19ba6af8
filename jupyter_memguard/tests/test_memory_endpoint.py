"""The memory of one kernel, asked as the browser asks."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_memguard import limits, process
from jupyter_memguard.limits import memory_groups

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from .conftest import Kernels

UNKNOWN = "00000000-0000-0000-0000-000000000000"
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


async def test_a_kernel_has_memory_a_limit_and_a_level(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    reply = await kernels.measured(kernel_id)
    assert reply["id"] == kernel_id
    assert reply["reason"] is None
    assert reply["source"] == "process"
    assert reply["children_bytes"] == 0
    assert reply["limit_bytes"] > reply["rss_bytes"] > 10_000_000
    assert reply["limit_source"] in {"cgroup2", "cgroup1", "machine"}
    assert 0 < reply["level"] < 1
    assert reply["started"] == kernels.process(kernel_id).create_time()
    assert reply["sampled"] > reply["started"]


@pytest.mark.parametrize("what", ["memory", "samples"])
@pytest.mark.parametrize("kernel_id", [UNKNOWN, "nonsense", "..", "%2e%2e%2f", "a b", "1"])
async def test_an_unknown_kernel_is_not_found(
    jp_fetch: Callable[..., Awaitable[Any]], kernel_id: str, what: str
) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("jupyter-memguard/kernels", kernel_id, what)
    assert caught.value.code == 404


async def test_a_pid_in_place_of_an_id_is_not_looked_up(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    with pytest.raises(HTTPClientError) as caught:
        await kernels.memory(str(kernels.process(kernel_id).pid))
    assert caught.value.code == 404


async def test_the_figure_follows_what_the_kernel_allocates(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    before = await kernels.measured(kernel_id)
    await kernels.run(kernel_id, "held = bytearray(b'x') * 200_000_000")
    grown = await kernels.memory(kernel_id)
    assert grown["rss_bytes"] - before["rss_bytes"] > 190_000_000
    await kernels.run(kernel_id, "del held")
    fallen = await kernels.memory(kernel_id)
    assert grown["rss_bytes"] - fallen["rss_bytes"] > 190_000_000


async def test_the_figure_rises_while_a_cell_runs(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    before = await kernels.measured(kernel_id)
    code = "import time\nheld = bytearray(b'x') * 100_000_000\nwhile True: time.sleep(0.01)"
    cell = asyncio.ensure_future(kernels.run(kernel_id, code))
    try:
        await kernels.until(
            kernel_id, lambda reply: reply["rss_bytes"] - before["rss_bytes"] > 95_000_000
        )
        assert not cell.done()
    finally:
        cell.cancel()


async def test_child_processes_are_counted_apart(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    before = await kernels.measured(kernel_id)
    await kernels.run(
        kernel_id,
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c',\n"
        "    'held = bytearray(b\"x\") * 100_000_000; import time; time.sleep(600)'])",
    )
    reply = await kernels.until(kernel_id, lambda reply: reply["children_bytes"] > 95_000_000)
    assert reply["rss_bytes"] - before["rss_bytes"] < 50_000_000
    await kernels.run(kernel_id, "child.kill(), child.wait()")
    await kernels.until(kernel_id, lambda reply: reply["children_bytes"] == 0)


async def test_children_that_know_the_connection_are_not_taken_for_the_kernel(
    kernels: Kernels,
) -> None:
    kernel_id = await kernels.start()
    # Two children before the first look: a fork (the kernel's own command line and sockets),
    # and a program with the connection file among its arguments.
    await kernels.run(
        kernel_id,
        "import os, subprocess, sys, time, ipykernel.connect\n"
        "forked = os.fork()\n"
        "if forked == 0:\n"
        "    time.sleep(600)\n"
        "file = ipykernel.connect.get_connection_file()\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', file])",
    )
    reply = await kernels.measured(kernel_id)
    assert reply["started"] == kernels.process(kernel_id).create_time()
    await kernels.run(kernel_id, "os.kill(forked, 9); child.kill()")


@ON_LINUX
async def test_a_kernel_that_is_no_descendant_of_what_was_launched_is_remote(
    kernels: Kernels,
    ipykernel_argv: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The process's age must not end the start, however slow the machine is.
    monkeypatch.setattr(process, "START_SECONDS", math.inf)
    # As `docker run` does: the kernel is no descendant of what was launched. It detaches, and
    # what the server launched goes on with the connection file among its arguments.
    script = tmp_path / "detach.py"
    script.write_text(
        "import os, sys, time\n"
        "del os.environ['JPY_PARENT_PID']\n"  # else the kernel ends when its parent does
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        os.execv(sys.argv[1], sys.argv[1:])\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "time.sleep(600)\n"
    )
    kernels.add_spec("detached", [sys.executable, str(script), *ipykernel_argv])
    kernel_id = await kernels.start("detached")
    pid = int(await kernels.run(kernel_id, "import os; print(os.getpid())"))
    try:
        # The kernel has answered, so `starting` cannot be the reason that it is not found.
        reply = await kernels.until(kernel_id, lambda reply: reply["reason"] != "starting")
        assert reply["reason"] == "remote"
        assert reply["rss_bytes"] is None
    finally:
        os.kill(pid, signal.SIGKILL)


async def test_a_killed_kernel_has_no_figure_and_then_its_successors(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    before = await kernels.measured(kernel_id)
    kernels.process(kernel_id).kill()
    dead = await kernels.until(kernel_id, lambda reply: reply["reason"] is not None)
    assert dead["reason"] == "died"
    assert dead["rss_bytes"] is dead["level"] is dead["source"] is None
    after = await kernels.measured(kernel_id)
    assert after["started"] > before["started"]


async def test_kills_are_told_after_the_process_has_gone(
    kernels: Kernels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = tmp_path / "memory.events"
    events.write_text("oom 0\noom_kill 0\n")
    monkeypatch.setattr(limits, "memory_groups", lambda _pid: [limits.Group(2, tmp_path)])
    kernel_id = await kernels.start()
    assert (await kernels.measured(kernel_id))["oom_kills"] == 0
    events.write_text("oom 1\noom_kill 1\n")
    kernels.process(kernel_id).kill()
    dead = await kernels.until(kernel_id, lambda reply: reply["reason"] is not None)
    assert dead["oom_kills"] == 1
    assert (await kernels.measured(kernel_id))["oom_kills"] == 1


async def test_a_restarted_kernel_is_never_reported_as_died(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    before = await kernels.measured(kernel_id)
    restart = asyncio.ensure_future(kernels.manager.restart_kernel(kernel_id))
    reasons = set()
    while True:
        reply = await kernels.memory(kernel_id)
        reasons.add(reply["reason"])
        if reply["rss_bytes"] is not None and reply["started"] != before["started"]:
            break
    await restart
    assert reasons <= {None, "starting"}


async def test_a_kernel_that_was_shut_down_is_not_found(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.measured(kernel_id)
    await kernels.manager.shutdown_kernel(kernel_id)
    with pytest.raises(HTTPClientError) as caught:
        await kernels.memory(kernel_id)
    assert caught.value.code == 404


@ON_LINUX
async def test_an_address_space_limit_is_found(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.run(
        kernel_id,
        "import resource\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used * 5 // 4, resource.RLIM_INFINITY))",
    )
    reply = await kernels.memory(kernel_id)
    assert reply["nearest"]["source"] == "rlimit_as"
    assert reply["limit_source"] == "rlimit_as"
    assert reply["level"] == reply["used_bytes"] / reply["limit_bytes"]
    assert 0.5 < reply["level"] <= 1


@pytest.fixture
def group() -> Iterator[Path]:
    """Make a control group below this process's own, with a limit of 1 GiB."""
    groups = memory_groups(os.getpid())
    own = next((each for each in groups if (each.directory / "memory.stat").exists()), None)
    if own is None:
        pytest.skip("no control group counts this process's memory")
    made = own.directory / f"memguard-test-{os.getpid()}"
    limit = {1: "memory.limit_in_bytes", 2: "memory.max"}[own.version]
    try:
        made.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    try:
        if not (made / limit).exists():
            pytest.skip("memory is not delegated to new control groups")
        (made / limit).write_text(str(2**30))
        yield made
    finally:
        made.rmdir()


async def test_the_kernel_s_own_control_group_counts_not_the_server_s(
    group: Path, kernels: Kernels
) -> None:
    kernel_id = await kernels.start()
    (group / "cgroup.procs").write_text(str(kernels.process(kernel_id).pid))
    await kernels.run(kernel_id, "held = bytearray(b'x') * 600_000_000")
    reply = await kernels.measured(kernel_id)
    assert reply["limit_source"] in {"cgroup1", "cgroup2"}
    assert reply["limit_bytes"] == 2**30
    # The memory that it had before it moved counts in its old group.
    assert reply["used_bytes"] > 600_000_000
    assert reply["level"] == reply["used_bytes"] / 2**30
