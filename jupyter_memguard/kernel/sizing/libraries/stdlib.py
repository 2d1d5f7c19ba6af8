"""Types of the standard library with references or bytes that the collector does not see."""

from __future__ import annotations

import ctypes
import re
from collections import OrderedDict
from gc import get_referents
from io import BytesIO, StringIO
from operator import attrgetter
from typing import Any, Callable

from ...retention.describe import has_base
from ..blocks import Block
from ..memory_pages import MemoryPages, is_anonymous
from ..pools import rounded
from ..worklist import LARGE
from .adapter import Adapter, Owned
from .native import POINTER, Memory, holding

_GROWTH = 9  # a buffer that grows is given an eighth more than it needs
_NEGLIGIBLE = 10**6  # bytes that may be missed
_POINTERS = "P&"  # in the format of a value of C
_CHARACTER = 4  # bytes of one in a `StringIO` that was read
_BYTES = 2 * POINTER  # where a `BytesIO` has its bytes
_UNPACKED = 40 << 10  # bytes of a stream that was unpacked last, and of zlib's own state (zlib.h)
_BUFFER = 2  # the word at which a `StringIO` begins: buffer, position, length, room

_basic = type.__dict__["__basicsize__"].__get__


def _standard(_: Any) -> dict[type, Adapter]:
    ordered_size = OrderedDict.__sizeof__
    code_type = type(_standard.__code__)

    def ordered(obj: Any) -> Owned:
        # An entry's node holds the key as well, and shows it. Of a dict with keys of other types
        # than str, the collector is shown the dict's own references to them too.
        # A large one is opened slice by slice, and both are in the slices.
        keys = dict.keys(obj)
        hidden = len(keys) <= LARGE and len(get_referents(obj)) < 3 * len(keys)
        return Owned(rounded(ordered_size(obj)), references=list(keys) if hidden else None)

    def code(obj: Any) -> Owned:
        return Owned(rounded(code_type.__sizeof__(obj)), references=[obj.co_consts, obj.co_names])

    text = "a text to be searched"
    scanner = re.compile("x").scanner(text)  # type: ignore[attr-defined]
    return {
        OrderedDict: Adapter(ordered),
        code_type: Adapter(code),
        StringIO: Adapter(_string_io()),
        type(scanner): holding(scanner, text),
        BytesIO: Adapter(_bytes_io),
    }


def _string_io() -> Callable[[Any], Owned]:
    """Return what looks at a `StringIO`.

    It has one buffer with four bytes for each character, or while it is only written to a text or
    lists of texts, which the collector is not shown.
    """
    basic = _basic(StringIO)
    try:
        room, written, is_text = _string_io_places()
    except (LookupError, OSError):
        room, written, is_text = 0, [], False
    value_of = attrgetter("value")

    def look(obj: Any) -> Owned:
        if not room:
            position = StringIO.tell(obj) if not StringIO.closed.__get__(obj) else 0
            return Owned(basic, note="opaque", estimate=position)
        with Memory() as memory:
            # What is beyond the length was never written, and its pages cost nothing.
            words = [memory.word(id(obj) + place) for place in (room - POINTER, *written)]
            kinds = [memory.word(word + POINTER) for word in words]
        places = [
            ctypes.py_object.from_address(id(obj) + place)
            for place, word, kind in zip(written, words[1:], kinds[1:])
            if word and kind in (id(str), id(list))
        ]
        if not places:
            return Owned(basic + rounded(_CHARACTER * words[0]))
        if not is_text:
            return Owned(basic, references=list(map(value_of, places)))
        # From Python 3.12 on, it is one text with a quarter more room than it needs. Python moves
        # it when it grows, whoever refers to it: only this one call may, in which nothing else runs
        size = sum(map(str.__sizeof__, map(value_of, places)))
        return Owned(basic + rounded(size), note="opaque" if size > _NEGLIGIBLE else "")

    return look


def _string_io_places() -> tuple[int, list[int], bool]:
    """Return where a `StringIO` has the size of its buffer, and what was written so far.

    And whether that is one text.
    """
    with Memory() as memory:
        filled = StringIO("abc")
        filled.read(1)
        words = memory.words(id(filled), _basic(StringIO) // POINTER)
        place, position, length, room = words[_BUFFER : _BUFFER + 4]
        text = memory.words(place, 2)
        if (position, length) != (1, 3) or room < length or text[0] != ord("a") + (ord("b") << 32):
            raise LookupError
        adding = StringIO()
        adding.write("a text, ")
        adding.write("and another")
        words = memory.words(id(adding), _basic(StringIO) // POINTER)
        kinds = [memory.word(word + POINTER) for word in words]
        written = [at for at, kind in enumerate(kinds) if kind in (id(str), id(list)) and at > 1]
        later = memory.words(id(filled), _basic(StringIO) // POINTER)
        constant = {at for at in written if words[at] == later[at]}  # such as the line's end
    written = [at for at in written if at not in constant]
    if len(written) != 1:
        raise LookupError
    if kinds[written[0]] == id(list):  # of few texts, beside one of many that were joined
        written.append(written[0] - 1)
    is_text = kinds[written[0]] == id(str)
    return (_BUFFER + 3) * POINTER, [at * POINTER for at in written], is_text


def _bytes_io(obj: Any) -> Owned:
    """Look at a buffer, whose bytes the collector is not shown by every Python."""
    if any(type(kid) is bytes for kid in get_referents(obj)):
        return Owned(_basic(type(obj)))
    try:
        with Memory() as memory:
            if memory.word(memory.word(id(obj) + _BYTES) + POINTER) == id(bytes):
                held = ctypes.py_object.from_address(id(obj) + _BYTES).value
                return Owned(_basic(type(obj)), references=[held])
    except OSError:
        pass
    size = rounded(BytesIO.__sizeof__(obj))
    tail = size // _GROWTH  # at the most, of which nothing was written perhaps
    if tail < _NEGLIGIBLE:
        return Owned(size)
    return Owned(size - tail, note="opaque", estimate=tail)


def _array(module: Any) -> dict[type, Adapter]:
    array = module.array
    size_of = array.__sizeof__
    address_of = array.buffer_info

    def look(obj: Any) -> Owned:
        size = size_of(obj) - _basic(array)
        owned = Owned(_basic(type(obj)))
        if size > 0:
            owned.blocks = [Block(address_of(obj)[0], rounded(size), id(obj))]
        return owned

    return {array: Adapter(look)}


def _ctypes(_: Any) -> dict[type, Adapter]:
    data = ctypes.Structure.__mro__[1]
    owns = data.__dict__["_b_needsfree_"].__get__
    size_of = ctypes.sizeof

    kept_by = data.__dict__["_objects"].__get__

    def keeps(obj: Any) -> bool:
        """Return whether a pointer keeps what it points to, as `ctypes.pointer` makes it do."""
        kept = kept_by(obj)
        values = kept.values() if type(kept) is dict else [kept]
        kinds = [type(value) for value in values if value is not None]
        return not all(has_base(kind, ctypes.c_void_p) for kind in kinds)

    def look(obj: Any) -> Owned:
        own = _basic(type(obj)) + (rounded(size_of(obj)) if owns(obj) else 0)
        return Owned(own, note="opaque" if _points(obj) and not keeps(obj) else "")

    return {data: Adapter(look)}


def _points(obj: Any) -> bool:
    """Return whether a value of C has a pointer, to what may be freed with it."""
    with memoryview(obj) as view:
        kinds = view.format or ""
        if not any(map(kinds.__contains__, _POINTERS)):
            return False
        return any(view.cast("B")) if view.c_contiguous and view.nbytes <= POINTER else True


def _mmap(module: Any) -> dict[type, Adapter]:
    cls = module.mmap
    length = cls.__len__
    view_of = getattr(cls, "__buffer__", lambda obj, _flags: memoryview(obj))

    def look(obj: Any) -> Owned:
        try:
            size = length(obj)
            # Only its address is taken from the view: nothing can close what has one.
            with view_of(obj, 0) as view:
                address = None if view.readonly else _address_of(view)
        except (BufferError, ValueError):  # closed
            return Owned()
        present = None if address is None else _present(address, size)
        own, mapped = (0, size) if present is None else present
        return Owned(_basic(type(obj)) + own, note="mapped" if mapped else "", mapped=mapped)

    return {cls: Adapter(look)}


def _address_of(view: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(view))


def _present(address: int, size: int) -> tuple[int, int] | None:
    """Return the bytes that go with mapped memory, and those that stay; None if not known."""
    pages = MemoryPages()
    try:
        found = pages.present(address, size)
    finally:
        pages.close()
    if found is None:
        return None
    if found.alone and is_anonymous(address):
        return found.own + found.alone, found.mapped - found.alone
    return found.own, found.mapped


def _zlib(module: Any) -> dict[type, Adapter]:
    """Return the adapter of what unpacks a stream, which holds what it was not asked for yet."""
    reader = type(module.decompressobj())
    waiting = [vars(reader)[name].__get__ for name in ("unused_data", "unconsumed_tail")]

    def look(obj: Any) -> Owned:
        return Owned(references=[get(obj) for get in waiting], note="opaque", estimate=_UNPACKED)

    return {reader: Adapter(look)}


ADAPTERS = {
    "builtins": _standard,
    "_ctypes": _ctypes,
    "array": _array,
    "mmap": _mmap,
    "zlib": _zlib,
}
