"""What the system says: mapped files, shared memory, code, free memory, swapped pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

from ...retention.describe import instance_dict, is_one_of
from ...retention.holders import snapshot
from ..hoard import Hoard, Look

WANTS = (("multiprocessing.shared_memory", "SharedMemory"),)
_MAPPING = re.compile(
    rb"^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ (\d+) *([^\n]*)\n((?:[A-Z]\w+: [^\n]*\n)*)", re.MULTILINE
)
_FIGURE = re.compile(rb"^(Rss|Anonymous|Swap): +(\d+) kB$", re.MULTILINE)
_SHARED = (
    "/dev/shm/",  # noqa: S108 - no file is made there
    "/SYSV",
    "/memfd:",
    "/dev/zero",
)
_UNLINK = (
    "import gc; [(found.close(), found.unlink()) for found in gc.get_objects() "
    "if type(found).__name__ == 'SharedMemory' and found.name == {name!r}];"
)
_TRIM = 'import ctypes; ctypes.CDLL("libc.so.6").malloc_trim(0)'


class _File:
    """What is in memory of one file."""

    def __init__(self) -> None:
        self.mapped = self.own = 0
        self.is_code = False


def find(look: Look) -> Iterator[Hoard]:
    """Yield what of files and of shared memory is in memory, and what is free or swapped."""
    files, swapped = _files()
    code = [each for each in files.values() if each.is_code]
    yield Hoard("code", "", bytes=sum(each.mapped for each in code), part="mapped", count=len(code))
    yield Hoard("code_data", "", bytes=sum(each.own for each in code), count=len(code))
    for path, each in files.items():
        if each.is_code:
            continue
        is_shared = path.startswith(_SHARED)
        remedy = _of_shared_memory(look, path) if is_shared else _of_file(look, path)
        kind = "shared_memory" if is_shared else "mapped_file"
        yield Hoard(kind, path, bytes=each.mapped, part="mapped", remedy=remedy)
    free, python_free = look.memory.free, look.memory.python_free
    if free:
        yield Hoard("allocator", "", bytes=free, part="free", exact=False, remedy=_TRIM)
    if python_free:  # nothing makes Python give it back, but the next objects take it
        yield Hoard("allocator", "Python", bytes=python_free, part="free")
    if swapped:
        yield Hoard("swap", "", bytes=swapped, part="swap")


def _files() -> tuple[dict[str, _File], int]:
    found: dict[str, _File] = {}
    swapped = 0
    try:
        text = Path("/proc/self/smaps").read_bytes()
    except OSError:  # not Linux
        return {}, 0
    for rights, _inode, name, lines in _MAPPING.findall(text):
        figures = {figure: int(kib) * 1024 for figure, kib in _FIGURE.findall(lines)}
        swapped += figures.get(b"Swap", 0)
        path = name.decode("utf-8", "backslashreplace")
        if not path.startswith("/"):
            continue
        each = found.setdefault(path, _File())
        anonymous = figures.get(b"Anonymous", 0)
        each.own += anonymous
        each.mapped += figures.get(b"Rss", 0) - anonymous
        each.is_code = each.is_code or b"x" in rights
    return found, swapped


def _of_shared_memory(look: Look, path: str) -> str | None:
    name = path.rpartition("/")[2].replace(" (deleted)", "")
    for each in look.instances("multiprocessing.shared_memory", "SharedMemory"):
        own = instance_dict(each).get("_name")
        if type(own) is str and own.lstrip("/") == name:
            variable = look.name_of(each)
            if variable is not None:
                return f"{variable}.close(); {variable}.unlink()"
            return _UNLINK.format(name=name)
    return None


def _of_file(look: Look, path: str) -> str | None:
    """Return code that deletes the variables that are a `numpy.memmap` of a file."""
    memmap: Any = getattr(look.library("numpy"), "memmap", None)
    names = [
        name
        for name, value in snapshot(look.shell.user_ns)
        if memmap is not None
        and type(value) is memmap
        and _text(instance_dict(value).get("filename")) == path
        and look.name_of(value) == name
    ]
    return "del " + ", ".join(names) if names else None


def _text(path: Any) -> str | None:
    """Return a path as a text; None for a path of the user's own type, whose code would run."""
    return str(path) if is_one_of(type(path), str, type(Path())) else None
