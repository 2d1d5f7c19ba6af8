"""The magic: what each of its commands does."""

from __future__ import annotations

import json
from typing import Any, Callable

from IPython.core.error import UsageError

from ..kernel import overview, release, report, set_guard
from . import views, words
from .cell import FLAG, Cells
from .engine import newcomer
from .shown import show

NAME = "memguard"
LARGE_BYTES = 2**20
_PATIENCE_MS = 1000


class Memguard:
    """`%memguard` and `%%memguard` of one shell."""

    def __init__(self, shell: Any) -> None:
        """Take the InteractiveShell."""
        self.shell = shell
        self.cells = Cells(shell)
        self.said: str | None = None

    def memguard(self, line: str, cell: str | None = None) -> None:
        """Show, free and guard against what IPython keeps of results.

        ::

          %memguard                   what IPython keeps, the largest first
          %memguard free              let go of results that free 1 MiB or more
          %memguard free 5 7          let go of Out[5] and Out[7]
          %memguard free all          let go of all results
          %memguard guard             what the guard does
          %memguard guard large       from now on, keep no large result
          %memguard guard large --threshold 50MB
                                      large is what keeps 50 MB alive (10 MiB by default)
          %memguard guard last        keep the newest three results
          %memguard guard all         keep no result
          %memguard guard off         keep all results, as IPython does
          %memguard rest              where the rest of the kernel's memory is, who holds it,
                                      and the code that lets it go
          %memguard --json            everything as JSON, sizes in bytes

          %%memguard                  before a cell: what the cell left behind

        What is let go goes everywhere: in Out, _, __, ___, _5 and IPython's hidden places stands
        a text that says what was there. Variables are never touched. What this magic shows is
        not kept itself. A panel of jupyter-memguard shows the same results and the same guard.

        %unload_ext jupyter_memguard leaves no trace, nor a guard that was set here.
        """
        if cell is not None:
            self._cell(line, cell)
            return
        if line == FLAG:
            self.cells.begin()
            return
        self._say_newcomer()
        found = words.read(line)
        try:
            self._do(found)
        except Exception as refused:
            # By the code: another copy of the kernel code has an exception class of its own.
            code = getattr(refused, "code", None)
            if not isinstance(code, str):
                raise
            sentence = words.in_words(code, getattr(refused, "detail", None))
        else:
            return
        raise UsageError(sentence)

    def _do(self, found: words.Line) -> None:
        actions: dict[str, Callable[[], None]] = {
            "": self._report,
            "--json": self._json,
            "rest": self._rest,
            "free": lambda: self._free(found.numbers),
            "free all": self._free_all,
            "guard": lambda: self._guard(found),
        }
        actions[found.command]()

    def _report(self) -> None:
        self._show(views.report_view(report(budget_ms=_PATIENCE_MS, rest=False)))

    def _json(self) -> None:
        print(json.dumps(report(budget_ms=_PATIENCE_MS), indent=1))  # noqa: T201

    def _rest(self) -> None:
        where = overview(budget_ms=_PATIENCE_MS)
        self._show(views.rest_view(where, report(budget_ms=0, limit=0)["rest"]))

    def _free(self, numbers: list[int]) -> None:
        names, known = self._retained()
        unknown = sorted(set(numbers) - known)
        if numbers:
            released, left = release(numbers=numbers), 0
        else:
            released = release(min_bytes=LARGE_BYTES)
            left = len(self._retained()[0])
        self._show(views.released_view(released, names, unknown, left))

    def _free_all(self) -> None:
        names, _ = self._retained()
        self._show(views.released_view(release(), names, [], 0))

    def _retained(self) -> tuple[dict[str, str], set[int]]:
        """Return the names of retained results by their keys, and the numbers that there are."""
        rows = report(budget_ms=0, sort="number", rest=False)["results"]
        return (
            {row["key"]: views.label(row) for row in rows},
            {number for row in rows for number in row["numbers"]},
        )

    def _guard(self, found: words.Line) -> None:
        if found.mode:
            state = set_guard(found.mode, **found.settings)
        else:
            state = report(budget_ms=0, limit=0, rest=False)["guard_state"]
        self._show(views.View(views.guard_sentence(state)))

    def _cell(self, line: str, cell: str) -> None:
        """Run a cell that is not the whole of what IPython was given, as under another magic."""
        if line.strip():
            message = f"%%memguard takes no words, but there is {line.strip()!r}."
            raise UsageError(message)
        self.cells.begin()
        self.shell.run_cell(cell)

    def _say_newcomer(self) -> None:
        sentence = newcomer(self.shell)
        if sentence is not None and sentence != self.said:
            print(sentence)  # noqa: T201 - a panel came with a newer copy: the person should know
        self.said = sentence

    def _show(self, view: views.View) -> None:
        show(self.shell, view)
