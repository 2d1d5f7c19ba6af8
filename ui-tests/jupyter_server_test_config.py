"""The server of the browser tests: no token, Galata's helpers in the page.

Never use it for anything else: whoever reaches the port can run code.
"""

import os
from typing import Any

from jupyterlab.galata import configure_jupyter_server

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821
configure_jupyter_server(c)

c.ServerApp.port = int(os.environ.get("MEMGUARD_TEST_PORT", "8888"))
c.ServerApp.allow_root = True
# Free ports are chosen before a kernel takes them: one of another server can take them first.
c.KernelManager.transport = "ipc"
# A kernel that crashes once every few seconds is given up after five times.
c.KernelRestarter.restart_limit = int(os.environ.get("MEMGUARD_TEST_RESTARTS", "1000"))
if "MEMGUARD_TEST_LIMIT" in os.environ:
    c.Memguard.mem_limit = int(os.environ["MEMGUARD_TEST_LIMIT"])
if "MEMGUARD_TEST_GATEWAY" in os.environ:
    c.GatewayClient.url = os.environ["MEMGUARD_TEST_GATEWAY"]
