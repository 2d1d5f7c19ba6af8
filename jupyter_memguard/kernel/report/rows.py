"""The rows of a report: what IPython holds, and what each result would free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from ..retention.describe import summary, type_name
from ..retention.holders import Retained, boundary, find_last, find_variables, retained
from ..retention.sizes import Root, Size
from ..sizing import measure

if TYPE_CHECKING:
    from ..cells import Cell
    from ..messages import Row

SOURCE_LENGTH = 200
# More that share a row's memory are not named in it; the total is right all the same.
MOST_SHARERS = 100


def collect(shell: Any) -> list[Retained]:
    """Return what IPython holds, with all its places and the user's names for it."""
    entries = retained(shell)
    find_last(shell, entries)
    find_variables(shell, entries)
    return entries


def roots(entries: Sequence[Retained]) -> list[Root]:
    """Return the entries as roots to measure; the entry itself is one more reference."""
    return [Root(entry.obj, len(entry.places) + 1) for entry in entries]


def size_of(
    shell: Any, entries: Sequence[Retained], budget_ms: float, *, each: bool = True
) -> tuple[list[Size], Size]:
    """Measure entries, each and all together."""
    return measure(roots(entries), budget_ms=budget_ms, boundary=boundary(shell), each=each)


def row(  # noqa: PLR0913, PLR0917 - a row is made of these
    shell: Any, entry: Retained, size: Size, keys: list[str], index: int, cells: dict[int, Cell]
) -> Row:
    """Return the report's row of one entry; `keys` are those of all entries measured with it."""
    numbers = entry.numbers
    execution = numbers[-1] if numbers else None
    shown_at, cell_id = cells.get(-1 if execution is None else execution, (None, None))
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
        "holders": [place.label for place in entry.places],
        "variables": list(entry.variables),
        "shared_with": [keys[other] for other in size.shared_with[:MOST_SHARERS]],
        "cell_id": cell_id,
        "execution": execution,
        "time": shown_at,
        "source": source_line(shell, execution),
    }


def source_line(shell: Any, execution: int | None) -> str | None:
    """Return the first line of a cell that is not empty, or None if history has it no more."""
    inputs = getattr(shell.history_manager, "input_hist_raw", None)
    if execution is None or type(inputs) is not list or not 0 < execution < len(inputs):
        return None
    text = inputs[execution]
    if type(text) is not str:
        return None
    for line in text.splitlines():
        if line.strip():
            return line[:SOURCE_LENGTH]
    return ""
