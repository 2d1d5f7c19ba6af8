"""What is told of an object that was let go and is still alive."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import pytest

from jupyter_memguard.kernel.retention import still_alive
from jupyter_memguard.kernel.tests.shells import Thing


def test_what_has_gone_is_watched_or_held() -> None:
    thing, items = Thing(), [1]
    watched, held = still_alive.Gone("r1", thing, 5), still_alive.Gone("r2", items, 6)
    assert (watched.key, watched.freed_bytes, held.type) == ("r1", 5, "list")
    assert (watched.get(), watched.strong) == ([thing], [])
    assert held.get() is held.strong == [items]
    del thing
    assert watched.get() == []
    assert [still_alive._turn(each) for each in (watched, held)] == [2, 0]
    text = still_alive.Gone("r3", "x" * 5000, 7)
    assert still_alive._turn(text) == 1


@pytest.mark.parametrize(
    ("obj", "is_constant"),
    [
        ((), True),
        (..., True),
        (frozenset(), True),
        (5, True),
        ("x" * (1024 - sys.getsizeof("")), True),
        ("x" * (1025 - sys.getsizeof("")), False),
        ([], False),
        ((1,), False),
    ],
)
def test_small_numbers_and_texts_may_be_the_interpreters(obj: Any, *, is_constant: bool) -> None:
    assert still_alive.Gone("r", obj, 0).strong == ([] if is_constant else [obj])


def test_what_only_we_hold_is_dropped_one_after_the_other() -> None:
    inner = [1]
    outer, other = [inner], ["x"]
    gone = [still_alive.Gone(str(n), obj, 0) for n, obj in enumerate((inner, outer, other))]
    del inner, outer
    still_alive._drop_unheld(gone)
    assert [each.strong for each in gone] == [[], [], [other]]


def test_of_what_is_alive_each_holder_is_told(shell: Any) -> None:
    items, thing, free = [1], Thing(), [2]
    cycle: list[Any] = [free]
    cycle.append(cycle)
    gone = [
        still_alive.Gone(f"r{n}", obj, n) for n, obj in enumerate((items, thing, cycle, Thing()))
    ]
    shell.user_ns.update(items=items, thing=thing)
    del items, thing, cycle, free
    found = still_alive.still_alive(shell, gone)
    assert found == [
        {"key": "r0", "type": "list", "freed_bytes": 0, "held_by": ["items"]},
        {"key": "r1", "type": gone[1].type, "freed_bytes": 1, "held_by": ["thing"]},
    ]
    assert [each.strong for each in gone] == [[]] * 4


def test_what_something_unseen_holds_is_told_and_what_is_only_in_a_cycle_is_not(
    shell: Any,
) -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    leaked = [["leaked"]]
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(leaked))
    gone = [still_alive.Gone("r0", cycle, 1), still_alive.Gone("r1", leaked, 2)]
    del cycle
    boxed = [leaked]
    del leaked
    try:
        address = id(boxed.pop())
        found = still_alive.still_alive(shell, gone)
        assert [(each["key"], each["held_by"]) for each in found] == [("r1", ["<unknown>"])]
    finally:
        ctypes.pythonapi.Py_DecRef(ctypes.cast(address, ctypes.py_object))
