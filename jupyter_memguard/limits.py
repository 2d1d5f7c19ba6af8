"""How much memory a process may use, and what sets that limit.

Every function reads files under a root path, so that tests can use made-up trees.
The control groups are the process's own (``/proc/<pid>/cgroup``), not this server's: a
kernel may be in another group. The mount points are this server's
(``/proc/self/mountinfo``), because this server reads the files: a kernel in a sandbox
may have other mount points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# Version 1 writes "no limit" as the greatest number of pages that a long holds. A limit of
# an exbibyte or more is taken for none.
NO_LIMIT = 2**60


@dataclass(frozen=True)
class Limit:
    """A limit of memory and how much of it is used.

    Attributes:
        source: what sets the limit, as a code: ``config``, ``mem_limit_env``, ``cgroup2``,
            ``cgroup1``, ``rlimit_as`` or ``machine``.
        limit_bytes: the limit.
        used_bytes: what counts against it.

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
    events: str


_FILES = {
    1: _Files(
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
        "memory.oom_control",
    ),
    2: _Files("memory.max", "memory.current", "inactive_file", "memory.events"),
}


def memory_groups(pid: int, root: Path = Path("/")) -> list[Group]:
    """List the control groups that count a process's memory.

    Args:
        pid: the process.
        root: the folder with ``proc`` and the mounts.

    Returns:
        The process's own group and then the group's ancestors, as far as they are mounted,
        of version 2, version 1 or (hybrid) both. The list is empty where there are no
        control groups or this user may not read them.

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

    The use leaves out page cache (``inactive_file``): the system drops it before it kills
    a process.

    Args:
        group: from :func:`memory_groups`.

    Returns:
        None when the group has no limit of its own or this user may not read its files.

    """
    files = _FILES[group.version]
    limit = _number(group.directory / files.limit)
    used = _number(group.directory / files.used)
    if limit is None or used is None:
        return None
    statistics = _statistics(group.directory / "memory.stat")
    if group.version == 1:
        # The system's own minimum includes ancestors that a container cannot see.
        limit = min(limit, statistics.get("hierarchical_memory_limit", limit))
    if not 0 < limit < NO_LIMIT:
        return None
    used = max(0, used - statistics.get(files.inactive, 0))
    return Limit(f"cgroup{group.version}", limit, used)


def oom_kills(groups: list[Group]) -> int | None:
    """Read how many processes of a control group the system has killed for want of memory.

    Args:
        groups: from :func:`memory_groups`: a process's own, and its ancestors. Of version 2 each
            group counts for all below it.

    Returns:
        None when no group of these says so to this user.

    """
    for group in groups:
        events = _statistics(group.directory / _FILES[group.version].events)
        if "oom_kill" in events:
            return events["oom_kill"]
    return None


def address_space_bytes(pid: int, root: Path = Path("/")) -> int | None:
    """Read a process's RLIMIT_AS, which bounds its virtual memory, in bytes.

    Args:
        pid: the process.
        root: the folder with ``proc``.

    Returns:
        None when the process has no such limit or this user may not read the file.

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
    """Give the limit that will be reached first: the fullest; of equally full ones the lowest."""
    return max(limits, key=lambda limit: (limit.level, -limit.limit_bytes), default=None)


def _mounts(mountinfo: str) -> list[_Mount]:
    """List the mounts in ``/proc/self/mountinfo`` whose control groups can count memory."""
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
    """List the directories of a group and of its ancestors, up to the mount's own."""
    top = root / mount.point.relative_to("/")
    try:
        below = PurePosixPath(path).relative_to(mount.root)
    except ValueError:
        # The path is of another namespace than the mount. What is mounted is then the
        # container's own group.
        return [top]
    if ".." in below.parts:
        return [top]
    return [top / below, *(top / parent for parent in below.parents)]


def _number(file: Path) -> int | None:
    """Read the number in a file; None when the file holds none (``max``) or is unreadable."""
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
