"""Texts and numbers that several objects refer to: right figures, and no joint for each of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_memguard.kernel.sizing import Measuring, Root, account, measure, ownership, sharing
from jupyter_memguard.kernel.tests.sizing.graphs import (
    GROUPS,
    DictNode,
    Graph,
    ListNode,
    SetNode,
    graphs,
)
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

TEXTS = 6
# Python itself holds names of attributes now and then, so no node has attributes.
KINDS = (ListNode, DictNode, SetNode)
COUNT = 50_000

random_graphs = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def graphs_with_texts(draw: Any) -> tuple[Any, ...]:
    """Draw a graph, the texts to which its nodes refer, and the texts that are held outside."""
    kinds, *others = draw(graphs())
    drawn = [KINDS[number % len(KINDS)] for number, _ in enumerate(kinds)], *others
    node = st.integers(0, len(kinds) - 1)
    text = st.integers(0, TEXTS - 1)
    links = draw(st.lists(st.tuples(node, text), max_size=20))
    return drawn, links, draw(st.sets(text, max_size=2))


def with_texts(drawn: tuple[Any, ...]) -> tuple[Graph, list[str]]:
    """Return the graph, and the texts that are held outside."""
    plain, links, outside = drawn
    graph = Graph(plain)
    texts = [str(number) * (100 << number // 2) for number in range(TEXTS)]
    for number, text in links:
        node = graph.watched[number]()
        if node is not None:
            node.link(texts[text])
    return graph, [texts[number] for number in outside]


def figures(graph: Graph, *, stops: bool) -> list[Any]:
    """Return all that the account of a graph says, measured at once or with many stops."""
    measuring = Measuring(graph.groups, names=True)
    while not measuring.go_on(0.0 if stops else PLENTY):
        measuring.account()
    found = measuring.account()
    said: list[Any] = []
    for group in GROUPS:
        rows, shared = found.rows(group)
        said += [(tally.bytes, tally.size().exact) for tally in rows]
        said += [(each.members, each.tally.bytes) for each in shared]
        said += [size.freed_bytes for size in found.sizes_of(group)[0]]
        said.append(found.sizes_of(group)[1].freed_bytes)
    said += [size.freed_bytes for size in found.in_turn()]
    said += [found.both(0, 2).bytes, found.without(2, 0).bytes]
    return [*said, [tally.bytes for tally in found.keeps], found.overlaps]


@pytest.mark.parametrize("stops", [False, True])
@random_graphs
@given(drawn=graphs_with_texts())
def test_figures_are_as_if_each_text_were_a_joint(drawn: tuple[Any, ...], stops: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account, "WORTH_NAMING", 1000)
        patch.setattr(sharing, "A_STEP", 1)
        graph, outside = with_texts(drawn)
        found = figures(graph, stops=stops)
        patch.setattr(ownership, "MOST_BYTES", 0)
        assert found == figures(graph, stops=stops)
        assert len(outside) <= TEXTS


def texts(count: int = COUNT) -> list[str]:
    return [f"a text with the number {number}" for number in range(count)]


def test_texts_that_results_share_are_freed_together() -> None:
    shared = texts()
    roots = [Root(list(shared), 0), Root(tuple(reversed(shared)), 0), Root(texts(), 0)]
    shared.clear()
    sizes, together = measure(roots, budget_ms=PLENTY)
    own = 8 * COUNT
    assert all(size.exact for size in sizes)
    assert [size.freed_bytes // own for size in sizes] == [1, 1, 11]
    assert sizes[0].shared_with == (1,)
    assert together.freed_bytes // own == 23


def test_a_text_that_something_else_holds_is_not_freed() -> None:
    shared = texts()
    root = Root([[text, text] for text in shared], 0)
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert size.freed_bytes < 100 * COUNT
    shared.clear()
    assert measure([root], budget_ms=PLENTY)[0][0].freed_bytes > 150 * COUNT


def test_a_million_references_to_texts_make_a_small_graph() -> None:
    shared = texts()
    roots = [Root([*shared, *shared], 0) for _ in range(10)]
    shared.clear()
    walk = ownership.Ownership([roots], [])
    assert walk.follow(PLENTY)
    assert walk.leaves.count == 20 * COUNT
    assert len(walk.objects) + walk.edge_count < 100


def test_a_stopped_measurement_estimates_the_texts_that_are_left() -> None:
    shared = texts()
    root = Root([shared, [text for text in shared for _ in range(20)]], 0)
    del shared
    whole = measure([root], budget_ms=PLENTY)[0][0].freed_bytes
    steps = 0
    walk = ownership.Ownership([[root]], [])
    while not walk.follow(0.0):
        steps += 1
    del walk  # it holds the lists
    measuring = Measuring([[root]])
    for _ in range(steps // 2):
        measuring.go_on(0.0)
    size = measuring.account().alone(0)[0].size()
    assert "cut" in size.notes
    assert 0.6 * whole < size.likely_bytes < 1.4 * whole


def test_a_name_with_very_many_references_counts_for_nobody() -> None:
    name = str(10**20)
    root = Root([[name] for _ in range(COUNT)], 0)
    del name
    walk = ownership.Ownership([[root]], [])
    assert walk.follow(PLENTY)
    assert walk.leaves.count < COUNT // 10
    del walk  # it holds the list
    without = Root([[None] for _ in range(COUNT)], 0)
    sizes, _ = measure([root, without], budget_ms=PLENTY)
    assert all(size.exact for size in sizes)
    assert sizes[0].freed_bytes - sizes[1].freed_bytes in range(100)
