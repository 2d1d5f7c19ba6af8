"""Adds the server's half of jupyter-memguard to a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tornado.ioloop import PeriodicCallback

from . import events
from .config import Memguard
from .monitor import SETTING, KernelMonitor
from .routes import add_handlers

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# Clients ask a kernel for its memory with these messages. They are no activity of a person,
# and do not say whether a cell runs.
_USAGE_MESSAGES = ("usage_request", "usage_reply")


def load(server_app: ServerApp) -> None:
    """Add what this package has to a server; a second call changes nothing.

    Args:
        server_app: the server.

    """
    settings = server_app.web_app.settings
    if SETTING in settings:
        return
    config = Memguard(parent=server_app)
    monitor = KernelMonitor(config, server_app.kernel_manager)
    settings[SETTING] = monitor
    if server_app.event_logger is not None:
        events.register(server_app.event_logger)
    _leave_activity_alone(server_app)
    add_handlers(server_app)
    if config.metrics_seconds:
        PeriodicCallback(monitor.update_metrics, 1000 * config.metrics_seconds).start()


def _leave_activity_alone(server_app: ServerApp) -> None:
    """Keep ``usage_request`` from counting as activity and from showing a busy kernel as idle.

    The server heeds the kernel manager's list of untracked messages. JupyterLab's and
    Notebook's pages carry a copy to the client, which heeds it too. They make the copy when
    they load, so this function also changes the copy if they loaded first.
    """
    manager = server_app.kernel_manager
    known = getattr(manager, "untracked_message_types", None)
    if known is None:
        return
    wanted = [*known, *(kind for kind in _USAGE_MESSAGES if kind not in known)]
    manager.untracked_message_types = wanted
    page = server_app.web_app.settings.get("page_config_data", {})
    if "untracked_message_types" in page:
        page["untracked_message_types"] = list(wanted)
