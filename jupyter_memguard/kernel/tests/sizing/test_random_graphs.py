"""Random graphs free what the engine says, alone and together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_memguard.kernel.sizing import (
    cycles,
    measure,
    small_results,
)
from jupyter_memguard.kernel.tests.sizing.graphs import Graph, freed_nodes, graphs
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.sampled_from([1, 200]), st.sampled_from([2, 5, 2048]))
def test_random_graphs_free_what_is_said_alone_and_together(
    drawn: tuple[Any, ...], side_by_side: int, closure: int
) -> None:
    graph = Graph(drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_results, "_AT_A_TIME", side_by_side)
        patch.setattr(cycles, "_SMALL", closure)  # others come when it is passed
        patch.setattr(cycles, "_FEW", 1)
        patch.setattr(cycles, "BATCH", 2)
        sizes, together = measure(graph.roots, budget_ms=PLENTY)
    _, only_together = measure(graph.roots, budget_ms=PLENTY, each=False)
    assert all(size.exact for size in sizes)
    for position, size in enumerate(sizes):
        assert freed_nodes(size) == Graph(drawn).let_go([position])
    assert freed_nodes(together) == graph.let_go(range(len(graph.roots)))
    assert freed_nodes(only_together) == freed_nodes(together)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.sampled_from([0.0, 0.05, 0.2, 0.5]))
def test_a_cut_bound_never_says_more_than_comes_back(
    drawn: tuple[Any, ...], budget_ms: float
) -> None:
    graph = Graph(drawn)
    sizes, together = measure(graph.roots, budget_ms=budget_ms)
    for position, size in enumerate(sizes):
        assert freed_nodes(size) <= Graph(drawn).let_go([position])
    assert freed_nodes(together) <= graph.let_go(range(len(graph.roots)))
