"""Which of its memory limits a kernel's answer names, and which one is nearest."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from . import limits
from .config import Memguard, parse_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from .process import KernelProcess, Usage

# The figures of a control group, and of the machine, are kept for this time, in seconds:
# one look serves all kernels below them.
_GROUP_SECONDS = 0.5
# A kernel's control groups and its RLIMIT_AS seldom change: they are kept for this time.
_PLACE_SECONDS = 5.0


@dataclass(frozen=True)
class _Place:
    """The control groups and the RLIMIT_AS of a process, and until when they are believed."""

    fresh_until: float
    groups: list[limits.Group]
    address_space_bytes: int | None


@dataclass(frozen=True)
class ChosenLimits:
    """The limit to name in an answer, and the one that is reached first."""

    named: limits.Limit
    nearest: limits.Limit


class LimitChoice:
    """Chooses among the limits of kernels. Every method may block.

    Args:
        config: the administrator's settings.
        environment: the variables in which ``MEM_LIMIT`` is looked up.

    """

    def __init__(self, config: Memguard, environment: dict[str, str]) -> None:
        """Read what a person has set."""
        self._set_by_person = _set_by_person(config, environment)
        self._machine_bytes = psutil.virtual_memory().total
        self._machine: tuple[float, limits.Limit] | None = None
        self._lock = threading.Lock()
        self._places: dict[KernelProcess, _Place] = {}
        self._groups: dict[Path, tuple[float, limits.Limit | None]] = {}

    def choose(self, process: KernelProcess, usage: Usage) -> ChosenLimits:
        """Choose a kernel's limits.

        A limit that a person has set is named, else the nearest that was found, else the
        machine's memory. The machine's own use counts only where no control group keeps
        its other processes out: inside such a group the kernel's owner could do nothing
        about it.

        Args:
            process: the kernel's process.
            usage: what the process uses now.

        """
        place = self._place(process)
        # A group's limit above the machine's memory limits nothing.
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
        named = limits.nearest(found) or shared[0]
        if self._set_by_person is not None:
            source, amount = self._set_by_person
            named = limits.Limit(source, amount, usage.rss_bytes)
        return ChosenLimits(named, limits.nearest([named, *found, *shared]) or named)

    def groups(self, process: KernelProcess) -> list[limits.Group]:
        """List the control groups that count a kernel's memory, its own first."""
        return self._place(process).groups

    def forget(self, process: KernelProcess) -> None:
        """Drop what is kept about a process that has ended."""
        with self._lock:
            self._places.pop(process, None)

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


def _set_by_person(config: Memguard, environment: dict[str, str]) -> tuple[str, int] | None:
    """Give the source and the bytes of the limit in the configuration or in ``MEM_LIMIT``."""
    if config.mem_limit:
        return "config", config.mem_limit
    text = environment.get("MEM_LIMIT", "")
    try:
        amount = parse_bytes(text) if text else 0
    except ValueError as error:
        config.log.warning("jupyter_memguard: MEM_LIMIT is ignored: %s", error)
        return None
    return ("mem_limit_env", amount) if amount else None
