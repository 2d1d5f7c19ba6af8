"""polars' data frames and series.

A frame has columns, and a column has storages, which a slice keeps whole. polars counts the users
of both, so a lazy frame over a frame is in the counts of its columns. It exports columns without a
copy through Arrow's C data interface
(https://arrow.apache.org/docs/format/CDataInterface.html). The
export has a copy of polars' own array, and that refers to the storages.

Where the counts do not stand where they are looked for, there is an estimate instead.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Any, Callable, Iterator, NamedTuple, Sequence

from ...retention import describe
from ..blocks import USERS_UNKNOWN, Block, total
from .adapter import Adapter, Owned
from .native import POINTER, Memory, is_readable

_TEXT_BUFFERS = 3  # of an array of texts, whose buffers with text follow: validity, views, sizes
_WRAPPER = 64  # bytes
_POINTER = ctypes.POINTER
_SERIES = 3 * POINTER  # from a wrapper to its series: after count, type, and a lock's state
_COPY = 2  # the word of an export's private data that points to a copy of polars' array
_STORAGE = 6  # words of a storage: kind, capacity, how it is freed, users, address, bytes
_FREED, _USERS = 2 * POINTER, 3 * POINTER  # from a storage's beginning
_OF_RUST = 0  # the kind of storages whose memory is polars' own
_OWN, _IN_USE, _UNKNOWN = range(3)  # whether a storage's memory goes with it
_WORDS = 24  # of an array in Rust, at the most
# A plan: its words, the kinds that its first word may say, and the most inputs that it lists.
_PLAN, _KINDS, _MOST_INPUTS = 38, 64, 32
_ENTRY = 3 * POINTER  # bytes of an entry in a list of buffers: storage, address, length
_AT_ONCE = 21  # entries that are read at once
_MOST_LISTED = 10_000
_FRAMES = 63  # words of a frame's list that are looked at
_MOST_LOOKED_AT = 3000  # structures on the way there
_MOST_ROOM = 1 << 20  # for columns in a list
_FEW = 8  # entries without a column, after which a list is one of something else
_NEAR = 1 << 22  # bytes
_MOST_CHUNKS = 50
_MOST_NESTED = 4  # arrays in arrays, as of lists
_BITS_BESIDE = 4  # bytes of values for each byte of bits, at the least
_COLUMN = 12  # words of a column that may lead to arrays
# Of an array's words, the first after those that say its type, and the last but one that may lead
# to values or to arrays in it.
_KIND, _VALUES, _ARRAYS = 4, 8, 9
_LISTED, _NAMED = 2, 6  # those of one of structs that say how many arrays are in it
_FIELDS = 12  # words of a chunk that are its own in any case
_LOWEST, _HIGHEST = 1 << 16, 1 << 47  # addresses of a process
_MOST_USERS = 10**6
_MOST_BYTES = 1 << 44
_LEAST_ADDRESS = 1 << 16
_TWICE = 2  # a series and a part of it
_THREE_NUMBERS = 3 * 8  # bytes


class _Schema(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", _POINTER(_POINTER(_Schema))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class _Array(ctypes.Structure):
    pass


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", _POINTER(ctypes.c_void_p)),
    ("children", _POINTER(_POINTER(_Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_basic = type.__dict__["__basicsize__"].__get__

_Call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", _Call),
        ("get_next", _Call),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


def _plain(schema: _Schema) -> bool:
    """Return whether polars hands such a column over as it is; dictionaries are made for export."""
    return not schema.dictionary and all(
        _plain(schema.children[index].contents) for index in range(schema.n_children)
    )


class _Storage(NamedTuple):
    """Memory of polars': where polars counts its users, and what it leads to in its turn."""

    place: int
    address: int
    size: int
    owner: int
    inner: tuple[_Storage, ...]


class _Entry(NamedTuple):
    """Bytes of an entry in a frame's list, and where in it the column is."""

    size: int
    column: int


def _storage(memory: Memory, place: int, exported: int) -> _Storage | None:
    """Return the storage at a place, if one is there.

    `exported` is how many users of it there are only because a column was exported.
    """
    if place < _LEAST_ADDRESS or place % POINTER:
        return None
    words = memory.words(place, _STORAGE)
    users, address, size = words[3:]
    if not exported < users < _MOST_USERS or address < _LEAST_ADDRESS or not 0 < size < _MOST_BYTES:
        return None
    if words[0] == _OF_RUST:
        return _Storage(place, address, size, _OWN, ())
    # memory of an array of numpy's, which goes with it if nothing else holds the array
    numpy = describe.library("numpy")
    kind = id(numpy.ndarray) if numpy is not None else 0
    array = memory.of_array(memory.word(words[1]), kind, address, size)
    if array is None:
        return _Storage(place, address, size, _UNKNOWN, ())
    start, whole, users = array
    if not whole or users != 1:
        return _Storage(place, address, size, _IN_USE, ())
    return _Storage(place, start, whole, _OWN, ())


def _storages(
    memory: Memory, schema: _Schema, array: _Array, exported: int = 1
) -> Iterator[_Storage]:
    """Yield the storages of an exported array, which its copy of polars' array refers to.

    A `LookupError` if one is missing.
    """
    count = array.n_buffers - (schema.format[:1] == b"v")  # the last has the sizes of the others
    wanted = {array.buffers[index] or 0 for index in range(count)}
    wanted = {address for address in wanted if address >= _LEAST_ADDRESS}
    copy = memory.word(array.private_data + _COPY * POINTER)
    seen = set()
    for place in memory.words(copy, _WORDS) if wanted else ():
        storage = None if place in seen else _storage(memory, place, exported)
        if storage is None:
            continue
        seen.add(place)
        within = {address for address in wanted if 0 <= address - storage.address < storage.size}
        inner = []
        if not within and storage.size % _ENTRY == 0 and array.n_buffers > _TEXT_BUFFERS:
            inner = _buffers_in(memory, storage, wanted)
            within = {part.address for part in inner}
        if within:
            wanted -= within
            yield storage._replace(inner=tuple(inner))
    if wanted:
        raise LookupError
    for index in range(array.n_children):
        child = array.children[index].contents
        yield from _storages(memory, schema.children[index].contents, child, exported + 1)


def _buffers_in(memory: Memory, storage: _Storage, wanted: set[Any]) -> list[_Storage]:
    """Return the storages of texts' buffers, which a storage lists: place, start, length."""
    found = []
    words: list[int] = []
    size = min(storage.size, _MOST_LISTED * _ENTRY)
    for start in range(storage.address, storage.address + size, _ENTRY * _AT_ONCE):
        count = min(_ENTRY * _AT_ONCE, storage.address + size - start) // POINTER
        words.extend(memory.words(start, count))
    for place, address in zip(words[::3], words[1::3]):
        if address not in wanted:
            continue
        part = _storage(memory, place, 0)
        if part is not None and 0 <= address - part.address < part.size:
            found.append(part)
            wanted = wanted - {address}
    return found


class _Columns:
    """What columns have, as blocks with polars' counts."""

    def __init__(self, memory: Memory, owner: int, export: Callable[..., Iterator[Any]]) -> None:
        """Take what exports a column."""
        self.memory = memory
        self.owner = owner
        self.export = export
        self.whole = True  # whether all was found
        self.hidden = False  # whether it is not known who else uses something
        self.objects = False  # whether there are objects of Python's, which are not looked at

    def column(self, column: Any, held: int) -> list[Block]:
        """Return the block of a column, with `held` references that are not polars' own."""
        place = self.memory.word(id(column) + _SERIES)
        users = self.memory.word(place) - held
        if users < 1:
            self.whole = False  # made anew when it was asked for
            return []
        found: list[_Storage] = []
        try:
            for schema, array in self.export(column):
                found += _storages(self.memory, schema, array)
        except TypeError:
            self.whole, self.objects = False, True
        except (LookupError, ValueError):
            self.whole = False
            # A plan with the same column says the same of it.
            table = self.memory.word(id(column) + _SERIES + POINTER)
            return [_loose(self.memory, place, self.owner, table)._replace(users=users)]
        # the export is gone now, so the counts are what they are without it
        return [Block(place, 0, self.owner, users, leads_to=tuple(map(self._block, found)))]

    def _block(self, storage: _Storage) -> Block:
        users = self.memory.word(storage.place + _USERS)
        if storage.owner == _UNKNOWN or not 0 < users < _MOST_USERS:
            users = USERS_UNKNOWN
        elif storage.owner == _IN_USE:
            users += 1
            self.hidden = True
        inner = tuple(map(self._block, storage.inner))
        return Block(storage.address, storage.size, self.owner, users, leads_to=inner)


def _polars(library: Any) -> dict[type, Adapter]:  # noqa: C901
    """Return the adapters of polars' data frames and series."""
    native = describe.library("polars._plr") or describe.library("polars.polars")
    frame, series = native.PyDataFrame, native.PySeries
    pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )

    def export(column: Any) -> Iterator[tuple[_Schema, _Array]]:
        """Yield a column's chunks; each is let go when the next is asked for."""
        capsule = series.__arrow_c_stream__(column)
        stream = _Stream.from_address(pointer_of(capsule, b"arrow_array_stream"))
        schema = _Schema()
        if stream.get_schema(ctypes.addressof(stream), ctypes.addressof(schema)):
            raise ValueError
        try:
            # Objects of Python's (entries of a fixed width, which nothing else of polars' is)
            # get a further reference each by an export, which nobody lets go.
            if schema.format[:2] == b"w:":
                raise TypeError
            if not _plain(schema):
                raise ValueError
            while True:
                array = _Array()
                if stream.get_next(ctypes.addressof(stream), ctypes.addressof(array)):
                    raise ValueError
                if not array.release:
                    return
                try:
                    yield schema, array
                finally:
                    _Release(array.release)(ctypes.addressof(array))
        finally:
            _Release(schema.release)(ctypes.addressof(schema))

    def look(columns: list[Any], owner: int, held: int, size: int) -> Owned:
        with Memory() as memory:
            parts = _Columns(memory, owner, export)
            found: list[Block] = []
            for column in columns:
                if memory.late():
                    parts.whole = False
                    break
                found += parts.column(column, held)
        if parts.whole:
            return Owned(_WRAPPER, found, note="sharing-unknown" if parts.hidden else "")
        size = 0 if parts.objects else size  # polars counts pointers to objects only
        return Owned(_WRAPPER, found, note="opaque", estimate=max(0, size - total(found)))

    def of_frame(obj: Any) -> Owned:
        size = frame.estimated_size(obj)
        if not readable:
            return Owned(_WRAPPER, note="opaque", estimate=size)
        return look(frame.get_columns(obj), id(obj), 1, size)

    def of_column(obj: Any) -> Owned:
        size = series.estimated_size(obj)
        if not readable:
            return Owned(_WRAPPER, note="opaque", estimate=size)
        return look([obj], id(obj), 0, size)

    readable = is_readable() and _as_expected(library, export)
    found = {frame: Adapter(of_frame), series: Adapter(of_column)}
    plan = getattr(native, "PyLazyFrame", None)
    if readable and plan is not None:
        found[plan] = _plan(library)
    return found


def _plan(library: Any) -> Adapter:
    """Look at a lazy frame, which leads to its columns in a way that is not known.

    Columns that a frame has as well count it as a user; the frame says what they have.
    """
    entry: _Entry | None = None
    with suppress(Exception):  # another version
        entry = _entry_of_frames(library)

    def look(obj: Any) -> Owned:
        if entry is None:
            return Owned(None, note="opaque")
        beside = library.Series("", [1])._s  # noqa: SLF001
        found: dict[int, Block] = {}
        with Memory() as memory:
            words = memory.words(id(obj), min(_PLAN + 4, _basic(type(obj)) // POINTER))
            table = memory.word(id(beside) + _SERIES + POINTER)
            for column, left in _Search(memory, table, entry).columns(words[2:]):  # noqa: B007
                if found and memory.late():
                    break
                if column not in found:
                    found[column] = _loose(memory, column, id(obj), table)
            else:
                left = 0
        blocks = list(found.values())
        # Columns for which there was no time are taken to be like the others.
        alone = total(block for block in blocks if block.users == 1)
        estimate = alone * left // max(1, len(blocks))
        return Owned(None, blocks, note="opaque", estimate=estimate)

    return Adapter(look)


def _loose(memory: Memory, column: int, owner: int, table: int) -> Block:
    """Return the block of a column to which a plan may lead, with its storages."""
    users, _, *words = memory.words(column, _COLUMN)
    found: list[_Storage] = []
    arrays = _arrays_in(memory, words, table)
    for _ in range(_MOST_NESTED):
        inner: list[int] = []
        for array in arrays:
            fields = memory.words(array, _FIELDS)
            found += _storages_of(memory, fields, table)
            inner += _arrays_inside(memory, fields, table)
        arrays = inner[:_MOST_CHUNKS]
    storages = {storage.address: storage for storage in found}
    blocks = tuple(_counted(memory, storage, owner) for storage in storages.values())
    return Block(column, 0, owner, users, leads_to=blocks, loose=True)


def _storages_of(memory: Memory, fields: Sequence[int], table: int) -> list[_Storage]:
    """Return the storages to which an array's words lead.

    Beside one with values, which comes first, stands where these begin. One of bits, which say
    which values there are, is small beside these. What is neither may be left over.
    """
    values: list[_Storage] = []
    others: list[_Storage] = []
    for at, (place, start) in enumerate(zip(fields, fields[1:])):
        storage = _storage(memory, place, 0) if at >= _KIND else None
        # Polars' tables say how the memory is freed, too.
        if storage is not None and abs(memory.word(place + _FREED) - table) < _NEAR:
            parts = tuple(_listed(memory, storage)) if storage.size % _ENTRY == 0 else ()
            is_begun = at < _VALUES and 0 <= start - storage.address < storage.size
            (values if is_begun else others).append(storage._replace(inner=parts))
    least = max((storage.size for storage in values), default=_MOST_BYTES)
    return values + [storage for storage in others if storage.size <= least // _BITS_BESIDE]


def _arrays_inside(memory: Memory, fields: Sequence[int], table: int) -> list[int]:
    """Return the arrays in one of structs, which lists as many names, or in one of lists."""
    if fields[_LISTED] == fields[_NAMED]:
        return _arrays_in(memory, fields[: _LISTED + 1], table)
    boxes = fields[_KIND:_ARRAYS]
    return [place for place, methods in zip(boxes, boxes[1:]) if abs(methods - table) < _NEAR]


def _arrays_in(memory: Memory, words: Sequence[int], table: int) -> list[int]:
    """Return the arrays of the first list of arrays among words, with their tables of methods."""
    for room, place, count in zip(words, words[1:], words[2:]):
        if 0 < count <= room < _MOST_ROOM and abs(memory.word(place + POINTER) - table) < _NEAR:
            return [memory.word(place + 2 * POINTER * at) for at in range(min(count, _MOST_CHUNKS))]
    return []


def _counted(memory: Memory, storage: _Storage, owner: int) -> Block:
    users = memory.word(storage.place + _USERS)
    inner = tuple(_counted(memory, part, owner) for part in storage.inner)
    return Block(storage.address, storage.size, owner, users, leads_to=inner, loose=True)


class _Search:
    """A search from a plan's words for the columns of its frames.

    A plan begins with a small number, which says its kind. It leads to its inputs, in lists or by
    structures that begin with their counts of users and of weak references, and in the end to
    frames, whose lists of columns stand right after these counts.
    """

    def __init__(self, memory: Memory, table: int, entry: _Entry) -> None:
        """Take how frames list columns, and a table of methods that others are not far from."""
        self._memory = memory
        self._table = table
        self._entry = entry
        self._seen: set[int] = set()
        self._lists: set[int] = set()

    def columns(self, words: tuple[int, ...]) -> Iterator[tuple[int, int]]:
        """Yield columns, some more than once, and how many more their frame has."""
        level = [words]
        while level:
            here, level = level, []
            for current in here:
                for room, place, after in zip((0, *current), current, (*current[1:], 0)):
                    if not _LOWEST < place < _HIGHEST or place % POINTER:
                        continue
                    if len(self._seen) > _MOST_LOOKED_AT or self._memory.late():
                        return
                    level += self._inputs(room, place, after)
                    if place in self._seen:
                        continue
                    self._seen.add(place)
                    users, weak, *plan = self._memory.words(place, _PLAN + 2)
                    if 0 < users < _MOST_USERS and weak == 1:
                        is_frame = False
                        for found in self._of_frame(*plan[:3]):
                            is_frame = True
                            yield found
                        level += [] if is_frame or not 0 < plan[0] < _KINDS else [tuple(plan)]

    def _inputs(self, room: int, place: int, count: int) -> list[tuple[int, ...]]:
        """Return the plans in a list of so many; none if it is one of something else.

        What led there before may be a word that was left over, beside which no length stands.
        """
        if not 0 < count <= room <= _MOST_INPUTS or place in self._lists:
            return []
        self._lists.add(place)
        plans = [self._memory.words(place + at * _PLAN * POINTER, _PLAN) for at in range(count)]
        return plans if all(0 < plan[0] < _KINDS for plan in plans) else []

    def _of_frame(self, room: int, place: int, count: int) -> Iterator[tuple[int, int]]:
        """Yield the columns in a list of so many; none if it is one of something else."""
        found = False
        for number in range(count if 0 < count <= room <= _MOST_ROOM else 0):
            at = place + number * self._entry.size + self._entry.column
            column, methods = self._memory.words(at, 2)
            if abs(methods - self._table) < _NEAR:
                users, weak = self._memory.words(column, 2)
                if weak == 1 and 0 < users < _MOST_USERS:
                    found = True
                    yield column, count - number - 1
            if number > _FEW and not found:
                return


def _entry_of_frames(library: Any) -> _Entry | None:
    """Return how frames list their columns, found in one made for that; None if it is not."""
    columns = [library.Series(name, [1, 2]) for name in "abc"]
    frame = library.DataFrame(columns)
    with Memory() as memory:
        wanted = [memory.word(id(each._s) + _SERIES) for each in columns]  # noqa: SLF001
        words = memory.words(id(frame._df), _WRAPPER // POINTER)  # noqa: SLF001
        for room, place, count in zip(words, words[1:], words[2:]):
            listed = memory.words(place, _FRAMES) if count == len(columns) <= room else ()
            if all(map(listed.__contains__, wanted)):
                first, second, _ = map(listed.index, wanted)
                return _Entry((second - first) * POINTER, first * POINTER)
    return None


def _listed(memory: Memory, storage: _Storage) -> Iterator[_Storage]:
    """Yield the storages that a storage lists, if it does."""
    for at in range(storage.address, storage.address + storage.size, _ENTRY):
        place, address = memory.words(at, 2)
        part = _storage(memory, place, 0)
        if part is None or not 0 <= address - part.address < part.size:
            return
        yield part


def _as_expected(library: Any, export: Callable[..., Iterator[Any]]) -> bool:
    """Return whether counts stand where they are looked for, in columns made for that."""
    numbers = library.Series("", [1, 2, 3])
    texts = library.Series("", ["a text of some length", "another one of some length"])
    part = numbers.slice(1, 1)
    with Memory() as memory:
        columns = _Columns(memory, 0, export)
        place = memory.word(id(numbers._s) + _SERIES)  # noqa: SLF001
        before = memory.word(place)
        again = numbers.clone()
        if memory.word(place) != before + 1:
            return False
        del again
        if memory.word(place) != before:
            return False
        found = [columns.column(one._s, 0) for one in (numbers, part, texts)]  # noqa: SLF001
    if not columns.whole or not all(len(nodes) == 1 and nodes[0].leads_to for nodes in found):
        return False
    whole, sliced, texted = (nodes[0].leads_to for nodes in found)
    same = whole[0].address == sliced[0].address and whole[0].users == _TWICE
    texts_found = any(block.leads_to for block in texted)
    return same and whole[0].size == _THREE_NUMBERS and texts_found


ADAPTERS = {"polars": _polars}
