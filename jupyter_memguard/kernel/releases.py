"""Releases: choose the results, replace them by placeholders, and report what came back.

Each result is measured once: the size that decides about a result is also the one that its
placeholder names.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

from .reports.reporter import check_keys
from .retention import tracebacks
from .retention.process import rss_bytes
from .retention.release import drop, replace
from .retention.still_alive import Gone, still_alive

if TYPE_CHECKING:
    from .messages import Released
    from .reports.reporter import Reporter
    from .retention.holders import Retained
    from .retention.outputs import Outputs
    from .retention.sizes import Size


class Releases:
    """Releases the results, outputs and tracebacks that one shell keeps."""

    def __init__(self, shell: Any, reporter: Reporter, outputs: Outputs) -> None:
        """Take the InteractiveShell, what measures, and the kept outputs."""
        self.shell = shell
        self.reporter = reporter
        self.outputs = outputs

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
        started, before = time.perf_counter(), rss_bytes()
        gc.collect()  # if garbage refers to a result too, it would seem to free nothing
        chosen, chosen_keys = self._asked_for(keys, numbers)
        indices, sizes = self.reporter.measure(chosen, min_bytes)
        gone = self._let_go(
            [chosen[i] for i in indices],
            [chosen_keys[i] for i in indices],
            [sizes[i] for i in indices],
            chosen,
        )
        return self._released(started, before, gone)

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
    ) -> list[Gone]:
        """Release the chosen entries; clears both lists of entries, which hold the objects."""
        entries.clear()
        gone = [
            Gone(key, entry.obj, size.freed_bytes) for key, entry, size in zip(keys, chosen, sizes)
        ]

        def take() -> list[Any]:
            taken: list[Any] = []
            for entry, size in zip(chosen, sizes):
                taken += replace(self.shell, entry, size)
                taken.append(entry.obj)
                entry.obj = None
            return taken

        drop(take)
        chosen.clear()
        return gone

    def _released(
        self, started: float, before: int | None, gone: list[Gone], count: int | None = None
    ) -> Released:
        alive = still_alive(self.shell, gone)
        return {
            "before_rss_bytes": before,
            "after_rss_bytes": rss_bytes(),
            "released": len(gone) if count is None else count,
            "still_alive": alive,
            "elapsed_ms": (time.perf_counter() - started) * 1000,
        }

    def release_outputs(self) -> Released:
        """Release the kept outputs of all cells but the last; `released` counts the cells."""
        started, before = time.perf_counter(), rss_bytes()
        count = self.outputs.prune(0)
        return self._released(started, before, [], count)

    def release_tracebacks(self) -> Released:
        """Release the kept exceptions and their frames; `released` counts the exceptions."""
        started, before = time.perf_counter(), rss_bytes()
        found = [obj for obj, _references in tracebacks.kept(self.shell)]
        count = tracebacks.exceptions_in(found)
        gone = [Gone("traceback", obj, 0) for obj in found if tracebacks.is_exception(obj)]
        found.clear()
        drop(lambda: tracebacks.let_go(self.shell))
        return self._released(started, before, gone, count)
