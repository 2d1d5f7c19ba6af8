"""Where the process's memory is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..retention import tracebacks
from ..retention.describe import summary, type_name
from ..retention.holders import Retained, boundary, is_users, snapshot
from ..retention.process import rss_bytes
from ..retention.sizes import Root, Size
from ..sizing import measure, measure_in_turn
from .rows import collect, roots

if TYPE_CHECKING:
    from ..messages import Overview, Part, Variable

# Of the budget, at least this share is for measurements, however long all else takes.
_LEAST_SHARE = 0.3
# Of the time for measurements, the share for the largest variables.
_LARGEST_SHARE = 0.25
# Of that time, the share for measuring each variable alone. The rest is for variables that share
# memory with results.
_EACH_SHARE = 0.7


def overview(shell: Any, outputs: tuple[int, int], budget_ms: float, count: int) -> Overview:
    """Return where the memory is: each part is what it frees beyond the parts before it.

    `outputs` is bytes and count of the kept outputs, `budget_ms` the time for all of it, and
    `count` the number of largest variables to list.
    """
    started = time.perf_counter()
    entries = collect(shell)
    variables = _named(shell)
    groups = [
        roots(entries),
        [Root(obj, references) for obj, references in tracebacks.kept(shell)],
        [Root(named.obj, len(named.names) + 1) for named in variables],
    ]
    left_ms = max(budget_ms * _LEAST_SHARE, budget_ms - (time.perf_counter() - started) * 1000)
    limits = [*boundary(shell), *tracebacks.holders(shell)]
    parts = measure_in_turn(groups, budget_ms=left_ms * (1 - _LARGEST_SHARE), boundary=limits)
    del groups  # its references would count as somebody else's
    largest = _largest(shell, variables, entries, left_ms * _LARGEST_SHARE, count)
    return {
        "rss_bytes": rss_bytes(),
        "results": _part(parts[0]),
        "shown": {"bytes": outputs[0], "exact": True},
        "tracebacks": _part(parts[1]),
        "variables": _part(parts[2]),
        "largest": largest,
        "elapsed_ms": (time.perf_counter() - started) * 1000,
    }


class Named:
    """An object in the user's namespace, and the user's names for it, oldest first."""

    __slots__ = ("names", "obj")

    def __init__(self, obj: Any) -> None:
        """Begin without a name."""
        self.obj = obj
        self.names: list[str] = []


def _named(shell: Any) -> list[Named]:
    found: dict[int, Named] = {}
    for name, obj in snapshot(shell.user_ns):
        if is_users(shell, name, obj):
            if id(obj) not in found:
                found[id(obj)] = Named(obj)
            found[id(obj)].names.append(name)
    return list(found.values())


def _part(size: Size) -> Part:
    return {"bytes": size.freed_bytes, "exact": size.exact}


def _largest(
    shell: Any, variables: list[Named], entries: list[Retained], budget_ms: float, count: int
) -> list[Variable]:
    """Return the variables that free most when each is deleted alone, under all its names.

    As for the parts, all results count as released before. Otherwise a large table would free
    nothing as soon as a cell has shown it, or its first rows.
    """
    deadline = time.perf_counter() + budget_ms / 1000
    places = {id(entry.obj): len(entry.places) + 1 for entry in entries}

    def root(each: Named) -> Root:
        return Root(each.obj, len(each.names) + 1 + places.get(id(each.obj), 0))

    named = {id(each.obj) for each in variables}
    others = [entry for entry in entries if id(entry.obj) not in named]
    limits = boundary(shell)
    sizes = measure(
        [*map(root, variables), *roots(others)],
        budget_ms=budget_ms * _EACH_SHARE,
        boundary=limits,
    )[0]
    last = len(variables)
    for index, each in enumerate(variables):
        sharers = sizes[index].shared_with
        results = [others[other - last] for other in sharers if other >= last]
        sizes[index].shared_with = tuple(other for other in sharers if other < last)
        left_ms = (deadline - time.perf_counter()) * 1000
        if results and left_ms > 0:
            groups = [roots(results), [root(each)]]
            beyond = measure_in_turn(groups, budget_ms=left_ms, boundary=limits)[1]
            if beyond.likely_bytes > sizes[index].likely_bytes:
                beyond.shared_with = sizes[index].shared_with
                sizes[index] = beyond
    order = sorted(range(last), key=lambda i: sizes[i].likely_bytes, reverse=True)
    return [
        {
            "name": variables[i].names[0],
            "type": type_name(type(variables[i].obj)),
            "summary": summary(variables[i].obj),
            "freed_bytes": sizes[i].freed_bytes,
            "exact": sizes[i].exact,
            "estimate_bytes": sizes[i].estimate_bytes,
            "shared_with": [variables[other].names[0] for other in sizes[i].shared_with],
        }
        for i in order[:count]
    ]
