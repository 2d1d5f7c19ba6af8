"""Whether other threads had time to change Python's objects during a measurement."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from time import process_time, thread_time
from types import FunctionType, MethodType
from typing import Any

_IDLE = 0.002  # seconds of other threads' work that a process always does
_IDLE_SHARE = 0.05  # of this thread's own
# What the kernel's own threads run: they carry messages, of which a measurement in slices makes
# some itself, and change nothing of the user's. A subshell's thread runs cells: it is not here.
_OWN = frozenset((
    "IPython.core.history",
    "ipykernel.control",
    "ipykernel.heartbeat",
    "ipykernel.iostream",
    "ipykernel.parentpoller",
    "ipykernel.shellchannel",
))  # fmt: skip

# The properties of `Thread` itself: a user's subclass may override them.
_module_of: Any = type.__dict__["__module__"].__get__
_ident_of: Any = vars(threading.Thread)["ident"].__get__
_native_id_of: Any = vars(threading.Thread).get("native_id", property()).__get__


class OtherThreads:
    """The processor time that other threads use from now on."""

    def __init__(self) -> None:
        """Begin to count."""
        self._used = _times()
        self._others = process_time() - thread_time()
        self._mine = thread_time()

    def ran(self) -> bool:
        """Return whether other threads ran for so long that they may have changed an object.

        Threads that Python does not know, such as those in which a library multiplies matrices,
        spin for a while when their work is done. Such threads cannot reach an object.
        """
        most = max(_IDLE, _IDLE_SHARE * (thread_time() - self._mine))
        if process_time() - thread_time() - self._others <= most:
            return False
        now = _times()
        # No name for the dict: this frame is in it, and a name would put the frame on a cycle.
        unseen = set(sys._current_frames())  # noqa: SLF001
        unseen.difference_update(map(_ident_of, threading.enumerate()))
        if self._used is None or now is None or unseen or self._used.keys() - now.keys():
            return True
        return sum(used - self._used.get(thread, 0) for thread, used in now.items()) > most * 10**9


def _times() -> dict[int, int] | None:
    """Return the nanoseconds that Python's other threads have used, by thread; None: unknown."""
    if not _CLOCKS:
        return None
    others = (each for each in threading.enumerate() if not _is_own(each))
    ids = {*map(_native_id_of, others)} - {threading.get_native_id(), None}
    try:
        return {native: time.clock_gettime_ns(_clock_of(native)) for native in ids}
    except OSError:  # one has just ended
        return None


def _is_own(thread: threading.Thread) -> bool:
    """Return whether a thread is the kernel's own."""
    kind = type(thread)
    module: Any = None
    with suppress(AttributeError):  # a class may have deleted it
        module = _module_of(kind)
    if kind is threading.Thread:
        target = vars(thread).get("_target")
        function = target.__func__ if type(target) is MethodType else target
        module = function.__module__ if type(function) is FunctionType else None
    return type(module) is str and module in _OWN


def _clock_of(native_id: int) -> int:
    """Return the clock of a thread's processor time, as `clock_gettime(2)` numbers them on Linux.

    `time.pthread_getcpuclockid` gives the same, but reads freed memory for a thread that has ended.
    """
    return (~native_id << 3) | 6


def _clocks_are_right() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        before = time.thread_time_ns()
        found = time.clock_gettime_ns(_clock_of(threading.get_native_id()))
    except (AttributeError, OSError, OverflowError):
        return False
    return before <= found <= time.thread_time_ns() <= time.process_time_ns()


_CLOCKS = _clocks_are_right()
