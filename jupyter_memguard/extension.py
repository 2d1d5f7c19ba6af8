"""Put the server's half together when jupyter_server loads it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tornado.ioloop import PeriodicCallback

from . import events, metrics
from .config import Memguard
from .memory import KernelMemory, Target, target_of
from .routes import SETTING, add_handlers
from .samples import Sampler

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# Messages with which clients ask a kernel for its memory: no activity of a person, and no
# word on whether a cell runs.
_USAGE_MESSAGES = ("usage_request", "usage_reply")

# Few threads: a process whose files answer slowly holds up other kernels' figures at most,
# never the event loop.
_THREADS = 4


class Parts:
    """What the endpoints of one server work with.

    Args:
        config: the administrator's settings.
        kernel_manager: knows this server's kernels.

    """

    def __init__(self, config: Memguard, kernel_manager: Any) -> None:
        """Build the parts."""
        self._kernels = kernel_manager
        self.memory = KernelMemory(config)
        self.executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="memguard")
        self.sampler = Sampler(config, self.memory, self.executor, self.target)

    def target(self, kernel_id: str) -> Target | None:
        """Find one kernel; None when this server has none with this id."""
        if kernel_id not in self._kernels:
            return None
        return target_of(kernel_id, self._kernels.get_kernel(kernel_id))

    def targets(self) -> list[Target]:
        """Find all kernels of this server."""
        found = (self.target(kernel_id) for kernel_id in self._kernels.list_kernel_ids())
        return [target for target in found if target is not None]

    def kernel_name(self, kernel_id: str) -> str | None:
        """Give the name of a kernel's kernelspec; None when the kernel is gone."""
        if kernel_id not in self._kernels:
            return None
        name: str = self._kernels.get_kernel(kernel_id).kernel_name
        return name

    async def show_metrics(self) -> None:
        """Read all kernels and set the Prometheus gauges."""
        loop = asyncio.get_running_loop()
        replies = await loop.run_in_executor(self.executor, self.memory.read_all, self.targets())
        metrics.show(replies)


def load(server_app: ServerApp) -> None:
    """Add what this package has to a server; a second call changes nothing.

    Args:
        server_app: the server.

    """
    settings = server_app.web_app.settings
    if SETTING in settings:
        return
    config = Memguard(parent=server_app)
    parts = Parts(config, server_app.kernel_manager)
    settings[SETTING] = parts
    if server_app.event_logger is not None:
        events.register(server_app.event_logger)
    _leave_activity_alone(server_app)
    add_handlers(server_app)
    if config.metrics_seconds:
        PeriodicCallback(parts.show_metrics, 1000 * config.metrics_seconds).start()


def _leave_activity_alone(server_app: ServerApp) -> None:
    """Keep ``usage_request`` from counting as activity and from showing a busy kernel as idle.

    The server watches this list, and JupyterLab's and Notebook's pages carry it to the
    client, which heeds it too. They copy it when they load, so we say it there as well
    where they were first.
    """
    manager = server_app.kernel_manager
    known = getattr(manager, "untracked_message_types", None)
    if known is None:
        return
    wanted = [*known, *(kind for kind in _USAGE_MESSAGES if kind not in known)]
    manager.untracked_message_types = wanted
    page = server_app.web_app.settings.get("page_config_data", {})
    if "untracked_message_types" in page:
        page["untracked_message_types"] = list(wanted)
