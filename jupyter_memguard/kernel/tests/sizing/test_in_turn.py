"""Groups of results that go one after the other: each frees what those before it left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jupyter_memguard.kernel.sizing import Root, measure, measure_in_turn

LONG_MS = 60_000.0


def roots(*objects: list[Any]) -> list[Root]:
    """Return the objects as roots; the lists, which hold them, are emptied."""
    return [Root(holder.pop(), 0) for holder in objects]


def test_each_group_frees_what_it_alone_holds() -> None:
    groups = [roots([bytearray(10**5)]), [], roots([bytearray(2 * 10**5)])]
    first, second, third = measure_in_turn(groups, budget_ms=LONG_MS)
    assert first.freed_bytes == pytest.approx(10**5, rel=0.01)
    assert second.freed_bytes == 0
    assert third.freed_bytes == pytest.approx(2 * 10**5, rel=0.01)
    assert first.exact
    assert second.exact
    assert third.exact


def test_what_two_groups_hold_goes_with_the_later_one() -> None:
    shared = [bytearray(10**5)]
    groups = [roots([[shared]]), roots([[shared]])]
    del shared
    first, second = measure_in_turn(groups, budget_ms=LONG_MS)
    assert first.freed_bytes < 1000
    assert second.freed_bytes == pytest.approx(10**5, rel=0.01)


def test_a_root_of_two_groups_goes_with_the_later_one() -> None:
    obj = bytearray(10**5)
    holders = [obj, obj, obj]
    groups = [[Root(obj, 2)], [Root(obj, 1)]]
    del obj
    first, second = measure_in_turn(groups, budget_ms=LONG_MS)
    assert len(holders) == 3
    assert first.freed_bytes == 0
    assert second.freed_bytes == pytest.approx(10**5, rel=0.01)


def test_a_ring_through_two_groups_goes_with_the_later_one() -> None:
    one: list[Any] = [bytearray(10**5)]
    other: list[Any] = [bytearray(2 * 10**5), one]
    one.append(other)
    groups = [roots([one]), roots([other])]
    del one, other
    first, second = measure_in_turn(groups, budget_ms=LONG_MS)
    assert first.freed_bytes == 0
    assert second.freed_bytes == pytest.approx(3 * 10**5, rel=0.01)
    assert second.exact


def test_an_array_goes_with_the_last_view_of_it() -> None:
    base = np.ones(10**5)
    groups = [roots([base[:10]]), roots([base[10:20]])]
    del base
    first, second = measure_in_turn(groups, budget_ms=LONG_MS)
    assert first.freed_bytes < 1000
    assert second.freed_bytes == pytest.approx(8 * 10**5, rel=0.01)


def test_all_groups_together_are_what_one_measurement_says() -> None:
    text = ["shared" * 1000]

    def group() -> list[Root]:
        return roots(*[[[str(n) * 10, text, bytearray(n)]] for n in range(2000)])

    groups = [group(), group()]
    parts = measure_in_turn(groups, budget_ms=LONG_MS)
    together = measure([*groups[0], *groups[1]], budget_ms=LONG_MS, each=False)[1]
    assert sum(part.freed_bytes for part in parts) == together.freed_bytes
    assert parts[1].exact == together.exact


def test_without_time_nothing_is_said() -> None:
    groups = [roots([bytearray(10**5)]), roots([bytearray(10**5)])]
    for size in measure_in_turn(groups, budget_ms=0):
        assert not size.exact
        assert size.freed_bytes == 0
