"""The one table of hoarders."""

from __future__ import annotations

# The file in `hoarders/`, and the modules of which one must be loaded, so that the file is imported
# and asked; without one it always is. Where a hoard is found twice, the first one here has it.
HOARDERS: dict[str, tuple[str, ...]] = {
    "cycles": (),
    "lru_cache": ("functools",),
    "modules": (),
    "classes": (),
    "frames": (),
    "exceptions": (),
    "standard": (),
    "system": (),
    "matplotlib": ("matplotlib._pylab_helpers",),
    "ipywidgets": ("ipywidgets.widgets.widget",),
    "bokeh": ("bokeh.io.state",),
    "pyarrow": ("pyarrow.lib",),
    "torch": ("torch.cuda",),
    "distributed": ("distributed.worker",),
}
