"""Memory that libraries allocate for themselves, told by its address.

Three kinds of owner: an object that alone owns its memory, so that reference counts have told
already; one whose library counts the memory's users; and one whose library counts them but does
not tell (Arrow, polars). For the last kind every other wrapper that is alive is looked for, and
memory that overlaps one of theirs stays.
"""

from __future__ import annotations

import gc
from itertools import chain
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Iterable, NamedTuple

from ..retention.refcounts import LISTED, counts
from .memory_pages import Pages

ALONE = 0
UNTOLD = -1

_BATCH = 2000
_SEARCH_FROM = 1 << 14  # bytes of one block, or
_SEARCH_SUM = 1 << 19  # of all; below it is not searched who else uses the memory
_UNTRACKED = frozenset((id(dict), id(tuple)))
_POINTLESS = frozenset(map(id, (
    BuiltinFunctionType, FunctionType, GetSetDescriptorType, MemberDescriptorType,
    MethodDescriptorType, ModuleType, WrapperDescriptorType, classmethod, property, staticmethod,
    type,
)))  # fmt: skip
"""Identities of types that hold no data but through objects that the search comes to anyway."""


class Block(NamedTuple):
    """Bytes at an address, of an owner by its identity.

    `users` is `ALONE`, `UNTOLD`, or how many owners the library says that the memory has; then
    `extra` is how many more users than its wrapper the owner itself has, and `views` how many
    such users it is (torch's views hold the tensor that they were made of).
    """

    address: int
    size: int
    owner: int
    users: int = ALONE
    extra: int = 0
    views: int = 0
    device: bool = False


class Given:
    """What some blocks give back, in bytes."""

    __slots__ = ("device", "mapped", "notes", "own", "shared")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.own = 0
        self.mapped = 0
        self.device = 0
        self.notes: set[str] = set()
        self.shared: dict[int, set[int]] = {}


class Foreign:
    """Works out what blocks give back, for any number of sets of dead owners."""

    def __init__(self, heap: Any) -> None:
        """Use the heap's adapters and its deadline."""
        self.heap = heap
        self.pages = Pages()
        self.searched: bool | None = None
        self.parts: list[tuple[int, int, set[int]]] = []
        self.part_of: dict[int, int] = {}
        self.unwrapped: dict[int, Block] = {}

    def close(self) -> None:
        """Let go of what was opened."""
        self.pages.close()

    def search(self, dead: Iterable[Block]) -> None:
        """Find who else uses the memory of the dead whose libraries do not tell."""
        untold = [block for block in dead if block.users != ALONE]
        sizes = [block.size for block in untold]
        if max(sizes, default=0) < _SEARCH_FROM and sum(sizes) < _SEARCH_SUM:
            return
        blocks = self._living()
        self.searched = blocks is not None
        if blocks is None:
            return
        known = {block.owner for block in untold}
        untold.extend(block for block in blocks if block.owner not in known)
        self._join(untold)

    def give(self, blocks: Iterable[Block]) -> Given:
        """Return what these blocks give back if their owners, and no others, are dead."""
        given = Given()
        shared: set[Block] = set()
        for block in blocks:
            if block.users == ALONE:
                self._add_own(given, block)
            else:
                shared.add(block)
        if shared:
            self._give_shared(given, shared)
        return given

    def _give_shared(self, given: Given, blocks: set[Block]) -> None:
        if self.searched is None:
            for address, size in {block.address: block.size for block in blocks}.items():
                self._add(given, address, size)
            return
        if not self.searched:
            given.notes.add("sharing-unknown")
            return
        parts: dict[int, list[Block]] = {}
        for block in blocks:
            parts.setdefault(self.part_of[block.address], []).append(block)
        for part, members in parts.items():
            start, end, users = self.parts[part]
            others = users - {block.owner for block in members}
            if not others <= self.unwrapped.keys():
                continue
            if _hidden_users(members, [self.unwrapped[owner] for owner in others]):
                given.notes.add("sharing-unknown")
                continue
            self._add(given, start, end - start, device=members[0].device)
            given.shared[part] = users

    def _add_own(self, given: Given, block: Block) -> None:
        """Add memory that came from malloc: what is not this process's own is the zero page."""
        if block.device:
            given.device += block.size
            return
        own = self.pages.look_if_large(block.address, block.size).own
        given.own += own
        if own != block.size:
            given.notes.add("untouched")

    def _add(self, given: Given, address: int, size: int, *, device: bool = False) -> None:
        if device:
            given.device += size
            return
        there = self.pages.look_if_large(address, size)
        given.own += there.own
        given.mapped += there.mapped
        if there.mapped:
            given.notes.add("mapped")
        elif there.own != size:
            given.notes.add("untouched")

    def _living(self) -> list[Block] | None:
        """Return the blocks of all owners in the heap, None if the time was too short."""
        wanted: dict[int, Any] = {}
        for adapter in self.heap.adapters.values():
            todo = [adapter.shares] if adapter.shares else []
            while todo:
                found = todo.pop()
                wanted[id(found)] = adapter
                todo.extend(type.__subclasses__(found))
        owners: dict[int, Any] = {}
        if not self._collect(gc.get_objects(), frozenset(wanted), owners):
            return None
        blocks: list[Block] = []
        references = counts(list(owners.values()))
        for owner, count in zip(owners.values(), references):
            if self.heap.late():
                return None
            adapter = wanted[id(type(owner))]
            try:
                found = adapter.look(owner).blocks
            except Exception:  # noqa: BLE001
                return None
            if adapter.counted and count == (LISTED or 0) + 2:
                # held by the list's dict and by its library: no longer by anything in Python
                self.unwrapped.update((id(owner), block) for block in found if block.extra)
            blocks.extend(found)
        return blocks

    def _collect(self, objects: list[Any], wanted: frozenset[int], owners: dict[int, Any]) -> bool:
        """Put the objects of wanted types among what `objects` refer to into `owners`."""
        inner: dict[int, Any] = {}
        for start in range(0, len(objects), _BATCH):
            if self.heap.late():
                return False
            batch = objects[start : start + _BATCH]
            owners.update((id(obj), obj) for obj in batch if id(type(obj)) in wanted)
            batch = [obj for obj in batch if id(type(obj)) not in _POINTLESS]
            kids = gc.get_referents(*batch)
            kinds = set(map(id, map(type, kids)))
            if not wanted.isdisjoint(kinds):
                owners.update((id(kid), kid) for kid in kids if id(type(kid)) in wanted)
            # a dict or tuple of what the collector does not track is not tracked itself
            if not kinds.isdisjoint(_UNTRACKED):
                inner.update(
                    (id(kid), kid)
                    for kid in kids
                    if (type(kid) is tuple or type(kid) is dict) and kid and not gc.is_tracked(kid)
                )
        return self._collect(list(inner.values()), wanted, owners) if inner else True

    def _join(self, blocks: list[Block]) -> None:
        """Join overlapping blocks to parts; a part is freed when all its users are."""
        end = -1
        start = 0
        users: set[int] = set()
        for block in sorted(blocks):
            if block.address >= end:
                start, users = block.address, set()
                self.parts.append((start, end, users))
            end = max(end, block.address + block.size)
            users.add(block.owner)
            self.part_of[block.address] = len(self.parts) - 1
            self.parts[-1] = (start, end, users)


def _hidden_users(blocks: list[Block], unwrapped: list[Block]) -> bool:
    """Tell whether the library counts users of some memory that none of its dead owners is.

    The owners that only the library holds may be there for the dead owners' views alone.
    """
    views = sum(block.views for block in blocks)
    extra = sum(block.extra for block in chain(blocks, unwrapped))
    owners = len({block.owner for block in blocks})
    told = max(block.users for block in blocks)
    return told - owners > min(views, 1) or extra > views
