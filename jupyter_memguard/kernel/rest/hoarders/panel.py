"""What panel and holoviews have shown: panel keeps it until the page says that it has gone."""

from __future__ import annotations

from typing import Iterator

from ..hoard import Hoard, Look, Root, own_entry


def find(look: Look) -> Iterator[Hoard]:
    """Yield the views that panel keeps."""
    names = look.library("panel.io.state")
    if names is None:
        return
    views = own_entry(names._state, "_views")  # noqa: SLF001
    if type(views) is not dict:
        raise LookupError
    if views:
        state, before = look.alias("panel")
        remedy = f"{before}{state}.state._views.clear()"
        yield Hoard("panel", "", [Root(views, 0, emptied=True)], count=len(views), remedy=remedy)
