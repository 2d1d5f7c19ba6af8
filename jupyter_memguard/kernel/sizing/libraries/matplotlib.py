"""matplotlib's renderer, which holds a figure's pixels."""

from __future__ import annotations

from typing import Any

from ..allocation import rounded
from .adapter import Adapter, Owned

_basic = type.__dict__["__basicsize__"].__get__


def _matplotlib(module: Any) -> dict[type, Adapter]:
    renderer = module.RendererAgg

    def look(obj: Any) -> Owned:
        with memoryview(obj) as pixels:
            return Owned(_basic(renderer) + rounded(pixels.nbytes))

    return {renderer: Adapter(look)}


ADAPTERS = {"matplotlib.backends._backend_agg": _matplotlib}
