"""Widgets, which ipywidgets keeps until they are closed, whether a page shows them or not."""

from __future__ import annotations

from typing import Any, Iterator

from ...retention.describe import has_base
from ...retention.holders import snapshot
from ..hoard import Hoard, Look, Root
from ..widgets import LIBRARY, Registry
from .matplotlib import open_figures, parts_of


def find(look: Look) -> Iterator[Hoard]:
    """Yield the widgets that a page has closed, plotly's figures, and all other widgets.

    Those of figures that pyplot keeps are told with the figures.
    """
    if look.library(LIBRARY) is None:
        return
    registry = Registry(look)
    drawn = {id(part) for part in parts_of(open_figures(look))}
    figure = getattr(look.library("plotly.basewidget"), "BaseFigureWidget", None)
    seen = getattr(look.library("ipywidgets.widgets.domwidget"), "DOMWidget", None)
    name, before = look.alias("ipywidgets")
    plotly, and_before = look.alias("plotly.graph_objects") if figure is not None else ("", "")
    close = f"[each.close() for each in list({name}{registry.code}.values()) if "
    found: dict[str, tuple[list[Root], str]] = {
        "widgets_closed": ([], f"{before}{close}each.comm._closed];"),
        "plotly": ([], f"{before}{and_before}{close}isinstance(each, {plotly}.FigureWidget)];"),
        "widgets": ([], f"{before}{name}.Widget.close_all()"),
    }
    counts = dict.fromkeys(found, 0)
    files: dict[str, dict[str, None]] = {kind: {} for kind in found}  # in order, once each
    for _, widget in snapshot(registry.widgets):
        if id(widget) in drawn:
            continue
        kind = _kind(registry, widget, figure)
        found[kind][0].extend(registry.roots(widget))
        files[kind].update(dict.fromkeys(registry.watches(widget)))
        counts[kind] += seen is None or has_base(type(widget), seen)
    for kind, (roots, remedy) in found.items():
        if roots:
            whole = "; ".join((*files[kind], remedy))
            yield Hoard(kind, "", roots, count=counts[kind], remedy=whole)


def _kind(registry: Registry, widget: Any, figure: Any) -> str:
    if registry.is_closed(widget):
        return "widgets_closed"
    return "plotly" if figure is not None and has_base(type(widget), figure) else "widgets"
