"""What one result frees, and what it shares with others."""

from __future__ import annotations

import tracemalloc
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_memguard.kernel.sizing import (
    Measuring,
    Root,
    keeps_alive,
    measure,
)
from jupyter_memguard.kernel.sizing.ownership import Ownership
from jupyter_memguard.kernel.sizing.sharing import Part, Sets, Users, apart
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY, mixed_results


def test_an_object_seen_twice_in_one_batch_falls() -> None:
    shared = bytes(200_000) + b"x"
    held = [[shared, shared], [shared]]
    del shared
    root = Root(held, 0)
    del held
    assert measure([root], budget_ms=PLENTY)[0][0].freed_bytes > 200_000


def test_results_that_share_memory_are_said_to_belong_together() -> None:
    shared = [b"x" * 500_000]
    roots = [Root([shared], 0), Root({"s": shared}, 0), Root([1], 0)]
    del shared
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert [size.shared_with for size in sizes] == [(1,), (0,), ()]
    assert sizes[0].freed_bytes + sizes[1].freed_bytes < 2_000
    assert together.freed_bytes > 500_000


def test_something_shared_falls_with_what_is_shared_and_stood_long_before_it() -> None:
    last = [b"x" * 500_000]
    # a list shows its elements from the end
    shared = [last, *([number] for number in range(3_000)), [last]]
    roots = [Root(list(shared), 0), Root(list(shared), 0)]
    del shared, last
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert all(size.exact and size.freed_bytes < 50_000 for size in sizes)
    assert together.exact
    assert 800_000 < together.freed_bytes < 900_000


def test_of_very_many_results_that_share_the_first_others_are_named() -> None:
    shared = [b"x" * 500_000]
    roots = [Root([shared] if index >= 5 and index % 2 else [index], 0) for index in range(300)]
    del shared
    members = list(range(5, 300, 2))
    for index, size in enumerate(measure(roots, budget_ms=PLENTY)[0]):
        wanted = [member for member in members if member != index][:100]
        assert size.shared_with == (tuple(wanted) if index in members else ())


def test_very_many_results_that_share_take_little_memory_to_tell_apart() -> None:
    shared = [b"x" * 500_000]
    roots = [Root(shared, 0), *(Root([index, shared], 0) for index in range(3_000))]
    del shared
    measuring = Measuring([roots])
    measuring.go_on(PLENTY, answer=False)
    tracemalloc.start()
    rows, groups = measuring.account().rows(0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 3_001
    assert [group.members for group in groups] == [tuple(range(3_001))]
    assert groups[0].tally.bytes > 500_000
    assert peak < 10_000_000


def test_results_that_share_next_to_nothing_are_not_said_to_belong_together() -> None:
    shared = [b"x" * 5_000]
    roots = [Root([shared], 0), Root([shared], 0)]
    del shared
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert [size.shared_with for size in sizes] == [(), ()]
    assert together.freed_bytes > sum(size.freed_bytes for size in sizes) + 5_000


def test_a_little_that_many_share_does_not_bind_those_that_share_much_to_the_others() -> None:
    """As the names of columns, which all frames of one table have, and a frame's groups."""
    little, much = [b"x" * 5_000], [b"x" * 500_000]
    table = [little, much]
    grouped = [table, much, [table]]
    roots = [Root([little], 0), Root(table, 0), Root(grouped, 0), Root([little, [1]], 0)]
    del little, much, table, grouped
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert [size.shared_with for size in sizes] == [(), (2,), (1,), ()]
    assert together.freed_bytes > 505_000


@given(st.integers(0, 2**32))
def test_parts_are_of_the_joints_to_which_the_same_roots_lead(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    count, roots = random.randint(6, 30), random.randint(2, 6)
    edges = [random.choices(range(count), k=random.choice([0, 1, 1, 2, 4])) for _ in range(count)]
    reached: dict[int, list[int]] = {}
    for root in range(roots):
        for joint in led_from(edges, [root]):
            reached.setdefault(joint, []).append(root)
    shared = {joint for joint, those in reached.items() if len(those) > 1}
    users = Users()
    for root in range(roots):
        outside = [root] if root in shared else []
        seen, waiting = {root} - shared, [] if root in shared else [root]
        while waiting:
            kids = edges[waiting.pop()]
            outside += shared.intersection(kids)
            waiting += set(kids) - shared - seen
            seen.update(kids)
        users.add(outside, root)
    parts: list[Part] = []
    for _ in apart(edges, shared, users, parts):
        pass
    assert {joint: part.roots for part in parts for joint in part.joints} == {
        joint: reached[joint] for joint in shared
    }
    assert sum(len(part.joints) for part in parts) == len(shared)
    assert all(part.alike for part in parts)


def led_from(edges: list[list[int]], start: list[int]) -> set[int]:
    found, waiting = set(start), list(start)
    while waiting:
        new = set(edges[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


def test_sets_are_joined_through_what_they_have_in_common() -> None:
    sets = Sets(6)
    sets.join([])
    sets.join([3])
    assert sets.several() == []
    sets.join([5, 4])
    sets.join([0, 2])
    sets.join([2, 5])
    assert sets.several() == [[0, 2, 4, 5]]
    assert [sets.top(number) for number in range(6)] == [0, 1, 0, 3, 0, 0]


def test_a_result_inside_another_belongs_to_it() -> None:
    inner = [b"x" * 500_000]
    out = [inner]
    roots = [Root(inner, 1), Root([inner], 0)]
    del inner
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert [size.shared_with for size in sizes] == [(1,), (0,)]
    assert max(size.freed_bytes for size in sizes) < 1_000
    assert together.freed_bytes > 500_000
    out.clear()


def test_rings_through_two_results_free_only_together() -> None:
    one: dict[str, Any] = {}
    other: dict[str, Any] = {"one": one, "held": b"x" * 500_000}
    one["other"] = other
    roots = [Root(one, 0), Root(other, 0)]
    del one, other
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert [size.freed_bytes for size in sizes] == [0, 0]
    assert [size.shared_with for size in sizes] == [(1,), (0,)]
    assert together.freed_bytes > 500_000


def test_what_the_user_has_a_name_for_gives_nothing_back() -> None:
    user_ns: dict[str, Any] = {"mine": [b"x" * 500_000]}
    sizes, together = measure([Root(user_ns["mine"], 0)], boundary=[user_ns], budget_ms=PLENTY)
    assert sizes[0].freed_bytes == together.freed_bytes == 0
    assert sizes[0].exact


def test_the_user_namespace_is_not_entered() -> None:
    user_ns: dict[str, Any] = {"big": [bytes([i]) * 1000 for i in range(100)]}
    ring: list[Any] = [user_ns, b"x" * 500_000]
    ring.append(ring)
    root = Root(ring, 0)
    del ring
    sizes, _ = measure([root], boundary=[user_ns], budget_ms=PLENTY)
    assert sizes[0].exact
    assert 500_000 < sizes[0].freed_bytes < 502_000


def test_many_small_results_have_the_sizes_that_a_walk_finds() -> None:
    held: list[Any] = [f"text {number}" for number in range(300)]
    held += [[number + 10**6, number / 3] for number in range(300)]
    shared = str(id(held))
    held += [[shared] for _ in range(2)]
    held += [{number: [number]} for number in range(100)]
    roots = [Root(obj, 0) for obj in held]
    del shared
    held.clear()
    alone = [measure([root], budget_ms=PLENTY)[0][0].freed_bytes for root in roots]
    sizes, together = measure(roots, budget_ms=PLENTY)
    assert [size.freed_bytes for size in sizes] == alone
    assert all(size.exact for size in sizes)
    assert [size.shared_with for size in sizes] == [()] * len(roots)
    assert together.freed_bytes > sum(alone)


def test_results_go_side_by_side_with_others_as_they_go_alone() -> None:
    together = measure([Root(obj, 0) for obj in mixed_results()], budget_ms=PLENTY)
    alone = []
    for index in range(len(mixed_results())):
        held = mixed_results()
        roots = [Root(held[index], 0)]
        others = held[:index] + held[index + 1 :]
        held.clear()
        alone.append(measure(roots, budget_ms=PLENTY)[0][0])
        others.clear()
    for one, size in zip(alone, together[0]):
        assert (one.freed_bytes, one.notes) == (size.freed_bytes, size.notes)
    shared_with = [size.shared_with for size in together[0]]
    assert shared_with == [(1, 2), (0, 2), (0, 1)] + [()] * (len(alone) - 3)


def test_no_roots_free_nothing() -> None:
    sizes, together = measure([])
    assert (sizes, together.freed_bytes, together.exact) == ([], 0, True)


def test_a_key_of_one_dict_falls_beside_keys_that_all_of_them_have() -> None:
    held = [{"one": 0, "two": 0, "three": 0} for _ in range(1000)]
    lengths = range(1000, 1500)
    for one, length in zip(held, lengths):
        one["x" * length] = 0
    root: Any = Root(held, 0)
    del held, one
    with_texts = measure([root], budget_ms=PLENTY)[1].freed_bytes
    kept = keeps_alive(root.obj, threshold_bytes=10**9, budget_ms=PLENTY).freed_bytes
    for index in range(len(lengths)):
        root.obj[index].popitem()
    without = measure([root], budget_ms=PLENTY)[1].freed_bytes
    assert with_texts - without == pytest.approx(sum(lengths), rel=0.1)
    assert kept == pytest.approx(with_texts, rel=0.01)


def test_a_container_that_names_few_objects_very_often_makes_few_edges() -> None:
    shared: list[Any] = [[number] for number in range(3_000)]
    root = Root([*shared, *shared] * 60, 0)
    alone = Root([shared], 0)
    del shared
    walk = Ownership([[root], [alone]], [])
    assert walk.follow(PLENTY)
    assert walk.edge_count < 30_000
    del walk  # it holds the lists
    sizes, together = measure([root, alone], budget_ms=PLENTY)
    assert all(size.exact for size in sizes)
    assert together.freed_bytes > sum(size.freed_bytes for size in sizes) + 3_000 * 64
