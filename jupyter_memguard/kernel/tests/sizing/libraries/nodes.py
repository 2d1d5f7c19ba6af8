"""What becomes of a library's memory when some objects go, by what their adapters say alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_memguard.kernel.sizing.blocks import USERS_UNKNOWN, Block
from jupyter_memguard.kernel.sizing.libraries import loaded_adapters

if TYPE_CHECKING:
    from jupyter_memguard.kernel.sizing.libraries.adapter import Owned


def look(obj: Any) -> Owned:
    """Return what the adapter of an object's type says of it."""
    adapters = loaded_adapters()
    adapter = next(adapters[id(cls)] for cls in type(obj).__mro__ if id(cls) in adapters)
    return adapter.look(obj)


def freed(*objects: Any, check: bool = True) -> int:
    """Return the bytes of the blocks to which nothing but these objects leads.

    With `check`, no block may have more references than users.
    """
    met: dict[int, int] = {}
    blocks: dict[int, Block] = {}
    todo = [block for obj in objects for block in look(obj).blocks]
    while todo:
        block = todo.pop()
        met[block.address] = met.get(block.address, 0) + 1
        if block.address not in blocks:
            blocks[block.address] = block
            todo.extend(block.leads_to)
    alive = [address for address, block in blocks.items() if block.users != met[address]]
    counted = [block for block in blocks.values() if block.users > 0]
    assert not check or all(block.users >= met[block.address] for block in counted)
    assert all(block.users != USERS_UNKNOWN for block in blocks.values())
    held = set(alive)
    while alive:
        for further in blocks[alive.pop()].leads_to:
            if further.address not in held:
                held.add(further.address)
                alive.append(further.address)
    return sum(block.size for address, block in blocks.items() if address not in held)
