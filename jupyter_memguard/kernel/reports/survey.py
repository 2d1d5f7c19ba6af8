"""One measurement of all that a shell keeps: results, tracebacks and variables.

A report and an overview that follow each other ask the same survey, so that their figures agree.
A page may go on with it, slice by slice, while the kernel idles. It holds references to objects
of the user meanwhile, and lets go of them before the next cell begins.
"""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ..retention import tracebacks
from ..retention.holders import (
    LIKE_NUMBERED,
    Retained,
    boundary,
    is_users,
    own_dict,
    snapshot,
)
from ..retention.placeholder import is_placeholder
from ..retention.process import forget_lookups, renew_free_lists, trim
from ..retention.refcounts import LISTED
from ..retention.sizes import Root, Size
from ..sizing import Measuring, Pace, measure
from .rows import MOST_SHARERS, collect, roots

if TYPE_CHECKING:
    from ..sizing import Account

# The groups of roots.
RESULTS, TRACEBACKS, VARIABLES = range(3)
# Figures that are final are used again for so many seconds, unless something ran meanwhile.
_FRESH_S = 2.0
# Bytes; results and variables that share less are not said to share.
_WORTH_NAMING = 1 << 16
_MOST_NAMES = 10
# Joints and references between joints. A larger measurement is freed in slices, and its figures are
# made in a slice of their own.
_QUICK = 60_000
# Where an account takes more seconds, figures are as they were until the measurement is final.
_QUICK_S = 0.03


class Named:
    """An object in the user's namespace, and the user's names for it, oldest first."""

    __slots__ = ("names", "obj", "references")

    def __init__(self, obj: Any) -> None:
        """Begin without a name; `references` are those of the names and of the last cell."""
        self.obj = obj
        self.names: list[str] = []
        self.references = 0


def named(shell: Any, entries: Sequence[Retained]) -> list[Named]:
    """Return the user's variables, and what only the last cell's end still holds.

    IPython holds the last cell's value until the next cell ends. Where that is no retained result,
    as with the guard on, it counts as the user's, like the variable that it often is.
    """
    found: dict[int, Named] = {}
    hidden = shell.user_ns_hidden
    for name, obj in snapshot(shell.user_ns):
        if type(name) is str and LIKE_NUMBERED.fullmatch(name) and name in hidden:
            is_ours = hidden[name] is not obj  # the usual case, as `is_users` has it, for speed
        else:
            is_ours = is_users(shell, name, obj)
        if is_ours:
            each = found.setdefault(id(obj), Named(obj))
            each.names.append(name)
            each.references += 1
    last = own_dict(shell.last_execution_result).get("result")
    kept = {id(entry.obj) for entry in entries}
    if last is not None and id(last) not in kept and not is_placeholder(last):
        found.setdefault(id(last), Named(last)).references += 1
    return list(found.values())


class Group:
    """Results that share memory: their positions, and what they free together."""

    __slots__ = ("members", "size")

    def __init__(self, members: tuple[int, ...], size: Size) -> None:
        """Take the positions of the members and the size."""
        self.members = members
        self.size = size


class Figures:
    """All figures of a survey. They hold no object of the user."""

    def __init__(self) -> None:
        """Begin without figures."""
        self.final = False
        self.sizes: list[Size] = []  # what each result frees alone
        # For each result the cell after which its figure was found, if that is not now.
        self.as_of: list[int | None] = []
        self.keeps: list[int] = []  # what each result keeps alive
        # What each, and all together, may free beyond what is told: nothing else is known to hold
        # it, but it was not followed to the end.
        self.doubts: list[int] = []
        self.doubt = 0
        self.groups: list[Group] = []
        self.together = Size()
        self.shared_variables: dict[int, list[str]] = {}  # by result
        self.parts: dict[str, Size] = {}
        self.variable_sizes: list[Size] = []  # what deleting each variable frees
        self.variable_keeps: list[int] = []
        # By variable: the variables and the results with which it shares.
        self.variables_share: dict[int, tuple[list[int], list[int]]] = {}
        self.held = 0  # bytes that only results lead to, and that something unknown holds
        # For each result whether it is final, and nothing that it leads to is held by anything
        # else; found if results alone were measured.
        self.closed: list[bool] = []

    def not_worse_than(self, before: Figures) -> Figures:
        """Keep what was estimated before where a graph became too large to be followed.

        Estimates are of what was seen: at the end it is one part of the heap after the other.
        """
        if len(before.sizes) == len(self.sizes):
            self.sizes = list(map(_better, self.sizes, before.sizes))
        earlier = {group.members: group.size for group in before.groups}
        for group in self.groups:
            group.size = _better(group.size, earlier.get(group.members, Size()))
        for name in before.parts.keys() & self.parts.keys():
            self.parts[name] = _better(self.parts[name], before.parts[name])
        self.sum_up()
        return self

    def sum_up(self) -> None:
        """Make the headline, and the part of results alone, the sum of the entries."""
        inside = {member for group in self.groups for member in group.members}
        entries = [size for index, size in enumerate(self.sizes) if index not in inside]
        entries += [group.size for group in self.groups]
        freed = more = device = mapped = 0
        notes: set[str] = set()
        for size in entries:
            freed += size.freed_bytes
            if size.estimate_bytes is not None:
                more += max(0, size.estimate_bytes - size.freed_bytes)
            notes.update(size.notes)
            device += size.device_bytes or 0
            mapped += size.mapped_bytes or 0
        self.together = self.parts["results"] = Size(
            freed, notes, freed + more if more else None, device or None, mapped or None
        )

    def stands_for(self) -> list[int]:
        """Return for each result the likely bytes of its entry: itself, or its group."""
        found = [size.likely_bytes for size in self.sizes]
        for group in self.groups:
            for member in group.members:
                found[member] = group.size.likely_bytes
        return found


def _better(now: Size, before: Size) -> Size:
    """Return a size; if it was cut, with the earlier estimate where that is more."""
    if "cut" in now.notes and before.likely_bytes > now.likely_bytes:
        return about(now, before.likely_bytes)
    return now


def about(size: Size, estimate: int) -> Size:
    """Return a size with another estimate."""
    return Size(
        size.freed_bytes,
        size.notes,
        estimate,
        size.device_bytes,
        size.mapped_bytes,
        size.shared_with,
    )


class Survey:
    """The roots of one shell as they are now, and the measurement of them."""

    def __init__(
        self,
        shell: Any,
        entries: list[Retained],
        *,
        results_only: bool = False,
        pace: Pace | None = None,
    ) -> None:
        """Take results and the pace so far, and collect other roots unless `results_only`."""
        self.shell = shell
        self.began = self.asked_at = time.monotonic()
        self.state = state_of(shell)
        self.entries = entries
        self.variables = [] if results_only else named(shell, entries)
        self.tracebacks = [] if results_only else tracebacks.kept(shell)
        self.traceback_count = tracebacks.exceptions_in([obj for obj, _ in self.tracebacks])
        self.groups = [
            roots(self.entries),
            [Root(obj, references + 1) for obj, references in self.tracebacks],
            [Root(each.obj, each.references + 1) for each in self.variables],
        ]
        # A variable can lead to IPython's events, and by them to this object.
        self.limits = [self, *boundary(shell), *tracebacks.holders(shell)]
        self.measuring: Measuring | None = None
        self.results_only = results_only
        if LISTED is not None:
            self.measuring = Measuring(
                self.groups, boundary=self.limits, names=not results_only, pace=pace
            )
        self.figures = Figures()
        self._looked = False
        self._stands = False  # whether the figures are as they were

    def fits(self) -> bool:
        """Return whether the shell is as it was when the roots were collected."""
        if self.figures.final and time.monotonic() - self.began > _FRESH_S:
            return False
        return self.state == state_of(self.shell)

    def go_on(self, budget_ms: float, *, answer: bool = True) -> bool:
        """Measure for so long, in processor time; return whether that was all.

        With `answer`, the time is for the figures of an unfinished measurement as well.
        """
        self.asked_at = time.monotonic()
        if self.figures.final:
            return True
        if self.measuring is None:
            self._without_counts(budget_ms)
            return True
        self._stands = self._looked and self.measuring.account_s > _QUICK_S
        return self.measuring.go_on(budget_ms, answer=answer and not self._stands)

    def look(self) -> Figures:
        """Return the figures as they are known by now."""
        if self.measuring is None or self.figures.final:
            return self.figures
        if self.measuring.is_final or not self._stands:
            self._looked = True
            if self.measuring.is_final and self._is_large():
                renew_free_lists()  # what the figures are made of stays
            account = self.measuring.account()
            self.figures = _figures(account, self).not_worse_than(self.figures)
            self.figures.final = self.measuring.is_final
            account.close()
            self.began = time.monotonic()
        return self.figures

    def refine(self, budget_ms: float) -> bool:
        """Go on with it while the kernel idles; return whether nothing is left to be done.

        That is to measure, to make the figures, and to let go of what the measurement held.
        """
        if not self.figures.final:
            measured = self.measuring is not None and self.measuring.is_final
            # The figures of a large one are a slice of their own.
            if measured or (self.go_on(budget_ms, answer=False) and not self._is_large()):
                self.look()
            return self.figures.final and not self._is_large()
        self.asked_at = self.began = time.monotonic()  # the page asks for the figures after it
        if self.measuring is None or self.measuring.let_go(budget_ms):
            return True
        renew_free_lists()  # the next request is made of what is in the lists
        return False

    def collect_again(self) -> None:
        """Collect the objects again that were dropped when the figures were final."""
        self.entries = collect(self.shell)
        self.variables = named(self.shell, self.entries)

    def drop(self) -> None:
        """Let go of all objects of the user."""
        large = self._is_large()
        self.measuring = None
        self.groups.clear()
        self.limits.clear()
        self.entries = []
        self.variables = []
        self.tracebacks = []
        if large:
            forget_lookups()
            renew_free_lists()
            trim()

    def _is_large(self) -> bool:
        return self.measuring is not None and self.measuring.own_size > _QUICK

    def _without_counts(self, budget_ms: float) -> None:
        """Estimate, in a Python whose reference counts mean nothing."""
        figures = self.figures
        part_ms = budget_ms / 2 / max(1, len(self.entries))
        for root in self.groups[RESULTS]:
            figures.sizes += measure([root], budget_ms=part_ms)[0]
        part_ms = budget_ms / 2 / len(self.groups)
        parts = [measure(group, budget_ms=part_ms, each=False)[1] for group in self.groups]
        figures.together = parts[RESULTS]
        figures.parts = dict(zip(("results", "tracebacks", "variables"), parts))
        figures.parts["shared"] = Size(0, ("no-refcounts",), 0)
        figures.as_of = [None] * len(figures.sizes)
        figures.keeps = [size.likely_bytes for size in figures.sizes]
        figures.doubts = [0] * len(figures.sizes)
        figures.variable_sizes = [Size(0, ("no-refcounts",))] * len(self.variables)
        figures.variable_keeps = [0] * len(self.variables)
        figures.final = True


def state_of(shell: Any) -> tuple[Any, ...]:
    """Return what shows that a shell's names stand for the objects for which they stood before."""
    history = getattr(shell.history_manager, "output_hist", None)
    held: tuple[int, ...] = ()
    names: tuple[int, ...] = ()
    with suppress(RuntimeError):  # another thread changes them
        held = tuple(map(id, history.values())) if type(history) is dict else ()
        names = tuple(map(id, shell.user_ns.values()))
    return shell.execution_count, held, names


def _figures(account: Account, survey: Survey) -> Figures:
    found = Figures()
    rows, shared = account.rows(RESULTS)
    found.sizes = [tally.size() for tally in rows]
    found.as_of = [None] * len(rows)
    if survey.results_only and account.final:
        found.closed = account.closed(RESULTS)
    for each in shared:
        found.groups.append(Group(each.members, each.tally.size()))
        for member in each.members:
            sharers = (other for other in each.members if other != member)
            found.sizes[member].shared_with = tuple(islice(sharers, MOST_SHARERS))
    found.parts = {
        "shared": account.both(RESULTS, VARIABLES).size(),
        "tracebacks": account.without(TRACEBACKS, VARIABLES).size(),
        "variables": account.without(VARIABLES, RESULTS).size(),
    }
    keeps, overlaps = account.keeps, account.overlaps
    starts = account.starts
    likely = [tally.likely_bytes for tally in keeps]
    found.keeps = likely[: starts[TRACEBACKS]]
    found.variable_keeps = likely[starts[VARIABLES] :]
    found.doubts = [account.doubts[number] for number in range(starts[TRACEBACKS])]
    found.doubt, found.held = account.doubt, account.foreign
    found.variable_sizes = [tally.size() for tally in account.alone(VARIABLES)]
    names = [each.names[:1] for each in survey.variables]
    first = starts[VARIABLES]
    roots_of = account.roots
    for number, overlap in overlaps.items():
        near = _near(overlap)
        others = [other - first for other in near if other >= first and other != number]
        if number < starts[TRACEBACKS]:
            same = {other for other in others if roots_of[other + first] == roots_of[number]}
            shared_names = [name for other in others if other not in same for name in names[other]]
            found.shared_variables[number] = shared_names[:_MOST_NAMES]
        elif number >= first and near:
            results = [other for other in near if other < starts[TRACEBACKS]]
            found.variables_share[number - first] = others[:_MOST_NAMES], results[:_MOST_NAMES]
    return found


def _near(overlap: Mapping[int, int]) -> list[int]:
    """Return the numbers of the roots that share enough, those that share most first."""
    worth = [number for number, size in overlap.items() if size >= _WORTH_NAMING]
    return sorted(worth, key=overlap.__getitem__, reverse=True)
