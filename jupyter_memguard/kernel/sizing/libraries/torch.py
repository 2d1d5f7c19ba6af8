"""torch's tensors and storages, and how many users torch counts of each.

A wrapper has a tensor in C++, and that has a storage. A tensor also has its gradient, what it is a
view of, and the graph that it comes from. Storages and tensors have counts of their users. All that
is read where it stands: torch makes wrappers of what it is asked for, and keeps them.

While a tensor or storage has users in C++, it holds its wrapper, which so refers to itself.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from contextlib import nullcontext
from typing import Any, Callable, Iterator

from ..blocks import USERS_UNKNOWN, Block
from .adapter import Adapter, Owned
from .native import COUNT, NUMPY_BASE, POINTER, Memory, is_readable

_PARTS = 2  # numbers of which a complex number is made
_TENSOR = 400  # bytes of a tensor without its numbers, about
_WRAPPED = 2 * POINTER
_COUNTS = 1  # the word of the users
_WORDS = 40  # of a structure, of which places are looked for
_MOST_WORDS = 240  # of a structure in a graph
_MOST_LOOKED_AT = 1500  # structures of a graph
_NEAR = 1 << 27  # bytes around a known table of methods in which those of its relatives are
_CONTEXT = 8  # words of what a storage frees its memory with
_LEAST_ADDRESS = 1 << 16
_MOST_BYTES = 1 << 46
_PROBE = 1001  # numbers, of four bytes each

_basic = type.__dict__["__basicsize__"].__get__


class _Layout:
    """Where this version of torch has what is read, in words from a structure's beginning."""

    __slots__ = (
        "base", "data", "frees", "grad", "graph", "held", "meta", "none", "numpy", "size",
        "storage", "storage_held", "storage_table", "table",
    )  # fmt: skip

    def __init__(self, torch: Any, memory: Memory) -> None:
        """Find all places in tensors made for that; a `LookupError` or `ValueError` if not."""
        native = torch._C  # noqa: SLF001
        base = native.TensorBase
        whole = torch.zeros(_PROBE)
        part = whole[:1]
        leaf = torch.zeros(_PROBE, requires_grad=True)
        leaf.grad = torch.zeros(_PROBE)
        made = leaf * 2

        def place(obj: Any) -> int:
            return memory.word(id(obj) + _WRAPPED)

        def read(obj: Any) -> tuple[int, ...]:
            return memory.words(place(obj), _WORDS)

        words = read(whole)
        self.table = words[0]
        if read(made)[0] != self.table or any(
            read(obj)[_COUNTS] & COUNT != base._use_count(obj)  # noqa: SLF001
            for obj in (whole, part, leaf, made)
        ):
            raise LookupError
        self.storage = words.index(native._storage_address(whole))  # noqa: SLF001
        self.held = words.index(id(whole))
        stored = memory.words(words[self.storage], _WORDS)
        self.storage_table = stored[0]
        self.data = stored.index(base.data_ptr(whole))
        self.size = stored.index(4 * _PROBE)
        self.frees = stored[self.data + 1]
        numpy = sys.modules.get("numpy")
        self.numpy = 0 if numpy is None else id(numpy.ndarray)
        if stored[_COUNTS] & COUNT != 2:  # the whole and its part  # noqa: PLR2004
            raise LookupError
        kept = torch.zeros(_PROBE)
        wrapper = base.untyped_storage(kept)
        stored = memory.words(read(kept)[self.storage], _WORDS)
        self.storage_held = stored.index(id(wrapper))

        metas = [at for at in range(_WORDS) if place(whole) in memory.words(read(part)[at], _WORDS)]
        self.meta = next(at for at in metas if at not in (self.storage, self.held))
        self.base = memory.words(read(part)[self.meta], _WORDS).index(place(whole))
        meta = memory.words(read(leaf)[self.meta], _WORDS)
        self.grad = meta.index(place(base.grad.__get__(leaf)))
        meta = memory.words(read(made)[self.meta], _WORDS)
        self.graph = meta.index(memory.word(id(base.grad_fn.__get__(made)) + _WRAPPED))
        self.none = meta[self.grad]


class _Parts:
    """The parts of one wrapper's tensor, as blocks with torch's counts."""

    def __init__(self, layout: _Layout, memory: Memory, owner: int, *, device: bool) -> None:
        """Begin with nothing known."""
        self.layout = layout
        self.memory = memory
        self.owner = owner
        self.device = device
        self.known: dict[int, Block] = {}
        self.graphs: list[int] = []
        self.hidden = False  # whether it is not known who else uses the memory

    def _users(self, words: tuple[int, ...], held: int) -> int:
        """Return the users, without a wrapper that nothing else in Python refers to."""
        users = words[_COUNTS] & COUNT
        wrapper = words[held]
        if users > 1 and wrapper and self.memory.word(wrapper) & COUNT == 1:
            users -= 1
        return users or USERS_UNKNOWN

    def storage(self, place: int) -> Block:
        """Return a storage."""
        found = self.known.get(place)
        if found is None:
            layout = self.layout
            words = self.memory.words(place, _WORDS)
            if words[0] != layout.storage_table or not 0 <= words[layout.size] < _MOST_BYTES:
                raise ValueError
            address, size = words[layout.data], words[layout.size]
            users = self._users(words, layout.storage_held)
            if not address or not size:
                found = Block(place, 0, self.owner, users)
            elif self.device or words[layout.data + 1] == layout.frees:
                found = Block(address, size, self.owner, users, device=self.device)
            else:
                inner = self._foreign(address, size, words[layout.data + 2])
                found = Block(place, 0, self.owner, users, leads_to=inner)
            self.known[place] = found
        return found

    def _foreign(self, address: int, size: int, context: int) -> tuple[Block, ...]:
        """Return memory that is not torch's own, if it is known to go with the storage."""
        memory = self.memory
        for word in memory.words(context, _CONTEXT):
            held = memory.words(word, NUMPY_BASE + 1) if word > _LEAST_ADDRESS else (0,)
            if held[0] and held[1] == self.layout.numpy:
                if held[0] & COUNT == 1 and not held[NUMPY_BASE]:
                    return (Block(address, size, self.owner, 1),)
                self.hidden = True
                return ()
        return (Block(address, size, self.owner, USERS_UNKNOWN),)

    def tensor(self, place: int) -> Block:
        """Return a tensor, with its storage, its gradient, and what it is a view of."""
        found = self.known.get(place)
        if found is not None:
            return found
        layout = self.layout
        words = self.memory.words(place, _WORDS)
        leads = [self.storage(words[layout.storage])] if words[layout.storage] else []
        meta = words[layout.meta]
        if meta:
            extra = self.memory.words(meta, _WORDS)
            extent = self.memory.word(meta - POINTER) // POINTER - 1  # as malloc says in front
            grad, graph = extra[layout.grad], extra[layout.graph]
            if grad and grad != layout.none:
                leads.append(self.tensor(grad))
            if graph:
                self.graphs.append(graph)
            base = extra[layout.base] if layout.base < extent else 0
            if base and self.memory.word(base) == layout.table:
                leads.append(self.tensor(base))
        users = self._users(words, layout.held)
        found = Block(place, 0, self.owner, users, leads_to=tuple(leads))
        self.known[place] = found
        return found

    def likely(self, starts: list[int]) -> int:
        """Return the bytes of storages to which only a graph or module in C++ seems to lead."""
        layout, memory = self.layout, self.memory
        level = list(starts)
        seen = set(level)
        tables = {layout.table, *map(memory.word, starts)} - {0}
        met: Counter[int] = Counter()  # references to tensors
        while level and len(seen) < _MOST_LOOKED_AT and not memory.late():
            for word in self._followed(self._block(level.pop())):
                table = 0 if word in seen and word not in met else memory.word(word)
                if table == layout.table:
                    met[word] += 1
                elif table and any(abs(table - known) < _NEAR for known in tables):
                    level.append(word)
                if word not in seen and word in met:
                    meta = memory.word(word + layout.meta * POINTER)
                    graph = memory.word(meta + layout.graph * POINTER)
                    level.extend({graph} - {0} - seen)
                    seen.add(graph)
                seen.add(word)
        used: Counter[int] = Counter()  # references to storages
        for place, times in met.items():
            words = memory.words(place, _WORDS)
            if self._users(words, layout.held) <= times:
                used[words[layout.storage]] += 1
        sizes = 0
        for place, times in used.items():
            words = memory.words(place, _WORDS)
            if (
                words[0] == layout.storage_table
                and self._users(words, layout.storage_held) <= times
            ):
                sizes += words[layout.size] if words[layout.size] < _MOST_BYTES else 0
        return sizes

    def _block(self, place: int) -> list[int]:
        """Return the words at a place: malloc says in front how large a block is."""
        size = (self.memory.word(place - POINTER) & -16) // POINTER - 1
        found: list[int] = []
        for start in range(0, min(size, _MOST_WORDS), _WORDS):
            count = min(_WORDS, size - start)
            found.extend(self.memory.words(place + start * POINTER, count))
        return found

    def _followed(self, words: list[int]) -> Iterator[int]:
        """Yield what may be pointers among words, and in vectors there."""
        for word, after in zip(words, (*words[1:], 0)):
            if word < _LEAST_ADDRESS or word % POINTER:
                continue
            yield word
            size = after - word
            if 0 < size <= _WORDS * POINTER and size % POINTER == 0:
                yield from self.memory.words(word, size // POINTER)


def _torch(torch: Any) -> dict[type, Adapter]:
    native = torch._C  # noqa: SLF001
    # Of classes derived from tensors and of modes, which can be the user's, nothing is run.
    plain = native.DisableTorchFunction
    direct = getattr(native, "_DisableTorchDispatch", nullcontext)
    with plain(), direct(), torch.inference_mode(mode=False), torch.enable_grad():
        layout = _layout(torch)
        probe = torch.empty(2)
        alone = sys.getrefcount(probe)
        view = probe[:1]
        holds = view is not probe and sys.getrefcount(probe) == alone + 1
    if layout is None:
        return _uncounted(torch, plain, direct)
    found = _counted(torch, plain, direct, layout, holds=holds)
    for name in ("ScriptModule", "ScriptObject"):
        cls = getattr(native, name, None)
        if isinstance(cls, type):
            found[cls] = _guessed(layout)
    return found


def _layout(torch: Any) -> _Layout | None:
    """Return where torch's counts are, None if they are not where they are looked for."""
    if not is_readable():
        return None
    try:
        with Memory() as memory:
            return _Layout(torch, memory)
    except Exception:  # noqa: BLE001
        return None  # another version of torch


def _counted(
    torch: Any, plain: Any, direct: Any, layout: _Layout, *, holds: bool
) -> dict[type, Adapter]:
    """Return the adapters that read what torch counts."""
    native = torch._C  # noqa: SLF001
    base, storage = native.TensorBase, native.StorageBase
    on_cpu = base.is_cpu.__get__
    layout_of = base.layout.__get__
    device_of = storage.device.__get__
    place_of = storage._cdata.__get__  # noqa: SLF001
    shown = _shown(torch)

    def tensor(obj: Any) -> Owned:
        with plain(), direct():
            kind = layout_of(obj)
            device = not on_cpu(obj)
            if kind is not torch.strided or base.is_meta.__get__(obj):
                return shown(obj)
            doubled = _may_be_half(base, obj)
        with Memory() as memory:
            parts = _Parts(layout, memory, id(obj), device=device)
            node = parts.tensor(memory.word(id(obj) + _WRAPPED))
            graph = parts.likely(parts.graphs) if parts.graphs else 0
        itself = [obj] if holds and base._use_count(obj) > 1 else None  # noqa: SLF001
        hidden = parts.hidden or doubled
        note = "opaque" if parts.graphs else "sharing-unknown" if hidden else ""
        return Owned(_TENSOR, [node], itself, note, estimate=graph)

    def of_storage(obj: Any) -> Owned:
        place = place_of(obj)
        device = device_of(obj).type != "cpu"
        with Memory() as memory:
            parts = _Parts(layout, memory, id(obj), device=device)
            node = parts.storage(place)
        users = native._storage_Use_Count(place)  # noqa: SLF001
        note = "sharing-unknown" if parts.hidden else ""
        return Owned(_TENSOR, [node], [obj] if holds and users > 1 else None, note)

    return {base: Adapter(tensor), storage: Adapter(of_storage)}


def _may_be_half(base: Any, tensor: Any) -> bool:
    """Return whether a tensor may be a view of complex numbers, whose base torch counts twice."""
    if not base._is_view(tensor):  # noqa: SLF001
        return False
    steps = base.stride(tensor)
    pairs = bool(steps) and (
        steps[-1] == _PARTS or (steps[-1] == 1 and base.size(tensor)[-1] == _PARTS)
    )
    return pairs or bool(base.is_complex(tensor))


def _guessed(layout: _Layout) -> Adapter:
    """Look at a module in C++, which leads to its tensors."""

    def look(obj: Any) -> Owned:
        with Memory() as memory:
            parts = _Parts(layout, memory, id(obj), device=False)
            place = memory.word(id(obj) + _WRAPPED)
            likely = parts.likely([word for word in memory.words(place, 4) if word])
        return Owned(_basic(type(obj)), note="opaque", estimate=likely)

    return Adapter(look)


def _uncounted(torch: Any, plain: Any, direct: Any) -> dict[type, Adapter]:
    """Return the adapters that know a storage's size only."""
    native = torch._C  # noqa: SLF001
    storage = native.StorageBase
    shown = _shown(torch)

    def tensor(obj: Any) -> Owned:
        with plain(), direct():
            return shown(obj)

    def of_storage(obj: Any) -> Owned:
        device = storage.device.__get__(obj).type != "cpu"
        size = storage.nbytes(obj)
        found = [Block(storage.data_ptr(obj), size, id(obj), USERS_UNKNOWN, device=device)]
        return Owned(_TENSOR, found if size else [])

    base = native.TensorBase
    return {base: Adapter(tensor), storage: Adapter(of_storage)}


def _shown(torch: Any) -> Callable[[Any], Owned]:
    """Return what looks at a tensor by what torch shows, without how many users a storage has."""
    native = torch._C  # noqa: SLF001
    base = native.TensorBase
    storage_of = native._storage_address  # noqa: SLF001
    users_of = native._storage_Use_Count  # noqa: SLF001

    def block(obj: Any, owner: int, users: int) -> Block:
        start = base.data_ptr(obj) - base.storage_offset(obj) * base.element_size(obj)
        size = _storage_bytes(base, obj)
        return Block(start, size, owner, users, device=not base.is_cpu.__get__(obj))

    def look(obj: Any) -> Owned:
        # a gradient, and what a graph has saved, would become wrappers if they were asked for
        alone = base.is_leaf.__get__(obj) and not base.requires_grad.__get__(obj)
        layout = base.layout.__get__(obj)
        if base.is_meta.__get__(obj):
            return Owned(_TENSOR, note="opaque")
        if layout is torch.strided:
            found = [block(obj, id(obj), USERS_UNKNOWN)]
        elif layout is torch.sparse_coo and alone:
            # what these return is new each time, and gone afterwards
            parts = (base._indices(obj), base._values(obj))  # noqa: SLF001
            sole = base._use_count(obj) == 1  # noqa: SLF001
            found = [
                block(part, id(obj), users_of(storage_of(part)) - 1 if sole else USERS_UNKNOWN)
                for part in parts
            ]
        else:
            return Owned(_TENSOR, note="opaque")
        found = [part for part in found if part.size]
        return Owned(_TENSOR, found, note="" if alone else "opaque")

    return look


def _storage_bytes(base: Any, tensor: Any) -> int:
    """Return the bytes of a tensor's storage.

    torch keeps the wrapper of a storage that was asked for, so it is not asked for: a view that
    cannot be made says in its error how large the storage is.
    """
    try:
        base.as_strided(base.detach(tensor), (1 << 58,), (1,), 0)
    except RuntimeError as error:
        found = re.search(r"storage of size (\d+)", error.args[0])
        if found is not None:
            return int(found.group(1))
    return int(base.nbytes.__get__(tensor))


ADAPTERS = {"torch": _torch}
