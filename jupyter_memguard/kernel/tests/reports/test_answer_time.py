"""Measuring has what an answer's time leaves, by what the answers before took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_memguard.kernel.reports.reporter import AnswerTime

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

BUDGET_MS = 100.0


def answers(time: AnswerTime, beside_ms: float) -> list[float]:
    """Return how long some answers take that need so much beside measuring."""
    took = []
    for _ in range(20):
        took.append(time.for_measuring(BUDGET_MS) + beside_ms)
        time.took(took[-1], BUDGET_MS)
    return took


def test_the_first_answer_has_most_of_the_time_for_measuring() -> None:
    assert 0.8 * BUDGET_MS < AnswerTime().for_measuring(BUDGET_MS) < 0.9 * BUDGET_MS


@pytest.mark.parametrize("beside_ms", [0.0, 5.0, 20.0, 40.0])
def test_answers_after_the_first_end_within_the_budget(beside_ms: float) -> None:
    _, *others = answers(AnswerTime(), beside_ms)
    assert max(others) <= BUDGET_MS
    assert min(others) >= 0.8 * BUDGET_MS


def test_measuring_has_more_where_it_does_not_use_all() -> None:
    # It leaves time for an account that turns out to be quick.
    assert answers(AnswerTime(), -30.0)[-1] >= 0.8 * BUDGET_MS


def test_measuring_has_most_of_the_time_whatever_else_takes() -> None:
    time = AnswerTime()
    answers(time, 500.0)
    assert time.for_measuring(BUDGET_MS) >= 0.6 * BUDGET_MS


def test_one_slow_answer_is_soon_forgotten() -> None:
    time = AnswerTime()
    time.took(1_000.0, BUDGET_MS)
    assert answers(time, 10.0)[-1] >= 0.8 * BUDGET_MS


def test_what_was_learnt_with_one_budget_is_not_taken_for_another() -> None:
    time = AnswerTime()
    answers(time, 500.0)
    assert time.for_measuring(10 * BUDGET_MS) >= 8 * BUDGET_MS


def test_a_kernel_with_much_to_tell_measures_less(kernel: Kernel) -> None:
    kernel.run("made = [[n] for n in range(400_000)]\nmade, list(made)")
    kernel.run("import _jupyter_memguard")
    comm = kernel.comm()
    kernel.run(
        "reporter = vars(get_ipython())['_jupyter_memguard'].reporter\n"
        "reporter._report_time.for_measuring(100.0)\n"
        "reporter._report_time.took(200.0, 100.0)\n"
        "granted = []\n"
        "measured = reporter._surveyed\n"
        "def noted(began, budget_ms, *rest):\n"
        "    granted.append(budget_ms)\n"
        "    return measured(began, budget_ms, *rest)\n"
        "reporter._surveyed = noted"
    )
    assert not comm.request("report", budget_ms=100)["final"]
    assert [round(each) for each in kernel.value("granted")] == [60]
