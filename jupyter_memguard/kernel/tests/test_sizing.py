"""The engine's answers: shares, cycles, boundaries, budgets, hostile objects, nothing left."""

from __future__ import annotations

import array
import ctypes
import gc
import io
import itertools
import mmap
import subprocess
import sys
import threading
import time
import weakref
from collections import OrderedDict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_memguard.kernel import sizing
from jupyter_memguard.kernel.retention import refcounts
from jupyter_memguard.kernel.retention.refcounts import LISTED
from jupyter_memguard.kernel.sizing import (
    NOTES,
    Root,
    cycles,
    measure,
    measurements,
    reaches,
    reaches_in_turn,
)
from jupyter_memguard.kernel.sizing import measurement as survey
from jupyter_memguard.kernel.sizing import small_results as quick
from jupyter_memguard.kernel.sizing import trial_deletion as trial
from jupyter_memguard.kernel.sizing.cycles import break_cycles
from jupyter_memguard.kernel.sizing.measurement import Groups
from jupyter_memguard.kernel.sizing.trial_deletion import Heap, Walk

if TYPE_CHECKING:
    from pathlib import Path

PLENTY = 60_000.0
BLOCK = 8192


@pytest.fixture(scope="module", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Leave what is there already out of the many collections that follow."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Node:
    """A plain object that can be watched."""

    def link(self, other: Any) -> None:
        setattr(self, f"to{len(vars(self))}", other)


class ListNode(list):  # type: ignore[type-arg]
    def link(self, other: Any) -> None:
        self.append(other)


class DictNode(dict):  # type: ignore[type-arg]
    def link(self, other: Any) -> None:
        self[len(self)] = other


class TupleNode(Node):
    def link(self, other: Any) -> None:
        super().link((other, [other]))


class SetNode(set):  # type: ignore[type-arg]
    __hash__ = object.__hash__  # type: ignore[assignment]

    def link(self, other: Any) -> None:
        self.add(Holder(other))


class Holder:
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held


KINDS = (Node, ListNode, DictNode, TupleNode, SetNode)


@st.composite
def graphs(draw: Any) -> tuple[Any, ...]:
    """Draw up to seven nodes with edges, of which some are roots and some are held outside."""
    count = draw(st.integers(2, 7))
    index = st.integers(0, count - 1)
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=count, max_size=count))
    edges = draw(st.lists(st.tuples(index, index), max_size=14))
    roots = draw(st.lists(index, min_size=1, max_size=3, unique=True))
    outside = draw(st.lists(index, max_size=2, unique=True))
    holders = draw(st.lists(st.integers(1, 3), min_size=3, max_size=3))
    return kinds, edges, roots, outside, holders


class Graph:
    """A graph as drawn, in which each node has bytes that tell it from the others."""

    def __init__(self, drawn: tuple[Any, ...]) -> None:
        kinds, edges, roots, outside, holders = drawn
        nodes = [kind() for kind in kinds]
        for number, node in enumerate(nodes):
            node.link(b"x" * (BLOCK << number))
        for start, end in edges:
            nodes[start].link(nodes[end])
        self.watched = [weakref.ref(node) for node in nodes]
        self.outside = [nodes[number] for number in outside]
        self.numbers = roots
        self.out: list[list[Any]] = [
            [nodes[number]] * times for number, times in zip(roots, holders)
        ]
        self.roots = [Root(held[0], len(held)) for held in self.out]
        # Nodes that no root and nothing outside holds are gone once the list of all is.
        nodes.clear()
        del node
        gc.collect()

    def alive(self) -> set[int]:
        return {number for number, ref in enumerate(self.watched) if ref() is not None}

    def let_go(self, positions: range | list[int]) -> set[int]:
        """Let roots go as a release does; return the numbers of the nodes that this freed."""
        before = self.alive()
        for position in positions:
            self.out[position].clear()
            self.roots[position].obj = None
        gc.collect()
        return before - self.alive()


def freed_nodes(size: Any) -> set[int]:
    """Read off a size which nodes' bytes are in it."""
    blocks = size.freed_bytes // BLOCK
    return {number for number in range(8) if blocks >> number & 1}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.sampled_from([1, 200]), st.sampled_from([2, 5, 2048]))
def test_random_graphs_free_what_is_said_alone_and_together(
    drawn: tuple[Any, ...], side_by_side: int, closure: int
) -> None:
    graph = Graph(drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick, "_AT_A_TIME", side_by_side)
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


def test_an_object_seen_twice_in_one_batch_falls() -> None:
    shared = bytes(200_000) + b"x"
    held = [[shared, shared], [shared]]
    del shared
    root = Root(held, 0)
    del held
    assert measure([root], budget_ms=PLENTY)[0][0].freed_bytes > 200_000


def test_results_that_share_memory_are_told_to_belong_together() -> None:
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
    groups = Groups(300)
    groups.join(range(5, 300, 2))
    groups.join([])
    members = list(range(5, 300, 2))
    for index, others in enumerate(groups.others()):
        wanted = [member for member in members if member != index][:100]
        assert others == (tuple(wanted) if index in members else ())


def _sharing() -> list[Any]:
    shared = [[number] for number in range(1_000)]
    return [[[number], list(shared)] for number in range(3)]


@pytest.mark.parametrize("make", [_sharing, lambda: [_ring(20) for _ in range(250)]])
def test_wherever_time_is_up_what_is_missing_of_several_results_is_told(
    make: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = [Root(obj, 0) for obj in make()]
    whole, all_of_it = measure(roots, budget_ms=PLENTY)
    looked = itertools.count()
    for module in (survey, trial, cycles):
        monkeypatch.setattr(module, "perf_counter", lambda: float(next(looked)))
    for looks in range(0, 3_000, 41):
        sizes, together = measure(roots, budget_ms=looks * 1000)
        for size, right in zip([*sizes, together], [*whole, all_of_it]):
            assert size.freed_bytes <= right.freed_bytes
            assert size.freed_bytes == right.freed_bytes or "cut" in size.notes
    assert together.freed_bytes == all_of_it.freed_bytes


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


def test_notes_are_of_the_closed_set_and_a_cut_size_has_an_estimate() -> None:
    sizes, together = measure([Root([[i] for i in range(300_000)], 0)], budget_ms=3)
    assert set(sizes[0].notes) <= NOTES
    assert not sizes[0].exact
    assert not together.exact
    assert sizes[0].estimate_bytes is not None
    assert sizes[0].freed_bytes <= sizes[0].estimate_bytes


def test_a_heap_that_another_thread_changes_is_told() -> None:
    stop = threading.Event()
    live: list[Any] = [[i] for i in range(200_000)]

    def change() -> None:
        while not stop.is_set():
            live[0], live[-1] = live[-1], live[0]

    worker = threading.Thread(target=change)
    worker.start()
    gc.disable()
    try:
        sizes, _ = measure([Root([[i] for i in range(500_000)], 0)], budget_ms=PLENTY)
        left = [obj for obj in gc.get_objects() if type(obj) is Heap]
    finally:
        gc.enable()
        stop.set()
        worker.join()
    assert not sizes[0].exact
    assert "moving" in sizes[0].notes
    assert not left  # as when a frame, and all that was measured, is on a cycle


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the clocks of Linux")
def test_a_thread_that_python_does_not_know_cannot_change_the_heap() -> None:
    libc = ctypes.CDLL(None)
    lock, thread = ctypes.c_int(), ctypes.c_ulong()
    libc.pthread_spin_init(ctypes.byref(lock), 0)
    libc.pthread_spin_lock(ctypes.byref(lock))
    libc.pthread_create(ctypes.byref(thread), None, libc.pthread_spin_lock, ctypes.byref(lock))
    try:
        before = time.process_time() - time.thread_time()
        sizes, _ = measure([Root([[i] for i in range(500_000)], 0)], budget_ms=PLENTY)
        spun = time.process_time() - time.thread_time() - before
    finally:
        libc.pthread_spin_unlock(ctypes.byref(lock))
        libc.pthread_join(thread, None)
    assert spun > 0
    assert sizes[0].exact, sizes[0].notes


def test_a_key_of_one_dict_falls_beside_keys_that_all_of_them_have() -> None:
    held = [{"one": 0, "two": 0, "three": 0} for _ in range(1000)]
    lengths = range(1000, 1500)
    for one, length in zip(held, lengths):
        one["x" * length] = 0
    root: Any = Root(held, 0)
    del held, one
    with_texts = measure([root], budget_ms=PLENTY)[1].freed_bytes
    reached = reaches(root.obj, threshold_bytes=10**9, budget_ms=PLENTY).freed_bytes
    for index in range(len(lengths)):
        root.obj[index].popitem()
    without = measure([root], budget_ms=PLENTY)[1].freed_bytes
    assert with_texts - without == pytest.approx(sum(lengths), rel=0.1)
    assert reached == pytest.approx(with_texts, rel=0.01)


LINKS: dict[str, Callable[[Any, int], Any]] = {
    "lists": lambda last, i: [last, i + 1000],
    "tuples with something beside": lambda last, i: ([i], last, {"a": [i]}),
    "instances": lambda last, i: SimpleNamespace(text=str(i) * 10, last=last),
    "dicts with keys of their own": lambda last, i: {str(i) * 10: last, "same": i},
    "wide links now and then": lambda last, i: [last, *([] if i % 50 else range(1000, 6000))],
    "links that are held": lambda last, i: [last if i % 500 else _held(last)],
    "links in rings": lambda last, i: _ring_around(last) if i % 10 == 0 else [last],
    "arrays": lambda last, i: [last, bytearray(i), array.array("d", [i])],
    "items of a subclass": lambda last, i: OrderedDict([(i + 1000, last)]),
}
HELD: list[Any] = []


def _held(obj: Any) -> Any:
    HELD.append(obj)
    return obj


def _ring_around(last: Any) -> list[Any]:
    ring: list[Any] = [last]
    ring.append(ring)
    return ring


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_chain_is_told_as_if_each_link_were_followed_alone(
    link: Callable[[Any, int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    last: Any = None
    for number in range(3_000):
        last = link(last, number)
    root = Root(last, 0)
    del last
    size = measure([root], budget_ms=PLENTY)[1]
    monkeypatch.setattr(Walk, "_is_link", lambda _walk, _obj: False)
    one_by_one = measure([root], budget_ms=PLENTY)[1]
    HELD.clear()
    assert size.exact
    assert size.freed_bytes == one_by_one.freed_bytes > 0
    assert size.notes == one_by_one.notes


def test_a_chain_under_a_cut_is_a_bound_and_ends_later() -> None:
    last: Any = None
    for number in range(20_000):
        last = [last, number + 1000]
    root = Root(last, 0)
    del last
    whole = measure([root], budget_ms=PLENTY)[1]
    heap = Heap({}, ())
    walk = Walk(heap)
    heap.deadline = float("inf")
    walk.let_go(root)
    seen = [walk.bytes]
    while not walk.run(1):
        seen.append(walk.bytes)
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert walk.bytes == whole.freed_bytes


def test_measuring_again_with_more_time_ends_when_nothing_is_cut() -> None:
    held = [[[i] for i in range(200_000)]]
    found = [
        together
        for _, together in measurements(lambda: [Root(held[0], 1)], first_ms=2, most_ms=10**6)
    ]
    assert "cut" in found[0].notes
    assert found[-1].exact
    assert found[0].freed_bytes <= found[-1].freed_bytes
    references = sys.getrefcount(held[0])  # an assert would hold it
    assert references == 2


def test_results_that_there_was_no_time_for_are_told_to_be_cut() -> None:
    sizes, together = measure([Root([i, str(i)], 0) for i in range(5_000)], budget_ms=0)
    assert not together.exact
    assert [size.exact for size in sizes] == [False] * 5_000


def test_many_small_results_are_told_each_and_as_a_walk_tells_them() -> None:
    held: list[Any] = [f"text {number}" for number in range(1_000)]
    held += [[number + 10**6, number / 3] for number in range(1_000)]
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


def _mixed() -> list[Any]:
    """Make results of every kind that goes side by side with others, and that does not."""
    shared = [b"x" * 5_000]
    ring: list[Any] = [b"y" * 5_000]
    ring.append({"ring": ring})
    inner: dict[str, Any] = {"b": b"z" * 5_000}
    inner["self"] = [inner]
    deep: list[Any] = []
    for number in range(200):
        deep = [number + 10**6, deep]
    twice = bytes(3_000) + b"x"
    return [
        [shared], {"s": shared}, shared, ring, [inner], deep, [twice, [twice]],
        [bytes(n) for n in range(1000, 1300)], {n + 10**6: [str(n)] for n in range(50)},
        OrderedDict((str(n), [n]) for n in range(20)), array.array("d", range(100)),
        bytearray(b"x" * 300_000), "text" * 50, 10**30, io.BytesIO(b"x" * 1000), KINDS,
        Graph, TupleNode(), DictNode(a=[1]), iter([[2]]), (n for n in [[3]]),
    ]  # fmt: skip


def test_results_go_side_by_side_with_others_as_they_go_alone() -> None:
    together = measure([Root(obj, 0) for obj in _mixed()], budget_ms=PLENTY)
    alone = []
    for index in range(len(_mixed())):
        held = _mixed()
        roots = [Root(held[index], 0)]
        others = held[:index] + held[index + 1 :]
        held.clear()
        alone.append(measure(roots, budget_ms=PLENTY)[0][0])
        others.clear()
    for one, size in zip(alone, together[0]):
        assert (one.freed_bytes, one.notes) == (size.freed_bytes, size.notes)
    shared_with = [size.shared_with for size in together[0]]
    assert shared_with == [(1, 2), (0, 2), (0, 1)] + [()] * (len(alone) - 3)


def _pairs(count: int) -> list[Any]:
    made = []
    for number in range(count):
        one = [number + 10**6]
        made += [one, [one]]
        one.append(made[-1])  # type: ignore[arg-type]
    return made


def test_rings_of_a_lists_own_elements_fall_with_it() -> None:
    made = _pairs(20_000)
    kept = made[7]
    root = Root(made, 0)
    del made
    sizes, _ = measure([root], budget_ms=PLENTY)
    one = measure([Root(_pairs(1), 0)], budget_ms=PLENTY)[0][0].freed_bytes
    assert sizes[0].exact
    assert abs(sizes[0].freed_bytes - 19_999 * (one - 64)) < 250_000
    assert kept


class Record(dict):  # type: ignore[type-arg]
    """A dict that can be watched."""


def _ring(count: int) -> list[Any]:
    ring: list[Any] = [Record(number=number + 10**6) for number in range(count)]
    for one, other in zip(ring, ring[1:] + ring[:1]):
        one["next"] = other
    return ring


RINGS: dict[str, Callable[[list[Any]], Any]] = {
    "as it is": len,
    "with one that is listed twice": lambda ring: ring.append(ring[7]),
    "with texts between": lambda ring: ring.extend(map(str, range(1000))),
    "with a class": lambda ring: ring[7].update(of=Record),
    "with one that is large": lambda ring: ring[7].update((str(i), [i]) for i in range(5000)),
    "with one that leads back": lambda ring: ring[7].update(back=[ring]),
    "with one that nothing shows": lambda ring: ring[7].update(it=itertools.count(10**30)),
    "with keys that are shown": lambda ring: [one.update({(1, 2): [3]}) for one in ring],
    "with keys of its own": lambda ring: [one.update({f"k{i}": i}) for i, one in enumerate(ring)],
}


@pytest.mark.parametrize("change", RINGS)
def test_a_list_of_a_ring_frees_the_ring(change: str) -> None:
    ring = _ring(3_000)
    RINGS[change](ring)
    least = 3_000 * sys.getsizeof(ring[0])
    root = Root(ring, 0)
    del ring
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert "cut" not in size.notes
    assert least < size.freed_bytes < 4 * least


@pytest.mark.parametrize("change", ["as it is", "with one that is listed twice"])
def test_wherever_time_is_up_the_rest_of_a_ring_is_told_to_be_missing(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = _ring(3_000)
    RINGS[change](ring)
    root = Root(ring, 0)
    del ring
    whole = measure([root], budget_ms=PLENTY)[0][0].freed_bytes
    looked = itertools.count()
    for module in (survey, trial, cycles):
        monkeypatch.setattr(module, "perf_counter", lambda: float(next(looked)))
    for looks in range(1, 50):
        size = measure([root], budget_ms=looks * 1000)[0][0]
        assert size.freed_bytes == whole or ("cut" in size.notes and size.freed_bytes < whole)


def test_rings_are_looked_for_where_only_the_second_attempt_has_followed_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = Root(_ring(3_000), 0)
    whole = measure([root], budget_ms=PLENTY)[0][0].freed_bytes
    attempts = itertools.count()
    run = Walk.run
    monkeypatch.setattr(Walk, "run", lambda walk, steps: next(attempts) > 0 and run(walk, steps))
    assert measure([root], budget_ms=PLENTY)[0][0].freed_bytes == whole


def test_a_list_of_a_ring_of_which_one_is_held_frees_nothing_else() -> None:
    ring = _ring(3_000)
    kept = ring[7]
    own = sys.getsizeof(ring)
    root = Root(ring, 0)
    del ring
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert own - 100 < size.freed_bytes < own + 100
    assert kept


def test_a_ring_with_a_result_and_its_holder_stays_while_something_else_holds_it() -> None:
    shown = Record(number=1)
    ring: list[Any] = [Record(shown=shown), shown, *_ring(100)]
    for one, other in zip(ring, ring[1:] + ring[:1]):
        one["next"] = other
    kept = ring[50]
    roots = [Root(ring, 0), Root(shown, 1)]  # its holder is not named as a boundary
    del ring, shown, one, other
    sizes, together = measure(roots, budget_ms=PLENTY)
    _, only_together = measure(roots, budget_ms=PLENTY, each=False)
    assert max(size.freed_bytes for size in [*sizes, together, only_together]) < 2_000
    assert kept


def test_a_ring_for_which_there_is_no_time_is_estimated() -> None:
    ring: list[Any] = [[number] for number in range(300_000)]
    for one, other in zip(ring, ring[1:] + ring[:1]):
        one.append(other)
    root = Root(ring, 0)
    del ring, one, other
    whole = measure([root], budget_ms=PLENTY)[0][0]
    size = measure([root], budget_ms=60)[0][0]
    assert whole.exact
    assert "cut" in size.notes
    assert size.estimate_bytes is not None
    assert size.freed_bytes <= whole.freed_bytes
    assert size.estimate_bytes < 2 * whole.freed_bytes


def test_rings_that_lead_to_much_that_lives_are_proven_without_following_it_all() -> None:
    live: list[Any] = []
    for number in range(30_000):
        live = [number, live]
    made: list[dict[str, Any]] = [{"number": number} for number in range(100)]
    for one in made:
        one.update(itself=[one], live=live)
    root = Root(made, 0)
    del made, one
    heap = Heap({}, ())
    heap.deadline = float("inf")
    walk = Walk(heap)
    walk.let_go(root)
    walk.run(sys.maxsize)
    before = walk.bytes
    assert break_cycles(walk, set(), 2048) is None
    assert walk.bytes - before > 100 * sys.getsizeof({"number": 1, "itself": 2, "live": 3})
    proven = walk.bytes
    del walk, heap
    assert measure([root], budget_ms=PLENTY)[0][0].freed_bytes == proven
    while live:
        live = live[1]  # so deep that it is taken apart piece by piece


def test_bytes_that_were_never_written_give_nothing_back() -> None:
    size = measure([Root(bytes(60_000_000), 0)], budget_ms=PLENTY)[0][0]
    assert size.notes == ("untouched",)
    assert size.freed_bytes < 1_000_000


def _appended() -> list[Any]:
    made: list[Any] = []
    for _ in range(9_400_000):
        made.append(None)  # noqa: PERF401 - so that it has room for more
    return made


def _grown() -> bytearray:
    made = bytearray()
    for _ in range(50):
        made += b"x" * 10**6
    return made


@pytest.mark.parametrize("make", [_appended, _grown])
def test_room_for_more_items_is_not_counted_where_it_was_never_written(make: Any) -> None:
    held = make()
    used = len(held) * (8 if type(held) is list else 1)
    room = sys.getsizeof(held) - used
    roots = [Root(held, 0)]
    del held
    size = measure(roots, budget_ms=PLENTY)[0][0]
    assert room > 3_000_000
    assert used <= size.freed_bytes < used + 1_000_000
    assert size.notes == ("untouched",)
    # A list may have the same as one of many.
    roots = [Root([make()], 0), Root([1], 0)]
    assert measure(roots, budget_ms=PLENTY)[0][0].freed_bytes == pytest.approx(used, rel=0.02)


def test_room_that_items_have_left_is_counted() -> None:
    held = [None] * 5_000_000
    del held[2_600_000:]
    room = sys.getsizeof(held)
    root = Root(held, 0)
    del held
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert 40_000_000 <= room <= size.freed_bytes


def test_mapped_memory_of_no_file_goes_and_that_of_a_file_stays(tmp_path: Path) -> None:
    page = mmap.PAGESIZE
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100 * page)
    anonymous = mmap.mmap(-1, 100 * page)
    anonymous[: 50 * page] = b"y" * 50 * page
    with file.open("r+b") as opened:
        private = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
        shared = mmap.mmap(opened.fileno(), 0)
        readable = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    private[: 30 * page] = b"z" * 30 * page
    assert shared[:1] == readable[:1] == b"x"
    closed = mmap.mmap(-1, page)
    closed.close()
    roots = [Root(obj, 0) for obj in (anonymous, private, shared, readable, closed)]
    del anonymous, private, shared, readable, closed
    sizes, _ = measure(roots, budget_ms=PLENTY)
    assert [size.freed_bytes // page for size in sizes] == [50, 30, 0, 0, 0]
    assert [size.notes for size in sizes] == [(), (), ("mapped",), ("mapped",), ()]
    again: Any = roots[0].obj
    again[:1] = b"a"  # it can still be written to, and closed
    again.close()


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_an_array_of_objects_holds_falls_in_whatever_order_it_lies(order: str) -> None:
    numpy = pytest.importorskip("numpy")
    texts = [[f"{row} {column}" * 50 for column in range(50)] for row in range(50)]
    own = sum(map(sys.getsizeof, itertools.chain.from_iterable(texts)))
    root = Root(numpy.array(texts, dtype=object, order=order), 0)
    texts.clear()
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert own < size.freed_bytes < own + 2_500 * 24 + 10_000


def test_texts_written_to_a_buffer_are_not_counted_by_their_length() -> None:
    buffer = io.StringIO()
    for _ in range(10_000):
        buffer.write("word " * 200)
    root = Root(buffer, 0)
    del buffer
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.notes == ("opaque",)
    assert size.freed_bytes < 1_000_000


def test_the_tail_of_a_buffer_that_grew_is_not_counted() -> None:
    buffer = io.BytesIO()
    for _ in range(50):
        buffer.write(b"x" * 10**6)
    numbers = array.array("d", bytes(51_200_000))
    roots = [Root(buffer, 0), Root(numbers, 0)]
    del buffer, numbers
    sizes, _ = measure(roots, budget_ms=PLENTY)
    assert 45_000_000 < sizes[0].freed_bytes <= 50_100_000
    assert 51_200_000 <= sizes[1].freed_bytes < 52_300_000


@pytest.mark.parametrize("make", [int, str, lambda number: (number, 1)])
def test_the_keys_of_an_ordered_dict_fall_with_it(make: Any) -> None:
    keys = [make(number + 10**6) for number in range(1_000)]
    own = sum(map(sys.getsizeof, keys))
    held = OrderedDict.fromkeys(keys)
    keys.clear()
    held_size = sys.getsizeof(held)
    root = Root(held, 0)
    del held
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.freed_bytes >= held_size + own
    assert size.exact


def test_no_roots_free_nothing() -> None:
    sizes, together = measure([])
    assert (sizes, together.freed_bytes, together.exact) == ([], 0, True)


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
def test_other_interpreters_and_free_threads_are_told_by_name(
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
from jupyter_memguard.kernel.sizing import Root, measure, reaches
grown = []
for number in range(50_000): grown.append(number)
held = [[b"x" * 500_000, bytearray(300_000), grown], {"a": 1}]
sizes, together = measure([Root(obj, 0) for obj in held])
for size in [*sizes, together]:
    assert (size.freed_bytes, size.exact, size.notes) == (0, False, ("no-refcounts",))
assert 1_100_000 < sizes[0].estimate_bytes < 3_000_000
assert reaches(held, threshold_bytes=10**9).freed_bytes > 1_100_000
assert measure([]) [1].freed_bytes == 0
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_reference_counts_can_be_used_on_this_interpreter() -> None:
    assert (LISTED is not None) == (sys.implementation.name == "cpython")


ran: list[str] = []


def _told(name: str) -> Any:
    def method(*_: Any, **__: Any) -> Any:
        ran.append(name)
        raise RuntimeError(name)

    return method


SPECIAL = [
    "__getattribute__",
    "__getattr__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__hash__",
    "__len__",
    "__iter__",
    "__contains__",
    "__getitem__",
    "__bool__",
    "__repr__",
    "__str__",
    "__sizeof__",
    "__dir__",
    "__reduce__",
    "__reduce_ex__",
    "__copy__",
    "__deepcopy__",
    "__format__",
    "__index__",
    "__int__",
    "__array__",
    "__next__",
    "__call__",
    "keys",
    "values",
    "items",
]


class HostileMeta(type):
    """A metaclass whose every method tells."""

    for _name in [
        "__instancecheck__",
        "__subclasscheck__",
        "__eq__",
        "__hash__",
        "__repr__",
        "mro_entries",
    ]:
        locals()[_name] = _told(f"meta {_name}")

    def __getattribute__(cls, name: str) -> Any:
        ran.append(f"meta {name}")
        return super().__getattribute__(name)


def hostile(base: type) -> Any:
    """Make an object whose own methods must not be run."""
    body: dict[str, Any] = {name: _told(name) for name in SPECIAL}
    body["__class__"] = property(_told("__class__"))
    body["__del__"] = lambda _: None
    if base is not list:
        body["__slots__"] = ()
    made = HostileMeta.__new__(HostileMeta, "Hostile", (base,), body)
    return base.__new__(made)  # type: ignore[call-overload]


@pytest.mark.parametrize("base", [object, list, dict, set, tuple, str, int, bytes, OSError])
def test_no_code_of_the_objects_runs(base: type) -> None:
    roots = [Root(hostile(base), 0), Root([hostile(base), {"k": hostile(base)}], 0)]
    ring: list[Any] = [hostile(base)]
    ring.append(ring)
    roots.append(Root(ring, 0))
    del ring
    ran.clear()
    sizes, _ = measure(roots, budget_ms=PLENTY)
    reached = reaches(roots[1].obj, threshold_bytes=10**9, budget_ms=PLENTY)
    name = sizing.type_name(roots[0].obj)
    assert ran == []
    assert all(size.freed_bytes > 0 for size in sizes)
    assert reached.freed_bytes > 0
    assert type(name) is str


class HostileText(str):
    """A text whose every method tells."""

    __slots__ = ()
    for _name in ["__format__", "__str__", "__hash__", "__eq__", "partition", "__repr__"]:
        locals()[_name] = _told(f"text {_name}")


def test_no_code_of_a_classs_names_runs() -> None:
    named = type(str(hash("")), (), {"__slots__": ("a",), "__qualname__": HostileText("int")})
    named.__module__ = "builtins"
    del named.a  # type: ignore[attr-defined]  # so it looks like a class with fields in C
    ran.clear()
    size = measure([Root(named(), 0)], budget_ms=PLENTY)[0][0]
    reached = reaches(named(), threshold_bytes=10**9, budget_ms=PLENTY)
    name = sizing.type_name(named())
    assert ran == []
    assert size.freed_bytes > 0
    assert reached.freed_bytes > 0
    assert name == "builtins.int"


def test_no_code_of_the_class_of_an_arrays_base_runs() -> None:
    numpy = pytest.importorskip("numpy")
    made = HostileMeta.__new__(HostileMeta, "Bytes", (bytearray,), {})
    base: Any = bytearray.__new__(made)  # type: ignore[arg-type]
    bytearray.extend(base, bytes(5))
    root = Root(numpy.ndarray((5,), "u1", base), 0)
    del base
    ran.clear()
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert ran == []
    assert size.exact


def test_a_measurement_leaves_nothing_behind() -> None:
    class Point:
        def __init__(self) -> None:
            self.values = [object()]

    ring: list[Any] = [Point()]
    ring.append(ring)
    objects: list[Any] = [Point(), ring, {"k": Point()}, (Point(),)]
    watched = [weakref.ref(objects[0]), weakref.ref(ring[0]), weakref.ref(objects[2]["k"])]
    roots = [Root(obj, 0) for obj in objects]
    gc.collect()
    gc.disable()
    try:
        measure(roots)  # the first call fills what Python itself caches for abstract classes
        for _ in range(2):
            counts = [sys.getrefcount(obj) for obj in objects]
            inner = sys.getrefcount(objects[0].values[0])
            referents = [len(gc.get_referents(obj)) for obj in objects]
            tracked = len(gc.get_objects())
            sizes, together = measure(roots, budget_ms=PLENTY)
            del sizes, together
            assert len(gc.get_objects()) - tracked <= 2
            assert [sys.getrefcount(obj) for obj in objects] == counts
            inner_after = sys.getrefcount(objects[0].values[0])  # an assert would hold it
            assert inner_after == inner
            assert [len(gc.get_referents(obj)) for obj in objects] == referents
        objects.clear()
        roots.clear()
        del ring
        assert watched[0]() is None
        assert watched[2]() is None
    finally:
        gc.enable()


def test_the_collector_is_as_it_was() -> None:
    measure([Root([1], 0)])
    assert gc.isenabled()
    gc.disable()
    try:
        measure([Root([1], 0)])
        assert not gc.isenabled()
    finally:
        gc.enable()


class TestReaches:
    """What an object keeps alive, whoever else holds it."""

    def test_it_goes_through_the_values_of_the_users_variables(self) -> None:
        user_ns = {"big": b"x" * 500_000}
        reached = reaches([user_ns["big"]], threshold_bytes=10**9, boundary=[user_ns])
        assert reached.freed_bytes > 500_000

    def test_it_stops_at_the_namespace_modules_and_types(self) -> None:
        user_ns = {"big": b"x" * 500_000}
        obj = [user_ns, sys, type(self), sys.modules[__name__].__dict__]
        reached = reaches(obj, threshold_bytes=10**9, budget_ms=PLENTY, boundary=[user_ns])
        assert reached.freed_bytes < 10_000
        entered = reaches(
            obj, threshold_bytes=10**9, budget_ms=PLENTY, boundary=[user_ns], through=[user_ns]
        )
        assert entered.freed_bytes > 500_000

    def test_it_stops_once_the_threshold_is_proven(self) -> None:
        obj = [[bytes([i % 256]) * 1000] for i in range(20_000)]
        reached = reaches(obj, threshold_bytes=100_000, budget_ms=PLENTY)
        assert 100_000 <= reached.freed_bytes < 10_000_000
        assert reached.notes == ("cut",)

    def test_a_large_list_is_estimated_when_time_is_up(self) -> None:
        obj = [[i] for i in range(500_000)]
        reached = reaches(obj, threshold_bytes=10**9, budget_ms=0)
        assert not reached.exact
        assert reached.estimate_bytes is not None
        assert 50_000_000 < reached.estimate_bytes < 70_000_000

    def test_shared_parts_count_once(self) -> None:
        part = b"x" * 500_000
        reached = reaches([part, [part], {"p": part}], threshold_bytes=10**9)
        assert 500_000 < reached.freed_bytes < 502_000

    def test_in_turn_what_is_shared_is_the_first_ones(self) -> None:
        part = b"x" * 500_000
        first, second, third = reaches_in_turn(
            [[part, b"y" * 100_000], [part], [part, b"z" * 200_000]],
            most_bytes=10**9,
            budget_ms=PLENTY,
        )
        assert 600_000 < first < 602_000
        assert second < 1000
        assert 200_000 < third < 202_000

    def test_in_turn_the_one_that_passes_the_most_is_the_last(self) -> None:
        objects = [[bytes([n]) * 100_000] for n in range(5)]
        told = reaches_in_turn(objects, most_bytes=250_000, budget_ms=PLENTY)
        assert len(told) == 3
        assert sum(told) > 250_000

    def test_in_turn_what_there_was_no_time_for_is_not_told(self) -> None:
        objects = [[b"x"], [[i] for i in range(500_000)], [b"y"]]
        assert len(reaches_in_turn(objects, most_bytes=10**9, budget_ms=0)) == 1
