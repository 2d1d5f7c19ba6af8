"""Where the process's memory is: a partition of one reading of its resident memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Mapping

from ..retention.describe import module_name, summary, type_name
from ..retention.sizes import Size

if TYPE_CHECKING:
    from ..messages import Overview, Part, Variable
    from .process_memory import ProcessMemory
    from .survey import Figures, Survey

# In this order parts are taken from what there is, so that no part is above the whole.
MEASURED = ("variables", "shared", "results", "tracebacks")
# Bytes; less says nothing of what a library hides.
_LITTLE = 1 << 16
_MOST_HIDDEN = 5


def overview(  # noqa: PLR0913, PLR0917 - what there is to tell, and when it began
    survey: Survey,
    figures: Figures,
    now: ProcessMemory,
    outputs: int,
    count: int,
    began: float,
) -> Overview:
    """Return the parts of the resident memory, and the largest variables.

    `now` is a reading of the memory, `outputs` the bytes of the kept outputs, `count` the most
    variables to list, and `began` a value of `time.perf_counter()`.
    """
    parts, left = partition(now, {**figures.parts, "shown": Size(outputs)})
    return {
        "rss_bytes": now.rss,
        "results": parts["results"],
        "shared": parts["shared"],
        "variables": parts["variables"],
        "shown": parts["shown"],
        "tracebacks": parts["tracebacks"],
        "free": parts["free"],
        "mapped": parts["mapped"],
        "rest": {"bytes": left or 0, "exact": False, "estimate_bytes": left},
        "largest": _largest(survey, figures, count),
        "final": figures.final,
        "elapsed_ms": (time.perf_counter() - began) * 1000,
    }


def partition(now: ProcessMemory, sizes: Mapping[str, Size]) -> tuple[dict[str, Part], int | None]:
    """Return the parts of the resident memory, and the bytes that are left: the rest.

    `sizes` has what was measured, and what was shown.
    """
    left = now.rss
    parts: dict[str, Part] = {}
    free = now.all_free
    for name, size in (
        ("mapped", Size(now.mapped or 0)),
        *((name, sizes[name]) for name in (*MEASURED, "shown")),
        ("free", Size(0, ("opaque",), free) if free else Size()),
    ):
        parts[name] = _part(size, left)
        left = _less(left, parts[name])
    return parts, left


def _part(size: Size, left: int | None) -> Part:
    """Return a part; where it is more than what is left of the whole, that much of it."""
    found = size.likely_bytes if left is None else min(size.likely_bytes, left)
    estimate = None if size.exact and found == size.freed_bytes else found
    return {"bytes": found, "exact": estimate is None, "estimate_bytes": estimate}


def _less(left: int | None, part: Part) -> int | None:
    return None if left is None else left - part["bytes"]


def _largest(survey: Survey, figures: Figures, count: int) -> list[Variable]:
    """Return the variables that keep most alive, with what deleting each of them frees."""
    variables, keeps = survey.variables, figures.variable_keeps
    order = sorted(range(len(variables)), key=keeps.__getitem__, reverse=True)
    hidden = [
        index
        for index in order
        if _is_hidden(figures, index) and module_name(type(variables[index].obj)) != "__main__"
    ][:_MOST_HIDDEN]
    found: list[Variable] = []
    for index in dict.fromkeys(order[:count] + hidden):
        each, size = variables[index], figures.variable_sizes[index]
        others, results = figures.variables_share.get(index, ([], []))
        found.append(
            {
                # Nobody has a name for the last cell's value, which IPython still holds.
                "name": each.names[0] if each.names else "",
                "type": type_name(type(each.obj)),
                "summary": summary(each.obj),
                "size_bytes": keeps[index],
                "freed_bytes": size.freed_bytes,
                "exact": size.exact,
                "estimate_bytes": size.estimate_bytes,
                "hidden": index in hidden,
                "shared_with": [name for other in others for name in variables[other].names[:1]],
                "results": [_label(survey, other) for other in results],
            }
        )
    return found


def _is_hidden(figures: Figures, index: int) -> bool:
    """Return whether all that is known of a variable's size is that a library hides it."""
    size = figures.variable_sizes[index]
    return (
        "opaque" in size.notes
        and "cut" not in size.notes
        and max(size.likely_bytes, figures.variable_keeps[index]) < _LITTLE
    )


def _label(survey: Survey, index: int) -> str:
    """Return how people call a result."""
    entry = survey.entries[index]
    return f"Out[{entry.numbers[-1]}]" if entry.numbers else entry.places[0].label
