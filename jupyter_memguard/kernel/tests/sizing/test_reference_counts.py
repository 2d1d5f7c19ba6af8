"""What a reference count means, and what is said where it means nothing."""

from __future__ import annotations

import gc
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memguard.kernel import sizing
from jupyter_memguard.kernel.retention import refcounts
from jupyter_memguard.kernel.retention.refcounts import LISTED
from jupyter_memguard.kernel.sizing import (
    Root,
    measure,
)


def test_where_counts_mean_nothing_an_estimate_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizing, "LISTED", None)
    sizes, together = measure([Root([b"x" * 500_000], 0)])
    assert sizes[0].notes == together.notes == ("no-refcounts",)
    assert (sizes[0].freed_bytes, sizes[0].exact) == (0, False)
    assert sizes[0].estimate_bytes is not None
    assert sizes[0].estimate_bytes > 500_000


def test_what_a_count_means_is_found_by_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sys.getrefcount
    monkeypatch.setattr(sys, "getrefcount", lambda obj: real(obj) + 7)
    listed = refcounts.counts([object()])[0]
    assert listed >= (LISTED or 0) + 7
    assert refcounts._calibrate() == listed


@pytest.mark.parametrize(
    "count",
    [
        lambda _obj: 1,
        lambda _obj: (1 << 32) - 1,  # as immortal objects have
        lambda obj: sys.getrefcount(obj) // 4,
        lambda obj: min(3, len(gc.get_referrers(obj))),  # one that leaves some holders out
    ],
)
def test_counts_that_do_not_follow_the_references_are_not_used(
    count: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched = SimpleNamespace(
        getrefcount=count, implementation=sys.implementation, abiflags=getattr(sys, "abiflags", "")
    )
    monkeypatch.setattr(refcounts, "sys", patched)
    assert refcounts._calibrate() is None


@pytest.mark.parametrize(("name", "abiflags"), [("pypy", ""), ("cpython", "t")])
def test_other_interpreters_and_free_threads_are_recognized_by_name(
    name: str, abiflags: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched = SimpleNamespace(
        getrefcount=sys.getrefcount, implementation=SimpleNamespace(name=name), abiflags=abiflags
    )
    monkeypatch.setattr(refcounts, "sys", patched)
    assert refcounts._calibrate() is None


def test_a_process_whose_counts_mean_nothing_gets_estimates_and_no_proof() -> None:
    code = """
import sys
real, sys.getrefcount = sys.getrefcount, lambda obj: 4
from jupyter_memguard.kernel.sizing import Root, keeps_alive, measure
grown = []
for number in range(50_000): grown.append(number)
held = [[b"x" * 500_000, bytearray(300_000), grown], {"a": 1}]
sizes, together = measure([Root(obj, 0) for obj in held], budget_ms=10_000)
for size in [*sizes, together]:
    assert (size.freed_bytes, size.exact, size.notes) == (0, False, ("no-refcounts",))
assert 1_100_000 < sizes[0].estimate_bytes < 3_000_000
assert keeps_alive(held, threshold_bytes=10**9, budget_ms=10_000).freed_bytes > 1_100_000
assert measure([]) [1].freed_bytes == 0
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_reference_counts_can_be_used_on_this_interpreter() -> None:
    assert (LISTED is not None) == (sys.implementation.name == "cpython")
