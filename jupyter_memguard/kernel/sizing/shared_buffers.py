"""Memory that libraries allocate for themselves, and that several objects may share.

A block has one of three kinds of owner. The first owns its memory alone, so reference counts
decide. For the second, the library says how many users the memory has. For the third (Arrow,
polars), the library counts the users but does not say how many: all living wrappers are searched
for, and memory that overlaps one of theirs stays.
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
from typing import TYPE_CHECKING, Any, Iterable

from ..retention.refcounts import LISTED, counts
from .blocks import SOLE_USER, Block
from .memory_pages import MemoryPages

if TYPE_CHECKING:
    from .heap import Heap

_BATCH = 2000
_SEARCH_FROM = 1 << 14  # bytes of one block, or
_SEARCH_SUM = 1 << 19  # of all blocks, from which other users of the memory are searched for
_UNTRACKED = frozenset((id(dict), id(tuple)))
_POINTLESS = frozenset(map(id, (
    BuiltinFunctionType, FunctionType, GetSetDescriptorType, MemberDescriptorType,
    MethodDescriptorType, ModuleType, WrapperDescriptorType, classmethod, property, staticmethod,
    type,
)))  # fmt: skip
"""Identities of types that hold data only through objects that the search meets anyway."""


class GivenBack:
    """What some blocks give back, in bytes."""

    __slots__ = ("device", "mapped", "notes", "own", "shared")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.own = 0
        self.mapped = 0
        self.device = 0
        self.notes: set[str] = set()
        self.shared: dict[int, set[int]] = {}


class SharedBuffers:
    """Works out what blocks give back, for any number of sets of dead owners."""

    def __init__(self, heap: Heap) -> None:
        """Use the heap's adapters and its deadline."""
        self.heap = heap
        self.pages = MemoryPages()
        self.searched: bool | None = None
        self.regions: list[tuple[int, int, set[int]]] = []
        self.region_of: dict[int, int] = {}
        self.unwrapped: dict[int, Block] = {}

    def close(self) -> None:
        """Let go of what was opened."""
        self.pages.close()

    def search(self, dead: Iterable[Block]) -> None:
        """Find all users of the dead owners' memory, where owners can share it."""
        shareable = [block for block in dead if block.users != SOLE_USER]
        sizes = [block.size for block in shareable]
        if max(sizes, default=0) < _SEARCH_FROM and sum(sizes) < _SEARCH_SUM:
            return
        blocks = self._living()
        self.searched = blocks is not None
        if blocks is None:
            return
        known = {block.owner for block in shareable}
        shareable.extend(block for block in blocks if block.owner not in known)
        self._join(shareable)

    def give(self, blocks: Iterable[Block]) -> GivenBack:
        """Return what these blocks give back if only their owners are dead."""
        given = GivenBack()
        shared: set[Block] = set()
        for block in blocks:
            if block.users == SOLE_USER:
                self._add_own(given, block)
            else:
                shared.add(block)
        if shared:
            self._give_shared(given, shared)
        return given

    def _give_shared(self, given: GivenBack, blocks: set[Block]) -> None:
        if self.searched is None:
            for address, size in {block.address: block.size for block in blocks}.items():
                self._add(given, address, size)
            return
        if not self.searched:
            given.notes.add("sharing-unknown")
            return
        regions: dict[int, list[Block]] = {}
        for block in blocks:
            regions.setdefault(self.region_of[block.address], []).append(block)
        for region, members in regions.items():
            start, end, users = self.regions[region]
            others = users - {block.owner for block in members}
            if not others <= self.unwrapped.keys():
                continue
            if _hidden_users(members, [self.unwrapped[owner] for owner in others]):
                given.notes.add("sharing-unknown")
                continue
            self._add(given, start, end - start, device=members[0].device)
            given.shared[region] = users

    def _add_own(self, given: GivenBack, block: Block) -> None:
        """Add memory from malloc; its pages that are not this process's own were never written."""
        if block.device:
            given.device += block.size
            return
        own = self.pages.present_if_large(block.address, block.size).own
        given.own += own
        if own != block.size:
            given.notes.add("untouched")

    def _add(self, given: GivenBack, address: int, size: int, *, device: bool = False) -> None:
        if device:
            given.device += size
            return
        present = self.pages.present_if_large(address, size)
        given.own += present.own
        given.mapped += present.mapped
        if present.mapped:
            given.notes.add("mapped")
        elif present.own != size:
            given.notes.add("untouched")

    def _living(self) -> list[Block] | None:
        """Return the blocks of all owners in the heap, None if there was no time."""
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
                # only `owners` and the library hold it: nothing else in Python does any more
                self.unwrapped.update((id(owner), block) for block in found if block.extra)
            blocks.extend(found)
        return blocks

    def _collect(self, objects: list[Any], wanted: frozenset[int], owners: dict[int, Any]) -> bool:
        """Put objects of wanted types, among `objects` and what they refer to, into `owners`."""
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
        """Join overlapping blocks to regions; a region is freed when all its users are."""
        end = -1
        start = 0
        users: set[int] = set()
        for block in sorted(blocks):
            if block.address >= end:
                start, users = block.address, set()
                self.regions.append((start, end, users))
            end = max(end, block.address + block.size)
            users.add(block.owner)
            self.region_of[block.address] = len(self.regions) - 1
            self.regions[-1] = (start, end, users)


def _hidden_users(blocks: list[Block], unwrapped: list[Block]) -> bool:
    """Return whether the library counts users of a region beyond its dead owners.

    The `unwrapped` owners, which only the library holds, may exist only for the views of dead ones.
    """
    views = sum(block.views for block in blocks)
    extra = sum(block.extra for block in chain(blocks, unwrapped))
    owners = len({block.owner for block in blocks})
    counted = max(block.users for block in blocks)
    return counted - owners > min(views, 1) or extra > views
