"""Linked lists."""

from __future__ import annotations

import array
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from jupyter_memguard.kernel.sizing import (
    Measuring,
    Root,
    measure,
)
from jupyter_memguard.kernel.sizing.ownership import Ownership
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

LINKS: dict[str, Callable[[Any, int], Any]] = {
    "lists": lambda last, i: [last, i + 1000],
    "tuples with something beside": lambda last, i: ([i], last, {"a": [i]}),
    "instances": lambda last, i: SimpleNamespace(text=str(i) * 10, last=last),
    "dicts with keys of their own": lambda last, i: {str(i) * 10: last, "same": i},
    "wide links now and then": lambda last, i: [last, *([] if i % 50 else range(1000, 6000))],
    "links that are held": lambda last, i: [last if i % 500 else _held(last)],
    "links in rings": lambda last, i: _ring_around(last) if i % 10 == 0 else [last],
    "arrays": lambda last, i: [last, bytearray(i), array.array("d", [i])],
    "items of a subclass": lambda last, i: OrderedDict([(i + 1000, last)]),
}


HELD: list[Any] = []


def _held(obj: Any) -> Any:
    HELD.append(obj)
    return obj


def _ring_around(last: Any) -> list[Any]:
    ring: list[Any] = [last]
    ring.append(ring)
    return ring


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_chain_frees_what_it_frees_link_by_link(
    link: Callable[[Any, int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    last: Any = None
    for number in range(3_000):
        last = link(last, number)
    root = Root(last, 0)
    del last
    size = measure([root], budget_ms=PLENTY)[1]
    monkeypatch.setattr(Ownership, "_is_link", lambda _walk, _obj: False)
    one_by_one = measure([root], budget_ms=PLENTY)[1]
    HELD.clear()
    assert size.exact
    assert size.freed_bytes == one_by_one.freed_bytes > 0
    assert size.notes == one_by_one.notes


def test_a_chain_under_a_cut_is_a_bound_and_ends_later() -> None:
    last: Any = None
    for number in range(20_000):
        last = [last, number + 1000]
    root = Root(last, 0)
    del last
    whole = measure([root], budget_ms=PLENTY)[1]
    measuring = Measuring([[root]])
    seen = [0]
    while not measuring.go_on(0):
        seen.append(measuring.account().sizes_of(0)[1].freed_bytes)
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert measuring.account().sizes_of(0)[1].freed_bytes == whole.freed_bytes
