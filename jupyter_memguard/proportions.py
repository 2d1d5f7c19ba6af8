"""What kinds of memory a process has, and its share of what it has in common with others.

``/proc/<pid>/status`` tells the kinds from counters that the system keeps anyway. The
proportional set size (PSS) counts each page divided by the number of processes that have
it, so that the sizes of a process and its forks sum to what they use together. The system
walks all pages for it, about 10 ms a GiB, and holds a lock of the process's address space
meanwhile. So it is read seldom, by a thread of its own, and nobody waits long for it.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .process import ProcessId

_PROC = Path("/proc")

# A process's PSS is read at most this often, in seconds, and less often if that takes long:
# it may cost at most 2 % of a core.
EVERY_SECONDS = 10.0
_TIMES_ITS_COST = 50

# An answer waits this long for a reading that has begun, in seconds. An earlier reading, or
# none, then stands in: a process that maps memory at the moment makes the reading wait.
_PATIENCE_SECONDS = 0.2

# What nobody has asked for in this time is forgotten, in seconds.
_FORGOTTEN_SECONDS = 60.0


@dataclass(frozen=True)
class Kinds:
    """A process's resident memory by kind, in bytes; None where the system does not tell.

    Attributes:
        anonymous_bytes: what it has allocated: the heap, arrays, stacks.
        file_bytes: pages of files: code of libraries, memory-mapped files.
        shared_bytes: shared memory that is no file (``/dev/shm``).

    """

    anonymous_bytes: int | None = None
    file_bytes: int | None = None
    shared_bytes: int | None = None


@dataclass(frozen=True)
class Proportion:
    """A process's proportional set size, what of it is swapped out, and its RSS then; bytes."""

    pss_bytes: int
    swap_bytes: int
    rss_bytes: int

    def pss_at(self, rss_bytes: int) -> int:
        """Say what the PSS is by a newer RSS: what came since is the process's own.

        Args:
            rss_bytes: the resident memory now, in bytes.

        """
        return min(rss_bytes, max(0, self.pss_bytes + rss_bytes - self.rss_bytes))


def read_kinds(pid: int) -> Kinds:
    """Read the kinds of a process's memory now."""
    found = _amounts(_PROC / str(pid) / "status")
    return Kinds(found.get(b"RssAnon"), found.get(b"RssFile"), found.get(b"RssShmem"))


def _read_proportion(pid: int) -> Proportion | None:
    found = _amounts(_PROC / str(pid) / "smaps_rollup")
    try:
        return Proportion(found[b"Pss"], found[b"Swap"], found[b"Rss"])
    except KeyError:
        return None


def _amounts(file: Path) -> dict[bytes, int]:
    """Read the lines `Name:  123 kB`, in bytes; nothing if the system does not show the file."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return {}
    words = (line.split() for line in lines if line.endswith(b" kB"))
    return {name.rstrip(b":"): int(amount) * 1024 for name, amount, _ in words}


class Proportions:
    """The proportions of processes. Its methods may block for a fifth of a second."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memguard-pss")
        self._lock = threading.Lock()
        self._known: dict[ProcessId, Proportion | None] = {}
        self._due: dict[ProcessId, float] = {}
        self._reading: Future[None] | None = None

    def of(self, processes: Collection[ProcessId]) -> dict[ProcessId, Proportion]:
        """Give what is known of these processes, and see to it that it is read when it is old.

        Args:
            processes: the processes.

        Returns:
            The newest reading of each, where there is one.

        """
        now = time.monotonic()
        with self._lock:
            due = [each for each in processes if self._due.get(each, 0.0) <= now]
            if due and (self._reading is None or self._reading.done()):
                self._reading = self._thread.submit(self._read, due)
            reading = self._reading
        if due and reading is not None:
            wait([reading], timeout=_PATIENCE_SECONDS)
        with self._lock:
            known = ((each, self._known.get(each)) for each in processes)
            return {each: proportion for each, proportion in known if proportion is not None}

    def _read(self, processes: Iterable[ProcessId]) -> None:
        for each in processes:
            begun = time.monotonic()
            proportion = _read_proportion(each.pid)
            ended = time.monotonic()
            with self._lock:
                self._known[each] = proportion
                self._due[each] = ended + max(EVERY_SECONDS, _TIMES_ITS_COST * (ended - begun))
        with self._lock:
            oldest = time.monotonic() - _FORGOTTEN_SECONDS
            for each in [each for each, due in self._due.items() if due < oldest]:
                del self._due[each]
                self._known.pop(each, None)
