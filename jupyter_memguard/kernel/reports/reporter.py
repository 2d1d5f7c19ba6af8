"""The answers to all questions about a shell's memory."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any, Iterator
from weakref import ref

from ..protocol import UNKNOWN_KEY, Refused
from ..retention.process import rss_bytes
from ..retention.referrers import MAX_PATHS, Search
from ..retention.sizes import Size
from ..sizing import Pace, age_new_objects, clock, collector_paused, prepare
from . import process_memory
from .cell_ends import CellEnds
from .known import KnownFigures
from .large import large
from .old_garbage import OldGarbage
from .overview import overview, partition
from .rows import collect, row, size_of
from .survey import Survey, named

if TYPE_CHECKING:
    from ..cells import Cells
    from ..guard.guard import Guard
    from ..messages import CellEnd, Explained, Joint, Overview, Report, SharedGroup
    from ..retention.announced import Announced
    from ..retention.holders import Retained
    from ..retention.keys import Keys
    from ..retention.outputs import Outputs
    from .survey import Figures

REPORT_MS = 100.0
OVERVIEW_MS = 100.0
EXPLAIN_MS = 1000.0
JOINT_MS = 50.0
# The number of largest variables in an overview.
LARGEST = 20
# Results that neither free nor keep as many bytes come last in a report.
SMALL = 1 << 16
# The most time for measuring what *Free memory* releases.
RELEASE_MS = 1600.0
# The time of one slice of a measurement that goes on while the kernel idles.
SLICE_MS = 30.0
# After so many seconds without a question, a measurement is dropped.
UNASKED_S = 10.0
# Of a budget, at least this share is for measuring, however long collecting the roots takes.
_LEAST_SHARE = 0.3
# And at most this share is for what comes beside it; the second is how much at first.
_MOST_BESIDE, _BESIDE = 0.4, 0.15
# The part of a budget that an answer is to take, so that few take more than all of it.
_AIM = 0.85
# The part of a slice's time after which it ends: a last step and the answer have the rest.
_OF_A_SLICE = 0.65
# IPython's event before any code is executed, also code that leaves no trace.
_EXECUTES = "pre_execute"


class AnswerTime:
    """How much of an answer's time measuring may have, by what the answers before took.

    What the others beside measuring take depends on the session: thousands of rows are described,
    and the account of a large graph is made.
    """

    def __init__(self) -> None:
        """Begin with a guess."""
        self._beside = _BESIDE  # the part of a budget
        self._budget_ms = 0.0  # what was learnt with one budget says little of others

    def for_measuring(self, budget_ms: float) -> float:
        """Return how much of a budget, of processor time, measuring may have."""
        if budget_ms != self._budget_ms:
            self._budget_ms, self._beside = budget_ms, _BESIDE
        return budget_ms * (1 - self._beside)

    def took(self, answer_ms: float, budget_ms: float) -> None:
        """Learn how long an answer took in which measuring came to no end."""
        found = self._beside + answer_ms / budget_ms - _AIM
        # Longer at once, but shorter slowly, as with the pace of accounts.
        found = max(found, (self._beside + found) / 2)
        self._beside = max(-_MOST_BESIDE, min(found, _MOST_BESIDE))


class Reporter:
    """Answers questions about one shell, and changes nothing in it."""

    def __init__(  # noqa: PLR0913, PLR0917 - the objects of a session
        self,
        shell: Any,
        keys: Keys,
        announced: Announced,
        outputs: Outputs,
        cells: Cells,
        guard: Guard,
    ) -> None:
        """Take the InteractiveShell and the session's objects."""
        self.shell = shell
        self.keys = keys
        self.announced = announced
        self.outputs = outputs
        self.cells = cells
        self.guard = guard
        self.cell_ends = CellEnds(shell, keys, announced, guard)
        prepare()
        self._drop = self.drop  # the same object each time, so that it can be found
        self._known = KnownFigures()
        self._survey: Survey | None = None  # that a page goes on with
        self._report_time, self._overview_time = AnswerTime(), AnswerTime()
        self._pace = Pace()
        self._garbage = OldGarbage()

    def retained(self) -> tuple[list[Retained], list[str]]:
        """Return what IPython retains, and the key of each."""
        entries = collect(self.shell)
        return entries, self.keys.assign(entries, self.shell.execution_count)

    def report(  # noqa: PLR0913 - the parameters of the request, and who asks
        self,
        numbers: list[int] | None = None,
        budget_ms: float = REPORT_MS,
        limit: int | None = None,
        sort: str = "freed_bytes",
        offset: int = 0,
        *,
        hold: bool = False,
    ) -> Report:
        """Return what IPython retains, and what releasing it would free.

        `numbers` restricts the report to these n of `Out[n]`. `budget_ms` is the processor time
        for the answer, and measuring has most of it. `limit` is the most rows, `offset` the rows
        to skip, and `sort` is "freed_bytes" or "number". With `hold`, `refine` can go on with the
        measurement until a cell begins. docs/protocol.md describes the answer.
        """
        started, began = time.perf_counter(), clock()
        with _without_garbage(), self._whole():
            survey, keys = self._surveyed(
                began, self._report_time.for_measuring(budget_ms), numbers
            )
            figures = survey.look()
            count = int(self.shell.execution_count)
            self._known.fill(keys, figures, count, all_keys=numbers is None)
            hold = hold and numbers is None
            answer = self._report(survey, figures, keys, (limit, sort, offset), started)
            # `refine` collects it first.
            answer["final"] = figures.final and not (hold and self._garbage.may_be(figures.held))
            self._keep(survey, hold=hold)
        if not figures.final and budget_ms > 0:
            self._report_time.took((clock() - began) * 1000, budget_ms)
        return answer

    def _surveyed(
        self, began: float, budget_ms: float, numbers: list[int] | None = None
    ) -> tuple[Survey, list[str]]:
        """Return the measurement of all roots, begun or gone on with, and the results' keys.

        The budget is that of an answer which began at that time of `clock`.
        """
        survey = self._survey
        if survey is None or numbers is not None or not survey.fits():
            self.drop()
            entries, keys = self.retained()
            if numbers is not None:
                wanted = set(numbers)
                chosen = [i for i, e in enumerate(entries) if not wanted.isdisjoint(e.numbers)]
                entries, keys = [entries[i] for i in chosen], [keys[i] for i in chosen]
            survey = self._survey = Survey(self.shell, entries, pace=self._pace)
        elif survey.measuring is None:
            survey.collect_again()
            keys = self.keys.assign(survey.entries, self.shell.execution_count)
        else:
            keys = self.keys.assign(survey.entries, self.shell.execution_count)
        spent_ms = (clock() - began) * 1000
        survey.go_on(max(_LEAST_SHARE * budget_ms, budget_ms - spent_ms))
        return survey, keys

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Drop the measurement if it is broken off: what it had taken up is lost."""
        try:
            yield
        except BaseException:
            self.drop()
            raise

    def _keep(self, survey: Survey, *, hold: bool) -> None:
        """Keep a measurement for the next question, or let go of its objects."""
        if not hold or survey.figures.final:
            survey.drop()
        if not hold:
            self.drop()
            return
        callbacks = self.shell.events.callbacks[_EXECUTES]
        if not any(each is self._drop for each in callbacks):
            # Before everything else that runs when code is about to be executed.
            callbacks.insert(0, self._drop)
            self._drop_later(survey)

    def _drop_later(self, survey: Survey) -> None:
        """Drop a measurement that no page goes on with, as when the page was closed."""
        loop: Any = getattr(getattr(self.shell, "kernel", None), "io_loop", None)
        # The loop may outlive it: a cell drops it first, and many cells run in that time.
        watched = ref(survey)

        def look() -> None:
            survey = self._survey
            if survey is not None and survey is watched():
                if time.monotonic() - survey.asked_at > UNASKED_S:
                    self.drop()
                else:
                    loop.call_later(UNASKED_S, look)

        with suppress(Exception):
            # The loop keeps the context, and that of a request has the request's messages.
            Context().run(loop.call_later, UNASKED_S, look)

    def drop(self) -> None:
        """Let go of what a measurement holds. It is called before any code of the user's runs."""
        survey, self._survey = self._survey, None
        if survey is not None:
            survey.drop()
        # IPython's own `unregister` would run the `==` of the user's callbacks.
        callbacks = self.shell.events.callbacks[_EXECUTES]
        if any(each is self._drop for each in callbacks):
            callbacks[:] = [each for each in callbacks if each is not self._drop]

    def refine(self, budget_ms: float = SLICE_MS) -> dict[str, bool]:
        """Go on with the measurement of the last report or overview; return whether it is final."""
        survey = self._survey
        if survey is None or not (survey.figures.final or survey.fits()):
            return {"final": True}
        with _without_garbage(), self._whole():
            was_final = survey.figures.final and survey.measuring is None
            is_final = survey.refine(_OF_A_SLICE * budget_ms)
            if is_final and was_final:
                is_final = not self._begins_anew(survey.figures)
            elif is_final:
                survey.drop()
                is_final = not self._garbage.may_be(survey.figures.held, self._rest(survey.figures))
        return {"final": is_final}

    def _begins_anew(self, figures: Figures) -> bool:
        """Collect garbage if much may be; return whether all is measured anew for that."""
        rest = self._rest(figures)
        if not self._garbage.may_be(figures.held, rest):
            return False
        if not self._garbage.collect(figures.held, rest):
            return False
        self._survey = Survey(self.shell, self.retained()[0], pace=self._pace)
        self._drop_later(self._survey)
        return True

    def _rest(self, figures: Figures) -> int | None:
        """Return the bytes that an overview says are nobody's."""
        parts = {**figures.parts, "shown": Size(self.outputs.total()[0])}
        return partition(process_memory.read(), parts)[1]

    def _report(
        self,
        survey: Survey,
        figures: Figures,
        keys: list[str],
        page: tuple[int | None, str, int],
        started: float,
    ) -> Report:
        limit, sort, offset = page
        entries = survey.entries
        count = int(self.shell.execution_count)
        order = list(range(len(entries)))
        if sort == "freed_bytes":
            worth, keeps = figures.stands_for(), figures.keeps
            # The members of a group stay together.
            first = {m: group.members[0] for group in figures.groups for m in group.members}
            order.sort(key=lambda i: (max(worth[i], keeps[i]) < SMALL, -worth[i], first.get(i, i)))
        last = len(entries) if limit is None else min(offset + limit, len(entries))
        shown = order[offset:last]
        sizes = figures.sizes
        rows = [row(self.shell, entries[i], sizes[i], keys, i, self.cells.known) for i in shown]
        for i, each in zip(shown, rows):
            each["size_bytes"] = max(figures.keeps[i], sizes[i].likely_bytes)
            each["seen_bytes"] = _seen(sizes[i], figures.doubts[i])
            each["shared_variables"] = figures.shared_variables.get(i, [])
            each["as_of"] = figures.as_of[i]
            self.announced.note(entries[i].numbers, entries[i].obj)
        together = figures.together
        outputs_bytes, outputs_count = self.outputs.total()
        held = figures.parts["tracebacks"]
        return {
            "results": rows,
            "groups": _groups(figures, keys, set(shown)),
            "count": len(entries),
            "freed_bytes_all": together.freed_bytes,
            "exact_all": together.exact,
            "notes_all": list(together.notes),
            "estimate_bytes_all": together.estimate_bytes,
            "seen_bytes_all": _seen(together, figures.doubt),
            "final": figures.final,
            "rss_bytes": rss_bytes(),
            "guard": self.guard.mode,
            "guard_state": self.guard.state(),
            "shown": {"bytes": outputs_bytes, "count": outputs_count, "exact": True},
            "tracebacks": {
                "bytes": held.likely_bytes,
                "count": survey.traceback_count,
                "exact": held.exact,
            },
            "execution_count": count,
            "elapsed_ms": (time.perf_counter() - started) * 1000,
        }

    def joint(self, keys: list[str], budget_ms: float = JOINT_MS) -> Joint:
        """Return what the results with these keys free when they are let go together.

        `budget_ms` is the time for measuring. Raises `Refused("unknown_key")` if a key is of no
        retained object.
        """
        with _without_garbage():
            entries, all_keys = self.retained()
            check_keys(keys, all_keys)
            named = set(keys)
            chosen = [entry for entry, key in zip(entries, all_keys) if key in named]
            entries.clear()
            size = size_of(self.shell, chosen, budget_ms, each=False)[1]
        return {
            "bytes": size.freed_bytes,
            "exact": size.exact,
            "estimate_bytes": size.estimate_bytes,
        }

    def measure(self, entries: list[Retained], min_bytes: int) -> tuple[list[int], list[Size]]:
        """Return the indices of the entries that *Free memory* releases, and all sizes.

        With `min_bytes` 0 these are all entries.
        """
        if min_bytes <= 0:
            return list(range(len(entries))), size_of(self.shell, entries, REPORT_MS)[0]
        with collector_paused():
            survey = Survey(self.shell, entries, results_only=True)
            try:
                survey.go_on(RELEASE_MS, answer=False)
                return large(survey, min_bytes), survey.figures.sizes
            finally:
                survey.drop()

    def overview(
        self, budget_ms: float = OVERVIEW_MS, variables: int = LARGEST, *, hold: bool = False
    ) -> Overview:
        """Return where the memory is: parts that add up to the resident memory.

        `budget_ms` is the processor time for the answer, `variables` the number of variables to
        list; `hold` as in `report`.
        """
        started, began = time.perf_counter(), clock()
        with _without_garbage(), self._whole():
            # Before it is measured: in a large heap it takes some of the time.
            now = process_memory.read()
            survey, _ = self._surveyed(began, self._overview_time.for_measuring(budget_ms))
            outputs = self.outputs.total()[0]
            figures = survey.look()
            self._known.fill_variables(survey.variables, figures)
            answer = overview(survey, figures, now, outputs, variables, started)
            rest = answer["rest"]["estimate_bytes"]
            answer["final"] = figures.final and not (
                hold and self._garbage.may_be(figures.held, rest)
            )
            self._keep(survey, hold=hold)
        if not figures.final and budget_ms > 0:
            self._overview_time.took((clock() - began) * 1000, budget_ms)
        return answer

    def explain(self, key: str, budget_ms: float = EXPLAIN_MS) -> Explained:
        """Return who refers to a retained object.

        `budget_ms` is the time for the search. Raises `Refused("unknown_key")`.
        """
        entries, keys = self.retained()
        check_keys([key], keys)
        entry = entries[keys.index(key)]
        entries.clear()
        search = Search(self.shell, time.perf_counter() + budget_ms / 1000)
        search.run(entry.obj, [entry])
        return {
            "key": key,
            "holders": [place.label for place in entry.places],
            "paths": search.paths or search.frames[:MAX_PATHS],
            "cut": search.cut,
        }

    def explain_variable(self, name: str, budget_ms: float = EXPLAIN_MS) -> Explained:
        """Return who refers to a variable's object beside the user's names for it.

        The holders are these names, and the key is the name that was asked for. `budget_ms` is the
        time for the search. Raises `Refused("unknown_key")`.
        """
        found = [each for each in named(self.shell, ()) if name in each.names]
        if not found:
            raise Refused(UNKNOWN_KEY, name)
        search = Search(self.shell, time.perf_counter() + budget_ms / 1000)
        names = found[0].names
        search.run(found[0].obj, found, names)
        return {
            "key": name,
            "holders": names,
            "paths": search.paths,
            "cut": search.cut,
        }

    def cell_end(self, number: int) -> CellEnd:
        """Return what the cell with this execution count left behind."""
        return {
            "execution_count": number,
            "cell_id": self.cells.known.get(number, (None, None))[1],
            "gone": self.announced.gone(),
            "results": self.cell_ends.of_cell(number),
            "withheld": list(self.guard.this_cell),
        }

    def standing(self) -> CellEnd:
        """Return what cells left behind before a page began to listen to their ends."""
        self.drop()
        return {
            "execution_count": int(self.shell.execution_count) - 1,
            "cell_id": None,
            "gone": [],
            "results": self.cell_ends.of_all(),
            "withheld": [],
        }


def _seen(size: Size, doubt: int) -> int | None:
    """Return what was seen that letting go may free; None if less than half of it is in doubt."""
    seen = size.likely_bytes + doubt
    return seen if doubt > size.likely_bytes and seen >= SMALL else None


def check_keys(keys: list[str], known: list[str]) -> None:
    """Raise `Refused("unknown_key")` with the first key that is not known."""
    there = set(known)
    for key in keys:
        if key not in there:
            raise Refused(UNKNOWN_KEY, key)


@contextmanager
def _without_garbage() -> Iterator[None]:
    """Collect new garbage, which is quick, and do without collections then.

    Garbage, such as the frames of a past exception, may refer to results, and a report would then
    say that these free nothing.
    """
    if gc.isenabled():
        gc.collect(1)
    with collector_paused():
        yield
        age_new_objects()


def _groups(figures: Figures, keys: list[str], shown: set[int]) -> list[SharedGroup]:
    """Return the groups of which a member is shown."""
    return [
        {
            "keys": [keys[member] for member in group.members],
            "freed_bytes": group.size.freed_bytes,
            "exact": group.size.exact,
            "notes": list(group.size.notes),
            "estimate_bytes": group.size.estimate_bytes,
        }
        for group in figures.groups
        if not shown.isdisjoint(group.members)
    ]
