"""Letting results go, out of every place of IPython's."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Callable

from .describe import summary, type_name
from .holders import Retained, put
from .placeholder import placeholder

if TYPE_CHECKING:
    from types import FrameType

    from .sizes import Size


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


def drop(take: Callable[[], list[Any]]) -> None:
    """Take references out of their places in one piece, then drop them all.

    Dropping can run the user's destructors, so it comes when nothing is half done.
    """
    with Uninterrupted():
        taken = take()
    taken.clear()
