"""Integers are counted with the blocks that they have, not with those that they would need."""

from __future__ import annotations

import sys
from typing import Callable

import pytest

from jupyter_memguard.kernel.sizing import Root, measure, pools
from jupyter_memguard.kernel.sizing.libraries.native import Memory, is_readable
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

COUNT = 3_000
# Two digits, and as many as fill their block up to its last digit.
FEW, MANY = 1 << 40, 3**400

pytestmark = pytest.mark.skipif(not is_readable(), reason="the system has no file of the memory")


def bytes_of(make: Callable[[int], int]) -> int:
    """Return what a list of integers frees, for each of them, without the list's own."""
    root = [make(number) for number in range(COUNT)]
    sizes, _ = measure([Root(root, 1)], budget_ms=PLENTY)
    return (sizes[0].freed_bytes - sys.getsizeof(root)) // COUNT


def parsed(number: int) -> int:
    return int.from_bytes((FEW + number).to_bytes(8, "little"), "little")


@pytest.mark.parametrize("least", [FEW, MANY])
def test_sums_keep_the_room_for_another_digit(least: int) -> None:
    needed = pools.rounded(int.__sizeof__(least))
    assert bytes_of(lambda number: least + number + 1000) == needed + 16


def test_integers_that_were_made_as_they_are_have_no_room() -> None:
    assert bytes_of(parsed) == pools.rounded(int.__sizeof__(FEW))


def test_small_integers_and_those_whose_block_has_room_anyway_are_as_they_say() -> None:
    assert bytes_of(lambda number: 1000 + number) == 32
    assert bytes_of(lambda number: (1 << 70) + number) == 48


def test_a_list_of_both_is_in_the_middle() -> None:
    found = bytes_of(lambda number: FEW + number + 1 if number % 2 else parsed(number))
    assert 36 <= found <= 44


def test_integers_in_small_containers_have_their_room_too() -> None:
    def freed(add: Callable[[int], int]) -> int:
        rows = [{"id": add(number)} for number in range(COUNT)]
        return measure([Root(rows, 1)], budget_ms=PLENTY)[0][0].freed_bytes

    assert freed(lambda number: FEW + number + 1) - freed(parsed) == 16 * COUNT


def test_where_pools_say_something_else_integers_have_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "_are_read", None)
    monkeypatch.setattr(pools, "_POOL", 1 << 13)
    assert bytes_of(lambda number: FEW + number + 1) == pools.rounded(int.__sizeof__(FEW))


def test_an_address_that_is_not_there_has_no_block() -> None:
    with Memory() as memory:
        assert pools.block_bytes(memory, 1 << 46) == 0
