"""How much is done between two looks at the clock: a budget is passed by one step at most."""

from __future__ import annotations

import gc
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any, Callable

import pytest

from jupyter_memguard.kernel.sizing import (
    Root,
    forward_walk,
    keeps_alive,
    measure,
)
from jupyter_memguard.kernel.sizing.worklist import LARGE, Worklist
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY, set_clock

COUNT = 30_000
A_STEP = 3 * LARGE  # items at most


class Rows(list):  # type: ignore[type-arg]
    """A list with attributes."""


class Table(dict):  # type: ignore[type-arg]
    """A dict with a slot and attributes."""

    __slots__ = ("__dict__", "slot")


class Labels(set):  # type: ignore[type-arg]
    """A set with attributes."""


class Record(tuple):  # type: ignore[type-arg]  # noqa: SLOT001
    """A tuple with attributes."""


class Queue(deque):  # type: ignore[type-arg]
    """A deque with attributes."""


def _with_more(obj: Any) -> Any:
    obj.more = bytes(500_000)
    return obj


def _with_a_slot() -> Any:
    table = _with_more(Table((i, str(i)) for i in range(COUNT)))
    table.slot = bytes(300_000)
    return table


def _chain_of_wide_dicts() -> Any:
    first: dict[str, Any] = {}
    for number in range(60):
        wide = dict.fromkeys(range(1000 * number, 1000 * number + 2000))
        first = {"next": (first,), "wide": wide}
    return first


WIDE: dict[str, Callable[[], Any]] = {
    "lists of floats": lambda: [[float(i + j) for j in range(600)] for i in range(100)],
    "tuples of ints": lambda: [tuple(range(i, i + 1000)) for i in range(0, COUNT * 10, 1000)],
    "dicts of ints": lambda: [dict.fromkeys(range(i, i + 800)) for i in range(0, 80_000, 800)],
    "sets of texts": lambda: [{str(i + j) for j in range(500)} for i in range(100)],
    "a chain of dicts": _chain_of_wide_dicts,
    "a defaultdict": lambda: defaultdict(list, {i: [i] for i in range(COUNT)}),
    "a Counter": lambda: Counter(map(str, range(COUNT))),
    "an OrderedDict": lambda: OrderedDict((str(i), [i]) for i in range(COUNT)),
    "an OrderedDict of ints": lambda: OrderedDict((i * 1000, [i]) for i in range(COUNT)),
    "a deque": lambda: deque([i] for i in range(COUNT)),
    "a class of lists": lambda: _with_more(Rows([i] for i in range(COUNT))),
    "a class of dicts": _with_a_slot,
    "a class of sets": lambda: _with_more(Labels(map(str, range(COUNT)))),
    "a class of tuples": lambda: _with_more(Record([i] for i in range(COUNT))),
    "a class of deques": lambda: _with_more(Queue([i] for i in range(COUNT))),
}


class Clock:
    """A clock that stands still, and counts the items that were taken between two looks at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.items = 0
        self.most = 0
        take, referents = Worklist.take, gc.get_referents

        def counted(worklist: Worklist) -> list[Any]:
            before = self.items
            kids = take(worklist)
            self.items = before + len(kids)
            return kids

        def counted_too(*objects: Any) -> list[Any]:
            kids = referents(*objects)
            self.items += len(kids)
            return kids

        monkeypatch.setattr(Worklist, "take", counted)
        monkeypatch.setattr(gc, "get_referents", counted_too)

    def look(self) -> float:
        self.most = max(self.most, self.items)
        self.items = 0
        return 0.0


@pytest.mark.parametrize("name", WIDE)
def test_the_guard_looks_at_the_clock_before_it_has_taken_too_much(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    obj = WIDE[name]()
    clock = Clock(monkeypatch)
    monkeypatch.setattr(forward_walk, "_clock", clock.look)
    size = keeps_alive(obj, threshold_bytes=10**9, budget_ms=PLENTY)
    clock.look()
    assert size.exact
    assert COUNT // 50 < clock.most <= A_STEP


@pytest.mark.parametrize("name", WIDE)
def test_a_measurement_looks_at_the_clock_before_it_has_taken_too_much(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Root(WIDE[name](), 0)
    clock = Clock(monkeypatch)
    set_clock(monkeypatch, clock.look)
    size = measure([root], budget_ms=PLENTY)[0][0]
    clock.look()
    assert size.exact
    assert COUNT // 50 < clock.most <= A_STEP


@pytest.mark.parametrize("name", WIDE)
def test_a_look_for_rings_looks_at_the_clock_before_it_has_taken_too_much(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = WIDE[name]()
    root = Root([held], 0)
    clock = Clock(monkeypatch)
    set_clock(monkeypatch, clock.look)
    size = measure([root], budget_ms=PLENTY)[0][0]
    clock.look()
    assert size.freed_bytes < 100
    assert 0 < clock.most <= A_STEP
    assert held is not None


@pytest.mark.parametrize("name", WIDE)
def test_what_is_opened_slice_by_slice_is_what_is_there(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    obj = WIDE[name]()
    kept = keeps_alive(obj, threshold_bytes=10**9, budget_ms=PLENTY)
    root = Root(obj, 0)
    del obj
    measured = measure([root], budget_ms=PLENTY)[0][0]
    monkeypatch.setattr("jupyter_memguard.kernel.sizing.worklist.LARGE", 10**9)
    monkeypatch.setattr("jupyter_memguard.kernel.sizing.libraries.stdlib.LARGE", 10**9)
    assert measure([root], budget_ms=PLENTY)[0][0].freed_bytes == measured.freed_bytes
    again = keeps_alive(root.obj, threshold_bytes=10**9, budget_ms=PLENTY)
    assert (again.freed_bytes, again.notes) == (kept.freed_bytes, kept.notes)
    assert measured.exact
    assert measured.freed_bytes > 500_000


ESTIMATED: dict[str, Callable[[], Any]] = {
    **{name: WIDE[name] for name in WIDE if name != "a chain of dicts"},
    "two large lists": lambda: ([[i] for i in range(COUNT)], [[i] for i in range(COUNT)]),
}


@pytest.mark.parametrize("looks", [8, 20, 66])
@pytest.mark.parametrize("name", ESTIMATED)
def test_a_cut_look_estimates_the_rest_from_what_it_has_seen(
    name: str, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    obj = ESTIMATED[name]()
    whole = keeps_alive(obj, threshold_bytes=10**9, budget_ms=PLENTY).freed_bytes
    looked = iter(range(10**6))
    monkeypatch.setattr(forward_walk, "_clock", lambda: float(next(looked)))
    size = keeps_alive(obj, threshold_bytes=10**9, budget_ms=looks * 1000)
    said = size.freed_bytes if size.estimate_bytes is None else size.estimate_bytes
    assert 0.4 * whole < said < 1.6 * whole


class Hostile:
    """Answers every question about itself by ending the test."""

    def _ended(self, *_: Any) -> Any:
        raise AssertionError

    __iter__ = __len__ = __getitem__ = __getattribute__ = __contains__ = keys = values = _ended
    __dict__ = property(_ended)


@pytest.mark.parametrize("base", [list, tuple, set, frozenset, deque, dict, OrderedDict])
def test_no_code_of_a_large_containers_class_runs(base: Any) -> None:
    hostile = type("Large", (Hostile, base), {})
    items = {str(i): i for i in range(COUNT)}
    root = Root(hostile(items), 0)
    assert keeps_alive(root.obj, threshold_bytes=10**9, budget_ms=PLENTY).exact
    del items
    assert measure([root], budget_ms=PLENTY)[0][0].freed_bytes > 64 * COUNT
