"""When cells begin and end, by IPython's events; for each cell its time and its id."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress
from typing import Any, Callable, Optional, Tuple

MAX_CELLS = 10_000
# After a pause of this many seconds between two cells, the kernel has read all messages. Cells
# that were sent together follow each other within some milliseconds.
PAUSE_S = 0.05
# How long after its cell has begun an interrupt is sent again that came while we were called.
AGAIN_S = 0.05
Cell = Tuple[Optional[float], Optional[str]]


class Cells:
    """Watches one shell's cells while the guard or a page needs it."""

    def __init__(
        self, shell: Any, before: Callable[[bool], None], after: Callable[[int], None]
    ) -> None:
        """Take the shell, and what to call at a cell's beginning and end.

        `before` is called at each cell's beginning, with whether the cell is an outermost one.
        `after` is called at the end of an outermost cell, with its execution count.
        """
        self.shell = shell
        # For each execution count, when the cell began (epoch seconds) and its id.
        self.known: dict[int, Cell] = {}
        self._before = before
        self._after = after
        # Whether a pause came before the cell, so that the kernel had read all messages.
        self.after_pause = False
        self._ended_at = 0.0
        self._running: list[str] = []
        self._again: Any = None  # what sends an interrupt again
        self._events = (("pre_run_cell", self._begins), ("post_run_cell", self._ended))
        self._watching = False

    def watch(self, wanted: bool) -> None:  # noqa: FBT001 - it is the state to be in
        """Register the callbacks with IPython, or remove them."""
        if wanted == self._watching:
            return
        self._watching = wanted
        self._running = []
        for event, callback in self._events:
            # IPython's own `unregister` would run the `==` of the user's callbacks.
            callbacks = self.shell.events.callbacks[event]
            callbacks[:] = [other for other in callbacks if other is not callback]
            if wanted:
                callbacks.append(callback)

    def _begins(self, info: Any) -> None:
        # Otherwise IPython would print an error or an interrupt into the user's cell.
        with suppress(Exception):
            try:
                self._note_beginning(info)
            except KeyboardInterrupt:
                self._again = _interrupt_again()

    def _note_beginning(self, info: Any) -> None:
        if not self._running:
            self.after_pause = time.monotonic() - self._ended_at > PAUSE_S
        self._running.append(info.raw_cell)
        if info.store_history:
            number = int(self.shell.displayhook.prompt_count)
            self.known[number] = (time.time(), _cell_id(self.shell, info))
            if len(self.known) > MAX_CELLS:
                del self.known[min(self.known)]
        self._before(len(self._running) == 1)

    def _ended(self, result: Any) -> None:
        with suppress(Exception, KeyboardInterrupt):
            try:
                is_outermost = self._is_outermost(result)
            except BaseException:
                # If this cell stayed in the list, all later cells would count as nested.
                self._running = []
                raise
            if is_outermost:
                if self._again is not None:
                    self._again.cancel()
                    self._again = None
                self._after(int(self.shell.execution_count) - 1)
                self._ended_at = time.monotonic()

    def _is_outermost(self, result: Any) -> bool:
        """Remove the ended cell from the running ones, and return whether it was outermost.

        The identity of its text finds the cell. Its ExecutionInfo does not: IPython makes a new
        one for a cell that was broken off. For an empty cell IPython announces the end, but not
        the beginning.
        """
        if result is None and self._running:
            # The end of a cell that has no result at all, not even an error.
            self._running.pop()
        text = getattr(getattr(result, "info", None), "raw_cell", None)
        for index in range(len(self._running) - 1, -1, -1):
            if self._running[index] is text:
                del self._running[index:]
                return index == 0
        return not self._running


def _interrupt_again() -> Any:
    """Interrupt the cell that begins: IPython only prints an interrupt that a callback raises.

    Return the timer that does it, to be cancelled when the cell ends before; None on Windows.
    """
    kill = getattr(signal, "pthread_kill", None)
    if kill is None:
        return None
    again = threading.Timer(AGAIN_S, kill, (threading.get_ident(), signal.SIGINT))
    again.daemon = True
    again.start()
    return again


def _cell_id(shell: Any, info: Any) -> str | None:
    """Return the id that the front end gave the cell, or None."""
    found = getattr(info, "cell_id", None)
    get_parent = getattr(getattr(shell, "kernel", None), "get_parent", None)
    if found is None and get_parent is not None:
        parent = get_parent("shell")
        found = parent.get("metadata", {}).get("cellId") if type(parent) is dict else None
    return found if type(found) is str else None
