"""Interrupts at random moments: docs/reliability.md has the figures of a longer run."""

from __future__ import annotations

import pytest

from jupyter_memguard.kernel.tests.interrupts import interrupted


@pytest.mark.timeout(600)
def test_an_interrupt_at_any_moment_leaves_all_whole() -> None:
    outcomes, wrong = interrupted(is_ours=True, count=40, seed=16)
    assert wrong == []
    assert sum(outcomes.values()) >= 40
