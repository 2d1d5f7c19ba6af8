"""Rings of objects that only hold each other."""

from __future__ import annotations

import itertools
import sys
from typing import Any, Callable

import pytest

from jupyter_memguard.kernel.sizing import (
    Root,
    measure,
)
from jupyter_memguard.kernel.tests.sizing.objects import (
    PLENTY,
    Record,
    pairs_of,
    ring_of,
    set_clock,
)


def test_rings_of_a_lists_own_elements_fall_with_it() -> None:
    made = pairs_of(20_000)
    kept = made[7]
    root = Root(made, 0)
    del made
    sizes, _ = measure([root], budget_ms=PLENTY)
    one = measure([Root(pairs_of(1), 0)], budget_ms=PLENTY)[0][0].freed_bytes
    assert sizes[0].exact
    assert abs(sizes[0].freed_bytes - 19_999 * (one - 64)) < 250_000
    assert kept


RINGS: dict[str, Callable[[list[Any]], Any]] = {
    "as it is": len,
    "with one that is listed twice": lambda ring: ring.append(ring[7]),
    "with texts between": lambda ring: ring.extend(map(str, range(1000))),
    "with a class": lambda ring: ring[7].update(of=Record),
    "with one that is large": lambda ring: ring[7].update((str(i), [i]) for i in range(5000)),
    "with one that leads back": lambda ring: ring[7].update(back=[ring]),
    "with one that nothing shows": lambda ring: ring[7].update(it=itertools.count(10**30)),
    "with keys that are shown": lambda ring: [one.update({(1, 2): [3]}) for one in ring],
    "with keys of its own": lambda ring: [one.update({f"k{i}": i}) for i, one in enumerate(ring)],
}


@pytest.mark.parametrize("change", RINGS)
def test_a_list_of_a_ring_frees_the_ring(change: str) -> None:
    ring = ring_of(3_000)
    RINGS[change](ring)
    least = 3_000 * sys.getsizeof(ring[0])
    root = Root(ring, 0)
    del ring
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert "cut" not in size.notes
    assert least < size.freed_bytes < 4 * least


def test_a_list_of_a_ring_of_which_one_is_held_frees_nothing_else() -> None:
    ring = ring_of(3_000)
    kept = ring[7]
    own = sys.getsizeof(ring)
    root = Root(ring, 0)
    del ring
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert own - 100 < size.freed_bytes < own + 100
    assert kept


def test_a_ring_with_a_result_and_its_holder_stays_while_something_else_holds_it() -> None:
    shown = Record(number=1)
    ring: list[Any] = [Record(shown=shown), shown, *ring_of(100)]
    for one, other in zip(ring, ring[1:] + ring[:1]):
        one["next"] = other
    kept = ring[50]
    roots = [Root(ring, 0), Root(shown, 1)]  # its holder is not named as a boundary
    del ring, shown, one, other
    sizes, together = measure(roots, budget_ms=PLENTY)
    _, only_together = measure(roots, budget_ms=PLENTY, each=False)
    assert max(size.freed_bytes for size in [*sizes, together, only_together]) < 2_000
    assert kept


def test_rings_that_lead_to_much_that_lives_fall_without_it() -> None:
    live: list[Any] = []
    for number in range(30_000):
        live = [number, live]
    made: list[dict[str, Any]] = [{"number": number} for number in range(100)]
    for one in made:
        one.update(itself=[one], live=live)
    own = sys.getsizeof({"number": 1, "itself": 2, "live": 3})
    root = Root(made, 0)
    del made, one
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert 100 * own < size.freed_bytes < 200 * own
    while live:
        live = live[1]  # so deep that it is taken apart piece by piece


@pytest.mark.parametrize("change", ["as it is", "with one that is listed twice"])
def test_wherever_time_is_up_the_rest_of_a_ring_is_said_to_be_missing(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = ring_of(3_000)
    RINGS[change](ring)
    root = Root(ring, 0)
    del ring
    whole = measure([root], budget_ms=PLENTY)[0][0].freed_bytes
    looked = itertools.count()
    set_clock(monkeypatch, lambda: float(next(looked)))
    for looks in range(1, 50):
        size = measure([root], budget_ms=looks * 1000)[0][0]
        assert size.freed_bytes == whole or ("cut" in size.notes and size.freed_bytes < whole)
