"""Letting results go: out of every place of IPython's, and saying what came of it."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Callable

from .describe import is_one_of, summary, type_name
from .holders import Retained, put, weak
from .memory import give_back
from .placeholder import placeholder
from .referrers import UNKNOWN, held_by
from .tracebacks import frames_of

if TYPE_CHECKING:
    from types import FrameType

    from .protocol import StillAlive
    from .sizes import Size

# Time for finding out who holds what is still alive.
SEARCH_MS = 500.0
# Below this, numbers and texts are often constants that the interpreter itself shares.
CONSTANT_BYTES = 1024
# To an object without weak references: `Gone.strong`, and the argument of `getrefcount`.
OWN_REFERENCES = 2
# The turns in which is told who holds what.
_IN_CYCLES, _IN_NO_CYCLE, _NOT_OURS = range(3)
_CONSTANTS = (int, float, complex, bool, str, bytes)
_SINGLETONS: tuple[Any, ...] = ((), frozenset(), Ellipsis, NotImplemented)


class Uninterrupted:
    """Holds an interrupt back while the places are being changed, and raises it afterwards."""

    def __enter__(self) -> None:
        """Put the interrupt's handler aside; only the main thread gets interrupts."""
        self.caught: tuple[int, FrameType | None] | None = None
        self.handler: Any = None
        if threading.current_thread() is threading.main_thread():
            self.handler = signal.getsignal(signal.SIGINT)
        if self.handler is not None:
            signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.caught = (number, frame)

    def __exit__(self, *_error: object) -> None:
        """Restore the handler, and hand it the interrupt that came meanwhile."""
        if self.handler is not None:
            signal.signal(signal.SIGINT, self.handler)
            caught, self.caught = self.caught, None
            if caught is not None and callable(self.handler):
                self.handler(*caught)


def replace(shell: Any, entry: Retained, size: Size, numbers: list[int] | None = None) -> list[Any]:
    """Put placeholders in the result's places and return the references taken out.

    With `numbers`, only the places under these numbers.
    """
    words = type_name(type(entry.obj)), summary(entry.obj)
    stand_ins: dict[int, Any] = {
        number: placeholder(number, *words, size) for number in (entry.numbers or [-1])
    }
    places = [p for p in entry.places if numbers is None or p.number in numbers]
    return put(shell, entry, stand_ins, places)


class Gone:
    """One object that was let go, watched without keeping it alive where that is possible."""

    __slots__ = ("freed_bytes", "key", "reference", "strong", "type")

    def __init__(self, key: str, obj: Any, freed_bytes: int) -> None:
        """Take the row's key, the object, and what letting it go should free."""
        self.key = key
        self.type = type_name(type(obj))
        self.freed_bytes = freed_bytes
        self.reference = weak(obj)
        self.strong = [] if self.reference is not None or _is_constant(obj) else [obj]

    def get(self) -> list[Any]:
        """Return a list with the object if it is alive, or an empty list."""
        alive = self.reference() if self.reference is not None else None
        return self.strong if alive is None else [alive]


def _is_constant(obj: Any) -> bool:
    if any(obj is each for each in _SINGLETONS):
        return True
    return is_one_of(type(obj), *_CONSTANTS) and sys.getsizeof(obj) <= CONSTANT_BYTES


def still_alive(shell: Any, gone: list[Gone]) -> list[StillAlive]:
    """Tell which of the objects somebody else holds, and who.

    Call it after the last reference of ours is dropped. An object without weak
    references is held by us until here: it is alive if others refer to it. It can
    hold another one, which is not alive for that: those that may are looked at first.
    """
    gc.collect()
    deadline = time.perf_counter() + SEARCH_MS / 1000
    names: dict[int, list[str]] = {}
    turns = [_turn(item) for item in gone]
    for turn in (_IN_CYCLES, _IN_NO_CYCLE, _NOT_OURS):
        _drop_unheld(gone)
        if turn == _IN_NO_CYCLE and _IN_CYCLES in turns and any(item.get() for item in gone):
            gc.collect()
        for index, item in enumerate(gone):
            if turns[index] == turn:
                names[index] = _who_holds(shell, item, gone, deadline)
                item.strong.clear()
    give_back()
    return [
        {
            "key": item.key,
            "type": item.type,
            "freed_bytes": item.freed_bytes,
            "held_by": names[index],
        }
        for index, item in enumerate(gone)
        if names[index]
    ]


def _drop_unheld(gone: list[Gone]) -> None:
    """Drop what nobody but us holds, which needs no search through the whole heap."""
    dropped = True
    while dropped:
        dropped = False
        for item in gone:
            if item.strong and sys.getrefcount(item.strong[0]) <= OWN_REFERENCES:
                item.strong.clear()
                dropped = True


def _turn(item: Gone) -> int:
    if not item.strong:
        return _NOT_OURS
    return _IN_CYCLES if gc.is_tracked(item.strong[0]) else _IN_NO_CYCLE


def _who_holds(shell: Any, item: Gone, gone: list[Gone], deadline: float) -> list[str]:
    """Return who holds the object; empty if nobody does."""
    found = item.get()
    if not found:
        return []
    names = held_by(shell, found, deadline, [item.strong, gone, *frames_of(found[0])])
    # What the collector does not track is in no cycle, so the count is the answer.
    is_held = item.reference is not None or not gc.is_tracked(found[0])
    return names or ([UNKNOWN] if is_held else [])


def drop(take: Callable[[], list[Any]]) -> None:
    """Take references out of their places in one piece, then drop them all.

    Dropping can run the user's destructors, so it comes when nothing is half done.
    """
    with Uninterrupted():
        taken = take()
    taken.clear()
