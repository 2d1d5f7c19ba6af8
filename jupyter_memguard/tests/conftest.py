"""Real kernels of a real server for the tests."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from jupyter_client.session import Session

from jupyter_memguard.kernel.tests.support import TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from jupyter_server.serverapp import ServerApp

# A test that waits longer than this for a condition fails.
PATIENCE_SECONDS = 60.0


class Kernels:
    """Starts kernels of the test's server, runs code in them, asks for their memory."""

    def __init__(self, app: ServerApp, fetch: Callable[..., Awaitable[Any]], specs: Path) -> None:
        self.app = app
        self.manager: Any = app.kernel_manager
        self._fetch = fetch
        self._specs = specs

    async def start(self, name: str = "python3") -> str:
        response = await self._fetch(
            "api/kernels", method="POST", body=json.dumps({"name": name}), request_timeout=60
        )
        kernel_id: str = json.loads(response.body)["id"]
        return kernel_id

    def add_spec(self, name: str, argv: list[str]) -> None:
        """Make a kernelspec known."""
        folder = self._specs / name
        folder.mkdir(parents=True)
        spec = {"argv": argv, "display_name": name, "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec))

    def process(self, kernel_id: str) -> psutil.Process:
        """The process that the server launched for a kernel."""
        return psutil.Process(self.manager.get_kernel(kernel_id).provisioner.process.pid)

    def client(self, kernel_id: str) -> Any:
        """A client with an identity of its own (the manager's all have one), connected."""
        kernel = self.manager.get_kernel(kernel_id)
        client = kernel.client(session=Session(key=kernel.session.key))
        client.start_channels()
        return client

    async def run(self, kernel_id: str, code: str) -> str:
        """Run code, wait for its end, and give what it printed."""
        client = self.client(kernel_id)
        printed = []
        try:
            await client.wait_for_ready(timeout=PATIENCE_SECONDS)
            reply = await client.execute_interactive(
                code,
                output_hook=lambda message: printed.append(message["content"].get("text", "")),
                timeout=PATIENCE_SECONDS,
            )
        finally:
            client.stop_channels()
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

    async def get(self, *path: str, **params: Any) -> dict[str, Any]:
        """Ask one of our endpoints."""
        response = await self._fetch("jupyter-memguard/kernels", *path, params=params)
        reply: dict[str, Any] = json.loads(response.body)
        return reply

    async def memory(self, kernel_id: str) -> dict[str, Any]:
        return await self.get(kernel_id, "memory", no_track_activity=1)

    async def until(
        self, kernel_id: str, condition: Callable[[dict[str, Any]], Any]
    ) -> dict[str, Any]:
        """Ask for a kernel's memory until the answer is as wanted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            reply = await self.memory(kernel_id)
            if condition(reply):
                return reply
            if time.monotonic() > deadline:
                pytest.fail(f"waited {PATIENCE_SECONDS} s; the last answer is {reply}")
            await asyncio.sleep(0.05)

    async def measured(self, kernel_id: str) -> dict[str, Any]:
        """Wait until the kernel has a figure."""
        return await self.until(kernel_id, lambda reply: reply["rss_bytes"] is not None)


@pytest.fixture
def transport() -> str:
    """How the server talks with its kernels."""
    return TRANSPORT


@pytest.fixture
def kernels(
    transport: str,
    jp_serverapp: ServerApp,
    jp_fetch: Callable[..., Awaitable[Any]],
    jp_kernel_dir: Path,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
) -> Iterator[Kernels]:
    started = Kernels(jp_serverapp, jp_fetch, jp_kernel_dir)
    started.manager.config.KernelManager.transport = transport
    yield started
    jp_asyncio_loop.run_until_complete(started.manager.shutdown_all(now=True))


@pytest.fixture
def ipykernel_argv() -> list[str]:
    return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
