"""Releases: choose the results, replace them by placeholders, and report what came back.

Each result is measured once: the size that decides about a result is also the one that its
placeholder names.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable

from .reports.process_memory import handed_out_bytes
from .reports.reporter import check_keys
from .retention import tracebacks
from .retention.process import give_back, rss_bytes
from .retention.release import drop, replace
from .retention.still_alive import Gone, still_alive

if TYPE_CHECKING:
    from .messages import Released
    from .reports.reporter import Reporter
    from .retention.holders import Retained
    from .retention.outputs import Outputs
    from .retention.sizes import Size

# When RSS is read again after a release, in seconds: some allocators give back later.
SETTLING_S = (0.5, 1.0, 2.0)
# By how much it has to fall to be told.
SETTLED_BYTES = 2**20
_CELL_BEGINS = "pre_run_cell"
Tell = Callable[[str, Any], None]


class Settling:
    """Reads RSS again after a release, and tells when it fell, until a cell begins."""

    def __init__(self, shell: Any, tell: Tell) -> None:
        """Take the InteractiveShell, and what sends an event."""
        self.shell = shell
        self.tell = tell
        self.loop: Any = None
        self.pending: list[Any] = []
        self.before: int | None = None
        self.last = 0
        self.stop_at_cell = self._stop_at_cell

    def begin(self, before: int | None, after: int | None) -> None:
        """Read again what is `after` the release; nothing happens in a kernel without a loop."""
        self.stop()
        self.loop = getattr(getattr(self.shell, "kernel", None), "io_loop", None)
        if self.loop is None or after is None:
            return
        self.before, self.last = before, after
        with suppress(Exception):
            self.pending = [self.loop.call_later(seconds, self._read) for seconds in SETTLING_S]
            self.shell.events.callbacks[_CELL_BEGINS].append(self.stop_at_cell)

    def _read(self) -> None:
        with suppress(Exception):
            self.pending.pop(0)
            now = rss_bytes()
            if now is not None and self.last - now > SETTLED_BYTES:
                self.last = now
                self.tell("settled", {"before_rss_bytes": self.before, "after_rss_bytes": now})
            if not self.pending:
                self.stop()

    def _stop_at_cell(self, _info: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """Read no more."""
        with suppress(Exception):
            for timeout in self.pending:
                self.loop.remove_timeout(timeout)
            self.pending = []
            # IPython's own `unregister` would run the `==` of the user's callbacks.
            callbacks = self.shell.events.callbacks[_CELL_BEGINS]
            callbacks[:] = [other for other in callbacks if other is not self.stop_at_cell]


class Beginning:
    """RSS when a release begins, and what giving free memory back alone lowers it by."""

    def __init__(self) -> None:
        """Give free memory back, so that the rest of what comes back is what was released."""
        self.time = time.perf_counter()
        self.before = rss_bytes()
        give_back()
        after = rss_bytes()
        known = self.before is not None and after is not None
        self.trimmed = max(0, (self.before or 0) - (after or 0)) if known else 0
        self._handed_out = handed_out_bytes()

    def let_go(self) -> int | None:
        """Return what allocators got back since, in bytes; None where they do not tell."""
        now = handed_out_bytes()
        return None if now is None or self._handed_out is None else max(0, self._handed_out - now)


class Releases:
    """Releases the results, outputs and tracebacks that one shell keeps."""

    def __init__(self, shell: Any, reporter: Reporter, outputs: Outputs, tell: Tell) -> None:
        """Take the InteractiveShell, what measures, the kept outputs, and what sends an event."""
        self.shell = shell
        self.reporter = reporter
        self.outputs = outputs
        self.settling = Settling(shell, tell)
        self._done: Released | None = None

    def release(
        self,
        keys: list[str] | None = None,
        numbers: list[int] | None = None,
        min_bytes: int = 0,
    ) -> Released:
        """Release results: those with one of the keys or numbers, or all if both are None.

        Results that free less than `min_bytes` stay. Raises `Refused("unknown_key")` if no
        retained object has one of the keys.
        """
        self.reporter.drop()  # a measurement that goes on would hold what is let go
        # It collects garbage, too: what garbage refers to would seem to free nothing.
        began = Beginning()
        chosen, chosen_keys = self._asked_for(keys, numbers)
        indices, sizes = self.reporter.measure(chosen, min_bytes)
        gone = self._let_go(
            [chosen[i] for i in indices],
            [chosen_keys[i] for i in indices],
            [sizes[i] for i in indices],
            chosen,
            began,
        )
        return self._released(began, gone)

    def _asked_for(
        self, keys: list[str] | None, numbers: list[int] | None
    ) -> tuple[list[Retained], list[str]]:
        """Return the entries with one of the keys or numbers, or all; and the key of each."""
        entries, all_keys = self.reporter.retained()
        check_keys(keys or [], all_keys)
        if keys is None and numbers is None:
            return entries, all_keys
        named, wanted = set(keys or ()), set(numbers or ())
        chosen = [
            i
            for i, entry in enumerate(entries)
            if all_keys[i] in named or not wanted.isdisjoint(entry.numbers)
        ]
        return [entries[i] for i in chosen], [all_keys[i] for i in chosen]

    def _let_go(
        self,
        chosen: list[Retained],
        keys: list[str],
        sizes: list[Size],
        entries: list[Retained],
        began: Beginning,
    ) -> list[Gone]:
        """Release the chosen entries; clears both lists of entries, which hold the objects."""
        entries.clear()
        gone = [
            Gone(key, entry.obj, size.freed_bytes) for key, entry, size in zip(keys, chosen, sizes)
        ]

        def take() -> list[Any]:
            taken: list[Any] = []
            for entry, size in zip(chosen, sizes):
                taken += replace(self.shell, entry, size, freed=True)
                taken.append(entry.obj)
                entry.obj = None
            self._note(began, len(gone))
            return taken

        drop(take)
        chosen.clear()
        return gone

    def _note(self, began: Beginning, count: int) -> None:
        """Remember that so many are let go, should an interrupt come before the end."""
        self._done = {
            "before_rss_bytes": began.before,
            "after_rss_bytes": None,
            "trimmed_bytes": began.trimmed,
            "let_go_bytes": None,
            "released": count,
            "still_alive": [],
            "elapsed_ms": (time.perf_counter() - began.time) * 1000,
        }

    def done(self, *, forget: bool) -> Released | None:
        """Return what the last release did, or None if it let nothing go.

        With `forget`, there is none from now on.
        """
        if forget:
            self._done = None
        if self._done is not None:
            self._done["after_rss_bytes"] = rss_bytes()
        return self._done

    def _released(self, began: Beginning, gone: list[Gone], count: int | None = None) -> Released:
        alive = still_alive(self.shell, gone)
        after = rss_bytes()
        self.settling.begin(began.before, after)
        return {
            "before_rss_bytes": began.before,
            "after_rss_bytes": after,
            "trimmed_bytes": began.trimmed,
            "let_go_bytes": began.let_go(),
            "released": len(gone) if count is None else count,
            "still_alive": alive,
            "elapsed_ms": (time.perf_counter() - began.time) * 1000,
        }

    def release_outputs(self) -> Released:
        """Release the kept outputs of all cells but the last; `released` counts the cells."""
        began = Beginning()
        count = self.outputs.prune(0)
        self._note(began, count)
        return self._released(began, [], count)

    def release_tracebacks(self) -> Released:
        """Release the kept exceptions and their frames; `released` counts the exceptions."""
        began = Beginning()
        found = [obj for obj, _references in tracebacks.kept(self.shell)]
        count = tracebacks.exceptions_in(found)
        gone = [Gone("traceback", obj, 0) for obj in found if tracebacks.is_exception(obj)]
        found.clear()

        def take() -> list[Any]:
            taken = tracebacks.let_go(self.shell)
            self._note(began, count)
            return taken

        drop(take)
        return self._released(began, gone, count)
