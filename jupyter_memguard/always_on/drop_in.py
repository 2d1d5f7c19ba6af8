"""The one file that turns the guard on: writing it, reading it, removing it.

Its first line says by which format it was written, so that a file of a newer release, or one that
somebody has changed, is told apart from ours and left alone.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

NAME = "50-jupyter-memguard.py"
_FORMAT = 1
_HEAD = re.compile(r"# jupyter-memguard, format (\d+):")
_FOLDERS = re.compile(r"^# Folders that were made for it: (\d+)$", re.MULTILINE)
_CALL = re.compile(
    r'\.start\(get_ipython\(\), "(\w+)"(?:, threshold_bytes=(\d+))?\)$', re.MULTILINE
)


class Wanted(NamedTuple):
    """What the file is to do: the guard's mode, and from which size on a result is large."""

    mode: str
    threshold_bytes: int | None = None


class Untouched(Exception):  # noqa: N818 - it says that nothing was changed
    """A sentence about a file that is not ours to change."""


def text(wanted: Wanted, folders: int) -> str:
    """Return the file's text. It binds no name, since it runs in the user's namespace."""
    threshold = wanted.threshold_bytes
    settings = "" if threshold is None else f", threshold_bytes={threshold}"
    return f"""\
# jupyter-memguard, format {_FORMAT}: `jupyter memguard enable` wrote this file, and
# `jupyter memguard disable` removes it. A file that was changed is left alone by both.
# Folders that were made for it: {folders}
try:
    __import__("jupyter_memguard.magics").magics.start(get_ipython(), "{wanted.mode}"{settings})
except Exception:  # an environment without the package; `jupyter memguard status` says so
    pass
"""


def read(path: Path) -> Wanted | None:
    """Return what the file does, None if there is none. Raises `Untouched` if it is not ours."""
    found = _content(path)
    return None if found is None else _understood(path, found)[0]


def write(path: Path, wanted: Wanted) -> bool:
    """Write the file; return whether anything has changed. Raises `Untouched` or `OSError`."""
    found = _content(path)
    folders = 0
    if found is not None:
        before, folders = _understood(path, found)
        if before == wanted:
            return False
    else:
        missing = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        folders = len(missing)
    # In one step: a kernel that starts in this moment finds the old file or the new one.
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text(wanted, folders), encoding="utf-8")
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
    return True


def remove(path: Path) -> bool:
    """Remove the file and the folders that were made for it; return whether there was one.

    Raises `Untouched` or `OSError`. A folder that has something else by now stays.
    """
    found = _content(path)
    if found is None:
        return False
    _, folders = _understood(path, found)
    path.unlink()
    with suppress(OSError):
        for folder in list(path.parents)[:folders]:
            folder.rmdir()
    return True


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except UnicodeDecodeError:
        return ""


def _understood(path: Path, found: str) -> tuple[Wanted, int]:
    head = _HEAD.match(found)
    if head is not None and int(head[1]) > _FORMAT:
        message = f"{path} was written by a newer jupyter-memguard, so it was left as it is."
        raise Untouched(message)
    call, folders = _CALL.search(found), _FOLDERS.search(found)
    if head is not None and call is not None and folders is not None:
        threshold = None if call[2] is None else int(call[2])
        wanted = Wanted(call[1], threshold)
        if found == text(wanted, int(folders[1])):
            return wanted, int(folders[1])
    message = f"{path} is not as `jupyter memguard enable` writes it, so it was left as it is."
    raise Untouched(message)
