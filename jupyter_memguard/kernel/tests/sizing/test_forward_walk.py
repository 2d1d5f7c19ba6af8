"""What an object keeps alive, whoever else holds it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from jupyter_memguard.kernel.sizing import (
    keeps_alive,
    keeps_alive_in_turn,
)
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY, Record


def test_it_goes_through_the_values_of_the_users_variables() -> None:
    user_ns = {"big": b"x" * 500_000}
    kept = keeps_alive([user_ns["big"]], threshold_bytes=10**9, boundary=[user_ns])
    assert kept.freed_bytes > 500_000


def test_it_stops_at_the_namespace_modules_and_types() -> None:
    user_ns = {"big": b"x" * 500_000}
    obj = [user_ns, sys, Record, sys.modules[__name__].__dict__]
    kept = keeps_alive(obj, threshold_bytes=10**9, budget_ms=PLENTY, boundary=[user_ns])
    assert kept.freed_bytes < 10_000
    entered = keeps_alive(obj, threshold_bytes=10**9, budget_ms=PLENTY)
    assert entered.freed_bytes > 500_000


def test_it_stops_once_the_threshold_is_proven() -> None:
    obj = [[bytes([i % 256]) * 1000] for i in range(20_000)]
    kept = keeps_alive(obj, threshold_bytes=100_000, budget_ms=PLENTY)
    assert 100_000 <= kept.freed_bytes < 10_000_000
    assert kept.notes == ("cut",)


def test_a_large_list_is_estimated_when_time_is_up() -> None:
    obj = [[i] for i in range(500_000)]
    kept = keeps_alive(obj, threshold_bytes=10**9, budget_ms=0)
    assert not kept.exact
    assert kept.estimate_bytes is not None
    assert 50_000_000 < kept.estimate_bytes < 70_000_000


def test_many_objects_of_a_library_are_looked_at_a_few_at_a_time() -> None:
    whole = 2000 * np.ones(10_000).nbytes
    obj = [np.ones(10_000) for _ in range(2000)]
    kept = keeps_alive(obj, threshold_bytes=10**12, budget_ms=0)
    assert "cut" in kept.notes
    assert kept.freed_bytes < whole / 10
    assert kept.likely_bytes == pytest.approx(whole, rel=0.05)
    assert keeps_alive(obj, threshold_bytes=10**12, budget_ms=PLENTY).freed_bytes >= whole


def test_a_graph_of_torch_is_followed_no_longer_than_there_is_time() -> None:
    torch = pytest.importorskip("torch")
    layers = [torch.nn.Linear(256, 256) for _ in range(300)]
    loss = torch.nn.Sequential(*layers)(torch.ones(1, 256)).sum()
    hurried = keeps_alive(loss, threshold_bytes=10**12, budget_ms=0)
    assert hurried.freed_bytes < 300 * 256 * 256 * 4 / 10
    assert "opaque" in hurried.notes


def test_shared_parts_count_once() -> None:
    part = b"x" * 500_000
    kept = keeps_alive([part, [part], {"p": part}], threshold_bytes=10**9)
    assert 500_000 < kept.freed_bytes < 502_000


def test_in_turn_what_is_shared_is_the_first_ones() -> None:
    part = b"x" * 500_000
    first, second, third = keeps_alive_in_turn(
        [[part, b"y" * 100_000], [part], [part, b"z" * 200_000]],
        most_bytes=10**9,
        budget_ms=PLENTY,
    )
    assert 600_000 < first < 602_000
    assert second < 1000
    assert 200_000 < third < 202_000


def test_in_turn_the_one_that_passes_the_most_is_the_last() -> None:
    objects = [[bytes([n]) * 100_000] for n in range(5)]
    kept = keeps_alive_in_turn(objects, most_bytes=250_000, budget_ms=PLENTY)
    assert len(kept) == 3
    assert sum(kept) > 250_000


def test_in_turn_what_there_was_no_time_for_is_not_recorded() -> None:
    objects = [[b"x"], [[i] for i in range(500_000)], [b"y"]]
    assert len(keeps_alive_in_turn(objects, most_bytes=10**9, budget_ms=0)) == 1
