"""Whether a server's memory goes on growing with cells and restarts, with us and without us.

    python benchmarks/server_growth.py [--cells 10] [--restarts 24]

On each server, one after the other, a client runs cells over a web socket, restarts the kernel
and connects again, as a page does; where this extension is on, it asks its endpoints as well.
Before each restart it prints what Python has allocated since the server's start, what is
resident, and how many digests of messages jupyter_client's sessions keep, together: each session
keeps up to 65,536, to refuse a message that is sent twice.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.session import Session
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rss import OURS, Server

CELL = """
class Shown:
    def __init__(self): self.bytes = bytearray(200_000)
Shown()
"""
MIB = 2**20


class _HeldHandler(APIHandler):
    @web.authenticated
    def get(self) -> None:
        """Answer with what the server holds now."""
        gc.collect()
        sessions = [each for each in gc.get_objects() if type(each) is Session]
        found = {
            "traced": tracemalloc.get_traced_memory()[0],
            "resident": psutil.Process().memory_info().rss,
            "digests": sum(len(each.digest_history) for each in sessions),
        }
        self.finish(json.dumps(found))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "server_growth"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    base = server_app.web_app.settings["base_url"]
    server_app.web_app.add_handlers(".*$", [(url_path_join(base, "held"), _HeldHandler)])
    tracemalloc.start()


class Page:
    """Cells and restarts of one kernel, as a page asks for them."""

    def __init__(self, server: Server, kernel_id: str) -> None:
        """Begin without a connection."""
        self._server = server
        self._kernel = kernel_id
        self._session = uuid.uuid4().hex
        self._socket: Any = None

    async def connect(self) -> None:
        """Open the web socket, and close an earlier one."""
        if self._socket is not None:
            self._socket.close()
        url, headers = self._server.address
        place = f"api/kernels/{self._kernel}/channels?session_id={self._session}"
        self._socket = await websocket_connect(
            HTTPRequest(url.replace("http", "ws", 1) + place, headers=headers, request_timeout=60)
        )

    async def run(self, code: str) -> None:
        """Run a cell to its end."""
        asked = uuid.uuid4().hex
        header = {
            "msg_id": asked,
            "msg_type": "execute_request",
            "session": self._session,
            "username": "",
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self._socket.write_message(json.dumps({**message, "channel": "shell"}))
        waited = {"execute_reply", "idle"}
        while waited:
            text = await self._socket.read_message()
            if text is None:
                sys.exit("the server closed the web socket")
            answer = json.loads(text)
            if answer["parent_header"].get("msg_id") == asked:
                waited.discard(answer["msg_type"])
                waited.discard(answer["content"].get("execution_state"))

    async def ask_ours(self) -> None:
        """Ask what the panel asks the server."""
        base = "jupyter-memguard/kernels"
        for path in (base, f"{base}/{self._kernel}/memory", f"{base}/{self._kernel}/samples"):
            await self._server.ask(path)

    async def restart(self) -> None:
        """Restart the kernel, and connect again."""
        await self._server.ask(f"api/kernels/{self._kernel}/restart", "POST", "{}")
        await self.connect()


async def measure(extension: str, cells: int, restarts: int) -> None:
    """Print a table of one server."""
    print(f"\n## {extension}\n\n| restarts | traced, MiB | resident, MiB | digests |")
    print("| ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), extension, probe="server_growth")
        try:
            await server.ready()
            page = Page(server, await server.kernel())
            await page.connect()
            for restart in range(restarts + 1):
                for _ in range(cells):
                    await page.run(CELL)
                    if extension == OURS:
                        await page.ask_ours()
                held = await server.ask("held")
                traced, resident = (held[name] / MIB for name in ("traced", "resident"))
                print(f"| {restart} | {traced:.2f} | {resident:.1f} | {held['digests']} |")
                await page.restart()
        finally:
            server.stop()


def main() -> None:
    """Measure both servers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=10, help="between two restarts")
    parser.add_argument("--restarts", type=int, default=24)
    options = parser.parse_args()
    for extension in (OURS, "neither"):
        asyncio.run(measure(extension, options.cells, options.restarts))


if __name__ == "__main__":
    main()
