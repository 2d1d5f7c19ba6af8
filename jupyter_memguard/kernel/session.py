"""The one state for each shell, and everything that can be asked of it.

It is kept on the shell object, so that the copy of this code that the browser
put into the kernel and an installed one find each other's.
"""

from __future__ import annotations

import builtins
import gc
import keyword
import sys
import threading
import time
import unicodedata
from typing import TYPE_CHECKING, Any, cast

from . import tracebacks
from .cells import Cells
from .channel import Channel
from .guard import DEFAULTS, Guard
from .holders import find_last, find_variables, retained_under
from .keys import Keys
from .memory import rss_bytes
from .protocol import (
    BAD_NAME,
    GUARD,
    NAME_TAKEN,
    NO_SHELL,
    UNKNOWN_KEY,
    WRONG_THREAD,
    CellEnd,
    Explained,
    GuardState,
    Overview,
    Refused,
    Released,
    Report,
    Settings,
    Shown,
    check_params,
)
from .referrers import MAX_PATHS, Search
from .release import Gone, drop, replace, still_alive
from .report import (
    LARGEST,
    OVERVIEW_MS,
    REPORT_MS,
    TRACEBACKS_PART,
    Figures,
    at_least,
    collect,
    collector_paused,
    kept_tracebacks,
    overview,
    row,
    size_of,
    time_left,
)
from .shown import ShownTexts
from .sizes import Size
from .told import Told

if TYPE_CHECKING:
    from .holders import Retained

ATTRIBUTE = "_jupyter_memguard"
# For a result at its cell's end, when the guard has decided already.
CELL_END_MS = 2.0
EXPLAIN_MS = 1000.0
NAME_LENGTH = 100


class Session:
    """The state of one shell: its guard, its keys, its cells, its comms."""

    def __init__(self, shell: Any) -> None:
        """Take the InteractiveShell; nothing of it is changed yet."""
        self.shell = shell
        self.thread = threading.main_thread().ident
        self.keys = Keys()
        self.told = Told(shell)
        self.figures: Figures | None = None  # of the report that has further pages
        self.shown = ShownTexts(shell)
        self.guard = Guard(shell, self.shown)
        self.cells = Cells(shell, self.guard.before_cell, self._cell_ended)
        self.channel = Channel(self)

    # Taking over from another copy of this code

    def hand_over(self) -> dict[str, Any]:
        """Let go of the shell and return what the next copy goes on with, in builtin types."""
        self.cells.watch(wanted=False)
        self.channel.close()
        state = self.guard.state()
        mode, self.guard.mode = self.guard.mode, "off"
        self.guard.remove()
        return {
            "keys": self.keys.state,
            "cells": self.cells.known,
            "told": self.told.known,
            "guard": {**state, "mode": mode} if self.guard.was_set else None,
        }

    def take_over(self, state: dict[str, Any]) -> None:
        """Go on with what another copy's `hand_over` returned."""
        self.keys = Keys(state["keys"])
        self.cells.known = state["cells"]
        self.told = Told(self.shell, state.get("told"))
        guard = state["guard"]
        if guard is not None:
            settings = {**DEFAULTS, **guard["settings"]}
            self.guard.set(guard["mode"], cast("Settings", settings))
            self.guard.since = guard["since_execution"]
            self.guard.withheld = guard["withheld"]
            self._watch_cells()

    def start(self, options: dict[str, Any]) -> None:
        """Open the channel and set the guard, unless one was set since the kernel's start."""
        self.thread = threading.get_ident()
        self.channel.register()
        guard = options.get("guard")
        if guard is not None and not self.guard.was_set:
            guard = check_params(guard, GUARD, ("mode",))
            self.set_guard(**guard)

    # What can be asked

    def report(
        self,
        numbers: list[int] | None = None,
        budget_ms: float = REPORT_MS,
        limit: int | None = None,
        sort: str = "freed_bytes",
        offset: int = 0,
    ) -> Report:
        """Return what is retained; see docs/protocol.md for the keys."""
        with collector_paused():
            return self._report(numbers, budget_ms, limit, sort, offset)

    def _report(
        self, numbers: list[int] | None, budget_ms: float, limit: int | None, sort: str, offset: int
    ) -> Report:
        started = time.perf_counter()
        entries = collect(self.shell)
        keys = self.keys.assign(entries, self.shell.execution_count)
        if numbers is not None:
            wanted = set(numbers)
            chosen = [i for i, e in enumerate(entries) if not wanted.isdisjoint(e.numbers)]
            entries = [entries[i] for i in chosen]
            keys = [keys[i] for i in chosen]
        last = len(entries) if limit is None else min(offset + limit, len(entries))
        tracebacks = kept_tracebacks(self.shell, budget_ms / TRACEBACKS_PART)
        left_ms = time_left(budget_ms, started, len(entries), last - offset)
        figures = self._figures_of(keys, sort, entries, slice(offset, last), left_ms)
        sizes, together = figures.sizes, figures.together
        rows = [
            row(self.shell, entries[i], sizes[i], keys, i, self.cells.known)
            for i in figures.order[offset:last]
        ]
        for i in figures.order[offset:last]:
            self.told.note(entries[i].numbers, entries[i].obj)
        shown_bytes, shown_count = self.shown.total()
        return {
            "results": rows,
            "count": len(entries),
            "freed_bytes_all": together.freed_bytes,
            "exact_all": together.exact,
            "notes_all": list(together.notes),
            "estimate_bytes_all": together.estimate_bytes,
            "rss_bytes": rss_bytes(),
            "guard": self.guard.mode,
            "guard_state": self.guard.state(),
            "shown": {"bytes": shown_bytes, "count": shown_count, "exact": True},
            "tracebacks": tracebacks,
            "execution_count": int(self.shell.execution_count),
            "elapsed_ms": (time.perf_counter() - started) * 1000,
        }

    def _figures_of(
        self, keys: list[str], sort: str, entries: list[Retained], page: slice, budget_ms: float
    ) -> Figures:
        """Return a page's figures: measured now, or when the report's first page was asked for."""
        count = int(self.shell.execution_count)
        figures = self.figures if page.start else None
        if figures is not None and figures.are_of(keys, sort, count):
            figures.go_on(self.shell, entries, budget_ms, figures.order[page])
        else:
            figures = Figures(keys, sort, count)
            figures.measure(self.shell, entries, budget_ms)
        self.figures = figures if page.stop < len(entries) else None
        return figures

    def release(
        self,
        keys: list[str] | None = None,
        numbers: list[int] | None = None,
        min_bytes: int = 0,
    ) -> Released:
        """Let results go: those with the keys or numbers, or all that free at least `min_bytes`.

        Raises `Refused("unknown_key")` if a key is of no retained object, and
        `Refused("wrong_thread")` off the shell's thread.
        """
        self._check_thread()
        started, before = time.perf_counter(), rss_bytes()
        gc.collect()  # what only garbage holds as well would measure as nothing
        entries = collect(self.shell)
        all_keys = self.keys.assign(entries, self.shell.execution_count)
        there, named, wanted = set(all_keys), set(keys or ()), set(numbers or ())
        for key in keys or ():
            if key not in there:
                raise Refused(UNKNOWN_KEY, key)
        chosen = list(range(len(entries)))
        if keys is not None or numbers is not None:
            chosen = [
                i
                for i in chosen
                if all_keys[i] in named or not wanted.isdisjoint(entries[i].numbers)
            ]
        if min_bytes > 0:
            some = at_least(self.shell, [entries[i] for i in chosen], min_bytes)
            chosen = [chosen[i] for i in some]
        gone = self._let_go([entries[i] for i in chosen], [all_keys[i] for i in chosen], entries)
        return self._released(started, before, gone)

    def _let_go(
        self, chosen: list[Retained], keys: list[str], entries: list[Retained]
    ) -> list[Gone]:
        """Let the chosen entries go; clears both lists, which hold the objects too."""
        entries.clear()
        sizes = size_of(self.shell, chosen, REPORT_MS)[0]
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

    def release_shown(self) -> Released:
        """Let the kept outputs of all cells but the last go; `released` counts the cells."""
        self._check_thread()
        started, before = time.perf_counter(), rss_bytes()
        count = self.shown.prune(0)
        return self._released(started, before, [], count)

    def release_tracebacks(self) -> Released:
        """Let the kept exceptions and their frames go; `released` counts the exceptions."""
        self._check_thread()
        started, before = time.perf_counter(), rss_bytes()
        found = [obj for obj, _references in tracebacks.kept(self.shell)]
        count = tracebacks.exceptions_in(found)
        gone = [Gone("traceback", obj, 0) for obj in found if tracebacks.is_exception(obj)]
        found.clear()
        drop(lambda: tracebacks.let_go(self.shell))
        return self._released(started, before, gone, count)

    def set_guard(  # noqa: PLR0913 - the settings, each with its default
        self,
        mode: str,
        *,
        threshold_bytes: int = DEFAULTS["threshold_bytes"],
        total_bytes: int = DEFAULTS["total_bytes"],
        keep_last: int = DEFAULTS["keep_last"],
        shown_bytes: int = DEFAULTS["shown_bytes"],
        tracebacks: bool = DEFAULTS["tracebacks"],
    ) -> GuardState:
        """Set the guard's mode and settings, sizes in bytes, and return its state.

        Raises `Refused("bad_params")` and `Refused("wrong_thread")`.
        """
        self._check_thread()
        settings: Settings = {
            "threshold_bytes": threshold_bytes,
            "total_bytes": total_bytes,
            "keep_last": keep_last,
            "shown_bytes": shown_bytes,
            "tracebacks": tracebacks,
        }
        check_params({"mode": mode, **settings}, GUARD, ("mode",))
        self.guard.set(mode, settings)
        self._watch_cells()
        state = self.guard.state()
        self.channel.tell("guard", state)
        return state

    def overview(self, budget_ms: float = OVERVIEW_MS, variables: int = LARGEST) -> Overview:
        """Return where the memory is: results, what was shown, tracebacks, variables."""
        with collector_paused():
            return overview(self.shell, self.shown.total(), budget_ms, variables)

    def explain(self, key: str, budget_ms: float = EXPLAIN_MS) -> Explained:
        """Return who refers to a retained object; raises `Refused("unknown_key")`."""
        entry = self._find(key)
        search = Search(self.shell, time.perf_counter() + budget_ms / 1000)
        search.run(entry.obj, [entry])
        return {
            "key": key,
            "holders": [place.label for place in entry.places],
            "paths": search.paths or search.frames[:MAX_PATHS],
            "cut": search.cut,
        }

    def rescue(self, key: str, name: str) -> dict[str, str]:
        """Bind a retained object to a new variable, under the name as Python reads it.

        Raises `Refused` with `unknown_key`, `bad_name`, `name_taken` or `wrong_thread`.
        """
        self._check_thread()
        if type(name) is not str:
            raise Refused(BAD_NAME)
        # What is typed is looked up so: another form of the letter would never be found.
        name = unicodedata.normalize("NFKC", name)
        if (
            not name.isidentifier()
            or keyword.iskeyword(name)
            or name.startswith("_")
            or len(name) > NAME_LENGTH
        ):
            raise Refused(BAD_NAME)
        if name in self.shell.user_ns or name in vars(builtins):
            raise Refused(NAME_TAKEN)
        self.shell.user_ns[name] = self._find(key).obj
        return {"name": name}

    def _find(self, key: str) -> Retained:
        entries = collect(self.shell)
        keys = self.keys.assign(entries, self.shell.execution_count)
        if key not in keys:
            raise Refused(UNKNOWN_KEY, key)
        return entries[keys.index(key)]

    def _check_thread(self) -> None:
        if threading.get_ident() != self.thread:
            raise Refused(WRONG_THREAD)

    # Cells

    def subscribers_changed(self) -> None:
        """Watch the cells if a comm wants to hear of their ends."""
        self._watch_cells()

    def _watch_cells(self) -> None:
        self.cells.watch(wanted=self.guard.mode != "off" or self.channel.has_subscribers())

    def _cell_ended(self, number: int) -> None:
        self.guard.after_cell()
        if self.cells.after_pause:
            self.channel.count_cell_end()
        if self.channel.has_subscribers():
            told = self._cell_end(number)
            if told["results"] or told["withheld"] or told["gone"]:
                self.channel.tell("cell_end", told, subscribers=True)

    def _cell_end(self, number: int) -> CellEnd:
        return {
            "execution_count": number,
            "cell_id": self.cells.known.get(number, (None, None))[1],
            "gone": self.told.gone(),
            "results": self._shown_by(number),
            "withheld": list(self.guard.this_cell),
        }

    def _shown_by(self, number: int) -> list[Shown]:
        """Return the cell's result if it is worth telling; this is done after every cell."""
        if not self.guard.is_worth_telling(number):
            return []
        entry = retained_under(self.shell, number)
        if entry is None:
            return []
        key = self.keys.assign_one(entry, self.shell.execution_count)
        self.told.note([number], entry.obj)
        find_last(self.shell, [entry])
        find_variables(self.shell, [entry])
        # A variable's value stays whatever is let go.
        held = bool(entry.variables)
        size = Size() if held else size_of(self.shell, [entry], CELL_END_MS)[0][0]
        told: Shown = {
            "key": key,
            "number": number,
            "freed_bytes": size.freed_bytes,
            "exact": size.exact,
        }
        return [told]


def find_shell() -> Any:
    """Return the IPython shell that runs here, or None; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def current() -> Any:
    """Return the shell's session, made now if there is none; it may be another copy's.

    Raises `Refused("no_shell")` where no IPython shell runs.
    """
    shell = find_shell()
    if shell is None:
        raise Refused(NO_SHELL)
    found = vars(shell).get(ATTRIBUTE)
    if found is None:
        found = vars(shell)[ATTRIBUTE] = Session(shell)
    return found


def start(options: dict[str, Any]) -> None:
    """Make this copy's session the shell's, with another copy's guard and keys, and start it."""
    shell = find_shell()
    if shell is None:
        return
    found = vars(shell).get(ATTRIBUTE)
    if type(found) is not Session:
        session = Session(shell)
        if found is not None:
            session.take_over(found.hand_over())
        vars(shell)[ATTRIBUTE] = session
    vars(shell)[ATTRIBUTE].start(options)
