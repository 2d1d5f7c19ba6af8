"""The guard: decides for each result that a cell shows whether IPython may keep it.

The guard passes either the result or a placeholder to IPython's own `update_user_ns`.
docs/guard.md describes the modes. The mode `large` needs the engine, which measures sizes.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .. import stages
from ..protocol import DEFAULTS
from ..retention import tracebacks
from ..retention.describe import is_one_of, summary, type_name
from ..retention.holders import (
    NUMBERED,
    UNDERS,
    Retained,
    boundary,
    find_last,
    last_results,
    object_under,
    results,
    retained,
    weak,
    without_result,
)
from ..retention.placeholder import is_placeholder, placeholder
from ..retention.release import drop, replace
from ..retention.sizes import Size
from .hook import Hook

if TYPE_CHECKING:
    from weakref import ReferenceType

    from ..messages import GuardState, Settings, Withheld
    from ..retention.outputs import Outputs

# The time for deciding about one result.
DECIDE_MS = 3.0
# The time for weighing the kept results when together they may exceed `total_bytes`.
TOTAL_MS = 2.0
# The time for finding the size of a result when the guard's decision does not depend on it.
LISTED_MS = 0.5
# The time for finding out which of the results that are to go are too small for that.
SMALL_MS = 10.0
# Results of at least this size are listed at their cell's end. The search for a size may stop
# here: a placeholder then says "at least".
LISTED_BYTES = 64 * 2**10
# The time for weighing, when the guard is turned on, the results that IPython has already.
WEIGH_MS = 100.0
# The kept results are weighed again when they exceed `total_bytes` by this fraction of it.
LEEWAY_DIVISOR = 50
# The most withheld results that are listed for one cell; the others are only counted.
MOST_LISTED = 1000
_ATOMS = (type(None), int, float, complex, bool, str, bytes)


class Guard:
    """The guard of one shell."""

    def __init__(self, shell: Any, outputs: Outputs) -> None:
        """Take the InteractiveShell and its kept outputs. The guard begins in the mode `off`."""
        self.shell = shell
        self.outputs = outputs
        self.mode = "off"
        self.settings: Settings = DEFAULTS.copy()
        self.was_set = False
        self.since: int | None = None
        self.withheld = 0
        # What the withheld results kept alive, as far as that was found out.
        self.withheld_bytes = 0
        self.withheld_exact = True
        self._withheld_before = 0  # when the last cell ended
        # The bytes of each result that IPython was allowed to keep, by number, oldest first.
        self.kept: dict[int, int] = {}
        self.this_cell: list[Withheld] = []
        # Whether a result could not be weighed, because the engine was not there yet.
        self._unweighed = False
        self._weighed = False
        self._hook = Hook(shell, self._update_user_ns)
        # Weak references to the running cells' executions whose results were withheld.
        self._executions: list[ReferenceType[Any]] = []

    # The state

    def set(self, mode: str, settings: Settings) -> None:
        """Change the mode and the settings, and install or remove the hook."""
        was_off = self.mode == "off"
        self.mode, self.settings, self.was_set = mode, settings, True
        if mode == "off":
            self.since = None
            self._hook.remove()
            return
        if was_off:
            self.since = int(self.shell.execution_count)
        self._hook.install()
        self.weigh_kept()

    def state(self) -> GuardState:
        """Return the guard's state as the protocol describes it."""
        on_top, other = self._hook.who_answers(is_on=self.mode != "off")
        return {
            "mode": self.mode,
            "settings": self.settings.copy(),
            "set": self.was_set,
            "since_execution": self.since,
            "on_top": on_top,
            "other": other,
            "withheld": self.withheld,
            "withheld_bytes": self.withheld_bytes,
            "withheld_exact": self.withheld_exact,
        }

    def remove(self) -> None:
        """Remove our attribute from the display hook, unless another patch stands on it."""
        self._hook.remove()

    def _update_user_ns(self, result: Any) -> Any:
        """Replace the display hook's `update_user_ns`: decide about the result, then forward it."""
        shell = self.shell
        cache = results(shell)
        hook = shell.displayhook
        if self.mode == "off" or result is cache or is_placeholder(result):
            return self._hook.forward(result)
        if not hook.cache_size:
            # Without a cache, only the execution's result holds it, until the next cell has run.
            with suppress(Exception):
                self._note_execution(withheld=self._judge(result)[1])
            return self._hook.forward(result)
        number = int(hook.prompt_count)
        try:
            size, withheld = self._judge(result)
            if not withheld:
                # A second result under the same number is the newest one: move it to the end.
                self.kept.pop(number, None)
                self.kept[number] = size.likely_bytes
            stand_in = self._stand_in(number, result, size) if withheld else None
        except Exception:  # noqa: BLE001 - an error of ours must not cost the user a result
            stand_in = None
        culled = dict(cache) if len(cache) >= hook.cache_size and hook.do_full_cache else {}
        answer = self._hook.forward(result if stand_in is None else stand_in)
        del result
        interrupted = False
        try:
            self._note_execution(withheld=stand_in is not None)
            _forget_culled(shell, culled)
            self._limit()
        except KeyboardInterrupt:
            interrupted = True
        except Exception:  # noqa: BLE001, S110 - the next result tries again
            pass
        finally:
            culled.clear()
        if interrupted:
            # A new exception: the frames of the first one's traceback hold the results.
            raise KeyboardInterrupt
        return answer

    def _note_execution(self, *, withheld: bool) -> None:
        """Remember whether the result of the running execution was withheld."""
        execution = self.shell.displayhook.exec_result
        others = [ref for ref in self._executions if ref() is not None and ref() is not execution]
        ours = _weakly(execution) if withheld else None
        self._executions = others if ours is None else [*others, ours]

    # Deciding

    def _judge(self, result: Any) -> tuple[Size, bool]:
        """Return the result's size, as far as the mode needs it, and whether to withhold it."""
        if self.mode == "all":
            return self.weigh(result, LISTED_BYTES, LISTED_MS), True
        if self.mode == "large":
            threshold = self.settings["threshold_bytes"]
            size = self.weigh(result, threshold, DECIDE_MS)
            return size, size.likely_bytes >= threshold
        return Size(), False

    def weigh(self, obj: Any, threshold_bytes: int, budget_ms: float) -> Size:
        """Return what an object keeps alive; the search ends at the threshold or the time limit."""
        if is_one_of(type(obj), *_ATOMS):
            return Size(freed_bytes=sys.getsizeof(obj))
        if not self._can_weigh():
            return Size(notes=("cut",))
        size: Size = stages.module("sizing").keeps_alive(
            obj,
            threshold_bytes=threshold_bytes,
            budget_ms=budget_ms,
            boundary=boundary(self.shell),
        )
        return size

    def _can_weigh(self) -> bool:
        """Return whether the engine is there, and remember if it is not."""
        found = stages.has_engine("sizing")
        self._unweighed = self._unweighed or not found
        self._weighed = self._weighed or found
        return found

    def is_worth_listing(self, number: int) -> bool:
        """Return whether the result under a number keeps at least `LISTED_BYTES` alive."""
        result = object_under(self.shell, number)
        return self.weigh(result, LISTED_BYTES, LISTED_MS).likely_bytes >= LISTED_BYTES

    def _stand_in(self, number: int, result: Any, size: Size) -> Any:
        cls = type_name(type(result))
        self._count(1, size)
        self._list(number, cls, size)
        return placeholder(number, cls, summary(result), size)

    def _count(self, results: int, size: Size) -> None:
        self.withheld += results
        # A sum would count memory again that several of them, or a variable, have in common.
        self.withheld_bytes = max(self.withheld_bytes, size.likely_bytes)
        self.withheld_exact = self.withheld_exact and size.exact

    def _list(self, number: int, cls: str, size: Size) -> None:
        is_small = size.exact and size.freed_bytes < LISTED_BYTES
        if not is_small and len(self.this_cell) < MOST_LISTED:
            self.this_cell.append(
                {
                    "number": number,
                    "type": cls,
                    "bytes": size.likely_bytes,
                    "exact": size.exact,
                }
            )

    # Letting the oldest go

    def _limit(self) -> None:
        if self.mode == "last":
            if len(self.kept) > self.settings["keep_last"]:
                self._forget_missing()
            excess = len(self.kept) - self.settings["keep_last"]
            self._let_go(list(self.kept)[: max(0, excess)])
            self._let_go_unnumbered(len(self.kept))
        elif self.mode == "large":
            self.weigh_missed()
            total = self.settings["total_bytes"]
            if sum(self.kept.values()) > total + total // LEEWAY_DIVISOR:
                self._forget_missing()
                self._let_go(self._beyond(total))

    def _forget_missing(self) -> None:
        """Forget the numbers whose result the user has deleted or replaced."""
        self.kept = {
            number: size
            for number, size in self.kept.items()
            if object_under(self.shell, number) is not None
        }

    def _beyond(self, total_bytes: int) -> list[int]:
        """Return the oldest numbers to let go, so that the others keep at most `total_bytes` alive.

        Small ones stay, within the leeway.

        The results are weighed from the newest to the oldest. Memory that several of them share
        counts for the newest, as far as the time allows. The bytes of an older one are then what
        comes back when it and all before it go.
        """
        numbers = list(reversed(self.kept))
        objects = [object_under(self.shell, number) for number in numbers]
        self.kept.update(zip(numbers, self._in_turn(objects, total_bytes, TOTAL_MS)))
        left = total_bytes
        for index, number in enumerate(numbers):
            left -= self.kept[number]
            if left < 0:
                return self._but_for_small(numbers[index:][::-1], total_bytes)
        return []

    def _but_for_small(self, numbers: list[int], total_bytes: int) -> list[int]:
        """Leave out what keeps next to nothing, while that is little in all and there is time.

        An old result that shares its memory with a newer one counts nothing there, but keeps it.
        """
        deadline = time.perf_counter() + SMALL_MS / 1000
        small = {
            number
            for number in reversed(numbers)
            if self.kept[number] < LISTED_BYTES
            and time.perf_counter() < deadline
            and not self.is_worth_listing(number)
        }
        if sum(map(self.kept.__getitem__, small)) > total_bytes // LEEWAY_DIVISOR:
            return numbers
        return [number for number in numbers if number not in small]

    def _in_turn(self, objects: list[Any], most_bytes: int, budget_ms: float) -> list[int]:
        """Return what each object keeps alive beyond the objects before it; empties the list."""
        try:
            if not self._can_weigh():
                return []
            sizes: list[int] = stages.module("sizing").keeps_alive_in_turn(
                objects,
                most_bytes=most_bytes,
                budget_ms=budget_ms,
                boundary=boundary(self.shell),
            )
            return sizes
        finally:
            objects.clear()

    def _let_go(self, numbers: list[int]) -> None:
        """Replace the results under these numbers by placeholders.

        The places without a number, such as `_`, change when no number of a result is left.
        """
        if not numbers:
            return
        chosen = frozenset(numbers)
        hook = self.shell.displayhook
        if hook.prompt_count in chosen:
            self._note_execution(withheld=True)
        objects = {id(object_under(self.shell, number)) for number in numbers}
        # The same object may also stand under a number that stays.
        also = [n for n in self.kept if id(object_under(self.shell, n)) in objects]
        entries = retained(self.shell, sorted(chosen.union(also)))
        find_last(self.shell, entries)
        deadline = time.perf_counter() + DECIDE_MS / 1000
        for entry in entries:
            mine = chosen.intersection(entry.numbers)
            if mine:
                self._drop(entry, mine, deadline)

    def _drop(self, entry: Retained, mine: frozenset[int], deadline: float) -> None:
        """Replace one result under some of its numbers; weigh it if there is time."""
        size = Size(max((self.kept.get(number, 0) for number in mine), default=0), ("cut",))
        if size.freed_bytes < LISTED_BYTES and time.perf_counter() < deadline:
            size = self.weigh(entry.obj, LISTED_BYTES, LISTED_MS)
        cls = type_name(type(entry.obj))
        some = None if mine == frozenset(entry.numbers) else sorted(mine)

        def take() -> list[Any]:
            taken = replace(self.shell, entry, size, some)
            taken.append(entry.obj)
            entry.obj = None
            for number in sorted(mine):
                self.kept.pop(number, None)
                self._list(number, cls, size)
            self._count(max(1, len(mine)), size)
            return taken

        drop(take)

    def _let_go_unnumbered(self, kept: int) -> None:
        """Let go the results that only `_`, `__` or `___` hold, beyond the newest `keep_last`.

        Such a result lost its number to a later result of the same cell. `kept` is how many
        results with a number stay.
        """
        newest = list(self.kept)[-len(UNDERS) :]
        known = {id(object_under(self.shell, number)) for number in newest}
        if all(id(obj) in known for obj in last_results(self.shell)):
            return
        entries = retained(self.shell, list(self.kept))
        find_last(self.shell, entries)
        alone = [entry for entry in entries if not entry.numbers]
        deadline = time.perf_counter() + DECIDE_MS / 1000
        for entry in alone[max(0, self.settings["keep_last"] - kept) :]:
            self._drop(entry, frozenset(), deadline)

    def weigh_kept(self) -> None:
        """Remember the sizes of the results that are there already. They count as the oldest."""
        self._unweighed = False
        entries = [entry for entry in retained(self.shell) if entry.numbers]
        sizes = dict.fromkeys(sorted(n for entry in entries for n in entry.numbers), 0)
        if self.mode == "large":
            entries.reverse()
            newest = [entry.numbers[-1] for entry in entries]
            objects = [entry.obj for entry in entries]
            entries.clear()
            sizes.update(zip(newest, self._in_turn(objects, sys.maxsize, WEIGH_MS)))
        self.kept = sizes

    def weigh_missed(self) -> None:
        """Weigh the kept results if the engine came after some of them."""
        if self._unweighed and self.mode == "large" and stages.has_engine("sizing"):
            self.weigh_kept()

    # The cell's events

    def before_cell(self, outermost: bool) -> None:  # noqa: FBT001 - as `Cells` calls it
        """Drop the last execution's result if it was withheld, so that this cell can free it."""
        last = self.shell.last_execution_result
        if last is not None and any(execution() is last for execution in self._executions):
            last = without_result(last)
            tracebacks.forget_result(self.shell)
            self.shell.last_execution_result = last
        if outermost:
            self._executions = []
            self.this_cell = []
            if self._weighed:
                stages.module("sizing").restore_collector()

    def after_cell(self) -> bool:
        """Let go outputs beyond `shown_bytes`, and tracebacks if the settings say so.

        Return whether a result was withheld since the last cell's end.
        """
        before, self._withheld_before = self._withheld_before, self.withheld
        if self.mode == "off":
            return False
        self.outputs.prune(self.settings["shown_bytes"])
        if self.settings["tracebacks"]:
            drop(lambda: tracebacks.let_go(self.shell))
        return self.withheld > before


def _forget_culled(shell: Any, before: dict[int, Any]) -> None:
    """Delete the hidden `_n` of results that IPython has just culled: it never deletes them."""
    cache, hidden = results(shell), shell.user_ns_hidden
    for number, obj in before.items():
        # The user may have put entries with other keys into `Out`.
        if type(number) is not int or number in cache:
            continue
        name = f"_{number}"
        if NUMBERED.fullmatch(name) and hidden.get(name) is obj:
            del hidden[name]


def _weakly(obj: Any) -> ReferenceType[Any] | None:
    return None if obj is None else weak(obj)
