"""A server extension that measures the server's event loop.

How late it runs a timer, which also tells how busy the machine is; and the
processor time of each callback, which does not.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.ioloop import IOLoop

_EVERY_SECONDS = 0.002
_lateness: list[float] = []
_held: list[float] = []


class _ProbeHandler(APIHandler):
    @web.authenticated
    async def get(self) -> None:
        """Answer with what was measured since the last question, in milliseconds."""
        measured = {"late": _lateness, "held": _held}
        self.finish(
            json.dumps(
                {name: [round(1000 * each, 3) for each in measured[name]] for name in measured}
            )
        )
        _lateness.clear()
        _held.clear()


async def _measure() -> None:
    while True:
        due = time.perf_counter() + _EVERY_SECONDS
        await asyncio.sleep(_EVERY_SECONDS)
        _lateness.append(time.perf_counter() - due)


def _time_callbacks() -> None:
    run: Any = asyncio.Handle._run  # noqa: SLF001 (asyncio has no hook for it)

    def timed(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        run(handle)
        _held.append(time.thread_time() - begun)

    asyncio.Handle._run = timed  # type: ignore[method-assign] # noqa: SLF001


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "loop_probe"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    base = server_app.web_app.settings["base_url"]
    server_app.web_app.add_handlers(".*$", [(url_path_join(base, "loop-probe"), _ProbeHandler)])
    _time_callbacks()
    IOLoop.current().add_callback(_measure)
