"""matplotlib's renderer, which holds a figure's pixels, and the cells of the longest line drawn."""

from __future__ import annotations

from struct import Struct
from typing import Any

from ..pools import rounded
from .adapter import Adapter, Owned
from .native import POINTER, Memory

_WRAPPED = 2 * POINTER  # from a wrapper to its renderer in C++
_LOOKED_AT = 60  # words of a renderer
_LIMIT = 32768  # blocks of cells that Agg may have, which follows how many it has
_COUNTS = 4  # of blocks, of room for them, of the block in use, of cells in that
_BLOCK = 4096 * (16 + 8)  # bytes of a block of cells, and of the list in which they are sorted

_basic = type.__dict__["__basicsize__"].__get__
_halves = Struct(f"<{2 * _LOOKED_AT}I")
_words = Struct(f"<{_LOOKED_AT}Q")


def _matplotlib(module: Any) -> dict[type, Adapter]:
    renderer = module.RendererAgg
    try:
        place = _place_of_cells(renderer(8, 8, 72.0))
    except (LookupError, OSError, TypeError):
        place = None

    def look(obj: Any) -> Owned:
        with memoryview(obj) as pixels:
            size = _basic(renderer) + rounded(pixels.nbytes)
        if place is None:
            return Owned(size, note="opaque")
        blocks, room, *_ = _read(obj)[place:]
        if blocks > room or blocks > _LIMIT:
            return Owned(size, note="opaque")
        return Owned(size + blocks * _BLOCK)

    return {renderer: Adapter(look)}


def _read(renderer: Any) -> tuple[int, ...]:
    """Return the numbers of 32 bits that a renderer has in C++."""
    with Memory() as memory:
        words = memory.words(memory.word(id(renderer) + _WRAPPED), _LOOKED_AT)
    return _halves.unpack(_words.pack(*words))


def _place_of_cells(renderer: Any) -> int:
    """Return where a renderer counts its blocks of cells, of which a new one has none."""
    numbers = _read(renderer)
    places = [at for at, number in enumerate(numbers) if number == _LIMIT and at >= _COUNTS]
    places = [at - _COUNTS for at in places if not any(numbers[at - _COUNTS : at])]
    if len(places) != 1:
        raise LookupError
    return places[0]


ADAPTERS = {"matplotlib.backends._backend_agg": _matplotlib}
