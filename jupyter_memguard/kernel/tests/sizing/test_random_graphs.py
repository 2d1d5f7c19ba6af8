"""Random graphs free what the engine says: alone, together, by groups, and wherever it stops."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_memguard.kernel.sizing import (
    Measuring,
    Size,
    account,
    measure,
    ownership,
    sharing,
    worklist,
)
from jupyter_memguard.kernel.tests.sizing.graphs import (
    BLOCK,
    GROUPS,
    Graph,
    freed_nodes,
    graphs,
    nodes_in,
)
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

SETS_OF_GROUPS = [list(some) for n in (1, 2, 3) for some in combinations(GROUPS, n)]
# How much is done at a time, by constants of the engine: the ways through it differ by it.
AT_A_TIME: list[dict[Any, dict[str, int]]] = [
    {},
    {ownership: {"_AT_ONCE": 1}},
    {ownership: {"_FEW": 1, "_AT_ONCE": 1}},
    {ownership: {"_FEW": 2, "_AT_ONCE": 2, "_DEEP": 1, "_INLINE": 1}},
    {ownership: {"_ALIKE": 2, "_EXAMPLES": 1, "_FEW": 1}},
    {ownership: {"_FEW": 1, "_DEEP": 0, "BATCH": 2}, worklist: {"BATCH": 2, "LARGE": 3}},
]

random_graphs = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=range(len(AT_A_TIME)), autouse=True)
def _at_a_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, constants in AT_A_TIME[request.param].items():
        for name, value in constants.items():
            monkeypatch.setattr(module, name, value)
    for module in (account, sharing):
        monkeypatch.setattr(module, "A_STEP", 1)
    # So that every node that is shared is said to be.
    monkeypatch.setattr(account, "WORTH_NAMING", BLOCK)


def final(graph: Graph, *, names: bool = False) -> Any:
    """Return the account of all groups, from one measurement."""
    measuring = Measuring(graph.groups, names=names)
    assert measuring.go_on(PLENTY)
    return measuring.account()


@random_graphs
@given(graphs())
def test_random_graphs_free_what_is_said_alone_and_together(drawn: tuple[Any, ...]) -> None:
    graph = Graph(drawn)
    sizes, together = measure(graph.roots, budget_ms=PLENTY)
    _, only_together = measure(graph.roots, budget_ms=PLENTY, each=False)
    assert all(size.exact for size in [*sizes, together, only_together])
    for position, size in enumerate(sizes):
        assert freed_nodes(size) == graph.falls([position])
    assert freed_nodes(only_together) == freed_nodes(together)
    # What falls in the graph as it was drawn is what really falls.
    assert graph.falls([0]) == Graph(drawn).let_go([0])
    assert freed_nodes(together) == graph.let_go(range(len(graph.roots)))


@random_graphs
@given(graphs())
def test_each_byte_is_in_one_place_of_rows_and_groups(drawn: tuple[Any, ...]) -> None:
    graph = Graph(drawn)
    found = final(graph)
    for group, positions in enumerate(graph.positions):
        sizes, together = found.sizes_of(group)
        assert [freed_nodes(size) for size in sizes] == [graph.falls([at]) for at in positions]
        assert freed_nodes(together) == graph.falls(positions)
        rows, shared = found.rows(group)
        inside = {member for each in shared for member in each.members}
        entries = [tally for number, tally in enumerate(rows) if number not in inside]
        entries += [each.tally for each in shared]
        assert sum(tally.bytes for tally in entries) == together.freed_bytes
        for each in shared:
            members = [positions[member] for member in each.members]
            assert len(members) > 1
            assert nodes_in(each.tally.bytes) == graph.falls(members)
    everything = graph.falls(range(len(graph.roots)))
    leading = [graph.reached(graph.numbers[at] for at in some) for some in graph.positions]
    for some in SETS_OF_GROUPS:
        to_all = set.intersection(*(leading[group] for group in some))
        to_others = set().union(*(leading[group] for group in GROUPS if group not in some))
        only = found.tally_of(found.only(some)).size()
        assert freed_nodes(only) == (everything & to_all) - to_others
        assert only.exact
    for one, other in combinations(GROUPS, 2):
        both, without = found.both(one, other), found.without(one, other)
        assert nodes_in(both.bytes) == everything & leading[one] & leading[other]
        assert nodes_in(without.bytes) == (everything & leading[one]) - leading[other]


@random_graphs
@given(graphs())
def test_each_root_keeps_alive_what_it_leads_to(drawn: tuple[Any, ...]) -> None:
    graph = Graph(drawn)
    found = final(graph, names=True)
    everything = graph.falls(range(len(graph.roots)))
    kept = []
    for number, tally in zip(graph.numbers, found.keeps):
        reached = graph.reached([number])
        kept.append(reached & everything if number in everything else reached)
        assert nodes_in(tally.bytes) == kept[-1]
    for one, other in combinations(range(len(kept)), 2):
        said = found.overlaps.get(one, Counter())[other]
        assert said == found.overlaps.get(other, Counter())[one]
        assert nodes_in(said) == kept[one] & kept[other]


@random_graphs
@given(graphs())
def test_groups_that_go_in_turn_free_what_those_before_them_left(drawn: tuple[Any, ...]) -> None:
    graph = Graph(drawn)
    measuring = Measuring(graph.groups)
    assert measuring.go_on(PLENTY)
    found = measuring.account()
    by_groups = found.by_groups().items()
    gone: list[int] = []
    for group, positions in enumerate(graph.positions):
        before = graph.falls(gone)
        gone += positions
        falls = set().union(*(joints for led, joints in by_groups if max(led) == group))
        size = found.tally_of(falls).size()
        assert freed_nodes(size) == graph.falls(gone) - before
        assert size.exact


def figures(found: Any) -> list[Size]:
    """Return all that an account says: of each group and its roots, and of groups together."""
    said: list[Size] = []
    for group in GROUPS:
        each, together = found.sizes_of(group)
        said += [*each, together]
    return said + [found.tally_of(found.only(some)).size() for some in SETS_OF_GROUPS]


def plain(said: list[Size]) -> list[tuple[Any, ...]]:
    # Python itself holds names of attributes now and then, so less than a block is left out.
    return [(size.freed_bytes // BLOCK, size.notes, size.shared_with) for size in said]


@random_graphs
@given(graphs())
def test_stopping_after_every_step_gives_the_same_figures(drawn: tuple[Any, ...]) -> None:
    graph = Graph(drawn)
    right = plain(figures(final(graph)))
    for asks in (False, True):  # for the account at each stop
        measuring = Measuring(graph.groups)
        while not measuring.go_on(0.0):
            if asks:
                measuring.account()
        assert plain(figures(measuring.account())) == right
        del measuring  # another that counts would count its references
    everything = range(len(graph.roots))
    assert graph.let_go(everything) == graph.falls(everything)


@random_graphs
@given(graphs())
def test_an_account_that_was_stopped_never_says_more_than_comes_back(
    drawn: tuple[Any, ...],
) -> None:
    graph = Graph(drawn)
    right = figures(final(graph))
    with_notes = len(graph.roots) + len(GROUPS)
    measuring = Measuring(graph.groups)
    ended = False
    while not ended:
        ended = measuring.go_on(0.0)
        said = figures(measuring.account())
        for at, (size, whole) in enumerate(zip(said, right)):
            # Names of attributes, which dicts of instances share, are counted for each dict.
            assert freed_nodes(size) <= freed_nodes(whole)
            if at < with_notes and freed_nodes(size) < freed_nodes(whole):
                assert "cut" in size.notes


@random_graphs
@given(graphs(), st.sampled_from([0.0, 0.05, 0.2, 0.5]))
def test_a_cut_bound_never_says_more_than_comes_back(
    drawn: tuple[Any, ...], budget_ms: float
) -> None:
    graph = Graph(drawn)
    sizes, together = measure(graph.roots, budget_ms=budget_ms)
    for position, size in enumerate(sizes):
        assert freed_nodes(size) <= graph.falls([position])
    assert freed_nodes(together) <= graph.falls(range(len(graph.roots)))
