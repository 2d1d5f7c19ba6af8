"""What is said when the time was too short."""

from __future__ import annotations

import itertools
import sys
from operator import sub
from typing import Any, Callable

import pytest

from jupyter_memguard.kernel.sizing import Measuring, Pace, Root, measure
from jupyter_memguard.kernel.tests.sizing.objects import (
    PLENTY,
    Record,
    pairs_of,
    ring_of,
    set_clock,
)

# What docs/sizes.md says that a note can be.
NOTES = {
    "cut", "device", "mapped", "moving", "no-refcounts", "opaque", "sharing-unknown", "untouched",
}  # fmt: skip


_ALIVE: list[Any] = []


def _sharing() -> list[Any]:
    shared = [[number] for number in range(1_000)]
    return [[[number], list(shared)] for number in range(3)]


@pytest.mark.parametrize("make", [_sharing, lambda: [ring_of(20) for _ in range(60)]])
def test_wherever_time_is_up_what_is_missing_of_several_results_is_recorded(
    make: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = [Root(obj, 0) for obj in make()]
    whole, all_of_it = measure(roots, budget_ms=PLENTY)
    looked = itertools.count()
    set_clock(monkeypatch, lambda: float(next(looked)))
    for looks in range(0, 3_000, 71):
        sizes, together = measure(roots, budget_ms=looks * 1000)
        for size, right in zip([*sizes, together], [*whole, all_of_it]):
            assert size.freed_bytes <= right.freed_bytes
            assert size.freed_bytes == right.freed_bytes or "cut" in size.notes
    assert together.freed_bytes == all_of_it.freed_bytes


def test_notes_are_of_the_closed_set_and_a_cut_size_has_an_estimate() -> None:
    sizes, together = measure([Root([[i] for i in range(300_000)], 0)], budget_ms=3)
    assert set(sizes[0].notes) <= NOTES
    assert not sizes[0].exact
    assert not together.exact
    assert sizes[0].estimate_bytes is not None
    assert sizes[0].freed_bytes <= sizes[0].estimate_bytes


def test_measuring_again_with_more_time_is_final_when_nothing_is_cut() -> None:
    held = [[[i] for i in range(200_000)]]
    groups = [[Root(held[0], 1)]]
    measuring = Measuring(groups)
    found = []
    while not measuring.is_final:
        measuring.go_on(2)
        found.append(measuring.account().sizes_of(0)[1])
    del measuring
    groups.clear()
    assert "cut" in found[0].notes
    assert found[-1].exact
    assert found[0].freed_bytes <= found[-1].freed_bytes
    references = sys.getrefcount(held[0])  # an assert would hold it
    assert references == 2


def test_results_that_there_was_no_time_for_are_said_to_be_cut() -> None:
    sizes, together = measure([Root([i, str(i)], 0) for i in range(50_000)], budget_ms=0)
    assert not together.exact
    assert 0 <= sum(size.exact for size in sizes) < 50_000
    assert all(size.freed_bytes > 0 or "cut" in size.notes for size in sizes)


def test_a_ring_for_which_there_is_no_time_is_estimated() -> None:
    ring: list[Any] = [[number] for number in range(60_000)]
    for one, other in zip(ring, ring[1:] + ring[:1]):
        one.append(other)
    root = Root(ring, 0)
    del ring, one, other
    whole = measure([root], budget_ms=PLENTY)[0][0]
    size = measure([root], budget_ms=20)[0][0]
    assert whole.exact
    assert "cut" in size.notes
    assert size.estimate_bytes is not None
    assert size.freed_bytes <= whole.freed_bytes
    assert size.estimate_bytes < 2 * whole.freed_bytes


def _linked_both_ways() -> list[Any]:
    links = [Record(number=number) for number in range(200_000)]
    for one, other in zip(links, links[1:]):
        one["next"], other["last"] = other, one
    return [links[0]]


LARGE: dict[str, Callable[[], list[Any]]] = {
    "a list of lists": lambda: [[[number] for number in range(500_000)]],
    "pairs": lambda: [pairs_of(100_000)],
    "links": _linked_both_ways,
    "small results": lambda: [[number, str(number)] for number in range(5_000)],
}


@pytest.mark.parametrize("name", LARGE)
def test_measuring_looks_at_the_clock_often_and_ends_when_the_time_is_up(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring = Measuring([[Root(obj, 0) for obj in LARGE[name]()]])
    met: list[int] = []

    def clock() -> float:
        objects = sum(measuring._walk.bytes) // 50
        met.append(measuring.own_size + objects)
        return len(met) / 10_000

    set_clock(monkeypatch, clock)
    for budget_ms in (5, 30):
        before = len(met)
        assert not measuring.go_on(budget_ms)
        looks = len(met) - before
        assert looks < 10 * budget_ms + 40
        # The time for the account is left, but for what the first steps have met.
        assert measuring.account_s * 1000 < max(budget_ms, 50)
    assert met[-1] > met[0]
    assert max(map(sub, met[1:], met)) < 10_000


def test_a_small_result_beside_large_ones_is_measured_however_short_the_time() -> None:
    large: list[Any] = [[[number] for number in range(500_000)] for _ in range(2)]
    small = Record(of=Record(of={"block": [b"1" * 20_000_000]}))
    groups = [[Root(large[0], 0)], [Root(small, 0)], [Root(large[1], 0)]]
    large.clear()
    del small
    measuring = Measuring(groups)
    assert not measuring.go_on(0)
    assert measuring.account().sizes_of(1)[1].freed_bytes == pytest.approx(20_000_000, rel=0.01)


def test_what_two_groups_share_is_not_exact_before_it_was_followed() -> None:
    shared = [b"1" * 2_000_000]
    groups = [[Root(shared, 0)], [Root([*([number] for number in range(300_000)), shared], 0)]]
    del shared
    measuring = Measuring(groups)
    measuring.go_on(0)
    account = measuring.account()
    assert not account.both(0, 1).size().exact
    assert not account.without(0, 1).size().exact
    while not measuring.is_final:
        measuring.go_on(1_000)
    account = measuring.account()
    assert account.both(0, 1).size().exact
    assert account.both(0, 1).bytes == pytest.approx(2_000_000, rel=0.01)


def _side_by_side() -> list[list[Any]]:
    """Make one result of containers of different lengths."""
    return [[[[number / 3 for number in range(60_000)], [n / 7 for n in range(200_000)]]]]


def _both_ways() -> list[list[Any]]:
    """Make a graph as networkx has it: both directions of an edge share what is known of it."""
    known = [{"weight": number + 0.5} for number in range(60_000)]
    there = {at: {at + 1: each} for at, each in enumerate(known)}
    back = {at + 1: {at: each} for at, each in enumerate(known)}
    return [[{"there": there, "back": back, "known": {}}]]


def _of_a_variable() -> list[list[Any]]:
    """Make a result of objects half of which a variable has as well, here and there."""
    objects = [[number + 10**6] for number in range(120_000)]
    return [[objects], [objects[::2]]]


def _texts_in_two_tables() -> list[list[Any]]:
    """Make a result that has each of its texts twice."""
    texts = [f"the text {number}" for number in range(120_000)]
    return [[[texts, list(reversed(texts))]]]


def _columns_of_a_table() -> list[list[Any]]:
    """Make an array of objects that has one column after the other, as a table gives it."""
    numpy = pytest.importorskip("numpy")
    table = numpy.empty((3, 60_000), object)
    table[0] = [number + 10**6 for number in range(60_000)]
    table[1] = [[number / 3] for number in range(60_000)]
    return [[table.T]]


def _frames() -> list[list[Any]]:
    """Make a list of frames, each of which has a column of numbers and one of texts."""
    pandas = pytest.importorskip("pandas")
    texts = pandas.Series([f"text {number}" for number in range(500)])
    numbers = pandas.Series(range(500)) / 3
    return [[[pandas.DataFrame({"a": numbers * n, "b": texts.str[:n]}) for n in range(500)]]]


def _tensors() -> list[list[Any]]:
    """Make a record with tensors and their names, and a variable's with other tensors."""
    torch = pytest.importorskip("torch")

    def record(count: int) -> dict[str, list[Any]]:
        names = [f"the tensor {number}" for number in range(count)]
        return {"tensors": [torch.rand(1600) for _ in range(count)], "names": names}

    variable = record(1500)
    return [[[variable, record(2500)]], [variable]]


def _series() -> list[list[Any]]:
    """Make a list of columns that another library has."""
    polars = pytest.importorskip("polars")
    return [[[polars.Series([number / 3, 1.5] * 500) for number in range(1500)]]]


def _arrays() -> list[list[Any]]:
    """Make a list of arrays that is followed slice by slice."""
    arrow = pytest.importorskip("pyarrow")
    return [[[arrow.array([number / 3, 1.5] * 500) for number in range(5000)]]]


def _parts_of_what_lives() -> list[list[Any]]:
    """Make parts of an Arrow array that something else holds, which is not looked at."""
    arrow = pytest.importorskip("pyarrow")
    _ALIVE.append(arrow.array([number / 3 for number in range(500_000)]))
    return [[[_ALIVE[-1].slice(100 * part, 100) for part in range(3000)]]]


def _rows_of_tensors() -> list[list[Any]]:
    """Make the rows of a tensor that nothing else has, and those of a variable's."""
    torch = pytest.importorskip("torch")
    tensor = torch.rand(1500, 1000)
    return [[[list(torch.rand(1500, 1000)), list(tensor)]], [tensor]]


def _batches_of_tables() -> list[list[Any]]:
    """Make the parts of a table that nothing else has, and those of a variable's."""
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"a": arrow.array(range(2_000_000))})
    own = arrow.table({"a": arrow.array(range(1_000_000))})
    return [[[own.to_batches(500), table.to_batches(1000)]], [table]]


def _groups_of_a_table() -> list[list[Any]]:
    """Make frames that are parts of one sorted copy of a table."""
    pandas = pytest.importorskip("pandas")
    keys = [number % 997 for number in range(200_000)]
    table = pandas.DataFrame({"key": keys, "value": range(200_000)})
    return [[[group for _, group in table.groupby("key")]], [table]]


def _from_large_to_small() -> list[list[Any]]:
    """Make a dict as a graph has it: who came first has most neighbours."""
    counts = [1 + 60 * (1 - at / 6000) ** 3 for at in range(6000)]
    return [[{at: {to: [to / 3] for to in range(int(counts[at]))} for at in range(6000)}]]


def _by_letters() -> list[list[Any]]:
    """Make a dict of the first letters of names, with those of the second letters, and so on."""
    letters: dict[str, Any] = {}
    for number in range(60_000):
        inner = letters
        for letter in f"{number * 7919 % 10**7:07d}":
            inner = inner.setdefault(letter, {})
        inner["end"] = number / 3
    return [[letters]]


def _of_three_libraries() -> list[list[Any]]:
    """Make a list in which objects of three libraries take turns."""
    numpy, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")
    arrow = pytest.importorskip("pyarrow")
    items: list[Any] = []
    for _ in range(900):
        items += numpy.ones(2000), torch.ones(80), arrow.array([1.5] * 500)
    return [[items]]


@pytest.mark.parametrize(
    ("make", "looks"),
    [
        (_side_by_side, 60),
        (_both_ways, 60),
        (_of_a_variable, 60),
        (_texts_in_two_tables, 60),
        (_columns_of_a_table, 60),
        (_frames, 800),
        (_tensors, 5000),
        (_series, 60),
        (_parts_of_what_lives, 500),
        (_of_three_libraries, 1500),
        (_rows_of_tensors, 1500),
        (_batches_of_tables, 1500),
        (_groups_of_a_table, 3000),
        (_from_large_to_small, 240),
        (_by_letters, 400),
        (_arrays, 60),
    ],
)
def test_what_waits_is_estimated_by_what_was_seen_of_each_container(
    make: Callable[[], list[list[Any]]], looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [[Root(obj, 0) for obj in group] for group in make()]
    whole = Measuring(groups)
    whole.go_on(PLENTY)
    right = whole.account().alone(0)[0].size().freed_bytes
    del whole
    looked = itertools.count()
    set_clock(monkeypatch, lambda: float(next(looked)))
    estimated = 0
    for some in (looks, 2 * looks, 3 * looks, 4 * looks):
        measuring = Measuring(groups)
        if not measuring.go_on(some * 1000, answer=False):
            estimated += 1
            assert measuring.account().alone(0)[0].likely_bytes == pytest.approx(right, rel=0.15)
        del measuring  # it holds what the next one counts
    assert estimated


def test_no_container_waits_for_another_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [[Root([[n + 0.5] for n in range(60_000)], 0)] for _ in range(3)]
    looked = itertools.count()
    set_clock(monkeypatch, lambda: float(next(looked)))
    measuring = Measuring(groups)
    assert not measuring.go_on(120_000, answer=False)
    found = [measuring.account().alone(group)[0].bytes for group in range(3)]
    assert min(found) > max(found) / 2


def test_the_time_of_an_account_is_taken_from_those_before() -> None:
    pace = Pace()
    usual_s = pace.look_s
    pace.took(1.0, 10)  # of few looks, most was something else
    assert pace.look_s == usual_s
    pace.took(10_000 * 4 * usual_s, 10_000)
    assert pace.look_s == pytest.approx(4 * usual_s)
    pace.took(10_000 * usual_s, 10_000)
    assert pace.look_s == pytest.approx(2.5 * usual_s)


def test_who_had_slow_accounts_follows_less(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = itertools.count()
    set_clock(monkeypatch, lambda: float(next(looked)))
    followed = []
    for look_s in (0.001, 0.01):
        pace = Pace()
        pace.look_s = look_s
        measuring = Measuring([[Root(pairs_of(20_000), 0)]], pace=pace)
        assert not measuring.go_on(100_000)
        followed.append(measuring.own_size)
    assert followed[1] < followed[0]


def test_an_account_of_a_stopped_measurement_is_learnt_from() -> None:
    pace = Pace()
    pace.look_s = 1e-12
    measuring = Measuring([[Root(pairs_of(200_000), 0)]], pace=pace)
    assert not measuring.go_on(60)
    assert measuring.account_s < 1e-6
    measuring.account()
    assert measuring.account_s > 1e-6
