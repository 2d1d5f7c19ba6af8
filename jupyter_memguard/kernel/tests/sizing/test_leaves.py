"""Texts and numbers that several objects refer to: right figures, and no joint for each of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_memguard.kernel.sizing import (
    Measuring,
    Root,
    account,
    leaves,
    measure,
    ownership,
    sharing,
)
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
    said += [found.tally_of(joints).bytes for _, joints in sorted(found.by_groups().items())]
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
    # A slice has no room for more items, whose pages may never have been written.
    root = Root([[name] for _ in range(COUNT)][:], 0)
    del name
    walk = ownership.Ownership([[root]], [])
    assert walk.follow(PLENTY)
    assert walk.leaves.count < COUNT // 10
    del walk  # it holds the list
    without = Root([[None] for _ in range(COUNT)][:], 0)
    sizes, _ = measure([root, without], budget_ms=PLENTY)
    assert all(size.exact for size in sizes)
    assert sizes[0].freed_bytes - sizes[1].freed_bytes in range(100)


@pytest.mark.parametrize("first", [True, False])
def test_results_can_share_a_long_text_and_short_ones(first: Any) -> None:
    long, short = "long " * 2000, texts(300)
    held = short[:5]
    pairs = [("text", long), ("words", short)]
    roots = [Root(dict(pairs if first else reversed(pairs)), 0) for _ in range(2)]
    del long, short
    pairs.clear()
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert all(size.exact for size in [*sizes, together])
    assert 10_000 + 295 * 80 < together.freed_bytes < 10_000 + 300 * 100 + 3_000
    assert len(held) == 5


def test_an_account_asked_for_twice_says_the_same() -> None:
    shared = texts(3000)
    roots = [Root(list(shared), 0), Root(list(shared), 0)]
    shared.clear()
    measuring = Measuring([roots, [Root(texts(), 0)]], names=True)
    while measuring.account().keeps[0].bytes < 100_000:
        assert not measuring.go_on(0.0)
    once, again = measuring.account(), measuring.account()
    assert [tally.bytes for tally in once.keeps] == [tally.bytes for tally in again.keeps]
    assert once.overlaps == again.overlaps


def test_references_that_are_made_between_two_slices_are_noticed() -> None:
    shared = texts()
    root = Root([shared, list(shared)], 0)
    measuring = Measuring([[root]])
    while not measuring.go_on(5.0, answer=False):
        if len(shared) and measuring.own_size > COUNT:
            held = list(shared)
            del shared
            shared = []
    size = measuring.account().alone(0)[0].size()
    assert "moving" in size.notes
    assert len(held) == COUNT


def test_a_reference_that_python_itself_takes_to_a_name_is_no_change() -> None:
    name = "an_attribute"
    roots = [Root({name: [number]}, 0) for number in range(100)]
    measuring = Measuring([roots])
    while not measuring.go_on(0.0, answer=False):
        held = [name]  # as the cache of attributes' look-ups does
    assert all(tally.size().exact for tally in measuring.account().alone(0))
    assert held


def test_an_account_that_was_interrupted_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = texts(3000)
    roots = [Root([text, text], 0) for text in shared]
    roots += [Root([text], 0) for text in shared]
    shared.clear()
    right = measure(roots, budget_ms=PLENTY)[1].freed_bytes
    made = ownership.Ownership._bundle
    left = iter(range(500))

    def bundle(walk: ownership.Ownership, *owners: Any, **of: Any) -> None:
        made(walk, *owners, **of)
        if next(left, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(ownership.Ownership, "_bundle", bundle)
    measuring = Measuring([roots])
    with pytest.raises(KeyboardInterrupt):
        measuring.go_on(PLENTY)
    monkeypatch.undo()
    assert measuring.go_on(PLENTY)
    assert measuring.account().sizes_of(0)[1].freed_bytes == right


def test_too_many_combinations_of_joints_leave_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = texts(1000)
    roots = [Root([text], 0) for text in shared] + [Root([text, 1], 0) for text in shared]
    shared.clear()
    right = measure(roots, budget_ms=PLENTY)[1]
    monkeypatch.setattr(leaves, "MOST_BUNDLES", 10)
    bound = measure(roots, budget_ms=PLENTY)[1]
    assert right.exact
    assert "cut" in bound.notes
    assert bound.freed_bytes < right.freed_bytes
