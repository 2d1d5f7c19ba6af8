"""Pillow's images, whose pixels lie in one allocation a line."""

from __future__ import annotations

from typing import Any

from .adapter import Adapter, Owned

_basic = type.__dict__["__basicsize__"].__get__


def _pillow(imaging: Any) -> dict[type, Adapter]:
    core = type(imaging.new("1", (1, 1)))
    mode_of = core.__dict__["mode"].__get__
    size_of = core.__dict__["size"].__get__
    widths = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}

    def image(obj: Any) -> Owned:
        width, height = size_of(obj)
        line = width * widths.get(mode_of(obj), 4)
        return Owned(_basic(core) + height * ((line + 3 & -4) + 8))

    return {core: Adapter(image)}


ADAPTERS = {"PIL._imaging": _pillow}
