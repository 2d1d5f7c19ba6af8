"""The guard: decides for each result that a cell shows whether IPython may keep it.

It hands IPython's own `update_user_ns` either the result or a placeholder. docs/guard.md
describes the modes. Without the engine, sizes are not known: the mode `large` needs it.
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

DECIDE_MS = 3.0
# For weighing what is kept when it may have passed the total.
TOTAL_MS = 2.0
# For telling of a result what it is; the guard's decision is made.
TELL_MS = 0.5
# From so many bytes on a result is told of, and a placeholder may say "at least" so much.
TELL_BYTES = 64 * 2**10
# For weighing, when the guard is turned on, what is there already.
WEIGH_MS = 100.0
# So small a part of the total more may be kept before all that is kept is weighed anew.
LEEWAY_PART = 50
# More results of one cell are counted, but not listed.
MOST_LISTED = 1000
_ATOMS = (type(None), int, float, complex, bool, str, bytes)


class Guard:
    """The guard of one shell."""

    def __init__(self, shell: Any, outputs: Outputs) -> None:
        """Take the InteractiveShell and its kept outputs; the guard is off and was never set."""
        self.shell = shell
        self.outputs = outputs
        self.mode = "off"
        self.settings: Settings = DEFAULTS.copy()
        self.was_set = False
        self.since: int | None = None
        self.withheld = 0
        # Bytes of each number that the guard let IPython keep, oldest first.
        self.kept: dict[int, int] = {}
        self.this_cell: list[Withheld] = []
        self._hook = Hook(shell, self._update_user_ns)
        # Weakly, the running cells' executions whose results were withheld.
        self._executions: list[ReferenceType[Any]] = []

    # The state

    def set(self, mode: str, settings: Settings) -> None:
        """Change mode and settings, and put the hook in place or take it away."""
        was_off = self.mode == "off"
        self.mode, self.settings, self.was_set = mode, settings, True
        if mode == "off":
            self.since = None
            self._hook.remove()
            return
        if was_off:
            self.since = int(self.shell.execution_count)
        self._hook.install()
        self._weigh_all()

    def state(self) -> GuardState:
        """Return the guard as the protocol tells it."""
        on_top, other = self._hook.who_answers(is_on=self.mode != "off")
        return {
            "mode": self.mode,
            "settings": self.settings.copy(),
            "set": self.was_set,
            "since_execution": self.since,
            "on_top": on_top,
            "other": other,
            "withheld": self.withheld,
        }

    def remove(self) -> None:
        """Take our attribute away from the display hook, as far as it is ours to take."""
        self._hook.remove()

    def _update_user_ns(self, result: Any) -> Any:
        """Stand in for the display hook's `update_user_ns`."""
        shell = self.shell
        cache = results(shell)
        hook = shell.displayhook
        if self.mode == "off" or result is cache or is_placeholder(result):
            return self._hook.forward(result)
        if not hook.cache_size:
            # IPython keeps it nowhere but in the execution's result, for one cell more.
            with suppress(Exception):
                self._note(withheld=self._judge(result)[1])
            return self._hook.forward(result)
        number = int(hook.prompt_count)
        try:
            size, withheld = self._judge(result)
            if not withheld:
                # Under the same number once more, it is the newest again.
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
            self._note(withheld=stand_in is not None)
            _forget_culled(shell, culled)
            self._limit()
        except KeyboardInterrupt:
            interrupted = True
        except Exception:  # noqa: BLE001, S110 - the next result tries again
            pass
        finally:
            culled.clear()
        if interrupted:
            # Anew: the traceback's frames would keep the results alive.
            raise KeyboardInterrupt
        return answer

    def _note(self, *, withheld: bool) -> None:
        """Note whether the result of the execution that shows one was withheld."""
        execution = self.shell.displayhook.exec_result
        others = [ref for ref in self._executions if ref() is not None and ref() is not execution]
        ours = _weakly(execution) if withheld else None
        self._executions = others if ours is None else [*others, ours]

    # Deciding

    def _judge(self, result: Any) -> tuple[Size, bool]:
        """Return the result's size, as far as it matters, and whether it is to be withheld."""
        if self.mode == "all":
            return self.weigh(result, TELL_BYTES, TELL_MS), True
        if self.mode == "large":
            threshold = self.settings["threshold_bytes"]
            size = self.weigh(result, threshold, DECIDE_MS)
            return size, size.likely_bytes >= threshold
        return Size(), False

    def weigh(self, obj: Any, threshold_bytes: int, budget_ms: float) -> Size:
        """Return what an object keeps alive, as far as is needed to compare it."""
        if is_one_of(type(obj), *_ATOMS):
            return Size(freed_bytes=sys.getsizeof(obj))
        if not stages.has_engine():
            return Size(notes=("cut",))
        size: Size = stages.module("sizing").keeps_alive(
            obj,
            threshold_bytes=threshold_bytes,
            budget_ms=budget_ms,
            boundary=boundary(self.shell),
        )
        return size

    def is_worth_telling(self, number: int) -> bool:
        """Tell whether the result that is retained under a number keeps `TELL_BYTES` alive."""
        result = object_under(self.shell, number)
        return self.weigh(result, TELL_BYTES, TELL_MS).likely_bytes >= TELL_BYTES

    def _stand_in(self, number: int, result: Any, size: Size) -> Any:
        cls = type_name(type(result))
        self.withheld += 1
        self._list(number, cls, size)
        return placeholder(number, cls, summary(result), size)

    def _list(self, number: int, cls: str, size: Size) -> None:
        is_small = size.exact and size.freed_bytes < TELL_BYTES
        if not is_small and len(self.this_cell) < MOST_LISTED:
            self.this_cell.append({"number": number, "type": cls, "bytes": size.likely_bytes})

    # Letting the oldest go

    def _limit(self) -> None:
        if self.mode == "last":
            if len(self.kept) > self.settings["keep_last"]:
                self._forget_missing()
            excess = len(self.kept) - self.settings["keep_last"]
            self._let_go(list(self.kept)[: max(0, excess)])
            self._let_go_unnumbered(len(self.kept))
        elif self.mode == "large":
            total = self.settings["total_bytes"]
            if sum(self.kept.values()) > total + total // LEEWAY_PART:
                self._forget_missing()
                self._let_go(self._beyond(total))

    def _forget_missing(self) -> None:
        """Forget numbers whose result the user has dropped or replaced."""
        self.kept = {
            number: size
            for number, size in self.kept.items()
            if object_under(self.shell, number) is not None
        }

    def _beyond(self, total_bytes: int) -> list[int]:
        """Return the oldest numbers without which the others keep at most that much alive.

        What several results share is the newest one's, as far as there is time to see it: what
        an older one is noted with then is what comes back if it and those before it go.
        """
        numbers = list(reversed(self.kept))
        objects = [object_under(self.shell, number) for number in numbers]
        self.kept.update(zip(numbers, self._in_turn(objects, total_bytes, TOTAL_MS)))
        left = total_bytes
        for index, number in enumerate(numbers):
            left -= self.kept[number]
            if left < 0:
                return numbers[index:][::-1]
        return []

    def _in_turn(self, objects: list[Any], most_bytes: int, budget_ms: float) -> list[int]:
        """Return what each object keeps alive beyond those before it; the list is emptied."""
        try:
            if not stages.has_engine():
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
        """Replace results by placeholders under these numbers, and in `_` if no number is left."""
        if not numbers:
            return
        chosen = frozenset(numbers)
        hook = self.shell.displayhook
        if hook.prompt_count in chosen:
            self._note(withheld=True)
        objects = {id(object_under(self.shell, number)) for number in numbers}
        # The same object may stay under a number that is kept.
        also = [n for n in self.kept if id(object_under(self.shell, n)) in objects]
        entries = retained(self.shell, sorted(chosen.union(also)))
        find_last(self.shell, entries)
        deadline = time.perf_counter() + DECIDE_MS / 1000
        for entry in entries:
            mine = chosen.intersection(entry.numbers)
            if mine:
                self._drop(entry, mine, deadline)

    def _drop(self, entry: Retained, mine: frozenset[int], deadline: float) -> None:
        """Replace one result under some of its numbers; its size is told if there is time."""
        size = Size(max((self.kept.get(number, 0) for number in mine), default=0), ("cut",))
        if size.freed_bytes < TELL_BYTES and time.perf_counter() < deadline:
            size = self.weigh(entry.obj, TELL_BYTES, TELL_MS)
        cls = type_name(type(entry.obj))
        some = None if mine == frozenset(entry.numbers) else sorted(mine)

        def take() -> list[Any]:
            taken = replace(self.shell, entry, size, some)
            taken.append(entry.obj)
            entry.obj = None
            for number in sorted(mine):
                self.kept.pop(number, None)
                self._list(number, cls, size)
            self.withheld += max(1, len(mine))
            return taken

        drop(take)

    def _let_go_unnumbered(self, kept: int) -> None:
        """Let go what stands in `_`, `__`, `___` alone, beyond the newest `keep_last`.

        That is a result whose number another one of the same cell has now.
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

    def _weigh_all(self) -> None:
        """Note the sizes of what is kept already, so that it counts as the oldest."""
        entries = [entry for entry in retained(self.shell) if entry.numbers]
        sizes = dict.fromkeys(sorted(n for entry in entries for n in entry.numbers), 0)
        if self.mode == "large":
            entries.reverse()
            newest = [entry.numbers[-1] for entry in entries]
            objects = [entry.obj for entry in entries]
            entries.clear()
            sizes.update(zip(newest, self._in_turn(objects, sys.maxsize, WEIGH_MS)))
        self.kept = sizes

    # The cell's events

    def before_cell(self, outermost: bool) -> None:  # noqa: FBT001 - what IPython's event tells
        """Let the last execution's result go if it was withheld, so that this cell can free it."""
        last = self.shell.last_execution_result
        if last is not None and any(execution() is last for execution in self._executions):
            last = without_result(last)
            tracebacks.forget_result(self.shell)
            self.shell.last_execution_result = last
        if outermost:
            self._executions = []
            self.this_cell = []

    def after_cell(self) -> None:
        """Keep what was shown, and tracebacks, within the settings."""
        if self.mode == "off":
            return
        self.outputs.prune(self.settings["shown_bytes"])
        if self.settings["tracebacks"]:
            drop(lambda: tracebacks.let_go(self.shell))


def _forget_culled(shell: Any, before: dict[int, Any]) -> None:
    """Forget the hidden `_n` of what IPython has just culled; it would stay for good."""
    cache, hidden = results(shell), shell.user_ns_hidden
    for number, obj in before.items():
        # What the user has put there can have any key.
        if type(number) is not int or number in cache:
            continue
        name = f"_{number}"
        if NUMBERED.fullmatch(name) and hidden.get(name) is obj:
            del hidden[name]


def _weakly(obj: Any) -> ReferenceType[Any] | None:
    return None if obj is None else weak(obj)
