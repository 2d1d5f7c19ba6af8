"""pyarrow's arrays and tables, and how many users Arrow counts of each of their parts.

A wrapper has a `shared_ptr` to a table, batch, array or buffer in C++. From there it goes on: a
table has chunked arrays, these have arrays, an array has its data, and data has buffers. Each has a
count of users of its own, in the control block of its `shared_ptr`. So a reader, a scanner or a
value that uses a buffer is in the buffer's count, although no wrapper shows it.

Where the counts do not stand where they are looked for, the buffers are those that pyarrow shows,
with users that are not known.
"""

from __future__ import annotations

import ctypes
import datetime as dt
from collections import deque
from contextlib import suppress
from typing import Any, Callable, Iterator, Sequence

from ...retention.describe import library
from ..blocks import USERS_UNKNOWN, Block, total
from .adapter import Adapter, Owned
from .mimalloc import Mimalloc
from .native import COUNT, COUNTED_CAPSULES, NUMPY_BASE, POINTER, Memory, Part, Parts, layout_of

_WRAPPED = 4 * POINTER  # after a wrapper's count, type, weak references and table of methods
_USERS = POINTER  # from a control block's beginning
_INPLACE = 2 * POINTER  # from a control block to the object that was made with it
_PAIR = 2  # words of a shared_ptr: the object, and its control block
_WORDS = 28  # of a structure, of which places are looked for
_AT_ONCE = 64  # words of a vector that are read at once
_MADE = 8  # objects of a kind, of which the smallest says how large the kind is
_MOST_USERS = 10**6
_MOST_BUFFERS = 1000  # of one array: there are not so many
_FIRST = 0  # the key of what leads to all others
_ADDRESS = 2  # the word of a buffer
_MOST_WORDS = 200  # of an object of an unknown kind
_MOST_OF_BLOCK = 1 << 14  # bytes that a vector there may have
_NESTED = 3  # vectors in vectors
_ALIGNED = 2 * POINTER
_SLACK = 5 * POINTER  # that a block may have more than was asked for
_LEAST_ADDRESS = 1 << 16
_NEAR = 1 << 20  # bytes around a known table of methods in which those of its relatives are
_BUFFER_CAPSULE = b"arrow::Buffer"
_CAPSULE: Any = type(vars(dt)["datetime_CAPI"])
_LEADING = (
    "RecordBatchReader", "Scalar", "Tensor", "SparseCOOTensor", "SparseCSRMatrix",
    "SparseCSCMatrix", "SparseCSFTensor", "_RecordBatchFileReader", "NativeFile",
)  # fmt: skip

_basic = type.__dict__["__basicsize__"].__get__


class _Layout:
    """Where this version of Arrow has what is read, in words from a structure's beginning."""

    __slots__ = (
        "array_data", "array_tables", "base_table", "batch_arrays", "buffers", "capacity",
        "children", "chunks", "columns", "dictionary", "extents", "mimalloc", "numpy", "own_tables",
        "parent", "python",
    )  # fmt: skip

    def __init__(self, lib: Any, memory: Memory) -> None:  # noqa: C901, PLR0915
        """Find all places in objects made for that; a `LookupError` if one is not found."""
        # made of buffers, because what makes arrays of lists imports pandas
        made = [lib.allocate_buffer(64, resizable=bool(index % 2)) for index in range(7)]
        for buffer in made:
            ctypes.memset(buffer.address, 0, 64)
        whole, fields = lib.int64(), [("a", lib.int64()), ("b", lib.binary())]
        numbers = lib.Array.from_buffers(whole, 3, made[:2])
        texts = lib.Array.from_buffers(lib.binary(), 3, made[2:5])
        struct = lib.Array.from_buffers(lib.struct(fields), 3, [None], children=[numbers, texts])
        keys = lib.Array.from_buffers(whole, 3, [None, made[5]])
        coded = lib.DictionaryArray.from_arrays(keys, texts)
        chunked = lib.chunked_array([numbers, numbers])
        schema = lib.schema(fields)
        table = lib.Table.from_arrays([chunked, chunked], schema=lib.schema([fields[0], fields[0]]))
        batch = lib.RecordBatch.from_arrays([numbers, texts], schema=schema)

        def pair(obj: Any) -> tuple[int, ...]:
            return memory.words(id(obj) + _WRAPPED, _PAIR)

        def read(obj: Any) -> tuple[int, ...]:
            return memory.words(pair(obj)[0], _WORDS)

        def pairs(objects: list[Any]) -> list[tuple[int, ...]]:
            return [pair(obj) if obj is not None else (0, 0) for obj in objects]

        def vector(words: tuple[int, ...], expected: list[tuple[int, ...]]) -> int:
            for at in range(len(words) - 1):
                if list(_vector(memory, words[at : at + 2], len(expected))) == expected:
                    return at
            raise LookupError

        shown = numbers.buffers()
        before = users(memory, pair(shown[1])[1])
        again = numbers.buffers()
        if users(memory, pair(shown[1])[1]) != before + 1 or before < _PAIR:
            raise LookupError
        again.clear()

        held = pairs(shown)
        words = read(numbers)
        for at in range(1, _WORDS - 1):
            try:
                self.buffers = vector(memory.words(words[at], _WORDS), held)
            except LookupError:
                continue
            self.array_data = at
            break
        else:
            raise LookupError

        def data(obj: Any) -> tuple[int, ...]:
            return read(obj)[self.array_data : self.array_data + _PAIR]

        datas = [data(numbers), data(texts)]
        self.children = vector(memory.words(data(struct)[0], _WORDS), datas)
        words = memory.words(data(coded)[0], _WORDS)
        if data(texts)[0] not in words:
            raise LookupError
        self.dictionary = words.index(data(texts)[0])
        self.chunks = vector(read(chunked), [pair(numbers)] * 2)
        self.columns = vector(read(table), [pair(chunked)] * 2)
        self.batch_arrays = vector(read(batch), datas)
        self.array_tables = {read(obj)[0] for obj in (numbers, texts, struct, coded)}

        part = shown[1].slice(POINTER)
        words = read(part)
        if list(words[2:4]) != [part.address, part.size]:
            raise LookupError
        self.capacity = 4
        self.parent = words.index(pair(shown[1])[0])
        self.base_table = words[0]
        self.own_tables = {read(buffer)[0] for buffer in made}
        if any(read(buffer)[self.capacity] < buffer.size for buffer in made):
            raise LookupError
        self.extents: dict[int, int] = {}
        for _ in range(_MADE):
            struct, batch = struct.slice(0), batch.slice(0)
            for place, control in (pair(struct), pair(batch)):
                self.extent(memory, control, memory.word(place))
        self.mimalloc = Mimalloc(memory, made[0].address)
        self.numpy = 0
        self.python = self._with_objects(lib, memory, read)

    def extent(self, memory: Memory, control: int, table: int) -> int:
        """Return how many words an object has that has this table of methods.

        malloc says before a block how large it is. That can be more than was asked for, with what
        was there before, so the smallest block of the kind counts.
        """
        found = _extent(memory, control)
        found = self.extents[table] = min(found, self.extents.get(table, found))
        return found

    def _with_objects(
        self, lib: Any, memory: Memory, read: Callable[[Any], tuple[int, ...]]
    ) -> dict[int, int]:
        """Return where buffers over Python's objects hold these, by their table of methods."""
        numpy = library("numpy")
        text = b"of Python's, not Arrow's"
        buffer = lib.py_buffer(text)
        found = [(read(buffer), id(text))]
        if numpy is not None:
            numbers = numpy.arange(8)
            tensor = lib.Tensor.from_numpy(numbers)  # `lib.array` would import pandas
            parts = [memory.words(word, _WORDS) for word in read(tensor)]
            found.extend((words, id(numbers)) for words in parts if id(numbers) in words)
            view = numbers[1:]
            if memory.word(id(view) + NUMPY_BASE * POINTER) == id(numbers):
                self.numpy = id(numpy.ndarray)
        return {words[0]: words.index(key) for words, key in found if key in words}


def _extent(memory: Memory, control: int) -> int:
    """Return how many words the block of a control block has for the object."""
    return max(0, memory.block(control) - _INPLACE // POINTER)


def users(memory: Memory, control: int) -> int:
    """Return how many users the control block of a `shared_ptr` counts."""
    return memory.word(control + _USERS) & COUNT


def _vector(memory: Memory, ends: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    """Yield the pointers of a vector of so many; nothing if there are not so many."""
    start, end = ends
    if start < _LEAST_ADDRESS or end - start != count * _PAIR * POINTER:
        return
    for at in range(start, end, _AT_ONCE * POINTER):
        words = memory.words(at, min(_AT_ONCE, (end - at) // POINTER))
        yield from zip(words[::2], words[1::2])


def _is_of(memory: Memory, place: int, control: int) -> bool:
    """Return whether a control block is one, and that of an object."""
    words = memory.words(control, 3)
    made = place == control + _INPLACE or place == words[2]
    return made and 0 < words[1] & COUNT < _MOST_USERS


class _Parts:
    """The parts of one wrapper's object, as blocks with Arrow's counts."""

    __slots__ = ("_arrays", "_hides", "known", "layout", "memory", "nested", "owner", "whole")

    def __init__(self, layout: _Layout, memory: Memory, owner: int) -> None:
        """Begin with nothing known."""
        self.layout = layout
        self.memory = memory
        self.owner = owner
        self.known: dict[int, Block] = {}
        self.nested: dict[int, int] = {}  # how many children an array's data has
        self._hides = False  # whether something has users that are not known
        self._arrays: dict[int, int] = {}  # by their addresses, how many more users they have
        self.whole = True  # whether there was time for all

    def _read(self, place: int, control: int) -> tuple[int, tuple[int, ...]]:
        """Return how many users an object has, and its words."""
        if place == control + _INPLACE:
            words = self.memory.words(control, _WORDS)
            count, words = words[1] & COUNT, words[2:]
        else:
            count, words = users(self.memory, control), self.memory.words(place, _WORDS - 2)
        if not 0 < count < _MOST_USERS:
            raise ValueError
        return count, words

    def _block(self, control: int, count: int, leads_to: list[Block]) -> Block:
        found = Block(control, 0, self.owner, count, leads_to=tuple(leads_to))
        self.known[control] = found
        return found

    def _pairs(self, words: tuple[int, ...], at: int) -> list[tuple[int, ...]]:
        """Return the pointers of a vector."""
        start, end = words[at : at + 2]
        return list(_vector(self.memory, (start, end), (end - start) // (_PAIR * POINTER)))

    def wrapped(self, obj: Any) -> tuple[int, ...]:
        """Return a wrapper's pointer."""
        return self.memory.words(id(obj) + _WRAPPED, _PAIR)

    def table(self, place: int, control: int) -> Block:
        """Return a table."""
        count, words = self._read(place, control)
        columns = self._pairs(words, self.layout.columns)
        return self._block(control, count, self._each(self.chunked, columns))

    def batch(self, place: int, control: int) -> Block:
        """Return a batch, which has its columns' data, and arrays for those that were asked for."""
        count, words = self._read(place, control)
        columns = self._pairs(words, self.layout.batch_arrays)
        found = self._each(self.data, columns)
        start = self.layout.batch_arrays + 3
        found += self._boxed(words, start, control, len(columns))
        return self._block(control, count, found)

    def chunked(self, place: int, control: int) -> Block:
        """Return a chunked array."""
        count, words = self._read(place, control)
        chunks = self._pairs(words, self.layout.chunks)
        return self._block(control, count, self._each(self.array, chunks))

    def array(self, place: int, control: int) -> Block:
        """Return an array, with the arrays that it has made of its parts."""
        count, words = self._read(place, control)
        at = self.layout.array_data
        data = words[at : at + _PAIR]
        found = self._each(self.data, [data])
        # Also one without children may have one: an array of an extension type has its storage.
        found += self._boxed(words, at + _PAIR, control, self.nested.get(data[1], 0))
        return self._block(control, count, found)

    def data(self, place: int, control: int) -> Block:
        """Return an array's data."""
        layout = self.layout
        count, words = self._read(place, control)
        buffers = self._pairs(words, layout.buffers)
        if len(buffers) > _MOST_BUFFERS:
            raise ValueError
        found = self._each(self.buffer, buffers)
        children = self._pairs(words, layout.children)
        dictionary = words[layout.dictionary : layout.dictionary + _PAIR]
        if children or dictionary[0]:
            self.nested[control] = len(children)
            found += self._each(self.data, [*children, dictionary])
        return self._block(control, count, found)

    def buffer(self, place: int, control: int) -> Block:
        """Return a buffer, or the one that it is a part of."""
        layout = self.layout
        count, words = self._read(place, control)
        table, address, size = words[0], words[2], words[layout.capacity]
        parent = words[layout.parent : layout.parent + _PAIR]
        if table in layout.own_tables and address and size:
            size = layout.mimalloc.room(self.memory, address, size)
            found = self.known[control] = Block(address, size, self.owner, count)
            return found
        if table == layout.base_table and parent[0]:
            return self._block(control, count, self._each(self.buffer, [parent]))
        held = layout.python.get(table)
        users = USERS_UNKNOWN
        if held is not None:
            address, size, users = self.of_python(words[held], address, size)
            self._hides = self._hides or not size
            self._arrays[address] = self._arrays.get(address, users) - 1
        inner = [Block(address, size, self.owner, users)] if address and size else []
        return self._block(control, count, inner)

    @property
    def hidden(self) -> bool:
        """Whether something has users that are not known."""
        return self._hides or any(self._arrays.values())

    def of_python(self, place: int, address: int, size: int) -> tuple[int, int, int]:
        """Return where memory is, its bytes and users, that goes with an object of Python's.

        No bytes if something else refers to the object.
        """
        array = self.memory.of_array(place, self.layout.numpy, address, size)
        if array is not None:
            return array
        users, kind = self.memory.words(place, 2)
        return address, size if users & COUNT == 1 and kind == id(bytes) else 0, 1

    def _each(
        self, make: Callable[[int, int], Block], pairs: Sequence[tuple[int, ...]]
    ) -> list[Block]:
        """Return a block for each pointer that is set."""
        found = []
        for place, control in pairs:
            if not place or not control:
                continue
            block = self.known.get(control)
            if block is None:
                if self.memory.late():
                    self.whole = False
                    break
                block = make(place, control)
            found.append(block)
        return found

    def _boxed(
        self, words: tuple[int, ...], start: int, control: int, children: int
    ) -> list[Block]:
        """Return the arrays that an object has made of its parts, from a word on."""
        found: list[Block] = []
        for pair in self._arrays_in(words, start, control, children):
            with suppress(ValueError):  # it only looks like an array
                found += self._each(self.array, [pair])
        return found

    def _arrays_in(
        self, words: tuple[int, ...], start: int, control: int, children: int
    ) -> list[tuple[int, ...]]:
        """Return pointers to arrays, single ones and vectors with one for each child.

        They are looked for in the rest of an object, from a word on.
        """
        words = words[start : self.layout.extent(self.memory, control, words[0])]
        found = []
        at = 0
        while at < len(words):
            pair = (*words[at : at + _PAIR], 0)[:_PAIR]
            if self._is_array(pair):
                found.append(pair)
                at += 1
            elif children:
                for ends in (pair, self.memory.words(pair[0], _PAIR)):
                    kept = [entry for entry in _vector(self.memory, ends, children) if entry[0]]
                    if kept and all(map(self._is_array, kept)):
                        found += kept
            at += 1
        return found

    def _is_array(self, pair: Sequence[int]) -> bool:
        """Return whether a pointer is one to an array of a kind that is known."""
        place, control = pair
        if control < _LEAST_ADDRESS or place < _LEAST_ADDRESS or not _is_of(self.memory, *pair):
            return False
        words = self.memory.words(place, self.layout.array_data + _PAIR)
        data = words[self.layout.array_data :][:_PAIR]
        near = min(abs(words[0] - table) for table in self.layout.array_tables)
        return near < _NEAR and _is_of(self.memory, *data)


class _Reached(Parts):
    """What an object leads to in ways that are not known: all that its `shared_ptr`s point to."""

    def __init__(self, parts: _Parts, words: Sequence[int]) -> None:
        """Begin with the words of the object, as far as there is time."""
        super().__init__(parts.owner)
        self.parts = parts
        self.layout = parts.layout
        self.memory = parts.memory
        self.seen: set[int] = set()  # places of which the words were looked at
        first = self.known[_FIRST] = Part(_FIRST, 1)
        waiting = deque([(first, words, 0)])
        while waiting and not self.memory.late():
            part, words, itself = waiting.popleft()
            for place, control in self._pointers(words, itself, _NESTED):
                part.kids.append(control)
                if control not in self.known:
                    found, inside = self._open(place, control)
                    waiting.append((found, inside, place))

    def blocks(self) -> Sequence[Block]:
        """Return the blocks of all that was reached."""
        return self.block(_FIRST).leads_to

    def _open(self, place: int, control: int) -> tuple[Part, Sequence[int]]:
        """Add an object; return it with its words, none of a buffer that has its own bytes."""
        found = self.known[control] = Part(control, users(self.memory, control))
        if place in self.seen:
            return found, ()
        self.seen.add(place)
        inplace = place == control + _INPLACE
        extent = _extent(self.memory, control) if inplace else self.memory.block(place)
        words = self._words(place, min(extent, _MOST_WORDS))
        if len(words) <= self.layout.capacity:
            return found, words
        address, size = words[_ADDRESS], words[self.layout.capacity]
        if words[0] in self.layout.own_tables:
            if address and size:
                found.address = address
                found.size = self.layout.mimalloc.room(self.memory, address, size)
            return found, ()
        held = self.layout.python.get(words[0])
        if held is not None:
            address, size, many = self.parts.of_python(words[held], address, size)
            if size and many == 1:
                found.kids.append(address)
                self.known[address] = Part(address, 1)
                self.known[address].size = size
        return found, words

    def _words(self, place: int, count: int) -> list[int]:
        found: list[int] = []
        for at in range(0, count, _AT_ONCE):
            found += self.memory.words(place + at * POINTER, min(_AT_ONCE, count - at))
        return found

    def _pointers(
        self, words: Sequence[int], itself: int, nested: int
    ) -> Iterator[tuple[int, ...]]:
        """Yield what the `shared_ptr`s among words, and in vectors there, point to.

        What an object has of itself is a weak reference, which does not count.
        """
        at = 0
        while at < len(words):
            word, after, end = [*words[at : at + 3], 0, 0][:3]
            at += 1
            if word < _LEAST_ADDRESS or word % POINTER or word == itself:
                continue
            if _is_of(self.memory, word, after):
                at += 1
                yield word, after
                continue
            if not (nested and word < after <= end) or word % _ALIGNED or word in self.seen:
                continue
            room = POINTER * self.memory.block(word)
            if not end - word <= room <= min(end - word + _SLACK, _MOST_OF_BLOCK):
                continue
            self.seen.add(word)
            at += 2
            size = after - word  # beyond its end, a vector has what was there before
            inside = self._words(word, size // POINTER)
            yield from self._pointers(inside, itself, nested - 1)


def _pyarrow(lib: Any) -> dict[type, Adapter]:
    """Return the adapters of pyarrow, of which `lib` is the compiled module."""
    layout = _layout(lib)
    shown = _shown(lib)
    if layout is None:
        return {cls: _uncounted(blocks_of) for cls, blocks_of in shown.items()}
    parts = {
        lib.Buffer: _Parts.buffer,
        lib.Array: _Parts.array,
        lib.ChunkedArray: _Parts.chunked,
        lib.RecordBatch: _Parts.batch,
        lib.Table: _Parts.table,
    }
    size_of = {cls: cls.__dict__["nbytes"].__get__ for cls in parts if "nbytes" in vars(cls)}
    found = {
        cls: _counted(layout, part, shown[cls], size_of.get(cls)) for cls, part in parts.items()
    }
    for name in _LEADING:
        cls = getattr(lib, name, None)
        if cls is not None:
            found[cls] = _reaching(layout)
    found[_CAPSULE] = _capsule(layout)
    return found


def _dataset(module: Any) -> dict[type, Adapter]:
    """Return the adapters of pyarrow's data sets and of what scans them."""
    layout = _layout(library("pyarrow.lib"))
    names = ("Dataset", "Scanner", "Fragment") if layout is not None else ()
    return {vars(module)[name]: _reaching(layout) for name in names}  # type: ignore[arg-type]


def _layout(lib: Any) -> _Layout | None:
    """Return where Arrow's counts are, None if they are not where they are looked for."""
    return layout_of(lambda memory: _Layout(lib, memory))


def _counted(
    layout: _Layout,
    part: Callable[[_Parts, int, int], Block],
    blocks_of: Callable[[Any, int], list[Block]],
    size_of: Callable[[Any], int] | None,
) -> Adapter:
    """Look at a wrapper by what Arrow counts, or if it looks different by what it shows."""

    def look(obj: Any) -> Owned:
        own = _basic(type(obj))
        with Memory() as memory:
            parts = _Parts(layout, memory, id(obj))
            try:
                place, control = parts.wrapped(obj)
                found = [part(parts, place, control)] if place else []
            except ValueError:
                return Owned(own, _unique(blocks_of(obj, id(obj))))
            if parts.whole:
                return Owned(own, found, note="sharing-unknown" if parts.hidden else "")
            rest = (size_of(obj) if size_of else 0) - total(found)
            return Owned(own, found, note="opaque", estimate=max(0, rest))

    return Adapter(look)


def _reaching(layout: _Layout) -> Adapter:
    """Look at a wrapper of something that leads to buffers in a way that is not known."""

    def look(obj: Any) -> Owned:
        with Memory() as memory:
            parts = _Parts(layout, memory, id(obj))
            words = memory.words(id(obj), min(_WORDS, _basic(type(obj)) // POINTER))
            found = _Reached(parts, words[2:]).blocks()
        return Owned(_basic(type(obj)), found, note="opaque")

    return Adapter(look)


def _capsule(layout: _Layout) -> Adapter:
    """Look at the capsule by which an array of numpy holds one of Arrow's buffers."""
    name_of = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(
        ("PyCapsule_GetName", ctypes.pythonapi)
    )
    pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )

    COUNTED_CAPSULES.add(_BUFFER_CAPSULE)

    def look(obj: Any) -> Owned:
        name = name_of(obj)
        if name != _BUFFER_CAPSULE:
            return Owned(note="opaque")
        with Memory() as memory:
            parts = _Parts(layout, memory, id(obj))
            place, control = memory.words(pointer_of(obj, name), _PAIR)
            found = [parts.buffer(place, control)]
        return Owned(blocks=found, note="sharing-unknown" if parts.hidden else "")

    return Adapter(look)


def _uncounted(blocks_of: Callable[[Any, int], list[Block]]) -> Adapter:
    return Adapter(lambda obj: Owned(_basic(type(obj)), _unique(blocks_of(obj, id(obj)))))


def _unique(blocks: list[Block]) -> list[Block]:
    return list({block.address: block for block in blocks if block.size}.values())


def _shown(lib: Any) -> dict[type, Callable[[Any, int], list[Block]]]:  # noqa: C901
    """Return for each type what lists the buffers that pyarrow shows, with unknown users."""
    parent_of = lib.Buffer.parent.__get__
    address_of = lib.Buffer.address.__get__
    size_of = lib.Buffer.size.__get__
    chunks_of = lib.ChunkedArray.num_chunks.__get__

    def of_buffer(buffer: Any, owner: int) -> list[Block]:
        parent = parent_of(buffer)
        while parent is not None:
            buffer, parent = parent, parent_of(parent)
        return [Block(address_of(buffer), size_of(buffer), owner, USERS_UNKNOWN)]

    def of_array(array: Any, owner: int) -> list[Block]:
        found: list[Block] = []
        for buffer in lib.Array.buffers(array):
            if buffer is not None:
                found += of_buffer(buffer, owner)
        if type(array) is lib.DictionaryArray:
            # the wrapper keeps its dictionary once asked, so a fresh wrapper is asked
            found.extend(of_array(lib.Array.slice(array, 0).dictionary, owner))
        return found

    def of_chunked(chunked: Any, owner: int) -> list[Block]:
        found: list[Block] = []
        for index in range(chunks_of(chunked)):
            found.extend(of_array(lib.ChunkedArray.chunk(chunked, index), owner))
        return found

    def of_table(table: Any, owner: int) -> list[Block]:
        found: list[Block] = []
        for index in range(lib.Table.num_columns.__get__(table)):
            found.extend(of_chunked(lib.Table._column(table, index), owner))  # noqa: SLF001
        return found

    def of_batch(batch: Any, owner: int) -> list[Block]:
        found: list[Block] = []
        for index in range(lib.RecordBatch.num_columns.__get__(batch)):
            found.extend(of_array(lib.RecordBatch._column(batch, index), owner))  # noqa: SLF001
        return found

    return {
        lib.Buffer: of_buffer,
        lib.Array: of_array,
        lib.ChunkedArray: of_chunked,
        lib.RecordBatch: of_batch,
        lib.Table: of_table,
    }


ADAPTERS = {"pyarrow.lib": _pyarrow, "pyarrow._dataset": _dataset}
