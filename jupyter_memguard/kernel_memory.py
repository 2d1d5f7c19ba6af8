"""Reads a kernel's memory from its process, beside the kernel.

Nothing here asks the kernel, so a figure comes while a cell runs. Every process id
is that of a process that this server launched, or of one below it.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from .limit_choice import LimitChoice
from .limits import oom_kills
from .process import (
    KernelProcess,
    ProcessGoneError,
    ProcessTable,
    find_kernel,
    is_starting,
)
from .proportions import Proportions, read_kinds
from .replies import MemoryReply, reply_without_figures
from .samples import Sample

if TYPE_CHECKING:
    from .config import Memguard
    from .limits import Group
    from .process import Usage
    from .targets import Target

# A kernel that was not found below the process launched for it is looked for again after
# this time, in seconds: a look costs milliseconds.
_ELSEWHERE_SECONDS = 30.0


class KernelMemory:
    """Reads kernels' memory. Every method may block: call it off the event loop.

    Args:
        config: the administrator's settings.
        environment: where ``MEM_LIMIT`` is looked up; the server's own by default.

    """

    def __init__(self, config: Memguard, environment: dict[str, str] | None = None) -> None:
        """Begin with no kernel known."""
        self._limits = LimitChoice(config, dict(os.environ if environment is None else environment))
        self._table = ProcessTable()
        self._proportions = Proportions()
        self._lock = threading.Lock()
        self._elsewhere: dict[int, float] = {}
        self._found: dict[str, tuple[int, KernelProcess]] = {}
        # The launched process below which each kernel was found last: a wrapper may outlive
        # its kernel.
        self._was_below: dict[str, int] = {}
        # The control groups in which each kernel was last: what they count outlives it.
        self._was_in: dict[str, list[Group]] = {}

    def process(self, target: Target) -> KernelProcess | None:
        """Find a kernel's process, and remember it.

        Args:
            target: where to look; its ``reason`` is None.

        Returns:
            None while the process is not there.

        Raises:
            ProcessGoneError: the process has ended.
            PermissionError: the system does not let this user see it.

        """
        with self._lock:
            known = self._found.get(target.kernel_id)
        if known is not None and known[0] == target.launched:
            return known[1]
        now = time.monotonic()
        if now < self._elsewhere.get(target.launched, 0.0):
            return None
        self._forget(target.kernel_id)
        process = find_kernel(target.launched, target.connection)
        if process is not None:
            with self._lock:
                self._found[target.kernel_id] = (target.launched, process)
                self._was_below[target.kernel_id] = target.launched
        elif self._was_below.get(target.kernel_id) == target.launched:
            raise ProcessGoneError(target.launched)
        elif not is_starting(target.launched):
            still = {pid: until for pid, until in self._elsewhere.items() if until > now}
            self._elsewhere = {**still, target.launched: now + _ELSEWHERE_SECONDS}
        return process

    def read(self, target: Target) -> MemoryReply:
        """Read one kernel's memory now.

        Args:
            target: where to look for the kernel's process.

        Returns:
            The figures, or the reason why there are none.

        """
        reply = reply_without_figures(target.kernel_id, target.reason)
        reply["oom_kills"] = oom_kills(self._was_in.get(target.kernel_id, []))
        if target.reason is not None:
            return reply
        try:
            process = self.process(target)
            if process is None:
                reply["reason"] = "starting" if self._is_starting(target) else "remote"
                return reply
            usage = process.usage()
        except ProcessGoneError:
            self._forget(target.kernel_id)
            reply["reason"] = target.when_gone
            return reply
        except PermissionError:
            reply["reason"] = "not_permitted"
            return reply
        reply["sampled"] = time.time()
        reply["source"] = "process"
        reply["rss_bytes"] = usage.rss_bytes
        reply["started"] = process.started
        self._tell_parts(reply, process, usage)
        chosen = self._limits.choose(process, usage)
        self._was_in[target.kernel_id] = groups = self._limits.groups(process)
        reply["oom_kills"] = oom_kills(groups)
        reply["limit_bytes"] = chosen.named.limit_bytes
        reply["limit_source"] = chosen.named.source
        reply["used_bytes"] = chosen.named.used_bytes
        reply["level"] = chosen.nearest.level
        reply["nearest"] = {
            "source": chosen.nearest.source,
            "limit_bytes": chosen.nearest.limit_bytes,
            "used_bytes": chosen.nearest.used_bytes,
        }
        return reply

    def _tell_parts(self, reply: MemoryReply, process: KernelProcess, usage: Usage) -> None:
        """Tell what the kernel's memory consists of, and what its descendants have."""
        kinds = read_kinds(process.pid)
        reply["anonymous_bytes"] = kinds.anonymous_bytes
        reply["file_bytes"] = kinds.file_bytes
        reply["shared_bytes"] = kinds.shared_bytes
        children = self._table.descendants(process.pid)
        known = self._proportions.of([process.id, *children])
        own = known.pop(process.id, None)
        if own is not None:
            reply["pss_bytes"] = own.pss_at(usage.rss_bytes)
            reply["swap_bytes"] = own.swap_bytes
        reply["children_rss_bytes"] = sum(children.values())
        reply["children_bytes"] = sum(
            known[child].pss_at(rss) if child in known else rss for child, rss in children.items()
        )

    def read_all(self, targets: list[Target]) -> list[MemoryReply]:
        """Read the memory of all kernels of the server, and forget all other kernels.

        Args:
            targets: every kernel of the server.

        """
        with self._lock:
            gone = self._was_below.keys() - {target.kernel_id for target in targets}
        for kernel_id in gone:
            self._forget(kernel_id)
            self._was_below.pop(kernel_id, None)
            self._was_in.pop(kernel_id, None)
        return [self.read(target) for target in targets]

    def samples(self, targets: list[Target]) -> dict[str, Sample]:
        """Take one sample of each of these kernels that has a process here now.

        Args:
            targets: the kernels.

        Returns:
            The samples by kernel id.

        """
        taken = {}
        for target in targets:
            sample = self._sample(target)
            if sample is not None:
                taken[target.kernel_id] = sample
        return taken

    def _is_starting(self, target: Target) -> bool:
        """Say whether a process that was not found may still come.

        A kernel that answers and was never found here runs elsewhere. One that was found
        here may have crashed: the server reports its old state until the new process
        reports its own.
        """
        is_elsewhere = target.answers and target.kernel_id not in self._was_below
        return not is_elsewhere and is_starting(target.launched)

    def _sample(self, target: Target) -> Sample | None:
        if target.reason is not None:
            return None
        try:
            process = self.process(target)
            if process is None:
                return None
            rss_bytes = process.usage().rss_bytes
            return Sample(process.started, time.time(), rss_bytes, process.high_water_bytes())
        except ProcessGoneError:
            self._forget(target.kernel_id)
        except PermissionError:
            pass
        return None

    def _forget(self, kernel_id: str) -> None:
        with self._lock:
            known = self._found.pop(kernel_id, None)
        if known is not None:
            self._limits.forget(known[1])
