"""When a cell begins and ends, by IPython's events, and what is known of it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Callable, Optional, Tuple

MAX_CELLS = 10_000
# Seconds between two cells from which on the kernel had nothing to do; cells that were sent at
# once follow each other within some milliseconds.
PAUSE_S = 0.05
Cell = Tuple[Optional[float], Optional[str]]


class Cells:
    """Watches one shell's cells while somebody needs it."""

    def __init__(
        self, shell: Any, before: Callable[[bool], None], after: Callable[[int], None]
    ) -> None:
        """Take the shell, and what to call before each cell and after an outermost one.

        `before` is told whether the cell is an outermost one.
        """
        self.shell = shell
        # For each execution count, when the cell began (epoch seconds) and its id.
        self.known: dict[int, Cell] = {}
        self._before = before
        self._after = after
        # Whether the kernel had nothing to do before the cell, so that it heard what was sent.
        self.after_pause = False
        self._ended_at = 0.0
        self._running: list[str] = []
        self._events = (("pre_run_cell", self._begins), ("post_run_cell", self._ended))
        self._watching = False

    def watch(self, wanted: bool) -> None:  # noqa: FBT001 - it is the state to be in
        """Register the callbacks, or take them away."""
        if wanted == self._watching:
            return
        self._watching = wanted
        self._running = []
        for event, callback in self._events:
            # By hand: IPython would compare the user's callbacks with ours, by their own code.
            callbacks = self.shell.events.callbacks[event]
            callbacks[:] = [other for other in callbacks if other is not callback]
            if wanted:
                callbacks.append(callback)

    def _begins(self, info: Any) -> None:
        # IPython would print an error or an interrupt into the user's cell, and go on.
        with suppress(Exception, KeyboardInterrupt):
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
                # A cell that stayed among them would make all others nested ones.
                self._running = []
                raise
            if is_outermost:
                self._after(int(self.shell.execution_count) - 1)
                self._ended_at = time.monotonic()

    def _is_outermost(self, result: Any) -> bool:
        """Take the ended cell from the running ones.

        By its text's identity: IPython makes a new ExecutionInfo for a cell
        that was broken off, and tells the end of an empty cell, but not its
        beginning.
        """
        if result is None and self._running:
            # Told of a cell that came to nothing at all.
            self._running.pop()
        text = getattr(getattr(result, "info", None), "raw_cell", None)
        for index in range(len(self._running) - 1, -1, -1):
            if self._running[index] is text:
                del self._running[index:]
                return index == 0
        return not self._running


def _cell_id(shell: Any, info: Any) -> str | None:
    """Return the id that the front end gave the cell, or None."""
    found = getattr(info, "cell_id", None)
    get_parent = getattr(getattr(shell, "kernel", None), "get_parent", None)
    if found is None and get_parent is not None:
        parent = get_parent("shell")
        found = parent.get("metadata", {}).get("cellId") if type(parent) is dict else None
    return found if type(found) is str else None
