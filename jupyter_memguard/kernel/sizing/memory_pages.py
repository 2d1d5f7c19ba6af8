"""How much of a stretch of memory is present: pages that were never written cost nothing."""

from __future__ import annotations

import mmap
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PAGE = mmap.PAGESIZE
_ENTRY = 8
_SAMPLE = 65536  # entries; a stretch with more pages is sampled in runs of _RUN
_RUN = 64
ALWAYS_PRESENT = 1 << 17  # bytes; smaller stretches are taken to be present

# The top byte of an entry. Present and anonymous, mapped by this process alone, or by others too: a
# fork that has not written to it, or it is the one page of zeros; swapped out; of a file or of
# shared memory, mapped here alone or by others too.
_OWN = b"\x81"
_SHARED = b"\x80"
_SWAPPED = b"\x40"
_FILE_ALONE = b"\xa1"
_FILE = b"\xa0"
# What is anonymous, as RSS counts it, and divided by those who share it: never the page of zeros.
_LEAST_SHARED_KIB = 1024  # the second is rounded
# Memory that forks share; and what had a name, as of `multiprocessing`, or never had one.
_NAMELESS = re.compile(rb"/(dev/zero|dev/shm/.*|memfd:.*) \(deleted\)")
_ANONYMOUS = re.compile(rb"^(Anonymous|Pss_Anon): +([0-9]+) kB$", re.MULTILINE)


class PresentBytes(NamedTuple):
    """Bytes that are this process's own, and bytes of files and shared memory.

    Of the latter, no other process has mapped those that are `alone` now.
    """

    own: int
    mapped: int
    alone: int = 0


class MemoryPages:
    """Reads the page map that Linux has of this process; the file is opened once."""

    def __init__(self) -> None:
        """Open the page map; without one nothing is known and `present` returns None."""
        self._file = -1
        self._has_forks: bool | None = None
        try:
            self._file = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, AttributeError):
            return

    def __del__(self) -> None:
        """Close the page map, as nobody asks any more."""
        self.close()

    def close(self) -> None:
        """Close the page map."""
        # Forgotten first: after an interrupt between, it must not be closed twice, when the number
        # may be another file's.
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def present_if_large(self, address: int, size: int) -> PresentBytes:
        """Return what is present of a stretch; all of it, if it is small or that is not known."""
        found = self.present(address, size) if size >= ALWAYS_PRESENT else None
        return PresentBytes(size, 0) if found is None else found

    def present(self, address: int, size: int) -> PresentBytes | None:
        """Return how many of `size` bytes at `address` have a page, None if that is not known."""
        if self._file < 0:
            return None
        first = address // _PAGE
        count = (address + size - 1) // _PAGE - first + 1
        step = max(1, count // _SAMPLE)
        run = _SAMPLE if step == 1 else _RUN
        looked = own = shared = alone = mapped = 0
        try:
            for start in range(0, count, run * step):
                entries = os.pread(
                    self._file, min(run, count - start) * _ENTRY, (first + start) * _ENTRY
                )
                tops = entries[_ENTRY - 1 :: _ENTRY]
                looked += len(tops)
                own += tops.count(_OWN) + tops.count(_SWAPPED)
                shared += tops.count(_SHARED)
                alone += tops.count(_FILE_ALONE)
                mapped += tops.count(_FILE)
        except OSError:
            return None
        if looked == 0:
            return None
        if shared and self._shares_with_forks():
            own += shared
        found = (own, mapped + alone, alone)
        return PresentBytes(*(size if n == looked else size * n // looked for n in found))

    def _shares_with_forks(self) -> bool:
        """Return whether a fork shares pages of this process, which it counts as its own too."""
        if self._has_forks is None:
            found = {}
            with suppress(OSError):
                text = Path("/proc/self/smaps_rollup").read_bytes()
                found = {name: int(number) for name, number in _ANONYMOUS.findall(text)}
            more = found.get(b"Anonymous", 0) - found.get(b"Pss_Anon", 0)
            self._has_forks = b"Pss_Anon" in found and more > _LEAST_SHARED_KIB
        return self._has_forks


def is_anonymous(address: int) -> bool:
    """Return whether shared memory at an address has no name, and one descriptor of its own.

    Then the last user frees it. A further descriptor of this process would keep it.
    """
    try:
        with Path("/proc/self/maps").open("rb") as lines:
            for line in lines:
                start, end = (int(part, 16) for part in line.partition(b" ")[0].split(b"-"))
                if start <= address < end:
                    name = b"".join(line.split(None, 5)[5:]).rstrip()
                    return _NAMELESS.fullmatch(name) is not None and _descriptors(name) <= 1
    except (OSError, ValueError):
        return False
    return False


def _descriptors(name: bytes) -> int:
    """Return how many descriptors of this process lead to what the system has by a name."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found += os.fsencode(os.readlink(each)) == name
    return found
