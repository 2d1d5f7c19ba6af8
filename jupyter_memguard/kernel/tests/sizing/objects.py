"""Objects that several tests measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from jupyter_memguard.kernel.sizing import cycles, heap, measurement, trial_deletion

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


def set_clock(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float]) -> None:
    """Have measurements read this clock."""
    for module in (measurement, heap, trial_deletion, cycles):
        monkeypatch.setattr(module, "perf_counter", clock)
