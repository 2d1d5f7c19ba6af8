"""How much memory comes back if results are let go, and how much an object keeps alive.

This is the engine's one door: the rest of the package imports from here, never from inside.
`Measuring` answers by trial deletion (`trial_deletion.py`), and can answer again with more time;
`measure` and `measure_in_turn` ask once. `keeps_alive` only walks forward (`forward_walk.py`),
which is quick, and ignores who else holds the objects.

The rule of uncounted references: while reference counts are read, no name may hold an object that
is counted. Trial deletion decides by these counts, so it must know each reference that the engine
itself adds. It knows two: that of the list that is counted (`refcounts.LISTED`) and that of the
table `Heap.waiting`. A further one, such as a local name, the name of a loop that has ended, a
suspended generator or an attribute, looks as if somebody used the object, and its memory is missing
in the answer. So functions take lists of objects and empty those that they are done with, select
from them with `map` and `compress`, and remember objects by identity. The rule does not bind
functions that return before counts are read, such as the adapters of libraries, nor the forward
walk. tests/sizing/test_uncounted_references.py checks it wherever counts are read.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import Callable, Iterable, Iterator, Sequence

from .. import stages
from ..retention.refcounts import LISTED
from ..retention.sizes import NOTES, Root, Size
from .forward_walk import kept_alive, kept_alive_in_turn, measure_without_counts

__all__ = [
    "NOTES",
    "Measuring",
    "Root",
    "Size",
    "collector_paused",
    "keeps_alive",
    "keeps_alive_in_turn",
    "measure",
    "measure_in_turn",
    "prepare",
]


def prepare() -> None:
    """Import the modules that measure.

    The guard needs only the forward walk, so they are not imported with this one. Call it before
    a budget begins: otherwise the first measurement pays for the import.
    """
    stages.module("sizing.in_turn")


class Measuring:
    """A measurement of some results that can be followed by a better one.

    Each answer is a lower bound that is exact or says why not. Ask again, with more time, until
    `is_final`; for example while the kernel idles. Today each answer starts from the beginning
    and nothing is held in between, so results can be let go between two answers.
    """

    def __init__(
        self,
        roots_now: Callable[[], Sequence[Root]],
        *,
        boundary: Sequence[object] = (),
        each: bool = True,
    ) -> None:
        """Take a function that returns the roots as they are when an answer is asked for.

        `boundary` names objects that stay whatever is let go and are not entered: the user's
        namespace, the shell, the holders' containers. The only references to the roots' objects
        may be those in `roots`, the holders' (`Root.references`) and the user's own. Without
        `each`, no root is measured alone.
        """
        self.is_final = False  # whether the last answer was not cut, so that none is better
        self._roots_now = roots_now
        self._boundary = boundary
        self._each = each

    def answer(self, budget_ms: float) -> tuple[list[Size], Size]:
        """Return what each root frees if it alone is let go, and what all free together.

        The list is empty without `each`.
        """
        if LISTED is None:
            found = measure_without_counts(
                self._roots_now(), budget_ms, self._boundary, each=self._each
            )
        else:
            measurements = stages.module("sizing.measurement")
            with collector_paused():
                measurement = measurements.Measurement(
                    self._roots_now(), self._boundary, budget_ms / 1000
                )
                found = measurement.run(each=self._each)
        self.is_final = not any("cut" in size.notes for size in (*found[0], found[1]))
        return found


def measure(
    roots: Sequence[Root],
    *,
    budget_ms: float = 100.0,
    boundary: Sequence[object] = (),
    each: bool = True,
) -> tuple[list[Size], Size]:
    """Return what each root frees if it alone is let go, and what all free together.

    `Measuring` describes the parameters.
    """
    return Measuring(lambda: roots, boundary=boundary, each=each).answer(budget_ms)


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
    in_turn = stages.module("sizing.in_turn")
    with collector_paused():
        measurement = in_turn.MeasurementInTurn(groups, boundary, budget_ms / 1000)
        sizes: list[Size] = measurement.run_in_turn()
    return sizes


def keeps_alive(
    obj: object, *, threshold_bytes: int, budget_ms: float = 4.0, boundary: Sequence[object] = ()
) -> Size:
    """Return what `obj` keeps alive, as far as needed to know whether it passes the threshold.

    The walk looks at no reference counts. It does not enter the objects of `boundary`, types,
    modules and modules' namespaces.
    """
    with collector_paused():
        return kept_alive(obj, threshold_bytes, budget_ms / 1000, boundary)


def keeps_alive_in_turn(
    objects: Iterable[object], *, most_bytes: int, budget_ms: float, boundary: Sequence[object] = ()
) -> list[int]:
    """Return the bytes that each object keeps alive beyond the objects before it.

    The list ends with the object that takes the sum past `most_bytes`, or when the time is up.
    An object that was not followed to its end is not in the list.
    """
    with collector_paused():
        return list(kept_alive_in_turn(objects, most_bytes, budget_ms / 1000, boundary))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Do without collections: one would take its time from the budget."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
