"""Release results from every place of IPython that holds them."""

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
    """Delays an interrupt until the places are changed, and raises it then."""

    def __enter__(self) -> None:
        """Replace the handler of interrupts. Only the main thread gets interrupts."""
        self.caught: tuple[int, FrameType | None] | None = None
        self.handler: Any = None
        if threading.current_thread() is threading.main_thread():
            self.handler = signal.getsignal(signal.SIGINT)
        if self.handler is not None:
            signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.caught = (number, frame)

    def __exit__(self, *_error: object) -> None:
        """Restore the handler, and call it if an interrupt came in the meantime."""
        if self.handler is not None:
            signal.signal(signal.SIGINT, self.handler)
            caught, self.caught = self.caught, None
            if caught is not None and callable(self.handler):
                self.handler(*caught)


def replace(shell: Any, entry: Retained, size: Size, numbers: list[int] | None = None) -> list[Any]:
    """Put placeholders into the places of a result, and return the references from there.

    With `numbers`, only the places with these numbers change. The placeholders name `size`.
    """
    words = type_name(type(entry.obj)), summary(entry.obj)
    stand_ins: dict[int, Any] = {
        number: placeholder(number, *words, size) for number in (entry.numbers or [-1])
    }
    places = [p for p in entry.places if numbers is None or p.number in numbers]
    return put(shell, entry, stand_ins, places)


def drop(take: Callable[[], list[Any]]) -> None:
    """Call `take`, which removes references from their places, then drop the references.

    No interrupt comes between. Dropping can run the user's destructors, so it waits until
    every place is changed.
    """
    with Uninterrupted():
        taken = take()
    taken.clear()
