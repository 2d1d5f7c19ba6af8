"""Where to look for a kernel's process: what the server knows without looking at any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from .process import Connection

_NOWHERE = Connection("", 0)


@dataclass(frozen=True)
class Target:
    """What is known of a kernel without looking at its process.

    Attributes:
        kernel_id: the kernel.
        reason: the code that says why there is no process to look at, or None.
        launched: pid of the process that this server launched for the kernel.
        connection: distinguishes the kernel's process from its relatives.
        when_gone: the code to answer with when the launched process has ended; a kernel
            that is being restarted has not died.
        answers: whether the kernel has answered this server.

    """

    kernel_id: str
    reason: str | None
    launched: int = 0
    connection: Connection = _NOWHERE
    when_gone: str = "died"
    answers: bool = False


def target_of(kernel_id: str, kernel_manager: Any) -> Target:
    """Find out where to look for a kernel's process.

    A kernel behind a gateway, on another host, or one that this server did not
    start has no process here, whatever pid it reports.

    Args:
        kernel_id: the kernel.
        kernel_manager: its manager, as ``MappingKernelManager.get_kernel`` gives it.

    """
    provisioner = getattr(kernel_manager, "provisioner", None)
    if provisioner is None:
        owned = getattr(kernel_manager, "owns_kernel", True) and not hasattr(
            kernel_manager, "kernel_url"
        )
        starting = getattr(kernel_manager, "execution_state", "") == "starting"
        return Target(kernel_id, "starting" if owned and starting else "remote")
    if not isinstance(provisioner, LocalProvisioner):
        return Target(kernel_id, "remote")
    launched = provisioner.process
    if launched is None:  # the kernel is being started, or a restart has ended the old process
        return Target(kernel_id, "starting")
    connection = Connection(
        kernel_manager.connection_file, kernel_manager.shell_port, kernel_manager.ip
    )
    ending = bool(getattr(kernel_manager, "shutting_down", False))
    return Target(
        kernel_id,
        None,
        launched.pid,
        connection,
        "starting" if ending else "died",
        getattr(kernel_manager, "execution_state", "") in {"idle", "busy"},
    )
