"""bokeh's document of the session: `show` adds each plot to it, and it keeps them all.

`curdoc().clear()` leaves the plots in the document's set of models, so the document goes.
"""

from __future__ import annotations

from typing import Iterator

from ...retention.describe import instance_dict
from ..hoard import Hoard, Look, Root


def find(look: Look) -> Iterator[Hoard]:
    """Yield the document, if it has plots."""
    state = look.library("bokeh.io.state")
    if state is None or state._STATE is None:  # noqa: SLF001 - `curstate()` would make one
        return
    document = instance_dict(state._STATE)["_document"]  # noqa: SLF001
    plots = instance_dict(document)["_roots"]
    if type(plots) is not list:
        raise LookupError
    if plots:
        remedy = (
            "import bokeh.document, bokeh.io.state; "
            "bokeh.io.state.curstate().document = bokeh.document.Document()"
        )
        yield Hoard("bokeh", "", [Root(document, 1)], count=len(plots), remedy=remedy)
