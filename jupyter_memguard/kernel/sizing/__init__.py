"""How much memory comes back if results are let go.

`measure` answers for results by trial deletion; `reaches` answers what an object keeps alive.
"""

from __future__ import annotations

import gc
from typing import Callable, Iterable, Iterator, Sequence

from ..retention.refcounts import LISTED
from ..retention.sizes import NOTES, Root, Size
from .allocation import qualified_name
from .in_turn import Peel
from .keeps_alive import measure_without_counts, reach_in_turn, reach_of
from .measurement import Survey

__all__ = [
    "NOTES",
    "Root",
    "Size",
    "measure",
    "measure_in_turn",
    "measurements",
    "reaches",
    "reaches_in_turn",
    "type_name",
]


def measure(
    roots: Sequence[Root],
    *,
    budget_ms: float = 100.0,
    boundary: Sequence[object] = (),
    each: bool = True,
) -> tuple[list[Size], Size]:
    """Return what each root frees if it alone is let go, and what all free together.

    `boundary` names objects that stay whatever is let go and are not entered: the user's
    namespace, the shell, the holders' containers. The only references to the roots' objects
    may be those in `roots`, the holders' (`Root.references`) and the user's own. Without `each`
    only the second answer is worked out, and the list is empty.
    """
    if LISTED is None:
        return measure_without_counts(roots, budget_ms, boundary, each=each)
    enabled = gc.isenabled()
    gc.disable()  # a collection in the middle would take its time from the budget
    try:
        return Survey(roots, boundary, budget_ms / 1000).run(each=each)
    finally:
        if enabled:
            gc.enable()


def measure_in_turn(
    groups: Sequence[Sequence[Root]], *, budget_ms: float, boundary: Sequence[object] = ()
) -> list[Size]:
    """Return what each group of roots frees beyond the groups before it, if they go in turn.

    A size is exact only if those before it are. An object that is in several groups has a root
    in each, with the references that go with that group. Otherwise as `measure`.
    """
    if LISTED is None:
        part_ms = budget_ms / max(1, len(groups))
        return [measure_without_counts(g, part_ms, boundary, each=False)[1] for g in groups]
    enabled = gc.isenabled()
    gc.disable()
    try:
        return Peel(groups, boundary, budget_ms / 1000).run_in_turn()
    finally:
        if enabled:
            gc.enable()


def measurements(
    roots_now: Callable[[], Sequence[Root]],
    *,
    boundary: Sequence[object] = (),
    first_ms: float = 100.0,
    most_ms: float = 30_000.0,
) -> Iterator[tuple[list[Size], Size]]:
    """Measure with a budget that grows fourfold, each time from the start, until nothing is cut.

    The caller takes the next one while the kernel is idle, and stops asking when there is other
    work. `roots_now` is asked for the roots each time; nothing is held in between.
    """
    budget_ms = first_ms
    while budget_ms <= most_ms:
        sizes, together = measure(roots_now(), budget_ms=budget_ms, boundary=boundary)
        done = not any("cut" in size.notes for size in [*sizes, together])
        yield sizes, together
        if done:
            return
        budget_ms *= 4


def reaches(
    obj: object,
    *,
    threshold_bytes: int,
    budget_ms: float = 4.0,
    boundary: Sequence[object] = (),
    through: Sequence[object] = (),
) -> Size:
    """Return what `obj` keeps alive, as far as needed to know whether it passes the threshold.

    The walk goes forward from `obj` and looks at no reference counts. It stops at the objects of
    `boundary`, at types, modules and modules' namespaces, but for those named in `through`.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        return reach_of(obj, threshold_bytes, budget_ms / 1000, boundary, through)
    finally:
        if enabled:
            gc.enable()


def reaches_in_turn(
    objects: Iterable[object], *, most_bytes: int, budget_ms: float, boundary: Sequence[object] = ()
) -> list[int]:
    """Return for each object the bytes it keeps alive beyond those before it, as `reaches` does.

    The list ends with the object that takes them past `most_bytes` together, or when the time is
    up; an object that was not followed to its end is not in it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        return list(reach_in_turn(objects, most_bytes, budget_ms / 1000, boundary))
    finally:
        if enabled:
            gc.enable()


def type_name(obj: object) -> str:
    """Return `module.qualname` of an object's type, without running its code."""
    return qualified_name(type(obj))
