"""Where ipywidgets and the kernel register widgets, read without asking a widget."""

from __future__ import annotations

from typing import Any, Iterator

from ..retention.describe import exact_text, instance_dict, is_one_of, module_name
from .hoard import Look, Root, own_entry

LIBRARY = "ipywidgets.widgets.widget"
_FILES = ("_esm", "_css")
_mro_of = type.__dict__["__mro__"].__get__
_name_of = type.__dict__["__qualname__"].__get__


def trait(obj: Any, name: str) -> Any:
    """Return the value that an object of traitlets has for a trait, None if it has none yet."""
    values = instance_dict(obj).get("_trait_values")
    return values.get(name) if type(values) is dict else None


class Registry:
    """The widgets that ipywidgets keeps, and the comms that the kernel keeps, by their ids."""

    def __init__(self, look: Look) -> None:
        """Find both. A `LookupError` says that this version of ipywidgets has them elsewhere."""
        names = look.library(LIBRARY)
        self.code = ".widgets.widget._instances"  # after the name of ipywidgets
        widgets = getattr(names, "_instances", None)
        if widgets is None:  # before ipywidgets 8
            widgets = own_entry(getattr(names, "Widget", None), "widgets")
            self.code = ".Widget.widgets"
        if type(widgets) is not dict:
            raise LookupError
        self.widgets: dict[str, Any] = widgets
        self.comms = _comms(look)
        self._look = look
        files = look.library("anywidget._file_contents")
        self._watched = () if files is None else (files.FileContents, files.VirtualFileContents)

    def is_closed(self, widget: Any) -> bool:
        """Return whether a page has closed a widget's comm, so that no page shows the widget."""
        return instance_dict(trait(widget, "comm")).get("_closed") is True

    def roots(self, widget: Any) -> Iterator[Root]:
        """Return what closing a widget drops: the widget and its comm, where they are registered.

        What is no registered widget gives nothing.
        """
        comm = trait(widget, "comm")
        names = instance_dict(comm)
        key = names.get("comm_id") or trait(comm, "comm_id")
        if type(key) is not str or self.widgets.get(key) is not widget:
            return
        yield Root(widget, int(bool(self.watches(widget))), holder=self.widgets)
        if self.comms.get(key) is comm:
            yield Root(comm, 0, holder=self.comms)

    def watches(self, widget: Any) -> list[str]:
        """Return the code that disconnects a widget of anywidget from files that it watches.

        A file's signal keeps each widget that was connected to it, by one closure.
        """
        found: list[str] = []
        for cls in _mro_of(type(widget)) if self._watched else ():
            for name in _FILES:
                if is_one_of(type(own_entry(cls, name)), *self._watched):
                    path = self._look.path_of(module_name(cls), exact_text(_name_of(cls)), cls)
                    if path is not None:
                        found.append(f"{path}.{name}.changed.disconnect()")
        return found


def _comms(look: Look) -> dict[str, Any]:
    """Return the open comms of the kernel."""
    kernel = trait(look.shell, "kernel")
    for manager in (
        getattr(look.library("ipykernel.ipkernel"), "_comm_manager", None),
        getattr(look.library("comm"), "_comm_manager", None),
        instance_dict(kernel).get("comm_manager") or trait(kernel, "comm_manager"),
    ):
        found = trait(manager, "comms") or instance_dict(manager).get("comms")
        if type(found) is dict:
            return found
    return {}
