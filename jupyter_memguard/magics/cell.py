"""`%%memguard`: what a cell left behind.

The magic's line is replaced by a call that measures, and the rest of the cell runs as it is, so
that `await`, results and errors are those of an ordinary cell, with the lines of its tracebacks.
What is measured after it is measured at IPython's event for a cell's end.

The peak is the system's own where it can be asked: Linux keeps the highest resident memory of a
process (VmHWM), and begins anew when "5" is written to clear_refs. That is the process's mark for
everybody: another tool that reads VmHWM in the same process sees the peak since then. Elsewhere a
thread reads the memory every 10 ms, and may miss what is shorter.
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..kernel import overview, report
from ..kernel.retention.placeholder import size_text
from ..kernel.retention.process import rss_bytes
from .shown import show
from .views import View, label

FLAG = "--cell"
_EVENT = "post_run_cell"
_CALL = f"get_ipython().run_line_magic('memguard', '{FLAG}')\n"
_MARK = re.compile(rb"^VmHWM:\s*([0-9]+) kB$", re.MULTILINE)
_BUDGET_MS = 300
_EVERY_S = 0.01
_LEAST_BYTES = 64 * 1024


class Peak:
    """The highest resident memory from now on, or from when it was made."""

    def __init__(self) -> None:
        """Begin: by the system's mark, else by reading the memory again and again."""
        self.is_sampled = not _reset_mark()
        self.highest = rss_bytes()
        self._done = threading.Event()
        if self.is_sampled and self.highest is not None:
            threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while not self._done.wait(_EVERY_S):
            self.highest = max(self.highest or 0, rss_bytes() or 0)

    def end(self) -> int | None:
        """Return the highest memory since the beginning; None if it is not known."""
        self._done.set()
        now = rss_bytes()
        if now is None:
            return None
        mark = None if self.is_sampled else _mark()
        return max(now, self.highest or 0, mark or 0)


def _reset_mark() -> bool:
    """Have the system count the highest resident memory anew; return whether it does."""
    try:
        Path("/proc/self/clear_refs").write_bytes(b"5")
    except OSError:
        return False
    return _mark() is not None


def _mark() -> int | None:
    with suppress(OSError):
        found = _MARK.search(Path("/proc/self/status").read_bytes())
        return None if found is None else int(found[1]) * 1024
    return None


class Cells:
    """Measures cells of one shell."""

    def __init__(self, shell: Any) -> None:
        """Take the InteractiveShell."""
        self.shell = shell
        self.ended = self._ended
        self.before: dict[str, Any] | None = None
        self.rss: int | None = None
        self.peak: Peak | None = None
        self.number = 0

    def rewritten(self, lines: list[str]) -> list[str]:
        """Replace the magic's line by the call that measures; an input transformer of IPython's.

        A cell with another cell magic below is left to the magic, which runs it on its own.
        """
        is_ours = len(lines) > 1 and lines[0].strip() == "%%memguard"
        return [_CALL, *lines[1:]] if is_ours and not lines[1].startswith("%%") else lines

    def begin(self) -> None:
        """Measure, and measure again when the cell ends that runs now."""
        self.stop()
        self.number = int(self.shell.displayhook.prompt_count)
        self.before = _parts()
        # The list itself: IPython's `register` would compare with the user's callbacks.
        self.shell.events.callbacks[_EVENT].append(self.ended)
        self.peak = Peak()
        self.rss = rss_bytes()

    def stop(self) -> None:
        """Measure no more."""
        if self.peak is not None:
            self.peak.end()
        self.peak = None
        callbacks = self.shell.events.callbacks[_EVENT]
        callbacks[:] = [other for other in callbacks if other is not self.ended]

    def _ended(self, _result: Any) -> None:
        # Otherwise IPython would print an error into the user's cell.
        with suppress(Exception):
            if self.peak is None:
                return
            is_sampled = self.peak.is_sampled
            peak = self.peak.end()
            after = rss_bytes()
            self.stop()
            view = cell_view(
                (self.rss, peak, after), self.before, _parts(), _results(self.number), is_sampled
            )
            show(self.shell, view)


def _parts() -> dict[str, Any] | None:
    """Return where the memory is, or None if it cannot be measured."""
    with suppress(Exception):
        return overview(budget_ms=_BUDGET_MS)
    return None


def _results(number: int) -> str:
    """Return the names of what IPython keeps of the cell."""
    with suppress(Exception):
        return ", ".join(label(row) for row in report([number], budget_ms=0, rest=False)["results"])
    return ""


def cell_view(
    memory: tuple[int | None, int | None, int | None],
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    results: str,
    is_sampled: bool,  # noqa: FBT001 - one of the things to tell
) -> View:
    """Say what a cell left behind."""
    started, peak, ended = memory
    if started is None or peak is None or ended is None:
        headline = "This system does not tell the kernel's memory."
    else:
        how = " (read every 10 ms)" if is_sampled else ""
        headline = (
            f"This cell left {_change(ended - started)}: {size_text(started)} before, "
            f"{size_text(peak)} at the peak{how}, {size_text(ended)} after."
        )
    if before is None or after is None:
        return View(headline, notes=("What it is made of could not be measured.",))
    changes = {
        name: _sum(after, names) - _sum(before, names)
        for name, names in (("results", ("results",)), ("variables", ("variables", "shared")))
    }
    is_exact = all(
        part[name]["exact"] for part in (before, after) for name in ("results", "variables")
    )
    about = "" if is_exact else "about "
    rows = [
        (about + _change(changes["results"]), "results", results),
        (about + _change(changes["variables"]), "variables", ""),
    ]
    if started is not None and ended is not None:
        rest = ended - started - sum(changes.values())
        what = "modules, outputs, garbage, and what the allocator keeps free"
        # Less than that is pages, not memory of anybody's.
        is_small = abs(rest) < _LEAST_BYTES
        told = "under " + size_text(_LEAST_BYTES) if is_small else "about " + _change(rest)
        rows.append((told, "the rest", what))
    return View(headline, ("", "", ""), rows, (0,))


def _sum(parts: dict[str, Any], names: tuple[str, ...]) -> int:
    return sum(int(parts[name]["bytes"]) for name in names)


def _change(size: int) -> str:
    """Write by how much something has changed."""
    return ("-" if size < 0 else "+") + size_text(abs(size))
