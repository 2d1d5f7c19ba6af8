"""Blocks: memory that an object has beside its own, by the address."""

from __future__ import annotations

from typing import NamedTuple

SOLE_USER = 0
USERS_UNKNOWN = -1


class Block(NamedTuple):
    """Bytes at an address, of an owner by its identity.

    `users` is `SOLE_USER`, `USERS_UNKNOWN`, or how many owners the library says that the memory
    has. Then `extra` is how many more users than its wrapper the owner itself has, and `views` how
    many such users it is (torch's views hold the tensor that they were made of).
    """

    address: int
    size: int
    owner: int
    users: int = SOLE_USER
    extra: int = 0
    views: int = 0
    device: bool = False
