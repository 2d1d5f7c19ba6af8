"""Objects that several tests measure."""

from __future__ import annotations

import array
import io
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Callable

from jupyter_memguard.kernel import sizing
from jupyter_memguard.kernel.sizing import ownership
from jupyter_memguard.kernel.tests.sizing.graphs import KINDS, DictNode, Graph, TupleNode

if TYPE_CHECKING:
    import pytest

PLENTY = 60_000.0


class Record(dict):  # type: ignore[type-arg]
    """A dict that can be watched."""


def ring_of(count: int) -> list[Any]:
    ring: list[Any] = [Record(number=number + 10**6) for number in range(count)]
    for one, other in zip(ring, ring[1:] + ring[:1]):
        one["next"] = other
    return ring


def pairs_of(count: int) -> list[Any]:
    made = []
    for number in range(count):
        one = [number + 10**6]
        made += [one, [one]]
        one.append(made[-1])  # type: ignore[arg-type]
    return made


def mixed_results() -> list[Any]:
    """Make results of every kind that goes side by side with others, and that does not."""
    shared = [b"x" * 500_000]
    ring: list[Any] = [b"y" * 5_000]
    ring.append({"ring": ring})
    inner: dict[str, Any] = {"b": b"z" * 5_000}
    inner["self"] = [inner]
    deep: list[Any] = []
    for number in range(200):
        deep = [number + 10**6, deep]
    twice = bytes(3_000) + b"x"
    return [
        [shared], {"s": shared}, shared, ring, [inner], deep, [twice, [twice]],
        [bytes(n) for n in range(1000, 1300)], {n + 10**6: [str(n)] for n in range(50)},
        OrderedDict((str(n), [n]) for n in range(20)), array.array("d", range(100)),
        bytearray(b"x" * 300_000), "text" * 50, 10**30, io.BytesIO(b"x" * 1000), KINDS,
        Graph, TupleNode(), DictNode(a=[1]), iter([[2]]), (n for n in [[3]]),
    ]  # fmt: skip


def set_clock(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float]) -> None:
    """Have measurements read this clock."""
    for module in (sizing, ownership):
        monkeypatch.setattr(module, "clock", clock)
