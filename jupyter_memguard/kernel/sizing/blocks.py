"""Blocks: memory that an object has beside its own, by the address."""

from __future__ import annotations

from typing import Iterable, NamedTuple

SOLE_USER = 0
USERS_UNKNOWN = -1


class Block(NamedTuple):
    """Bytes at an address, of an owner by its identity.

    `users` is `SOLE_USER`, `USERS_UNKNOWN`, or how many users the library itself counts: what holds
    the block is then all known if that many references to it were met. The address says which block
    it is. An object that lists a block has one reference to it; a block has one to each of those in
    `leads_to`, once, however many ways lead to the block itself. A block of no size is what a
    library counts on the way to the memory. Who refers to a `loose` one cannot say what it leads
    to, nor that it does so once only.
    """

    address: int
    size: int
    owner: int
    users: int = SOLE_USER
    device: bool = False
    leads_to: tuple[Block, ...] = ()
    loose: bool = False


def total(blocks: Iterable[Block]) -> int:
    """Return the bytes of blocks and of all that they lead to, each counted once."""
    sizes: dict[int, int] = {}
    todo = list(blocks)
    while todo:
        block = todo.pop()
        if block.address not in sizes:
            sizes[block.address] = block.size
            todo.extend(block.leads_to)
    return sum(sizes.values())
