"""torch's tensors and storages, and how many users torch counts of each.

A wrapper has a tensor in C++, and that has a storage. A tensor also has its gradient, what it is a
view of, and the graph that it comes from. Storages and tensors have counts of their users. All that
is read where it stands: torch makes wrappers of what it is asked for, and keeps them.

While a tensor or storage has users in C++, it holds its wrapper, which so refers to itself.
"""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from typing import Any, Callable, Iterator, Sequence

from ...retention.describe import library
from ..blocks import USERS_UNKNOWN, Block
from .adapter import Adapter, Owned
from .native import COUNT, POINTER, Memory, Part, Parts, are_counts, layout_of, words_of

_TENSOR = 400  # bytes of a tensor without its numbers, about
_WRAPPED = 2 * POINTER
_COUNTS = 1  # the word of the users
_WORDS = 40  # of a structure, of which places are looked for
_KIND_OF_DEVICE = 0xFF  # the bits that have it, 0 for the processor's own memory
_INPLACE = 2 * POINTER  # from a control block to the object that was made with it
_ALIGNED = 2 * POINTER
_SLACK = 5 * POINTER  # that a block may have more than was asked for
_FUNCTION = 4  # words of one
_DEPTH = 8  # functions in functions
_MOST_OF_FUNCTION = 40  # words
_MOST_OF_VECTOR = 1 << 15  # bytes
_MOST_WORDS = 240  # of a node
_WRAPPER = 30  # words of a node's wrapper, of which a later one refers to the node
_FEW = 256  # bytes of a storage
_MOST_OF_STRUCTURE = 2048  # bytes
_MOST_PARTS = 3000  # of one tensor's graph
_HAS_WRAPPER = 63  # the bit beside both counts that says so
_NEAR = 1 << 31  # bytes around a table of methods in which the libraries are
_MOST_SECONDS = 0.03  # for one tensor's graph
_CONTEXT = 8  # words of what a storage frees its memory with
_LEAST_ADDRESS = 1 << 16
_MOST_BYTES = 1 << 46
_PROBE = 1001  # numbers, of four bytes each

_basic = type.__dict__["__basicsize__"].__get__


class _Layout:
    """Where this version of torch has what is read, in words from a structure's beginning."""

    __slots__ = (
        "base", "data", "frees", "grad", "graph", "held", "meta", "none", "numpy", "shared", "size",
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
        numpy = library("numpy")
        self.numpy = 0 if numpy is None else id(numpy.ndarray)
        of_processor = not stored[self.data + 3] & _KIND_OF_DEVICE
        if stored[_COUNTS] & COUNT != 2 or not of_processor:  # the whole and its part  # noqa: PLR2004
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
        # Nodes are counted in themselves, or by a `shared_ptr`.
        self.shared = not are_counts(memory.word(meta[self.graph] + POINTER))


class _Parts(Parts):
    """The parts to which a wrapper leads, with torch's counts.

    All are found first, one after the other, for a graph can be deep and lead back to itself.
    Then they are made into blocks. The key of a tensor or storage is its place, that of a node
    of a graph is where its users are counted.
    """

    def __init__(self, layout: _Layout, memory: Memory, owner: int, *, device: bool) -> None:
        """Begin with nothing known."""
        super().__init__(owner)
        self.layout = layout
        self.memory = memory
        self.device = device
        self.waiting: list[tuple[int, int]] = []
        # By its place, the words that malloc gave a structure, and what is there.
        self.read: dict[int, tuple[int, tuple[int, ...]]] = {}
        self.hidden = False  # whether it is not known who else uses the memory
        self.graph = False  # whether there are nodes, which can have more than is seen

    def _users(self, words: tuple[int, ...], held: int) -> int:
        """Return the users, without a wrapper that nothing else in Python refers to."""
        users = words[_COUNTS] & COUNT
        wrapper = words[held]
        if users > 1 and wrapper and self.memory.word(wrapper) & COUNT == 1:
            users -= 1
        return users or USERS_UNKNOWN

    # What refers to what

    def storage(self, place: int) -> int:
        """Add a storage; return its key."""
        if place in self.known:
            return place
        layout = self.layout
        words = self._structure(place)[1]
        if words[0] != layout.storage_table or not 0 <= words[layout.size] < _MOST_BYTES:
            raise ValueError
        address, size = words[layout.data], words[layout.size]
        found = self.known[place] = Part(place, self._users(words, layout.storage_held))
        if not address or not size:
            return place
        found.device = self.device or bool(words[layout.data + 3] & _KIND_OF_DEVICE)
        if found.device or words[layout.data + 1] == layout.frees:
            found.address, found.size = address, size
        else:
            self._add_foreign(found, address, size, words[layout.data + 2])
        return place

    def _add_foreign(self, part: Part, address: int, size: int, context: int) -> None:
        """Add memory that is not torch's own, if it is known to go with the storage."""
        users = USERS_UNKNOWN
        for word in self.memory.words(context, _CONTEXT):
            array = self.memory.of_array(word, self.layout.numpy, address, size)
            if array is not None:
                address, size, users = array
                size *= users == 1
                break
        self.hidden = self.hidden or not size
        if size:
            part.kids.append(address)
            inner = self.known[address] = Part(address, users)
            inner.size = size

    def tensor(self, place: int) -> int:
        """Add a tensor; return its key."""
        if place not in self.known:
            words = self._structure(place)[1]
            found = self.known[place] = Part(place, self._users(words, self.layout.held))
            self._open_tensor(found, words)
        return place

    def _open_tensor(self, part: Part, words: tuple[int, ...]) -> None:
        """Add a tensor's storage, its gradient, its graph, and what it is a view of."""
        layout = self.layout
        if words[layout.storage]:
            part.kids.append(self.storage(words[layout.storage]))
        meta = words[layout.meta]
        if not meta:
            return
        extra = self.memory.words(meta, _WORDS)
        grad, graph = extra[layout.grad], extra[layout.graph : layout.graph + 2]
        if grad and grad != layout.none:
            part.kids.append(self._later(grad))
        if graph[0]:
            shared = layout.shared and self._is_shared(*graph)
            part.kids.append(self._later(graph[0], graph[1] if shared else graph[0]))
        base = extra[layout.base] if layout.base < self.memory.block(meta) else 0
        if base and self.memory.word(base) == layout.table:
            part.kids.append(self._later(base))
            # How to make the base from the view may be a function, which holds tensors as well.
            function = extra[layout.base + 2 :][:_FUNCTION]
            part.kids += map(self._later, self._held_by_functions(function, _DEPTH))

    def structures(self, place: int) -> int:
        """Return the bytes of a tensor's structures: its own, autograd's, and its sole storage's.

        With these is what malloc adds to a storage's few numbers.
        """
        layout, memory = self.layout, self.memory
        block, words = self._structure(place)
        sizes = [block]
        if words[layout.meta]:
            sizes.append(memory.block(words[layout.meta]))
        block, stored = self._structure(words[layout.storage])
        numbers = 0
        if stored[_COUNTS] & COUNT == 1:
            sizes.append(block)
            if 0 < stored[layout.size] <= _FEW and stored[layout.data + 1] == layout.frees:
                sizes.append(memory.block(stored[layout.data]))
                numbers = stored[layout.size]
        size = POINTER * (sum(sizes) + len(sizes)) - numbers
        return size if POINTER * (max(sizes) + 1) <= _MOST_OF_STRUCTURE else _TENSOR

    def _structure(self, place: int) -> tuple[int, tuple[int, ...]]:
        """Return the words of the block at a place, and those of the structure there."""
        if place not in self.read:
            head, *words = self.memory.words(place - POINTER, 1 + _WORDS)
            self.read[place] = words_of(head), tuple(words)
        return self.read[place]

    def _held_by_functions(self, words: Sequence[int], depth: int) -> Iterator[int]:
        """Yield what functions among words, and functions in those, hold first of all: a tensor.

        A function has a block, a word of no use, and two places of code.
        """
        for block, _, *code in zip(*(words[at:] for at in range(_FUNCTION))):
            if block < _LEAST_ADDRESS or block % _ALIGNED or not all(map(self._is_near, code)):
                continue
            size = self.memory.block(block)
            inside = self.memory.words(block, size) if size <= _MOST_OF_FUNCTION else (0,)
            if self.memory.word(inside[0]) == self.layout.table:
                yield inside[0]
            elif depth:
                yield from self._held_by_functions(inside, depth - 1)

    def _is_near(self, place: int) -> bool:
        """Return whether a place is in the libraries, as a table of methods of torch's is."""
        return abs(place - self.layout.table) < _NEAR

    def _later(self, place: int, control: int = 0) -> int:
        """Leave a tensor, or a node and where it is counted, for later; return its key."""
        self.waiting.append((place, control))
        return control or place

    def note(self) -> str:
        """Return the code of what is not known, if there is anything."""
        return "opaque" if self.graph or self.waiting else "sharing-unknown" if self.hidden else ""

    def follow(self) -> None:
        """Add what was left for later, as far as there is time."""
        while self.waiting:
            if self.memory.late() or len(self.known) > _MOST_PARTS:
                return
            place, control = self.waiting.pop()
            if control:
                self._add_node(place, control)
            else:
                self.tensor(place)

    def _add_node(self, place: int, control: int) -> None:
        """Add a node of a graph, which can have tensors anywhere."""
        if control in self.known:
            return
        self.graph = True
        counts = self.memory.word(control + POINTER * _COUNTS)
        part = self.known[control] = Part(control, counts & COUNT or USERS_UNKNOWN)
        if place == control + _INPLACE:
            size = self.memory.block(control) - _INPLACE // POINTER
        else:
            size = self.memory.block(place)
        words = self._words(place, min(size, _MOST_WORDS))
        part.kids += self._referred(words, place)
        if control == place and counts >> _HAS_WRAPPER:
            wrapper = self._wrapper(words, place)
            part.users -= bool(wrapper)
            # What a function of the user's has saved, its wrapper has.
            part.kids += self._referred(wrapper, place)

    def _wrapper(self, words: list[int], place: int) -> list[int]:
        """Return the words of a node's wrapper; none if something else in Python refers to it."""
        for word in words:
            if word > _LEAST_ADDRESS and word % POINTER == 0:
                inside = self.memory.words(word, _WRAPPER)
                if place in inside and inside[0] & COUNT == 1:
                    return list(inside[: inside.index(place)])
        return []

    def _words(self, place: int, count: int) -> list[int]:
        found: list[int] = []
        for start in range(0, count, _WORDS):
            some = min(_WORDS, count - start)
            found.extend(self.memory.words(place + start * POINTER, some))
        return found

    def _referred(self, words: list[int], itself: int) -> Iterator[int]:
        """Yield the keys of what is referred to among words, and in vectors there."""
        layout, memory = self.layout, self.memory
        at = 0
        while at < len(words):
            word, after, end = [*words[at : at + 3], 0, 0][:3]
            at += 1
            if word < _LEAST_ADDRESS or word % POINTER:
                continue
            if word < after <= end and end - word <= _MOST_OF_VECTOR and after % POINTER == 0:
                room = POINTER * memory.block(word)
                if end - word <= room <= end - word + _SLACK:
                    inside = self._words(word, (after - word) // POINTER)
                    yield from self._referred(inside, itself)
                    at += 2  # beyond its end, a vector has what was there before
                    continue
            if word == itself:
                continue  # a weak reference, which does not count
            table, counted = memory.words(word, 2)
            if table == layout.table:
                yield self._later(word)
            elif table == layout.storage_table:
                yield self.storage(word)
            elif layout.shared and self._is_shared(word, after):
                yield self._later(word, after)
                at += 1
            elif self._is_near(table) and are_counts(counted):
                yield self._later(word, word)

    def _is_shared(self, place: int, control: int) -> bool:
        """Return whether a place is that of an object with such a control block."""
        if control < _LEAST_ADDRESS or control % POINTER:
            return False
        words = self.memory.words(control, 5)
        known = place in words[2:] or place == control + _INPLACE
        return known and are_counts(words[1])


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
    return _counted(torch, plain, direct, layout, holds=holds)


def _layout(torch: Any) -> _Layout | None:
    """Return where torch's counts are, None if they are not where they are looked for."""
    return layout_of(lambda memory: _Layout(torch, memory))


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
        with Memory(_MOST_SECONDS) as memory:
            parts = _Parts(layout, memory, id(obj), device=device)
            place = memory.word(id(obj) + _WRAPPED)
            key = parts.tensor(place)
            parts.follow()
            own = _basic(type(obj)) + parts.structures(place)
        itself = [obj] if holds and base._use_count(obj) > 1 else None  # noqa: SLF001
        return Owned(own, [parts.block(key)], itself, parts.note())

    def of_storage(obj: Any) -> Owned:
        place = place_of(obj)
        device = device_of(obj).type != "cpu"
        with Memory() as memory:
            parts = _Parts(layout, memory, id(obj), device=device)
            key = parts.storage(place)
        users = native._storage_Use_Count(place)  # noqa: SLF001
        itself = [obj] if holds and users > 1 else None
        return Owned(_TENSOR, [parts.block(key)], itself, parts.note())

    return {base: Adapter(tensor), storage: Adapter(of_storage)}


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
