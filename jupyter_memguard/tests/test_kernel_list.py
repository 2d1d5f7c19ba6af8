"""All kernels of the server on one screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from jupyter_memguard import limits
from jupyter_memguard.monitor import KernelMonitor
from jupyter_memguard.targets import Target

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Kernels


async def open_session(fetch: Any, path: str, kind: str) -> str:
    body = {"path": path, "type": kind, "name": f"A {kind}", "kernel": {"name": "python3"}}
    answer = await fetch("api/sessions", method="POST", body=json.dumps(body), request_timeout=60)
    kernel_id: str = json.loads(answer.body)["kernel"]["id"]
    return kernel_id


async def test_every_running_kernel_is_listed_with_its_notebook(
    kernels: Kernels, jp_fetch: Any
) -> None:
    notebook = await open_session(jp_fetch, "folder/some work.ipynb", "notebook")
    console = await open_session(jp_fetch, "console-1", "console")
    alone = await kernels.start()
    for kernel_id in (notebook, console, alone):
        await kernels.measured(kernel_id)
    await kernels.run(alone, "held = bytearray(b'x') * 100_000_000")

    listed = {each["id"]: each for each in (await kernels.get())["kernels"]}

    assert listed.keys() == {notebook, console, alone}
    assert {
        kernel_id: (each["notebook"], each["title"], each["kind"], each["name"])
        for kernel_id, each in listed.items()
    } == {
        notebook: ("folder/some work.ipynb", "A notebook", "notebook", "python3"),
        console: (None, "A console", "console", "python3"),
        alone: (None, None, None, "python3"),
    }
    assert listed[alone]["rss_bytes"] - listed[console]["rss_bytes"] > 90_000_000
    one = await kernels.memory(console)
    assert one.keys() == listed[console].keys() - {"name", "notebook", "title", "kind"}
    assert one["started"] == listed[console]["started"]


async def test_without_kernels_the_list_is_empty(kernels: Kernels) -> None:
    assert await kernels.get() == {"kernels": []}


async def test_a_kernel_that_ended_is_forgotten(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.measured(kernel_id)
    monitor = kernels.app.web_app.settings["jupyter_memguard"]
    assert isinstance(monitor, KernelMonitor)
    assert kernel_id in monitor.memory._found
    await kernels.manager.shutdown_kernel(kernel_id)
    assert await kernels.get() == {"kernels": []}
    assert monitor.memory._found == {}
    assert monitor.memory._limits._places == {}


async def test_a_kernel_that_ends_while_all_are_read_is_not_listed(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = kernels.app.web_app.settings["jupyter_memguard"].memory
    ended = memory.read(Target("ended", "remote"))
    monkeypatch.setattr(memory, "read_all", lambda _: [ended])
    assert await kernels.get() == {"kernels": []}


@pytest.mark.parametrize("jp_argv", [["--Memguard.mem_limit=100G"]])
async def test_the_configured_limit_is_the_one_shown(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    reply = await kernels.measured(kernel_id)
    assert (reply["limit_source"], reply["limit_bytes"]) == ("config", 100 * 2**30)
    assert reply["used_bytes"] == reply["rss_bytes"]
    assert reply["level"] >= reply["used_bytes"] / reply["limit_bytes"]


@pytest.mark.parametrize("jp_argv", [["--Memguard.mem_limit=80M"]])
async def test_a_kernel_above_its_configured_limit_is_at_one(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.run(kernel_id, "held = bytearray(b'x') * 100_000_000")
    reply = await kernels.measured(kernel_id)
    assert reply["level"] == 1
    assert reply["nearest"] == {
        "source": "config",
        "limit_bytes": 80 * 2**20,
        "used_bytes": reply["rss_bytes"],
    }


async def test_a_machine_that_others_fill_is_the_nearest_limit(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_id = await kernels.start()
    memory = psutil.virtual_memory()
    full = memory._replace(available=memory.total // 10)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: full)
    monkeypatch.setattr(limits, "memory_groups", lambda _: [])
    reply = await kernels.until(kernel_id, lambda reply: (reply["level"] or 0) > 0.89)
    machine = {
        "source": "machine",
        "limit_bytes": memory.total,
        "used_bytes": memory.total - memory.total // 10,
    }
    assert reply["nearest"] == machine
    assert reply["level"] == pytest.approx(0.9)
    assert reply["rss_bytes"] < 0.5 * memory.total
    # The only known limit is the machine's: its use is that of all processes.
    assert (reply["limit_source"], reply["used_bytes"]) == ("machine", machine["used_bytes"])


async def test_a_container_with_a_limit_keeps_the_machine_s_other_processes_out(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kernel_id = await kernels.start()
    full = psutil.virtual_memory()._replace(available=0)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: full)
    (tmp_path / "memory.max").write_text(str(2**30))
    (tmp_path / "memory.current").write_text(str(2**29))
    monkeypatch.setattr(limits, "memory_groups", lambda _: [limits.Group(2, tmp_path)])
    reply = await kernels.measured(kernel_id)
    assert reply["level"] == 0.5
    assert reply["nearest"]["source"] == "cgroup2"
