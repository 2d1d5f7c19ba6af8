"""Pillow's images, whose pixels lie in one allocation a line, or in a buffer of another object."""

from __future__ import annotations

import ctypes
from typing import Any

from .adapter import Adapter, Owned
from .native import POINTER, Memory

_IMAGE = 2  # the word of a core that refers to the image in C
_WORDS = 48  # of an image, at the most
# An image over a buffer refers to the object, and has a view of it: start, object, length.
_OBJECT, _START, _AGAIN, _LENGTH = range(4)
_REFERENCES = 2  # to the object
_MOST_TIMES = 8  # as many bytes as its pixels need a buffer has, at the most

_basic = type.__dict__["__basicsize__"].__get__


def _pillow(imaging: Any) -> dict[type, Adapter]:
    core = type(imaging.new("1", (1, 1)))
    mode_of = core.__dict__["mode"].__get__
    size_of = core.__dict__["size"].__get__
    widths = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}

    def image(obj: Any) -> Owned:
        width, height = size_of(obj)
        line = width * widths.get(mode_of(obj), 4)
        size = _basic(core) + height * ((line + 3 & -4) + 8)
        try:
            over = _buffer_of(obj, height * line)
        except OSError:
            return Owned(_basic(core), note="opaque", estimate=size)
        if over is None:
            return Owned(size)
        return Owned(_basic(core) + height * 8, references=[over] * _REFERENCES)

    return {core: Adapter(image)}


def _buffer_of(obj: Any, size: int) -> Any:
    """Return the object whose buffer has the pixels of an image, None if it has its own."""
    with Memory() as memory:
        place = memory.word(id(obj) + _IMAGE * POINTER)
        # Behind its end there may be the remains of another one, whose object is gone.
        words = memory.words(place, min(_WORDS, memory.block(place)))
        for at in range(len(words) - _LENGTH):
            found = words[at : at + _LENGTH + 1]
            same = found[_OBJECT] and found[_OBJECT] == found[_AGAIN]
            if same and 0 < size <= found[_LENGTH] <= _MOST_TIMES * size:
                start, kind = found[_START], memory.word(found[_OBJECT] + POINTER)
                # It is an object, and the image's lines begin there.
                is_object = kind and memory.word(kind + POINTER) == id(type)
                if is_object and start and any(memory.word(word) == start for word in words[:at]):
                    return ctypes.py_object.from_address(place + at * POINTER).value
    return None


ADAPTERS = {"PIL._imaging": _pillow}
