"""A kernel's memory as the server tells it: the process, and the limit it is near.

Nothing here asks the kernel, so a figure comes while a cell runs. Nothing here
takes a process id from anywhere but a process that this server launched.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import psutil
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from . import limits
from .config import Memguard, parse_bytes
from .process import (
    Connection,
    KernelProcess,
    ProcessGoneError,
    ProcessTable,
    Usage,
    find_kernel,
    is_starting,
)
from .samples import Sample

if TYPE_CHECKING:
    from pathlib import Path

# A control group's use and limit, and the machine's, are read once in so long, in seconds,
# for all their kernels.
_GROUP_SECONDS = 0.5
# A kernel's control groups and RLIMIT_AS seldom change: they are looked up once in so long.
_PLACE_SECONDS = 5.0
# A kernel that is not below the process that was launched for it is looked for again after
# so long: looking costs milliseconds.
_ELSEWHERE_SECONDS = 30.0

_NOWHERE = Connection("", 0)


class LimitReply(TypedDict):
    """A limit on the wire."""

    source: str
    limit_bytes: int
    used_bytes: int


class MemoryReply(TypedDict):
    """One kernel's memory on the wire (docs/rest.md)."""

    id: str
    rss_bytes: int | None
    children_bytes: int | None
    limit_bytes: int | None
    limit_source: str | None
    used_bytes: int | None
    level: float | None
    nearest: LimitReply | None
    reason: str | None
    source: str | None
    started: float | None
    sampled: float


@dataclass(frozen=True)
class Target:
    """What is known of a kernel without looking at its process.

    ``reason`` says why there is no process to look at, else ``launched`` is the
    pid of the process that this server launched for it. ``when_gone`` says what it
    means if that has ended: a kernel that is being restarted has not died.
    ``answers`` is whether it has answered this server.
    """

    kernel_id: str
    reason: str | None
    launched: int = 0
    connection: Connection = _NOWHERE
    when_gone: str = "died"
    answers: bool = False


def target_of(kernel_id: str, kernel_manager: Any) -> Target:
    """Find out where a kernel's process is to be looked for.

    A kernel behind a gateway, on another host, or one that this server did not
    start has no process here, whatever pid it reports.

    Args:
        kernel_id: the kernel.
        kernel_manager: its manager, as ``MappingKernelManager.get_kernel`` gives it.

    """
    provisioner = getattr(kernel_manager, "provisioner", None)
    if provisioner is None:
        owned = getattr(kernel_manager, "owns_kernel", True) and not hasattr(
            kernel_manager, "kernel_url"
        )
        starting = getattr(kernel_manager, "execution_state", "") == "starting"
        return Target(kernel_id, "starting" if owned and starting else "remote")
    if not isinstance(provisioner, LocalProvisioner):
        return Target(kernel_id, "remote")
    launched = provisioner.process
    if launched is None:  # being started, or between the end and the start of a restart
        return Target(kernel_id, "starting")
    connection = Connection(
        kernel_manager.connection_file, kernel_manager.shell_port, kernel_manager.ip
    )
    ending = bool(getattr(kernel_manager, "shutting_down", False))
    return Target(
        kernel_id,
        None,
        launched.pid,
        connection,
        "starting" if ending else "died",
        getattr(kernel_manager, "execution_state", "") in {"idle", "busy"},
    )


@dataclass(frozen=True)
class _Place:
    """What a process is under, and until when that is taken for true."""

    fresh_until: float
    groups: list[limits.Group]
    address_space_bytes: int | None


class KernelMemory:
    """Reads kernels' memory. Every method may block: call it off the event loop.

    Args:
        config: the administrator's settings.
        environment: where ``MEM_LIMIT`` is looked up; the server's own by default.

    """

    def __init__(self, config: Memguard, environment: dict[str, str] | None = None) -> None:
        """Begin with no kernel known."""
        self._own_limit = _own_limit(
            config, dict(os.environ if environment is None else environment)
        )
        self._machine_bytes = psutil.virtual_memory().total
        self._machine: tuple[float, limits.Limit] | None = None
        self._table = ProcessTable()
        self._lock = threading.Lock()
        self._elsewhere: dict[int, float] = {}
        self._found: dict[str, tuple[int, KernelProcess]] = {}
        # Below which process a kernel was found last: a wrapper may outlive it.
        self._was_below: dict[str, int] = {}
        self._places: dict[KernelProcess, _Place] = {}
        self._groups: dict[Path, tuple[float, limits.Limit | None]] = {}

    def process(self, target: Target) -> KernelProcess | None:
        """Find a kernel's process; it is looked for once, then remembered.

        Returns:
            None while it is not there.

        Raises:
            ProcessGoneError: it has ended.
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

    def _is_starting(self, target: Target) -> bool:
        """Say whether a process that is not there may still come.

        A kernel that answers is elsewhere, unless it was found here: after a crash its
        state is that of before until the new process tells another.
        """
        is_elsewhere = target.answers and target.kernel_id not in self._was_below
        return not is_elsewhere and is_starting(target.launched)

    def read(self, target: Target) -> MemoryReply:
        """Read one kernel's memory now."""
        reply = _nothing(target.kernel_id, target.reason)
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
        reply["children_bytes"] = self._table.descendants_bytes(process.pid)
        self._tell_limit(reply, process, usage)
        return reply

    def read_all(self, targets: list[Target]) -> list[MemoryReply]:
        """Read the memory of all kernels of the server; what is known of others is forgotten."""
        with self._lock:
            gone = self._was_below.keys() - {target.kernel_id for target in targets}
        for kernel_id in gone:
            self._forget(kernel_id)
            self._was_below.pop(kernel_id, None)
        return [self.read(target) for target in targets]

    def samples(self, targets: list[Target]) -> dict[str, Sample]:
        """Take one sample of each of these kernels that has a process here now."""
        taken = {}
        for target in targets:
            sample = self._sample(target)
            if sample is not None:
                taken[target.kernel_id] = sample
        return taken

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
                self._places.pop(known[1], None)

    def _tell_limit(self, reply: MemoryReply, process: KernelProcess, usage: Usage) -> None:
        """Fill in the limit that is shown, and the level of the nearest of all.

        What a person has set is shown, else the nearest that was found, else the machine.
        The machine's own use counts where no control group keeps its other processes out:
        elsewhere it is nothing that this kernel's owner could do something about.
        """
        place = self._place(process)
        # A group's limit above what the machine has limits nothing.
        groups = [
            limit
            for group in place.groups
            if (limit := self._group(group)) and limit.limit_bytes < self._machine_bytes
        ]
        found = [*groups]
        if place.address_space_bytes is not None:
            amount = place.address_space_bytes
            found.append(limits.Limit("rlimit_as", amount, usage.virtual_bytes))
        shared = groups or [self._machine_limit()]
        shown = limits.nearest(found) or shared[0]
        if self._own_limit is not None:
            source, amount = self._own_limit
            shown = limits.Limit(source, amount, usage.rss_bytes)
        nearest = limits.nearest([shown, *found, *shared])
        reply["limit_bytes"] = shown.limit_bytes
        reply["limit_source"] = shown.source
        reply["used_bytes"] = shown.used_bytes
        if nearest is not None:
            reply["level"] = nearest.level
            reply["nearest"] = {
                "source": nearest.source,
                "limit_bytes": nearest.limit_bytes,
                "used_bytes": nearest.used_bytes,
            }

    def _place(self, process: KernelProcess) -> _Place:
        now = time.monotonic()
        with self._lock:
            known = self._places.get(process)
        if known is not None and now < known.fresh_until:
            return known
        place = _Place(
            now + _PLACE_SECONDS,
            limits.memory_groups(process.pid),
            limits.address_space_bytes(process.pid),
        )
        with self._lock:
            self._places[process] = place
        return place

    def _machine_limit(self) -> limits.Limit:
        now = time.monotonic()
        with self._lock:
            known = self._machine
        if known is not None and now < known[0]:
            return known[1]
        memory = psutil.virtual_memory()
        limit = limits.Limit("machine", memory.total, memory.total - memory.available)
        with self._lock:
            self._machine = (now + _GROUP_SECONDS, limit)
        return limit

    def _group(self, group: limits.Group) -> limits.Limit | None:
        now = time.monotonic()
        with self._lock:
            known = self._groups.get(group.directory)
        if known is not None and now < known[0]:
            return known[1]
        limit = limits.group_limit(group)
        with self._lock:
            self._groups[group.directory] = (now + _GROUP_SECONDS, limit)
        return limit


def _own_limit(config: Memguard, environment: dict[str, str]) -> tuple[str, int] | None:
    if config.mem_limit:
        return "config", config.mem_limit
    text = environment.get("MEM_LIMIT", "")
    try:
        amount = parse_bytes(text) if text else 0
    except ValueError as error:
        config.log.warning("jupyter_memguard: MEM_LIMIT is ignored: %s", error)
        return None
    return ("mem_limit_env", amount) if amount else None


def _nothing(kernel_id: str, reason: str | None) -> MemoryReply:
    return {
        "id": kernel_id,
        "rss_bytes": None,
        "children_bytes": None,
        "limit_bytes": None,
        "limit_source": None,
        "used_bytes": None,
        "level": None,
        "nearest": None,
        "reason": reason,
        "source": None,
        "started": None,
        "sampled": time.time(),
    }
