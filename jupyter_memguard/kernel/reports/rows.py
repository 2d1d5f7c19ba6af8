"""The rows of a report: the results that IPython holds, and what each would free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from ..retention.describe import is_view, summary, type_name
from ..retention.holders import Retained, boundary, find_last, find_variables, retained
from ..retention.sizes import Root, Size
from ..sizing import measure

if TYPE_CHECKING:
    from ..cells import Cell
    from ..messages import Row

SOURCE_LENGTH = 200
# The most other results that a row names because they share its memory.
MOST_SHARERS = 100


def collect(shell: Any) -> list[Retained]:
    """Return the objects that IPython holds, with all places and the user's names for them."""
    entries = retained(shell)
    find_last(shell, entries)
    find_variables(shell, entries)
    return entries


def roots(entries: Sequence[Retained]) -> list[Root]:
    """Return the entries as roots to measure. Each entry itself is one more reference."""
    return [Root(entry.obj, entry.reference_count + 1) for entry in entries]


def size_of(
    shell: Any, entries: Sequence[Retained], budget_ms: float, *, each: bool = True
) -> tuple[list[Size], Size]:
    """Return the size of each entry, and of all together; without `each`, only the latter."""
    return measure(roots(entries), budget_ms=budget_ms, boundary=boundary(shell), each=each)


def row(  # noqa: PLR0913, PLR0917 - a row is made of these
    shell: Any, entry: Retained, size: Size, keys: list[str], index: int, cells: dict[int, Cell]
) -> Row:
    """Return the row of the entry whose key is `keys[index]`; `keys` are those of all entries."""
    numbers = entry.numbers
    execution = numbers[-1] if numbers else None
    began_at, cell_id = cells.get(-1 if execution is None else execution, (None, None))
    return {
        "key": keys[index],
        "numbers": numbers,
        "type": type_name(type(entry.obj)),
        "summary": summary(entry.obj),
        "freed_bytes": size.freed_bytes,
        "exact": size.exact,
        "notes": list(size.notes),
        "estimate_bytes": size.estimate_bytes,
        "device_bytes": size.device_bytes,
        "size_bytes": size.likely_bytes,
        "seen_bytes": None,
        "shared_variables": [],
        "view": is_view(entry.obj),
        "as_of": None,
        "holders": [place.label for place in entry.places],
        "variables": list(entry.variables),
        "shared_with": [keys[other] for other in size.shared_with[:MOST_SHARERS]],
        "cell_id": cell_id,
        "execution": execution,
        "time": began_at,
        "source": source_line(shell, execution),
    }


def source_line(shell: Any, execution: int | None) -> str | None:
    """Return the line at which a cell's last statement begins, which is what the cell shows.

    It is found by its indentation, since parsing thousands of cells takes too long. None if the
    history has no such cell, "" if the cell has no such line.
    """
    inputs = getattr(shell.history_manager, "input_hist_raw", None)
    if execution is None or type(inputs) is not list or not 0 < execution < len(inputs):
        return None
    text = inputs[execution]
    if type(text) is not str:
        return None
    lines = [line for line in text.splitlines() if line.strip()[:1] not in ("", "#")]
    return _last_statement(lines).strip()[:SOURCE_LENGTH]


def _last_statement(lines: list[str]) -> str:
    """Return the line at which the last statement begins; the last line where none is found."""
    in_text = False
    for line in reversed(lines):
        if (line.count('"""') + line.count("'''")) % 2:
            # The end of a text of many lines, or above that its beginning.
            in_text = not in_text
            if in_text:
                continue
        if not in_text and not line[0].isspace() and line[0] not in ")]}":
            return line
    return lines[-1] if lines else ""
