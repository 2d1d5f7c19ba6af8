"""Release results from every place of IPython that holds them."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Callable

from .describe import summary, type_name
from .holders import Retained, put
from .placeholder import placeholder

if TYPE_CHECKING:
    from .sizes import Size


def replace(
    shell: Any,
    entry: Retained,
    size: Size,
    numbers: list[int] | None = None,
    *,
    freed: bool = False,
) -> list[Any]:
    """Put placeholders into the places of a result, and return the references from there.

    With `numbers`, only the places with these numbers change. The placeholders name `size`, and say
    whether a person has `freed` it.
    """
    words = type_name(type(entry.obj)), summary(entry.obj)
    stand_ins: dict[int, Any] = {
        number: placeholder(number, *words, size, freed=freed) for number in (entry.numbers or [-1])
    }
    places = [p for p in entry.places if numbers is None or p.number in numbers]
    return put(shell, entry, stand_ins, places)


def drop(take: Callable[[], list[Any]]) -> None:
    """Call `take`, which removes references from their places, then drop the references.

    No interrupt comes between: one that comes is raised when every place is changed. Dropping can
    run the user's destructors, so it waits until then, too.
    """
    caught: list[Any] = []
    # Only the main thread gets interrupts.
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if is_main else None
    try:
        if handler is not None:
            signal.signal(signal.SIGINT, lambda *what: caught.append(what))
        taken = take()
    finally:
        if handler is not None:
            try:
                signal.signal(signal.SIGINT, handler)
            except BaseException:
                # Another signal's handler raised before this one was put back.
                signal.signal(signal.SIGINT, handler)
                raise
            if caught and callable(handler):
                handler(*caught[-1])
    taken.clear()
