"""Types of the standard library with references or bytes that the collector does not see."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from gc import get_referents
from io import BytesIO, StringIO
from typing import Any

from ..allocation import rounded
from ..blocks import Block
from ..memory_pages import MemoryPages, is_anonymous
from ..worklist import LARGE
from .adapter import Adapter, Owned

_GROWTH = 9  # a buffer that grows is given an eighth more than it needs
_NEGLIGIBLE = 10**6  # bytes that may be missed

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

    def string_io(obj: Any) -> Owned:
        # texts that were written are held as they are, unseen, until there is another need
        size = StringIO.__sizeof__(obj)
        written = StringIO.tell(obj) if not StringIO.closed.__get__(obj) else 0
        return Owned(size, note="opaque" if size < written else "")

    return {
        OrderedDict: Adapter(ordered),
        code_type: Adapter(code),
        StringIO: Adapter(string_io),
        BytesIO: Adapter(_bytes_io),
    }


def _bytes_io(obj: Any) -> Owned:
    """Look at a buffer: its bytes are counted by its size, unless the collector shows them."""
    if any(type(kid) is bytes for kid in get_referents(obj)):
        return Owned(_basic(type(obj)))
    size = rounded(BytesIO.__sizeof__(obj))
    tail = size // _GROWTH  # at the most, of which nothing was written perhaps
    return Owned(size) if tail < _NEGLIGIBLE else Owned(size - tail, note="opaque")


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

    def look(obj: Any) -> Owned:
        return Owned(_basic(type(obj)) + (rounded(size_of(obj)) if owns(obj) else 0))

    return {data: Adapter(look)}


def _mmap(module: Any) -> dict[type, Adapter]:
    cls = module.mmap
    length = cls.__len__
    view_of = getattr(cls, "__buffer__", lambda obj, _flags: memoryview(obj))

    def look(obj: Any) -> Owned:
        try:
            size = length(obj)
            with view_of(obj, 0) as view:
                present = None if view.readonly else _present(view, size)
        except (BufferError, ValueError):  # closed
            return Owned()
        own, mapped = (0, size) if present is None else present
        return Owned(_basic(type(obj)) + own, note="mapped" if mapped else "", mapped=mapped)

    return {cls: Adapter(look)}


def _present(view: memoryview, size: int) -> tuple[int, int] | None:
    """Return the bytes that go with mapped memory, and those that stay; None if not known."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(view))
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


ADAPTERS = {"builtins": _standard, "_ctypes": _ctypes, "array": _array, "mmap": _mmap}
