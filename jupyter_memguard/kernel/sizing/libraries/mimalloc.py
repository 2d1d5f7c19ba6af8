"""How much room mimalloc has for a block: an array that was built in steps leaves some of it.

Arrow doubles a buffer while it fills it, and cuts it at the end. Mimalloc leaves the block where it
is as long as half of it is used, and the pages behind its end stay present where something was in
them before. They go with the block. `mi_arena_t`, `mi_page_t` and `mi_subproc_t` of mimalloc 3.4
(its `types.h`) say how large a block is. Each entry that is read has its own place in it, so that
another version's is not taken for one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .native import COUNT, POINTER

if TYPE_CHECKING:
    from .native import Memory

LEAST = 1 << 17  # bytes of a block that is asked about; what is smaller is taken to be present
_SLICE = 1 << 16  # bytes of which an arena counts
_PAGE = 14  # words of an entry of an arena's table, one for each slice,
_USED, _ROOM, _OFFSET, _OF_ARENA, _OF_SLICE = 2, 5, 6, 11, 12  # of which these are read
_OF_USED = 0xFFFF  # the bits of a word that count the blocks in use
_SHARES_A_PAGE = 1 << 19  # bytes; smaller blocks of one size lie in one page
_ARENA = 18  # words of an arena,
_PROCESS, _SLICES, _TABLE = 3, 5, 17  # of which these are read
_COUNT = 3  # the word of a process's structure before those of its arenas
_MOST_ARENAS = 60


class Mimalloc:
    """The arenas of the mimalloc that allocated one block, and of no other."""

    __slots__ = ("_process",)

    def __init__(self, memory: Memory, address: int) -> None:
        """Find it by a block; no room is known where there is no mimalloc of this kind."""
        start = _start_of_mapping(address)
        self._process = memory.words(start, _ARENA)[_PROCESS] if start else 0
        if all(first != start for first, _, _ in self._arenas(memory)):
            self._process = 0

    def room(self, memory: Memory, address: int, size: int) -> int:
        """Return the bytes of the block at an address, `size` where that is not known."""
        if size < LEAST or not self._process:
            return size
        for start, slices, table in self._arenas(memory):
            index = (address - start) // _SLICE
            if 0 <= index < slices:
                place = table + index * _PAGE * POINTER
                page = memory.words(place, _PAGE)
                begins = place + (page[_OFFSET] & COUNT) * POINTER == address
                is_its = page[_OF_ARENA] == start and page[_OF_SLICE] & COUNT == index
                if begins and is_its and page[_USED] & _OF_USED:
                    return max(size, page[_ROOM])
                return _usual_room(size) if size <= _SHARES_A_PAGE else size
        return size

    def _arenas(self, memory: Memory) -> list[tuple[int, int, int]]:
        """Return for each arena its address, how many slices it has, and where its table is."""
        if not self._process:
            return []
        count = min(memory.word(self._process + _COUNT * POINTER), _MOST_ARENAS)
        found = []
        for arena in memory.words(self._process + (_COUNT + 1) * POINTER, count):
            words = memory.words(arena, _ARENA)
            if arena and words[_PROCESS] == self._process:
                found.append((arena, words[_SLICES], words[_TABLE]))
        return found


def _usual_room(size: int) -> int:
    """Return the bytes of a block for so many: there are four sizes from one power of two on."""
    step = 1 << (size - 1).bit_length() - 3
    return -(-size // step) * step


def _start_of_mapping(address: int) -> int:
    """Return where the mapping begins that has an address, 0 if that is not known."""
    try:
        with Path("/proc/self/maps").open("rb") as lines:
            for line in lines:
                start, end = (int(part, 16) for part in line.partition(b" ")[0].split(b"-"))
                if start <= address < end:
                    return start
    except (OSError, ValueError):
        pass
    return 0
