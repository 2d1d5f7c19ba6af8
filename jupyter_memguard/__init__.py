"""See what a notebook kernel keeps alive, free it, and watch the memory.

Importing this package is cheap and needs the standard library alone, because
``jupyter_memguard.kernel`` is also imported in kernels whose environment has
no Jupyter server. The server's modules are imported when a server loads the extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from ._version import __version__
except ImportError:  # a source tree that was never built
    __version__ = "0.0.0.dev0"

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Say where the built front end is, and under which name a server serves it."""
    return [{"src": "labextension", "dest": "jupyter-memguard"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Say in which module jupyter_server finds the function that loads the extension."""
    return [{"module": "jupyter_memguard"}]


def _load_jupyter_server_extension(server_app: ServerApp) -> None:
    """Add the endpoints, the metrics and the event schema to a running server."""
    # Only a server needs tornado and psutil.
    try:
        from .extension import load  # noqa: PLC0415
    except ImportError as missing:
        server_app.log.warning(
            "jupyter_memguard cannot read the memory of kernels without %s. "
            "Install it: pip install 'jupyter_memguard[lab]'",
            missing.name,
        )
        return
    load(server_app)


def load_ipython_extension(shell: Any) -> None:
    """Add `%memguard` to a shell: `%load_ext jupyter_memguard`."""
    from .magics import load  # noqa: PLC0415 (only a shell needs IPython)

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take away what `load_ipython_extension` added."""
    from .magics import unload  # noqa: PLC0415 (as above)

    unload(shell)
