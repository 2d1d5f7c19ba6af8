"""An object keeps its key as long as it is a result."""

from __future__ import annotations

from typing import Any

from jupyter_memguard.kernel.retention.holders import (
    Retained,
)
from jupyter_memguard.kernel.retention.keys import Keys
from jupyter_memguard.kernel.tests.shells import Same, Thing


def entry(obj: Any, *numbers: int) -> Retained:
    made = Retained(obj, ({}, {}, {}))
    made.numbers = list(numbers)
    return made


def test_an_object_keeps_its_key_and_another_gets_a_new_one() -> None:
    keys, thing = Keys(), Thing()
    assert keys.assign([entry(thing, 1), entry([], 2)], 3) == ["r1", "r2"]
    assert keys.assign([entry(thing, 5)], 9) == ["r1"]
    assert list(keys.state["known"]) == [id(thing)]
    assert keys.assign_one(entry([], 7), 9) != "r1"
    assert keys.assign([entry(thing, 1)], 9) == ["r1"]


def test_an_object_without_weak_references_is_known_by_a_number_or_the_execution() -> None:
    keys, thing = Keys(), [1]
    first = keys.assign_one(entry(thing, 1, 2), 3)
    assert keys.assign_one(entry(thing, 2, 3), 4) == first
    assert keys.assign_one(entry(thing, 2, 3), 5) == first
    second = keys.assign_one(entry(thing, 4), 5)
    assert second != first
    third = keys.assign_one(entry(thing), 1000)
    assert third != second
    assert keys.assign_one(entry(thing), int("1000")) == third
    fourth = keys.assign_one(entry(thing), 1001)
    assert fourth != third
    assert keys.assign_one(entry(thing, 9), 1001) != fourth


def test_another_object_with_the_same_id_is_another() -> None:
    keys, thing = Keys(), Same()
    for earlier in (None, Same()):
        first = keys.assign_one(entry(thing, 1), 1)
        keys.state["known"][id(thing)]["ref"] = lambda earlier=earlier: earlier
        assert keys.assign_one(entry(thing, 1), 1) != first


def test_another_copy_goes_on_with_the_keys() -> None:
    keys, thing = Keys(), Thing()
    keys.assign([entry(thing, 1)], 1)
    later = Keys(keys.state)
    assert later.assign([entry(thing, 1)], 2) == ["r1"]
    assert later.assign([entry([], 2)], 2) == ["r3"]


def test_what_another_thread_has_assigned_meanwhile_stays() -> None:
    keys, mine, other = Keys(), Thing(), Thing()

    class Entries(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            if not hasattr(self, "seen"):
                self.seen = True
                keys.assign([entry(other, 1)], 1)
            return super().__iter__()

    assert keys.assign(Entries([entry(mine, 2)]), 1) == ["r2"]
    assert set(keys.state["known"]) == {id(mine), id(other)}
