"""A server extension that measures the server's event loop.

How late it runs a timer, which also tells how busy the machine is; and the
processor time of each callback, with the name of what took the longest, which
does not.
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
# What takes less is not worth a name.
_NAMED_SECONDS = 0.0005
_lateness: list[float] = []
_held: list[tuple[float, str]] = []


class _ProbeHandler(APIHandler):
    @web.authenticated
    async def get(self) -> None:
        """Answer with what was measured since the last question, in milliseconds."""
        longest, what = max(_held, default=(0.0, ""))
        self.finish(
            json.dumps(
                {
                    "late": [_millis(each) for each in _lateness],
                    "held": [_millis(each) for each, _ in _held],
                    "longest": what if longest else "",
                }
            )
        )
        # Not here: what this answer itself took is noted when it has ended.
        IOLoop.current().add_callback(_forget)


def _millis(seconds: float) -> float:
    return round(1000 * seconds, 3)


def _forget() -> None:
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
        took = time.thread_time() - begun
        _held.append((took, _name(handle) if took > _NAMED_SECONDS else ""))

    asyncio.Handle._run = timed  # type: ignore[method-assign] # noqa: SLF001


def _name(handle: asyncio.Handle) -> str:
    """Name what a callback ran: the coroutine of a task, else the function."""
    callback = handle._callback  # type: ignore[attr-defined] # noqa: SLF001 (as above)
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return str(getattr(task.get_coro(), "__qualname__", task))
    function = getattr(callback, "func", callback)  # of a functools.partial
    return str(getattr(function, "__qualname__", function))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "loop_probe"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    base = server_app.web_app.settings["base_url"]
    server_app.web_app.add_handlers(".*$", [(url_path_join(base, "loop-probe"), _ProbeHandler)])
    _time_callbacks()
    IOLoop.current().add_callback(_measure)
