"""The endpoints under ``jupyter-memguard/`` (docs/rest.md describes them)."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from .events import emit_freed, parse_freed
from .monitor import SETTING, KernelMonitor

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

    from .targets import Target

RESOURCE = "jupyter_memguard:kernels"

# A time as JavaScript and Python write numbers. `float` alone takes more: `1_000`, digits of
# other scripts, spaces.
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)
# The three numbers of a report take a tenth of this.
_MOST_BYTES_OF_BODY = 1000


def parse_time(text: str) -> float | None:
    """Read a time in seconds since the epoch; None if the text is none."""
    time = float(text) if _NUMBER.fullmatch(text) else math.nan
    return time if math.isfinite(time) else None


class _Handler(APIHandler):
    auth_resource = RESOURCE

    @property
    def monitor(self) -> KernelMonitor:
        """What watches this server's kernels."""
        monitor: KernelMonitor = self.settings[SETTING]
        return monitor

    def target(self, kernel_id: str) -> Target:
        """Find a kernel of this server.

        Args:
            kernel_id: the kernel's id, as a client wrote it.

        Raises:
            HTTPError: 404, this server has no kernel with this id.

        """
        target = self.monitor.target(kernel_id)
        if target is None:
            # A client wrote the id: the answer does not repeat it.
            raise web.HTTPError(404, "No such kernel")
        return target


class _Watching(_Handler):
    """An endpoint that clients poll: polling does not keep an idle server alive."""

    _track_activity = False


class MemoryHandler(_Watching):
    """One kernel's memory."""

    @web.authenticated
    @authorized("read", RESOURCE)  # type: ignore[untyped-decorator]
    async def get(self, kernel_id: str) -> None:
        """Answer with the kernel's memory now."""
        monitor = self.monitor
        target = self.target(kernel_id)
        loop = asyncio.get_running_loop()
        reply = await loop.run_in_executor(monitor.executor, monitor.memory.read, target)
        self.finish(json.dumps(reply))


class KernelsHandler(_Watching):
    """All kernels' memory."""

    @web.authenticated
    @authorized("read", RESOURCE)  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with the memory of every running kernel of this server."""
        monitor = self.monitor
        manager: Any = self.session_manager
        sessions = {
            session["kernel"]["id"]: session
            for session in await ensure_async(manager.list_sessions())
        }
        loop = asyncio.get_running_loop()
        replies = await loop.run_in_executor(
            monitor.executor, monitor.memory.read_all, monitor.targets()
        )
        kernels = []
        for reply in replies:
            name = monitor.kernel_name(reply["id"])
            if name is None:  # the kernel has ended since it was read
                continue
            session = sessions.get(reply["id"], {})
            kind = session.get("type")
            kernels.append(
                {
                    **reply,
                    "name": name,
                    "notebook": session.get("path") if kind == "notebook" else None,
                    "title": session.get("name") or None,
                    "kind": kind if kind in ("notebook", "console") else None,
                }
            )
        self.finish(json.dumps({"kernels": kernels}))


class SamplesHandler(_Watching):
    """One kernel's memory over time."""

    @web.authenticated
    @authorized("read", RESOURCE)  # type: ignore[untyped-decorator]
    async def get(self, kernel_id: str) -> None:
        """Answer with the samples since a time, and go on sampling the kernel."""
        self.target(kernel_id)
        samples = await self.monitor.sampler.ask(kernel_id, self._since())
        self.finish(
            json.dumps(
                {
                    "samples": [
                        [each.at, each.rss_bytes, each.high_water_bytes] for each in samples
                    ],
                    "now": time.time(),
                }
            )
        )

    def _since(self) -> float:
        since = parse_time(self.get_query_argument("since", "0", strip=False))
        if since is None:
            raise web.HTTPError(400, "since is not a time")
        return since


@web.stream_request_body
class FreedHandler(_Handler):
    """What a browser's *Free memory* did to a kernel."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse a large body by its length, before it is read."""
        self._received: list[bytes] = []
        await super().prepare()
        length = self.request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length[:20]) > _MOST_BYTES_OF_BODY:
            raise web.HTTPError(413, "the body is too large")
        # One that does not tell its length is broken off where it becomes too long.
        connection: Any = self.request.connection
        connection.set_max_body_size(_MOST_BYTES_OF_BODY)

    def data_received(self, chunk: bytes) -> None:
        """Take a part of the body, which is not kept by itself where it is read in parts."""
        self._received.append(chunk)

    @web.authenticated
    @authorized("write", RESOURCE)  # type: ignore[untyped-decorator]
    async def post(self, kernel_id: str) -> None:
        """Emit the event and count it."""
        self.target(kernel_id)
        self.request.body = b"".join(self._received)
        try:
            freed = parse_freed(self.get_json_body())
        except ValueError as error:
            raise web.HTTPError(400, str(error)) from None
        emit_freed(self.event_logger, freed)
        self.set_status(204)
        self.finish()


def add_handlers(server_app: ServerApp) -> None:
    """Add the endpoints to a server's web application."""
    base = url_path_join(server_app.web_app.settings["base_url"], "jupyter-memguard", "kernels")
    one = url_path_join(base, "([^/]+)")
    handlers: list[Any] = [
        (base, KernelsHandler),
        (url_path_join(one, "memory"), MemoryHandler),
        (url_path_join(one, "samples"), SamplesHandler),
        (url_path_join(one, "freed"), FreedHandler),
    ]
    server_app.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]
