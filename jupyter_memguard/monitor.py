"""One server's kernels and the readers of their memory: what the endpoints work with."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import metrics
from .kernel_memory import KernelMemory
from .sampler import Sampler
from .targets import Target, target_of

if TYPE_CHECKING:
    from .config import Memguard

# The key in the web application's settings under which a server's monitor is kept.
SETTING = "jupyter_memguard"

# A process whose files answer slowly may occupy these few threads and delay the figures of
# other kernels, but never the event loop.
_THREADS = 4


class KernelMonitor:
    """Watches the memory of one server's kernels.

    Args:
        config: the administrator's settings.
        kernel_manager: knows this server's kernels.

    """

    def __init__(self, config: Memguard, kernel_manager: Any) -> None:
        """Build the readers."""
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

    async def update_metrics(self) -> None:
        """Read all kernels and set the Prometheus gauges."""
        loop = asyncio.get_running_loop()
        replies = await loop.run_in_executor(self.executor, self.memory.read_all, self.targets())
        metrics.update(replies)
