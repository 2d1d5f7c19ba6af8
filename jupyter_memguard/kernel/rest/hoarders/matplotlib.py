"""pyplot's figures, which its registry keeps until they are closed.

A figure that a variable holds as well goes when both let it go. Under `%matplotlib widget`, a
figure's canvas and toolbar are widgets, which ipywidgets keeps too: `close` closes the canvas
alone, so the toolbar would keep the figure.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Iterator

from ...retention.describe import instance_dict
from ...retention.holders import snapshot
from ..hoard import Hoard, Look, Root, own_entry
from ..widgets import Registry

_PARTS = ("canvas", "toolbar")


def find(look: Look) -> Iterator[Hoard]:
    """Yield the open figures."""
    managers = open_figures(look)
    if not managers:
        return
    pyplot, before = look.alias("matplotlib.pyplot")
    remedy = f"{before}{pyplot}.close('all')"
    roots = [Root(manager, 1) for manager in managers]
    if look.library("ipympl.backend_nbagg") is not None:
        registry = Registry(look)
        widgets = [root for part in parts_of(managers) for root in registry.roots(part)]
        if widgets:
            remedy = (
                f"{before}[{pyplot}.figure(n).canvas.manager.toolbar.close() "
                f"for n in {pyplot}.get_fignums()]; {pyplot}.close('all')"
            )
        roots += widgets
    yield Hoard("figures", "", roots, count=len(managers), remedy=remedy)


def open_figures(look: Look) -> list[Any]:
    """Return the managers of the figures that pyplot keeps."""
    helpers = look.library("matplotlib._pylab_helpers")
    if helpers is None:
        return []
    figures = own_entry(helpers.Gcf, "figs")
    if type(figures) is not OrderedDict:
        raise LookupError
    return [manager for _, manager in snapshot(figures)]


def parts_of(managers: list[Any]) -> Iterator[Any]:
    """Return the canvases and toolbars, which are widgets with some backends."""
    for manager in managers:
        attributes = instance_dict(manager)
        yield from map(attributes.get, _PARTS)
