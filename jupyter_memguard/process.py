"""A kernel's process: which one it is, and what it uses.

The provisioner knows the process that it launched. That process may be a wrapper
(``sh -c``, ``conda run``, ``uv run``) with the kernel somewhere below it. The
kernel is the process that listens on the connection's shell port. The command line
is no proof: the wrapper's names the connection file too, and so does that of every
child forked by the kernel and of a ``jupyter console --existing`` in a cell. Command
lines decide only where the system does not show sockets.

On Linux one read of ``/proc/<pid>/stat`` gives the start time (is it still the
same process?), the state and the memory together. Unlike a read of ``smaps``, it
takes no lock of the process's address space. On other systems psutil reads them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_LINUX = sys.platform.startswith("linux")
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_PROC = Path("/proc")

# Where the fields of /proc/<pid>/stat stand after the name in brackets (proc_pid_stat(5)).
_STATE, _PPID, _STARTED, _VIRTUAL, _RESIDENT = 0, 1, 19, 20, 21

# A launched process may take this time to start its kernel, in seconds. jupyter_server waits
# as long for a kernel's first answer (kernel_info_timeout).
START_SECONDS = 60.0


class ProcessGoneError(Exception):
    """The process has ended; a newer one may have its pid."""


@dataclass(frozen=True)
class Usage:
    """What a process uses: resident and virtual memory in bytes."""

    rss_bytes: int
    virtual_bytes: int


@dataclass(frozen=True)
class ProcessId:
    """A process: its pid, and on Linux its start in ticks of the system's clock."""

    pid: int
    ticks: bytes


@dataclass(frozen=True)
class Connection:
    """A kernel's connection, which distinguishes its process from others.

    Attributes:
        file: the path of the connection file.
        shell_port: the port on which the kernel listens for requests.
        address: where the kernel listens on Unix sockets (transport ``ipc``), the path in
            front of the port number; not used otherwise.

    """

    file: str
    shell_port: int
    address: str = ""


def _missing(pid: int) -> Exception:
    """Say why a process is missing: it has ended, or /proc hides it (hidepid).

    psutil reports a hidden process of another user as ended. The attempt to send a signal
    distinguishes the two: the system refuses it for a process that exists.
    """
    if os.name == "posix":  # on Windows os.kill() would end the process
        try:
            os.kill(pid, 0)
        except PermissionError:
            return PermissionError(pid)
        except OSError:
            pass
    return ProcessGoneError(pid)


def _stat(pid: int) -> list[bytes]:
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        raise _missing(pid) from None
    # The process's name stands in brackets, and may itself hold spaces and brackets.
    return text[text.rindex(b")") + 2 :].split()


class KernelProcess:
    """One process. Its start time distinguishes it from a later one with the same pid.

    Args:
        process: the process as psutil knows it.

    Raises:
        ProcessGoneError: the process has ended.

    """

    def __init__(self, process: psutil.Process) -> None:
        """Remember the process and its start."""
        self.pid = process.pid
        self._process = process
        try:
            self.started = process.create_time()
            self._ticks = _stat(self.pid)[_STARTED] if _LINUX else b""
        except psutil.NoSuchProcess:
            raise ProcessGoneError(self.pid) from None
        self.id = ProcessId(self.pid, self._ticks)

    def usage(self) -> Usage:
        """Read the memory in use now.

        Raises:
            ProcessGoneError: the process has ended. A zombie has ended too, and so has a
                process without memory: taking much memory back costs the system seconds.
            PermissionError: the system does not let this user see it.

        """
        if not _LINUX:
            return self._psutil_usage()
        fields = _stat(self.pid)
        if fields[_STARTED] != self._ticks or fields[_STATE] in (b"Z", b"X"):
            raise ProcessGoneError(self.pid)
        usage = Usage(int(fields[_RESIDENT]) * _PAGE, int(fields[_VIRTUAL]))
        if usage.virtual_bytes == 0:
            raise ProcessGoneError(self.pid)
        return usage

    def high_water_bytes(self) -> int | None:
        """Read the most that was ever resident, in bytes; None where the system does not know."""
        if not _LINUX:
            try:
                peak = getattr(self._process.memory_info(), "peak_wset", None)  # Windows
            except psutil.Error:
                return None
            return None if peak is None else int(peak)
        try:
            status = (_PROC / str(self.pid) / "status").read_bytes()
        except OSError:
            return None
        for line in status.splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
        return None

    def _psutil_usage(self) -> Usage:
        try:
            if not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE:
                raise ProcessGoneError(self.pid)
            memory = self._process.memory_info()
        except psutil.NoSuchProcess:
            raise ProcessGoneError(self.pid) from None
        except psutil.AccessDenied:
            raise PermissionError(self.pid) from None
        return Usage(memory.rss, memory.vms)


class ProcessTable:
    """The parents and the sizes of all processes on this machine: one look for all kernels.

    A look is used again for a second, and for at least fifty times as long as it took.
    Looks therefore cost at most 2 % of a core, however many processes and kernels
    there are.
    """

    def __init__(self) -> None:
        """Begin with no look taken."""
        self._lock = threading.Lock()
        self._fresh_until = 0.0
        self._children: dict[int, list[ProcessId]] = {}
        self._rss: dict[ProcessId, int] = {}

    def descendants(self, pid: int) -> dict[ProcessId, int]:
        """List a process's descendants with the resident memory of each, in bytes.

        Pages that a forked child shares with its parent count in both.

        Args:
            pid: the process, which is not itself listed.

        """
        with self._lock:
            self._refresh()
            found = {}
            # The system may have used a pid again, so two processes can be each other's parent.
            seen = {pid}
            waiting = list(self._children.get(pid, ()))
            while waiting:
                child = waiting.pop()
                if child.pid not in seen:
                    seen.add(child.pid)
                    found[child] = self._rss[child]
                    waiting.extend(self._children.get(child.pid, ()))
            return found

    def _refresh(self) -> None:
        begun = time.monotonic()
        if begun < self._fresh_until:
            return
        self._children, self._rss = {}, {}
        for process, parent, rss in _linux_processes() if _LINUX else _psutil_processes():
            self._children.setdefault(parent, []).append(process)
            self._rss[process] = rss
        ended = time.monotonic()
        self._fresh_until = ended + max(1.0, 50 * (ended - begun))


def _linux_processes() -> list[tuple[ProcessId, int, int]]:
    found = []
    for name in os.listdir(_PROC):  # noqa: PTH208 (a Path for every process costs more than its read)
        if name.isdigit():
            try:
                fields = _stat(int(name))
            except (ProcessGoneError, PermissionError):
                continue
            process = ProcessId(int(name), fields[_STARTED])
            found.append((process, int(fields[_PPID]), int(fields[_RESIDENT]) * _PAGE))
    return found


def _psutil_processes() -> list[tuple[ProcessId, int, int]]:
    found = []
    for process in psutil.process_iter(["ppid", "memory_info"]):
        memory = process.info["memory_info"]  # None where this user may not see it
        parent = process.info["ppid"]
        if memory is not None and parent not in (None, process.pid):
            found.append((ProcessId(process.pid, b""), parent, memory.rss))
    return found


def find_kernel(launched: int, connection: Connection) -> KernelProcess | None:
    """Find the kernel among the process that was launched and its descendants.

    Args:
        launched: pid of the process that the provisioner launched.
        connection: the kernel's connection.

    Returns:
        The kernel's process, or None when it is not among them (yet).

    Raises:
        ProcessGoneError: the launched process has ended.
        PermissionError: the system does not let this user see it.

    """
    try:
        first = psutil.Process(launched)
        if first.status() == psutil.STATUS_ZOMBIE:
            raise ProcessGoneError(launched)
        tree = _top_down(first)
        # A child that the kernel forked has the socket too: the topmost process is the kernel.
        kernel = next((process for process in tree if _listens(process, connection)), None)
        if kernel is None and not _sockets_are_shown():
            kernel = _by_command_line(tree, connection.file)
    except psutil.NoSuchProcess:
        raise _missing(launched) from None
    except psutil.AccessDenied:
        raise PermissionError(launched) from None
    return None if kernel is None else KernelProcess(kernel)


def is_starting(launched: int) -> bool:
    """Say whether a launched process is so young that its kernel may still start."""
    try:
        return time.time() - psutil.Process(launched).create_time() < START_SECONDS
    except psutil.Error:
        return False


def _top_down(first: psutil.Process) -> list[psutil.Process]:
    below: dict[int, list[psutil.Process]] = {}
    for process in first.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            below.setdefault(process.ppid(), []).append(process)
    ordered, waiting = [], deque([first])
    while waiting:
        process = waiting.popleft()
        ordered.append(process)
        waiting.extend(below.get(process.pid, ()))
    return ordered


def _listens(process: psutil.Process, connection: Connection) -> bool:
    try:
        sockets = process.net_connections("all")
    except (psutil.Error, OSError):
        return False
    path = f"{connection.address}-{connection.shell_port}"
    for socket in sockets:
        address: object = socket.laddr  # a path (Unix), a host and port, or nothing
        port = getattr(address, "port", None)
        if address == path or (
            socket.status == psutil.CONN_LISTEN and port == connection.shell_port
        ):
            return True
    return False


def _sockets_are_shown() -> bool:
    """Say whether the system shows a process's sockets: this server has at least one."""
    try:
        return bool(psutil.Process().net_connections("all"))
    except (psutil.Error, OSError):
        return False


def _by_command_line(tree: list[psutil.Process], connection_file: str) -> psutil.Process | None:
    """Find the kernel by its command line, which names the connection file.

    Wrappers above the kernel name the file too: the lowest process counts. A child that the
    kernel forked has the same command line as the kernel: the kernel stands above it.
    """
    kernel, command = None, None
    for process in tree:
        try:
            arguments = process.cmdline()
        except psutil.Error:
            continue
        if arguments != command and any(connection_file in argument for argument in arguments):
            kernel, command = process, arguments
    return kernel
