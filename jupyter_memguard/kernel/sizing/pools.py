"""The blocks that the allocator gives, and how large they are where an object does not tell.

The sum of two large integers is made with room for one more digit, and keeps the room. The head of
the allocator's pool has the size of its blocks (CPython's `Objects/obmalloc.c`). It is read through
the system, which answers an address that is not there with an error.
"""

from __future__ import annotations

import sys
from itertools import compress
from typing import Iterable, Sequence

from .libraries.native import Memory

_POOL = 1 << 14 if sys.version_info >= (3, 10) else 1 << 12
_POOLED = 512  # bytes up to which pymalloc serves
_UNIT = 16
_HEAD = 6  # words
_SIZE, _LAST = 4, 5  # the words whose upper halves say which size, and where the last block begins
_DIGIT = sys.int_info.sizeof_digit
_ONE_DIGIT = int.__sizeof__(1)  # its sums are made as they are
_SOME = 8  # integers of a batch that are looked at
_are_read: bool | None = None  # whether the heads of pools are what is supposed


def rounded(size: int) -> int:
    """Return the bytes of the block that holds `size` bytes (pymalloc to 512, then malloc)."""
    if size <= _POOLED:
        return (size + 15) & -16
    return (size + 8 + 15) & -16


def block_bytes(memory: Memory, address: int) -> int:
    """Return the bytes of the block at an address, 0 where no pool says it."""
    head = memory.words(address & -_POOL, _HEAD)
    size = ((head[_SIZE] >> 32) + 1) * _UNIT
    return size if head[_LAST] >> 32 == _POOL - size else 0


def spare_of_integers(
    integers: Sequence[int], sizes: Sequence[int], distinct: Iterable[int]
) -> int:
    """Return by how much the blocks of integers are larger than their sizes say, about.

    It looks at some of those for which one more digit would need a larger block. `distinct` has
    each of the sizes once.
    """
    found = 0
    for size in distinct:
        if not _ONE_DIGIT < size < _POOLED or rounded(size) == rounded(size + _DIGIT):
            continue
        those = list(compress(integers, map(size.__eq__, sizes)))
        some = list(map(id, those[:: -(-len(those) // _SOME)]))
        found += _spare(some, rounded(size)) * len(those) // len(some)
    return found


def _spare(addresses: Sequence[int], supposed: int) -> int:
    """Return by how many bytes the blocks at some addresses are larger than is supposed."""
    try:
        with Memory() as memory:
            if not _heads_are_read(memory):
                return 0
            blocks = [block_bytes(memory, address) for address in addresses]
    except OSError:
        return 0
    return sum(_UNIT for block in blocks if block == supposed + _UNIT)


def _heads_are_read(memory: Memory) -> bool:
    """Return whether pools say what is known of some integers that are new and exact."""
    global _are_read  # noqa: PLW0603 - it is the same for the whole process
    if _are_read is None:
        new = [int.from_bytes(b"\1" * length, "big") for length in (7, 13, 22, 40)]
        supposed = [rounded(int.__sizeof__(each)) for each in new]
        _are_read = [block_bytes(memory, id(each)) for each in new] == supposed
    return _are_read
