"""How much memory comes back if results are let go, and how much an object keeps alive.

This is the engine's one door: the rest of the package imports from here, never from inside.
`Measuring` walks from all results, tracebacks and variables (`ownership.py`) and says who frees
what (`account.py`); it can be stopped and gone on with. `measure` asks once.
`keeps_alive` only walks forward (`forward_walk.py`), which is quick, and ignores who else holds
the objects.

The rule of uncounted references: while reference counts are read, no name may hold an object that
is counted. The walk decides by these counts, so it must know each reference that the engine itself
adds. It knows two: that of the list that is counted (`refcounts.LISTED`) and that of the list
`Ownership.objects`. A further one, such as a local name, the name of a loop that has ended, a
suspended generator or an attribute, looks as if somebody used the object, and its memory is missing
in the answer. So functions take lists of objects and empty those that they are done with, select
from them with `map` and `compress`, and remember objects by identity. The rule does not bind
functions that return before counts are read, such as the adapters of libraries, nor the forward
walk. tests/sizing/test_uncounted_references.py checks it wherever counts are read.
"""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Sequence, cast

from .. import stages
from ..retention.refcounts import LISTED
from ..retention.sizes import Root, Size
from .forward_walk import kept_alive, kept_alive_in_turn, measure_without_counts
from .heap import clock
from .libraries.adapter import look_until

# Has an item while the collector is off because of a pause.
_PAUSES: list[bool] = []
# Has an item while new objects are on their way to the collector's oldest.
_AGEING: list[bool] = []
# A budget under which the time for the account counts.
_HASTE_MS = 1000.0
# Looks of an account from which it says how long one takes.
_MANY_LOOKS = 5000

if TYPE_CHECKING:
    from .account import Account as Account

__all__ = [
    "Measuring",
    "Pace",
    "Root",
    "Size",
    "age_new_objects",
    "clock",
    "collector_is_on",
    "collector_paused",
    "keeps_alive",
    "keeps_alive_in_turn",
    "measure",
    "prepare",
    "restore_collector",
]


def prepare() -> None:
    """Import the modules that measure.

    The guard needs only the forward walk, so they are not imported with this one. Call it before
    a budget begins: otherwise the first measurement pays for the import.
    """
    stages.module("sizing.account")
    stages.module("sizing.ownership")


class Pace:
    """How long an account takes for each of its looks, by the accounts before."""

    def __init__(self) -> None:
        """Begin with what is usual."""
        self.look_s: float = stages.module("sizing.ownership").LOOK_S

    def took(self, seconds: float, looks: int) -> None:
        """Learn how long an account took, longer at once and shorter slowly.

        Small ones say nothing.
        """
        if looks >= _MANY_LOOKS:
            found = seconds / looks
            self.look_s = max(found, (self.look_s + found) / 2)


class Measuring:
    """A measurement of groups of roots that can be stopped and gone on with.

    `go_on` follows references for some time; `account` says what is known by then. Between the two
    it holds references to objects of the user, so it is to be dropped before a cell begins.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Root]],
        *,
        boundary: Sequence[object] = (),
        names: bool = False,
        pace: Pace | None = None,
    ) -> None:
        """Take groups of roots, such as results, tracebacks and variables.

        `boundary` names objects that stay whatever is let go and are not entered: the user's
        namespace, the shell, the holders' containers. The only references to the roots' objects
        may be those in `groups`, the holders' (`Root.references`) and the user's own. `groups`
        must stay as they are until the measurement ends. With `names`, the account also says what
        each root keeps alive, and with which other roots. `pace` is of measurements before.
        """
        self._names = names
        self._pace = pace or Pace()
        self.is_final = False  # whether the figures cannot become better
        self._walk: Any = stages.module("sizing.ownership").Ownership(groups, boundary)
        self._account: Any = None
        self._steps: Iterator[None] | None = None
        self._last_steps: Iterator[None] | None = None

    def go_on(self, budget_ms: float, *, answer: bool = True) -> bool:
        """Measure for so long, in the thread's processor time; return whether that was all.

        With `answer`, the time is for the account of an unfinished measurement as well.
        """
        accounts = stages.module("sizing.account")
        look_until(None)  # an interrupt may have left the end of another walk
        until = clock() + budget_ms / 1000
        with collector_paused():
            look_s = self._pace.look_s if answer else 0.0
            if not self._walk.follow(budget_ms / 1000, look_s=look_s):
                return False
            if self._steps is None:
                self._account = accounts.Account(self._walk, names=self._names)
                self._steps = self._account.steps()
            try:
                is_final = _made(self._steps, until)
            except BaseException:
                self._steps = None  # an account that was broken off is made anew
                raise
        self.is_final = is_final
        return is_final

    def let_go(self, budget_ms: float) -> bool:
        """Let go of what a final measurement holds, for so long; return whether that was all.

        Nothing can be asked of it any more. It can as well be dropped at once, which takes a tenth
        of a second if the graph is large.
        """
        if self._last_steps is None:
            self._last_steps = self._account.let_go()
        with collector_paused():
            return _made(self._last_steps, clock() + budget_ms / 1000)

    @property
    def account_s(self) -> float:
        """About how many seconds an account of what was followed by now takes."""
        return float(self._walk.looks * self._pace.look_s)

    @property
    def own_size(self) -> int:
        """The number of joints, and of references to joints and leaves, that are known."""
        return int(self._walk.edge_count + self._walk.leaves.count) + len(self._walk.objects)

    def account(self) -> Account:
        """Return the account of what was followed by now; it is right until `go_on` is called."""
        with collector_paused():
            if self._steps is None:
                began = clock()
                found = stages.module("sizing.account").Account(self._walk, names=self._names)
                found.run()
                self._pace.took(clock() - began, self._walk.looks)
                return cast("Account", found)
            for _ in self._steps:
                pass
        self.is_final = True
        return cast("Account", self._account)


def _made(steps: Iterator[None], until: float) -> bool:
    """Make steps until a time of `clock`, or return true if all are made.

    It ends early where another step like the last one would take too long.
    """
    now = clock()
    for _ in steps:
        before, now = now, clock()
        if now + (now - before) > until:
            return False
    return True


def measure(
    roots: Sequence[Root],
    *,
    budget_ms: float = 100.0,
    boundary: Sequence[object] = (),
    each: bool = True,
) -> tuple[list[Size], Size]:
    """Return what each root frees if it alone is let go, and what all free together.

    The list is empty without `each`. `budget_ms` is processor time. `Measuring` describes the
    other parameters.
    """
    if LISTED is None:
        return measure_without_counts(roots, budget_ms, boundary, each=each)
    measuring = Measuring([roots], boundary=boundary)
    measuring.go_on(budget_ms, answer=budget_ms < _HASTE_MS)
    return measuring.account().sizes_of(0, each=each)


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
    """Do without collections: one would take its time from the budget.

    Only the main thread does: of two pauses that overlap, one could leave the collector off.
    """
    if not gc.isenabled() or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        _PAUSES.append(True)
        gc.disable()
        yield
    finally:
        restore_collector()


def collector_is_on() -> bool:
    """Return whether the collector is on, or will be after a pause."""
    return gc.isenabled() or bool(_PAUSES)


def age_new_objects() -> None:
    """Have the collector take objects that are new for old ones, in a pause of it.

    A measurement makes many lists of its own. Once these are a quarter of what there is, the
    collector would look at everything, which takes half a second with a million objects. If the
    user has frozen objects, this does nothing, as these could not be told from the others. What
    counts towards the next look at everything stays: the user's garbage waits no longer for it.
    """
    if _PAUSES and LISTED is not None and not gc.get_freeze_count():
        passes = min(gc.get_count()[-1], gc.get_threshold()[-1] + 1)  # more make no difference
        _AGEING.append(True)
        gc.freeze()
        gc.unfreeze()
        _AGEING.clear()
        for _ in range(passes):
            gc.collect(1)  # finds nothing new, and is counted


def restore_collector() -> None:
    """Turn the collector on if a pause has left it off.

    An interrupt can end a pause in the middle of a `with` statement's own code. Its end comes then
    when the interrupt's traceback goes, and IPython keeps that.
    """
    if _AGEING:
        gc.unfreeze()
        _AGEING.clear()
    if _PAUSES:
        gc.enable()
        _PAUSES.clear()
