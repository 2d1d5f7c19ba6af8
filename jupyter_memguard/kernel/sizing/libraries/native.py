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
from collections import Counter
from struct import Struct
from time import thread_time
from typing import Any, Callable, TypeVar

from ..blocks import Block
from .adapter import Adapter, Owned, end_of_look

POINTER = 8
NUMPY_BASE = 6  # the word of an array of numpy that refers to what its memory is of
COUNT = 0xFFFFFFFF  # the bits of a word that a count of 32 bits has
COUNTED_CAPSULES: set[bytes] = set()
"""Names of the capsules that have an adapter, which reads their library's counts."""

_MOST = 8 * 10**-3  # seconds that looking at one object may take
_FEW_PARTS = 16  # of an object, which take less than a millisecond
_MOST_WORDS = 64  # that are read at once
_WEAK = 0x3FFFFFFF  # the bits of the count of weak references, beside flags
_MOST_USERS = 10**6
_FEW = 2  # parts, of which one leads to the other and no further
_MOST_LEVELS = 200  # of blocks
_MOST_VIEWS = 5  # of one another, down to the array that has the numbers

_Layout = TypeVar("_Layout")

_basic = type.__dict__["__basicsize__"].__get__
_STRUCTS = [Struct(f"<{count}Q") for count in range(_MOST_WORDS + 1)]


class Memory:
    """The memory of this process, while it is open; what cannot be read is all zeros."""

    __slots__ = ("_asked", "_end", "_file")

    def __init__(self, seconds: float = _MOST) -> None:
        """Open the memory; an `OSError` if the system does not have it as a file.

        After so many seconds of the thread's time it is late, or sooner if a walk has less.
        """
        if not hasattr(os, "pread") or not hasattr(os, "O_CLOEXEC"):
            raise OSError  # Windows
        self._file = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
        self._end = end_of_look(thread_time(), seconds)
        self._asked = 0

    def __enter__(self) -> Memory:  # noqa: PYI034 - Python 3.8
        """Begin to read."""
        return self

    def __exit__(self, *_: object) -> None:
        """Read no more."""
        os.close(self._file)

    def late(self) -> bool:
        """Return whether more time was spent than one object may take.

        It is asked for each part. A few parts are never late, however slow the machine is now.
        """
        self._asked += 1
        return self._asked > _FEW_PARTS and thread_time() > self._end

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

    def block(self, address: int) -> int:
        """Return how many words the block at an address has: malloc says in front of it."""
        return words_of(self.word(address - POINTER))

    def of_array(
        self, place: int, kind: int, address: int, size: int
    ) -> tuple[int, int, int] | None:
        """Return where the memory is, its bytes and users, that goes with an array of numpy.

        The array shows some bytes at an address; `kind` is the identity of numpy's type. None if
        there is no array at the place. No bytes if something else holds a view on the way.
        """
        words = self.words(place, NUMPY_BASE + 1)
        if not kind or words[1] != kind:
            return None
        for crossed in range(_MOST_VIEWS):
            users = words[0] & COUNT
            if words[1] != kind or (users != 1 and words[NUMPY_BASE]):
                break
            if not words[NUMPY_BASE]:
                start = words[2]
                if start == address and users == 1 and not crossed:
                    return address, size, users
                whole = POINTER * self.block(start)  # of which a part is shown
                inside = start <= address and address + size <= start + whole
                return (start, whole, users) if inside else (address, 0, users)
            words = self.words(words[NUMPY_BASE], NUMPY_BASE + 1)
        return address, 0, 1


def words_of(head: int) -> int:
    """Return how many words a block of malloc's has, by the word in front of it."""
    return max(0, (head & -16) // POINTER - 1)


def is_readable() -> bool:
    """Return whether memory can be read so, at an address whose content is known."""
    probe = Struct("<Q")
    try:
        with Memory() as memory:
            return memory.word(id(probe) + POINTER) == id(type(probe))
    except OSError:
        return False


class Part:
    """One part of what a wrapper leads to, with the users that its library counts."""

    __slots__ = ("address", "device", "kids", "size", "users")

    def __init__(self, address: int, users: int) -> None:
        """Begin with no bytes, and nothing that it leads to."""
        self.address = address
        self.users = users
        self.size = 0
        self.device = False
        self.kids: list[int] = []  # the keys of parts, once for each reference


class Parts:
    """Parts that lead to one another, of which one object refers to the first.

    They are known before they are made into blocks: they can be deep, and lead back to themselves.
    """

    def __init__(self, owner: int) -> None:
        """Begin with nothing known."""
        self.owner = owner
        self.known: dict[int, Part] = {}  # by keys, which `Part.kids` has

    def block(self, key: int) -> Block:
        """Return the block of a part, with all that it leads to."""
        kids = self.known[key].kids
        if len(self.known) == _FEW and all(k in self.known and k != key for k in kids):
            return self._made(key)._replace(leads_to=tuple(map(self._made, kids)))
        leads = self._joined(key)
        made: dict[int, Block] = {}
        opened: set[int] = set()
        stack = [key]
        while stack:
            top = stack[-1]
            if top in made:
                stack.pop()
            elif top not in opened:
                opened.add(top)
                if len(opened) - len(made) > _MOST_LEVELS:
                    leads[top] = []  # who reads blocks goes down level by level
                stack.extend(kid for kid in leads[top] if kid not in opened)
            else:
                stack.pop()
                # What is not made yet has led here: its address says which block it is.
                further = [made.get(kid) or self._made(kid) for kid in leads[top]]
                made[top] = self._made(top)._replace(leads_to=tuple(further))
        return made[key]

    def _made(self, key: int) -> Block:
        part = self.known[key]
        return Block(part.address, part.size, self.owner, part.users, device=part.device)

    def _joined(self, key: int) -> dict[int, list[int]]:
        """Return for each part, without those that are joined to another, to which it leads.

        A part is joined to another if that, and what is joined to it, has all references to the
        part: they fall together.
        """
        top = {key: key}  # the part to which each is joined
        met: Counter[int] = Counter()
        of: dict[int, int] = {}  # what alone refers to a part, 0 if there are several
        references = []
        waiting: dict[int, None] = {}
        ready = [key]
        while ready or waiting:
            if not ready:
                # Something else refers to it too, or it leads back to itself, or it has bytes.
                some = next(iter(waiting))
                del waiting[some]
                top[some] = some
                ready.append(some)
            part = ready.pop()
            for kid in self.known[part].kids:
                found = self.known.get(kid)
                if found is None:
                    continue  # there was no time for it
                references.append((top[part], kid))
                if kid in top:
                    continue
                met[kid] += 1
                of[kid] = top[part] if of.get(kid, top[part]) == top[part] else 0
                waiting[kid] = None
                if met[kid] == found.users and not found.size:
                    del waiting[kid]
                    top[kid] = of[kid] or kid
                    ready.append(kid)
        leads: dict[int, list[int]] = {part: [] for part in set(top.values())}
        for part, kid in references:
            if top[kid] == kid:
                leads[part].append(kid)
        return leads


def are_counts(word: int) -> bool:
    """Return whether a word may have a count of users, and one of weak references."""
    return 0 < word & COUNT < _MOST_USERS and 0 < word >> 32 & _WEAK < _MOST_USERS


def layout_of(find: Callable[[Memory], _Layout]) -> _Layout | None:
    """Return where a library has what is read; None if it is not where it is looked for."""
    if not is_readable():
        return None
    try:
        with Memory() as memory:
            return find(memory)
    except Exception:  # noqa: BLE001
        return None  # another version of the library


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
