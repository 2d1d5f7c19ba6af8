"""A kernel's memory over time, kept while somebody looks at its chart.

Samples are taken by the server beside the kernel, so they go on while a cell
runs and nothing of it runs in the kernel. Nobody asks, nothing is sampled.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from .config import Memguard
    from .memory import KernelMemory, Target


@dataclass(frozen=True)
class Sample:
    """A kernel's memory at one time.

    ``started`` tells the process (a restarted kernel is another), ``at`` is the time
    (both in seconds of the epoch), ``rss_bytes`` what is resident, and
    ``high_water_bytes`` the most that ever was, or None where the system does not tell.
    """

    started: float
    at: float
    rss_bytes: int
    high_water_bytes: int | None


class History:
    """The newest samples of one kernel's process.

    Args:
        kept: how many.

    """

    def __init__(self, kept: int) -> None:
        """Begin empty."""
        self._samples: deque[Sample] = deque(maxlen=kept)

    def add(self, sample: Sample) -> None:
        """Keep a sample; those of an earlier process go, and those of a clock since put back."""
        if self._samples and self._samples[-1].started != sample.started:
            self._samples.clear()
        while self._samples and self._samples[-1].at >= sample.at:
            self._samples.pop()
        self._samples.append(sample)

    def since(self, at: float) -> list[Sample]:
        """List the samples taken after a time, oldest first."""
        return [sample for sample in self._samples if sample.at > at]


class Sampler:
    """Samples the kernels that somebody asks about. To be used on the event loop.

    Args:
        config: how often, how many, how long after the last question.
        memory: reads a sample.
        executor: where it is read.
        target: finds a kernel by its id; None when it is gone.

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
        """Whether anything is being sampled."""
        return self._task is not None and not self._task.done()

    async def ask(self, kernel_id: str, since: float) -> list[Sample]:
        """Give a kernel's samples, and go on sampling it for a while.

        The first question takes the first sample itself.

        Args:
            kernel_id: a kernel of this server.
            since: only what was taken after this time, in seconds of the epoch.

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
