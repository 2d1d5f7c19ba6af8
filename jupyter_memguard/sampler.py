"""Samples a kernel's memory while somebody looks at its chart.

The server takes the samples beside the kernel, so sampling goes on while a cell
runs, and none of it runs in the kernel. A kernel that nobody asks about is not sampled.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from .samples import History, Sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from .config import Memguard
    from .kernel_memory import KernelMemory
    from .targets import Target


class Sampler:
    """Samples the kernels that somebody asks about. Use it on the event loop only.

    Args:
        config: the time between samples, how many to keep, and how long to go on after
            the last question.
        memory: reads the samples.
        executor: runs the reading, which may block.
        target: finds a kernel by its id; gives None when the kernel is gone.

    """

    def __init__(
        self,
        config: Memguard,
        memory: KernelMemory,
        executor: Executor,
        target: Callable[[str], Target | None],
    ) -> None:
        """Begin with nobody asking."""
        self._config = config
        self._memory = memory
        self._executor = executor
        self._target = target
        self._histories: dict[str, History] = {}
        self._asked: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether any kernel is being sampled."""
        return self._task is not None and not self._task.done()

    async def ask(self, kernel_id: str, since: float) -> list[Sample]:
        """Give a kernel's samples, and go on sampling the kernel for a while.

        The first question about a kernel takes its first sample.

        Args:
            kernel_id: a kernel of this server.
            since: give the samples taken after this time, in seconds since the epoch.

        Returns:
            The samples, oldest first.

        """
        self._asked[kernel_id] = time.monotonic()
        if kernel_id not in self._histories:
            await self._take([kernel_id])
        if not self.running:
            self._task = asyncio.get_running_loop().create_task(self._sample())
        history = self._histories.get(kernel_id)
        return [] if history is None else history.since(since)

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(self._config.sample_seconds)
            oldest = time.monotonic() - self._config.sample_idle_seconds
            for kernel_id, asked in list(self._asked.items()):
                if asked < oldest or self._target(kernel_id) is None:
                    del self._asked[kernel_id]
                    self._histories.pop(kernel_id, None)
            if not self._asked:
                return
            await self._take(list(self._asked))

    async def _take(self, kernel_ids: list[str]) -> None:
        targets = [target for each in kernel_ids if (target := self._target(each)) is not None]
        loop = asyncio.get_running_loop()
        taken = await loop.run_in_executor(self._executor, self._memory.samples, targets)
        for kernel_id, sample in taken.items():
            if kernel_id in self._asked:
                history = self._histories.setdefault(kernel_id, History(self._config.samples_kept))
                history.add(sample)
