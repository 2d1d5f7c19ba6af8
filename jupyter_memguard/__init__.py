"""See what a notebook kernel keeps alive, free it, and watch the memory.

Importing this package is cheap and needs the standard library alone, because
``jupyter_memguard.kernel`` is also imported in kernels whose environment has
no Jupyter server. What the server needs is imported when it loads us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    from ._version import __version__
except ImportError:  # a source tree that was never built
    __version__ = "0.0.0.dev0"

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the prebuilt front end lies, and the name it is served under."""
    return [{"src": "labextension", "dest": "jupyter-memguard"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where jupyter_server finds the loader."""
    return [{"module": "jupyter_memguard"}]


def _load_jupyter_server_extension(server_app: ServerApp) -> None:
    """Add the endpoints, the metrics and the event schema to a running server."""
    from .extension import load  # noqa: PLC0415 (only a server needs tornado and psutil)

    load(server_app)
