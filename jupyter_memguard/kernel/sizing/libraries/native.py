"""Reading what libraries in C++ and Rust count, in this process's own memory.

A library counts the users of its memory and does not say how many there are. Its counts stand at
fixed places, which differ from version to version. So an adapter that reads them first looks
whether they are where it takes them to be, in objects made for that. All is read through the
system, which answers an address that is not there with an error, where a pointer would end the
kernel.
"""

from __future__ import annotations

import ctypes
import os
from struct import Struct
from time import thread_time
from typing import Any

from .adapter import Adapter, Owned

POINTER = 8
NUMPY_BASE = 6  # the word of an array of numpy that refers to what its memory is of
COUNT = 0xFFFFFFFF  # the bits of a word that a count of 32 bits has
COUNTED_CAPSULES: set[bytes] = set()
"""Names of the capsules that have an adapter, which reads their library's counts."""

_MOST = 8 * 10**-3  # seconds that looking at one object may take

_MOST_WORDS = 64  # that are read at once

_basic = type.__dict__["__basicsize__"].__get__
_STRUCTS = [Struct(f"<{count}Q") for count in range(_MOST_WORDS + 1)]


class Memory:
    """The memory of this process, while it is open; what cannot be read is all zeros."""

    __slots__ = ("_end", "_file")

    def __init__(self) -> None:
        """Open the memory; an `OSError` if the system does not have it as a file."""
        if not hasattr(os, "pread") or not hasattr(os, "O_CLOEXEC"):
            raise OSError  # Windows
        self._file = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
        self._end = thread_time() + _MOST

    def __enter__(self) -> Memory:  # noqa: PYI034 - Python 3.8
        """Begin to read."""
        return self

    def __exit__(self, *_: object) -> None:
        """Read no more."""
        os.close(self._file)

    def late(self) -> bool:
        """Return whether more time was spent than one object may take."""
        return thread_time() > self._end

    def words(self, address: int, count: int) -> tuple[int, ...]:
        """Return so many words of eight bytes (`_MOST_WORDS` at most) from an address on."""
        size = POINTER * count
        try:
            data = os.pread(self._file, size, address)
        except (OSError, OverflowError):
            data = b""
        return _STRUCTS[count].unpack(data if len(data) == size else data.ljust(size, b"\0"))

    def word(self, address: int) -> int:
        """Return the word of eight bytes at an address."""
        return self.words(address, 1)[0]


def is_readable() -> bool:
    """Return whether memory can be read so, at an address whose content is known."""
    probe = Struct("<Q")
    try:
        with Memory() as memory:
            return memory.word(id(probe) + POINTER) == id(type(probe))
    except OSError:
        return False


def holding(probe: Any, target: Any) -> Adapter:
    """Return the adapter of objects that hold one other unseen, as the probe holds the target."""
    try:
        offset = _place_in(probe, target)
    except (LookupError, OSError):
        return Adapter(lambda _: Owned(note="opaque"))

    def look(obj: Any) -> Owned:
        held = ctypes.py_object.from_address(id(obj) + offset)
        try:
            return Owned(references=[held.value])
        except ValueError:  # nothing is held
            return Owned()

    return Adapter(look)


def _place_in(probe: Any, target: Any) -> int:
    """Return where an object refers to another, in bytes from its beginning."""
    with Memory() as memory:
        words = memory.words(id(probe), min(_MOST_WORDS, _basic(type(probe)) // POINTER))
    if words.count(id(target)) != 1:
        raise LookupError
    return words.index(id(target)) * POINTER
