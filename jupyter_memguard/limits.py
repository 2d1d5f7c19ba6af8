"""How much memory a process may use, and who says so.

Everything here reads files under a root path, so that made-up trees test it.
Read are the process's own groups (``/proc/<pid>/cgroup``), never this server's: a
kernel may live in another one. Where they are mounted is asked of this server's
own ``/proc/self/mountinfo``: a kernel in a sandbox may have mounted them elsewhere,
and it is here that they are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# Version 1 says "no limit" with the greatest number of pages that a long holds; nobody
# has a limit of an exbibyte or more.
NO_LIMIT = 2**60


@dataclass(frozen=True)
class Limit:
    """A limit in bytes, what counts against it, and who set it.

    ``source`` is a code: ``config``, ``mem_limit_env``, ``cgroup2``, ``cgroup1``,
    ``rlimit_as`` or ``machine``.
    """

    source: str
    limit_bytes: int
    used_bytes: int

    @property
    def level(self) -> float:
        """The used part of the limit, 0 to 1."""
        return min(1.0, self.used_bytes / self.limit_bytes)


@dataclass(frozen=True)
class Group:
    """A control group's directory and the version of its files."""

    version: int
    directory: Path


@dataclass(frozen=True)
class _Mount:
    version: int
    root: PurePosixPath
    point: PurePosixPath


@dataclass(frozen=True)
class _Files:
    limit: str
    used: str
    inactive: str


_FILES = {
    1: _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: _Files("memory.max", "memory.current", "inactive_file"),
}


def memory_groups(pid: int, root: Path = Path("/")) -> list[Group]:
    """List the control groups that count a process's memory.

    Args:
        pid: the process.
        root: where ``proc`` and the mounts lie.

    Returns:
        Its own group and then that group's ancestors, as far as they are mounted, of
        version 2, version 1 or (hybrid) both; nothing where there are no control groups
        or they may not be read.

    """
    proc = root / "proc"
    try:
        memberships = (proc / str(pid) / "cgroup").read_text()
        mounts = _mounts((proc / "self" / "mountinfo").read_text())
    except (OSError, ValueError):
        return []
    groups = []
    for line in memberships.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            version = 2
        elif "memory" in controllers.split(","):
            version = 1
        else:
            continue
        of_version = [mount for mount in mounts if mount.version == version]
        above = (mount for mount in of_version if PurePosixPath(path).is_relative_to(mount.root))
        mount = next(above, of_version[0] if of_version else None)
        if mount is not None:
            groups += [Group(version, directory) for directory in _upwards(mount, path, root)]
    return groups


def group_limit(group: Group) -> Limit | None:
    """Read one control group's limit and use.

    Page cache that the system gives back before it kills (``inactive_file``) is taken
    off the use.

    Args:
        group: from :func:`memory_groups`.

    Returns:
        None when the group has no limit of its own or its files may not be read.

    """
    files = _FILES[group.version]
    limit = _number(group.directory / files.limit)
    used = _number(group.directory / files.used)
    if limit is None or used is None:
        return None
    statistics = _statistics(group.directory / "memory.stat")
    if group.version == 1:
        # The kernel's own minimum also knows ancestors that no container can see.
        limit = min(limit, statistics.get("hierarchical_memory_limit", limit))
    if not 0 < limit < NO_LIMIT:
        return None
    used = max(0, used - statistics.get(files.inactive, 0))
    return Limit(f"cgroup{group.version}", limit, used)


def address_space_bytes(pid: int, root: Path = Path("/")) -> int | None:
    """Read a process's RLIMIT_AS, which bounds its virtual memory, in bytes.

    Args:
        pid: the process.
        root: where ``proc`` lies.

    Returns:
        None when it has no such limit or the file may not be read.

    """
    try:
        text = (root / "proc" / str(pid) / "limits").read_text()
    except (OSError, ValueError):
        return None
    match = re.search(r"^Max address space +(\d+) ", text, re.MULTILINE)
    if match is None or not 0 < int(match[1]) < NO_LIMIT:
        return None
    return int(match[1])


def nearest(limits: list[Limit]) -> Limit | None:
    """Take the limit that is reached first; of equally near ones the lowest."""
    return max(limits, key=lambda limit: (limit.level, -limit.limit_bytes), default=None)


def _mounts(mountinfo: str) -> list[_Mount]:
    """Parse ``/proc/self/mountinfo`` (proc_pid_mountinfo(5)) for what can count memory."""
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        place, kind = before.split(), after.split()
        if len(place) < 5 or len(kind) < 3:  # noqa: PLR2004 (root and point; type and options)
            continue
        if kind[0] == "cgroup2":
            version = 2
        elif kind[0] == "cgroup" and "memory" in kind[-1].split(","):
            version = 1
        else:
            continue
        found.append(
            _Mount(
                version, PurePosixPath(_unescaped(place[3])), PurePosixPath(_unescaped(place[4]))
            )
        )
    return found


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def _upwards(mount: _Mount, path: str, root: Path) -> list[Path]:
    """List a group's directory and those above it, up to the mount's."""
    top = root / mount.point.relative_to("/")
    try:
        below = PurePosixPath(path).relative_to(mount.root)
    except ValueError:
        # The path is told from another namespace than the mount: what is mounted here is
        # then the container's own group.
        return [top]
    if ".." in below.parts:
        return [top]
    return [top / below, *(top / parent for parent in below.parents)]


def _number(file: Path) -> int | None:
    """Read a file that holds one number; ``max`` is no number."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _statistics(file: Path) -> dict[str, int]:
    try:
        lines = file.read_text().splitlines()
    except (OSError, ValueError):
        return {}
    pairs = (line.split() for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}  # noqa: PLR2004
