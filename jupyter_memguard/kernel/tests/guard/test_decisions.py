"""What the guard decides, counts and lets go, in a shell of the test's own process."""

from __future__ import annotations

import gc
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel import stages
from jupyter_memguard.kernel.guard import guard as guards
from jupyter_memguard.kernel.guard.guard import LISTED_BYTES, Guard
from jupyter_memguard.kernel.protocol import DEFAULTS
from jupyter_memguard.kernel.retention import tracebacks
from jupyter_memguard.kernel.retention.holders import boundary, results
from jupyter_memguard.kernel.retention.outputs import Outputs
from jupyter_memguard.kernel.retention.placeholder import is_placeholder
from jupyter_memguard.kernel.retention.sizes import Size
from jupyter_memguard.kernel.tests.shells import Thing, quick_shell, show, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = sys.getsizeof(b"")


@pytest.fixture
def shell() -> Iterator[Any]:
    with quick_shell() as made:
        yield made


# The guard's times, which a loaded machine may not keep: only tests of time have them.
TIMES = {name: vars(guards)[name] for name in ("DECIDE_MS", "TOTAL_MS", "LISTED_MS", "WEIGH_MS")}


@pytest.fixture
def guard(shell: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    """A guard that has time, and whose cells begin with those of the shell."""
    for name in TIMES:
        monkeypatch.setattr(guards, name, 60_000.0)
    made = Guard(shell, Outputs(shell))
    shell.events.register("pre_execute", lambda: made.before_cell(True))  # noqa: FBT003
    yield made
    made.remove()


def turn(guard: Guard, mode: str, **settings: Any) -> None:
    guard.set(mode, {**DEFAULTS, **settings})  # type: ignore[typeddict-item]


def of_size(size: int) -> bytes:
    """Return bytes whose object has a size."""
    return bytes(size - EMPTY)


def withheld(shell: Any) -> list[int]:
    """Return the numbers that have a placeholder."""
    return [number for number, obj in results(shell).items() if is_placeholder(obj)]


def test_a_new_guard_is_off_with_the_defaults(guard: Guard) -> None:
    assert guard.state() == {
        "mode": "off",
        "settings": DEFAULTS,
        "set": False,
        "since_execution": None,
        "on_top": "nobody",
        "other": None,
        "withheld": 0,
        "withheld_bytes": 0,
        "withheld_exact": True,
    }
    guard.state()["settings"]["keep_last"] = 99
    guard.settings["keep_last"] = 98
    assert DEFAULTS["keep_last"] == 3


def test_it_says_since_when_it_is_on(shell: Any, guard: Guard) -> None:
    shown(shell, 1)
    turn(guard, "last")
    state = guard.state()
    assert (state["mode"], state["set"], state["since_execution"]) == ("last", True, 2)
    assert (state["on_top"], state["other"]) == ("us", None)
    shown(shell, 1)
    turn(guard, "all", keep_last=1)
    assert guard.state()["since_execution"] == 2
    assert guard.state()["settings"]["keep_last"] == 1
    guard.state()["settings"]["keep_last"] = 99
    assert guard.settings["keep_last"] == 1
    turn(guard, "off")
    assert guard.state()["since_execution"] is None
    assert guard.state()["on_top"] == "nobody"
    assert "update_user_ns" not in vars(shell.displayhook)


def test_off_it_answers_for_nobody_wherever_it_still_is(shell: Any, guard: Guard) -> None:
    turn(guard, "large")
    shell.displayhook.update_user_ns, ours = print, shell.displayhook.update_user_ns
    turn(guard, "off")
    shell.displayhook.update_user_ns = ours
    assert guard.state()["on_top"] == "nobody"
    guard.remove()
    assert "update_user_ns" not in vars(shell.displayhook)


def test_off_it_counts_and_withholds_nothing(shell: Any, guard: Guard) -> None:
    turn(guard, "all")
    turn(guard, "off")
    [alive] = shown(shell, 10**6)
    assert alive() is not None
    assert (guard.kept, guard.withheld, guard.after_cell()) == ({}, 0, False)
    # Another's patch of later calls us while we are off.
    assert guard._update_user_ns(5) is None
    assert withheld(shell) == []
    assert guard.kept == {}


def test_in_mode_all_each_is_withheld_and_counted(shell: Any, guard: Guard) -> None:
    turn(guard, "all")
    for size in (LISTED_BYTES, 1000):
        show(shell, of_size(size))
    assert withheld(shell) == [1, 2]
    assert repr(results(shell)[1]).startswith("<Out[1] was not kept: bytes, 65503 items, 64.0 KiB")
    assert guard.kept == {}
    state = guard.state()
    assert (state["withheld"], state["withheld_bytes"]) == (2, LISTED_BYTES)
    assert state["withheld_exact"]
    assert guard.after_cell() is True
    assert guard.after_cell() is False


def test_what_is_not_exact_makes_the_largest_a_bound(shell: Any, guard: Guard) -> None:
    turn(guard, "all")
    show(shell, Thing())
    assert guard.withheld_exact
    guard._count(1, Size(5, ("cut",)))
    show(shell, Thing())
    assert not guard.withheld_exact
    assert guard.withheld == 3


@pytest.mark.parametrize(
    ("size", "exact", "is_listed"),
    [
        (LISTED_BYTES, True, True),
        (LISTED_BYTES - 1, True, False),
        (LISTED_BYTES - 1, False, True),
        (0, False, True),
    ],
)
def test_at_a_cells_end_all_are_listed_but_those_that_are_surely_small(
    guard: Guard, size: int, *, exact: bool, is_listed: bool
) -> None:
    guard._list(7, "Thing", Size(size, () if exact else ("cut",)))
    row = {"number": 7, "type": "Thing", "bytes": size, "exact": exact}
    assert guard.this_cell == ([row] if is_listed else [])


def test_a_cell_lists_a_thousand_withheld_results_and_counts_the_others(
    shell: Any, guard: Guard
) -> None:
    for _ in range(guards.MOST_LISTED + 2):
        guard._stand_in(1, [], Size(LISTED_BYTES))
    assert len(guard.this_cell) == 1000
    assert guard.withheld == 1002
    shell.run_cell("5", store_history=True)
    assert guard.this_cell == []


def test_in_mode_large_the_threshold_decides(shell: Any, guard: Guard) -> None:
    turn(guard, "large", threshold_bytes=5000)
    show(shell, of_size(4999))
    show(shell, of_size(5000))
    show(shell, Thing(6000))
    show(shell, Thing(100))
    assert withheld(shell) == [2, 3]
    assert guard.kept[1] == 4999
    assert list(guard.kept) == [1, 4]
    assert 100 < guard.kept[4] < 5000


def test_a_second_result_of_a_cell_is_the_newest_of_its_number(shell: Any, guard: Guard) -> None:
    turn(guard, "large")
    shown(shell, 1)
    show(shell, of_size(1000), of_size(2000))
    shown(shell, 1)
    assert list(guard.kept) == [1, 2, 3]
    assert guard.kept[2] == 2000
    shell.execution_count = 2
    guard._update_user_ns(5)
    assert list(guard.kept) == [2, 3, 1]


@pytest.mark.parametrize("what", ["the cache itself", "a placeholder"])
def test_what_ipython_holds_anyway_is_passed_on(shell: Any, guard: Guard, what: str) -> None:
    turn(guard, "all")
    shown(shell, 1)
    show(shell, results(shell) if what == "the cache itself" else results(shell)[1])
    assert guard.withheld == 1


@pytest.mark.parametrize("mode", ["all", "off"])
def test_without_a_cache_the_next_cell_frees_a_withheld_result(
    shell: Any, guard: Guard, mode: str
) -> None:
    shell.displayhook.cache_size = shell.displayhook.do_full_cache = 0
    turn(guard, mode)
    [alive] = shown(shell, 1)
    assert shell.last_execution_result.result is alive()
    assert (guard.withheld, guard.kept) == (0, {})
    guard.before_cell(True)  # noqa: FBT003
    assert (shell.last_execution_result.result is None) == (mode == "all")
    gc.collect()
    assert (alive() is None) == (mode == "all")


def test_an_error_of_ours_costs_no_result(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise LookupError

    turn(guard, "all")
    monkeypatch.setattr(guard, "_judge", fail)
    [alive] = shown(shell, 1)
    assert results(shell)[1] is alive() is shell.user_ns["_"]
    monkeypatch.setattr(guard, "_judge", Guard._judge.__get__(guard))
    monkeypatch.setattr(guard, "_limit", fail)
    shown(shell, 1)
    assert withheld(shell) == [2]
    assert shell.last_execution_result.success


def test_an_interrupt_while_the_oldest_go_is_raised_without_the_result(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    turn(guard, "large")
    monkeypatch.setattr(guard, "_limit", interrupted)
    with pytest.raises(KeyboardInterrupt) as raised:
        guard._update_user_ns(Thing())
    assert type(results(shell)[0]) is Thing
    assert raised.value.__context__ is None
    trace = raised.tb
    while trace is not None:
        assert trace.tb_frame.f_locals.get("result") is None
        trace = trace.tb_next  # type: ignore[assignment]


def test_what_a_withheld_results_execution_holds_goes_before_the_next_cell(
    shell: Any, guard: Guard
) -> None:
    turn(guard, "all")
    [alive] = shown(shell, 1)
    before = shell.last_execution_result
    assert before.result is alive()
    guard.before_cell(False)  # noqa: FBT003 - a nested one
    assert shell.last_execution_result.result is None
    # The caller of a nested cell may have it.
    assert before.result is alive() is not None
    guard.this_cell.append({})  # type: ignore[typeddict-item]
    guard.before_cell(False)  # noqa: FBT003
    assert guard.this_cell
    guard.before_cell(True)  # noqa: FBT003
    assert guard.this_cell == guard._executions == []


def test_a_kept_results_execution_keeps_it(shell: Any, guard: Guard) -> None:
    turn(guard, "large")
    [alive] = shown(shell, 1)
    guard.before_cell(True)  # noqa: FBT003
    assert shell.last_execution_result.result is alive()


def test_the_last_of_a_cells_results_decides_about_its_execution(shell: Any, guard: Guard) -> None:
    turn(guard, "large", threshold_bytes=5000)
    show(shell, Thing(6000), 5)
    assert guard._executions == []
    show(shell, 5, Thing(6000))
    assert [execution() for execution in guard._executions] == [shell.last_execution_result]


def test_the_newest_stay_in_mode_last(shell: Any, guard: Guard) -> None:
    turn(guard, "last", keep_last=2)
    seen = shown(shell, 1, 1, 1, 1)
    assert withheld(shell) == [1, 2]
    gc.collect()
    assert [alive() is None for alive in seen] == [True, True, False, False]
    assert list(guard.kept) == [3, 4]
    assert guard.withheld == 2
    assert guard.withheld_exact
    assert 50 < guard.withheld_bytes < 1000


def test_what_the_user_has_deleted_counts_no_more(shell: Any, guard: Guard) -> None:
    turn(guard, "last", keep_last=2)
    seen = shown(shell, 1, 1)
    shell.run_cell("del Out[2], _2", store_history=True)
    shell.user_ns_hidden.pop("_2")
    shown(shell, 1)
    assert withheld(shell) == []
    assert list(guard.kept) == [1, 4]
    assert seen[0]() is not None


def test_with_none_to_keep_the_running_cells_result_goes_with_the_next(
    shell: Any, guard: Guard
) -> None:
    turn(guard, "last", keep_last=0)
    [alive] = shown(shell, 1)
    assert withheld(shell) == [1]
    assert alive() is not None
    guard.before_cell(True)  # noqa: FBT003
    gc.collect()
    assert alive() is None


def test_one_object_under_several_numbers_stays_under_the_newest(shell: Any, guard: Guard) -> None:
    turn(guard, "last", keep_last=1)
    thing = Thing()
    for _ in range(3):
        show(shell, thing)
    assert withheld(shell) == [1, 2]
    assert results(shell)[3] is shell.user_ns["_3"] is shell.user_ns["_"] is thing
    assert guard.withheld == 2
    assert [is_placeholder(shell.user_ns[name]) for name in ("_1", "_2")] == [True, True]


def test_a_result_that_lost_its_number_to_a_later_one_goes_with_its_turn(
    shell: Any, guard: Guard
) -> None:
    turn(guard, "last", keep_last=1)
    first, second = Thing(), Thing()
    show(shell, first, second)
    assert results(shell)[1] is second
    assert shell.user_ns["_"] is second
    assert is_placeholder(shell.user_ns["__"])
    assert guard.withheld == 1
    assert guard.withheld_exact
    assert 50 < guard.withheld_bytes < 1000
    turn(guard, "last", keep_last=2)
    show(shell, first, second)
    # Two are kept: this cell's second, and the second of the cell before.
    assert list(guard.kept) == [1, 2]
    assert is_placeholder(shell.user_ns["__"])


@pytest.mark.parametrize("has_numbers", [True, False])
def test_what_goes_is_weighed_for_three_milliseconds(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch, *, has_numbers: bool
) -> None:
    if has_numbers:
        shown(shell, 1, 1, 1, 1, 1)
        turn(guard, "last", keep_last=0)
    else:
        turn(guard, "last", keep_last=9)
        show(shell, Thing(), Thing(), Thing(), 5)
        guard.settings["keep_last"] = 1
    now = [1000.0]
    asked: list[tuple[int, float]] = []

    def weigh(_obj: Any, threshold_bytes: int, budget_ms: float) -> Size:
        asked.append((threshold_bytes, budget_ms))
        now[0] += 0.003
        return Size(77)

    for name, time_ms in TIMES.items():
        monkeypatch.setattr(guards, name, time_ms)
    monkeypatch.setattr(guards, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr(guard, "weigh", weigh)
    guard._limit()
    assert asked == [(LISTED_BYTES, 0.5)]
    assert guard.withheld_bytes == 77
    assert guard.withheld == (5 if has_numbers else 2)
    assert not guard.withheld_exact


def test_each_decision_has_its_time(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TIMES == {"DECIDE_MS": 3, "TOTAL_MS": 2, "LISTED_MS": 0.5, "WEIGH_MS": 100}
    for name, time_ms in TIMES.items():
        monkeypatch.setattr(guards, name, time_ms)
    asked: list[tuple[int, float]] = []

    def keeps_alive(_obj: Any, **limits: Any) -> Size:
        assert list(map(id, limits["boundary"])) == list(map(id, boundary(shell)))
        asked.append((limits["threshold_bytes"], limits["budget_ms"]))
        return Size(700)

    def in_turn(objects: list[Any], **limits: Any) -> list[int]:
        assert list(map(id, limits["boundary"])) == list(map(id, boundary(shell)))
        asked.append((limits["most_bytes"], limits["budget_ms"]))
        return [700] * len(objects)

    monkeypatch.setattr(stages.module("sizing"), "keeps_alive", keeps_alive)
    monkeypatch.setattr(stages.module("sizing"), "keeps_alive_in_turn", in_turn)
    shown(shell, 1)
    turn(guard, "large", threshold_bytes=1000, total_bytes=1000)
    shown(shell, 1)
    guard.is_worth_listing(1)
    turn(guard, "all")
    shown(shell, 1)
    assert asked == [
        (sys.maxsize, 100),
        (1000, 3),
        (1000, 2),
        (LISTED_BYTES, 0.5),
        (LISTED_BYTES, 0.5),
        (LISTED_BYTES, 0.5),
    ]


def test_what_is_known_to_be_large_is_not_weighed_again(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(shell, 1, 1)
    turn(guard, "last", keep_last=0)
    guard.kept = {1: LISTED_BYTES, 2: LISTED_BYTES - 1}
    monkeypatch.setattr(guard, "weigh", lambda *_: Size(77))
    guard._limit()
    assert guard.this_cell == [
        {"number": 1, "type": guard.this_cell[0]["type"], "bytes": LISTED_BYTES, "exact": False}
    ]
    assert guard.withheld_bytes == LISTED_BYTES


def test_with_room_for_it_a_result_without_a_number_stays(shell: Any, guard: Guard) -> None:
    turn(guard, "last", keep_last=2)
    first, second = Thing(), Thing()
    show(shell, first, second)
    assert shell.user_ns["__"] is first
    assert guard.withheld == 0


def kept_in_all(shell: Any, guard: Guard, sizes: tuple[int, ...]) -> int:
    turn(guard, "large", total_bytes=10**9)
    shown(shell, *sizes)
    return sum(guard.kept.values())


@pytest.mark.parametrize("more", [0, 1])
def test_the_oldest_go_when_all_exceed_the_total_by_a_fiftieth(
    shell: Any, guard: Guard, more: int
) -> None:
    kept_in_all(shell, guard, (30_000, 40_000, 20_000))
    total = 50_000
    guard.kept = dict(zip((1, 2, 3), (10_000, 10_000, 31_000 + more)))
    guard.settings["total_bytes"] = total
    guard._limit()
    # They are weighed again before any of them goes.
    assert withheld(shell) == ([1, 2] if more else [])
    if more:
        assert list(guard.kept) == [3]
        assert 20_000 < guard.kept[3] < 21_000
        assert guard.withheld == 2
        assert 40_000 < guard.withheld_bytes < 41_000


def test_those_that_together_are_just_the_total_stay(shell: Any, guard: Guard) -> None:
    total = kept_in_all(shell, guard, (30_000, 40_000))
    assert guard._beyond(total) == []
    assert guard._beyond(total - 1) == [1]
    assert guard._beyond(0) == [1, 2]


@pytest.mark.parametrize(("oldest", "gone"), [(1000, [2]), (30_000, [1, 2])])
def test_small_old_results_stay_when_large_ones_go_unless_they_are_much_in_all(
    shell: Any, guard: Guard, oldest: int, gone: list[int]
) -> None:
    kept_in_all(shell, guard, (oldest, 100_000, 2000, 200_000))
    guard.settings["total_bytes"] = 250_000
    guard._limit()
    assert withheld(shell) == gone


def test_an_old_result_goes_with_a_newer_one_that_has_the_same_memory(
    shell: Any, guard: Guard
) -> None:
    shared = Thing(100_000)
    show(shell, [shared])
    show(shell, 7)
    show(shell, [shared])
    del shared
    turn(guard, "large", total_bytes=10**9)
    assert guard.kept[1] < 1000
    assert guard._beyond(50_000) == [1, 3]


def test_memory_that_results_share_counts_for_the_newest(shell: Any, guard: Guard) -> None:
    shared = Thing(50_000)
    show(shell, [shared])
    show(shell, [shared])
    del shared
    turn(guard, "large", total_bytes=10**9)
    assert list(guard.kept) == [1, 2]
    assert guard.kept[1] < 1000
    assert guard.kept[2] > 50_000


def test_what_is_there_when_it_is_turned_on_counts_as_the_oldest(shell: Any, guard: Guard) -> None:
    shown(shell, 30_000, 1)
    turn(guard, "last", keep_last=2)
    assert guard.kept == {1: 0, 2: 0}
    shown(shell, 1)
    assert withheld(shell) == [1]
    turn(guard, "large")
    assert list(guard.kept) == [2, 3]
    assert all(50 < size < 1000 for size in guard.kept.values())


def test_without_the_engine_results_are_kept_and_weighed_when_it_comes(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[int] = []
    monkeypatch.setattr(stages, "has_engine", lambda _part: bool(there))
    turn(guard, "large", threshold_bytes=1000, total_bytes=50_000)
    shown(shell, 30_000)
    show(shell, of_size(900))
    assert guard.kept == {1: 0, 2: 900}
    assert guard._judge(Thing())[0].notes == ("cut",)
    guard.weigh_missed()
    assert guard.kept[1] == 0
    there.append(1)
    guard.mode = "all"
    guard.weigh_missed()
    assert guard.kept[1] == 0
    guard.mode = "large"
    guard.weigh_missed()
    assert guard.kept[1] > 30_000
    guard.kept[1] = 0
    guard.weigh_missed()
    assert guard.kept[1] == 0


def test_the_engine_puts_the_collector_right_before_a_cell_if_it_was_used(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    sizing = stages.module("sizing")
    monkeypatch.setattr(sizing, "restore_collector", lambda: calls.append(1))
    shell.run_cell("5")
    assert calls == []
    guard.weigh(Thing(), 1, 1)
    calls.clear()
    guard.before_cell(False)  # noqa: FBT003
    assert calls == []
    guard.before_cell(True)  # noqa: FBT003
    assert calls == [1]


def test_a_result_is_worth_listing_from_64_kib_on(shell: Any, guard: Guard) -> None:
    for size in (LISTED_BYTES, LISTED_BYTES - 1):
        show(shell, of_size(size))
    assert LISTED_BYTES == 65_536
    assert [guard.is_worth_listing(number) for number in (1, 2)] == [True, False]


def test_at_a_cells_end_outputs_and_tracebacks_go_as_the_settings_say(
    shell: Any, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[int] = []
    monkeypatch.setattr(guard.outputs, "prune", allowed.append)
    shell.run_cell("1 / 0")
    turn(guard, "last", shown_bytes=77)
    guard.after_cell()
    assert tracebacks.kept(shell)
    guard.settings["tracebacks"] = True
    guard.after_cell()
    assert not tracebacks.kept(shell)
    turn(guard, "off", tracebacks=True, shown_bytes=78)
    assert guard.after_cell() is False
    assert allowed == [77, 77]


@pytest.mark.parametrize("cache_size", [5, 3])  # IPython's, or what the user has lowered it to
def test_a_culled_result_has_no_hidden_name_left(shell: Any, guard: Guard, cache_size: int) -> None:
    turn(guard, "large")
    shown(shell, 1, 1, 1, 1, 1)
    shell.displayhook.cache_size, shell.displayhook.do_full_cache = cache_size, 1
    shell.user_ns_hidden["_2"] = mine = Thing()
    with pytest.warns(UserWarning, match="Output cache limit"):
        shown(shell, 1)
    assert sorted(results(shell)) == [3, 4, 5, 6]
    assert "_1" not in shell.user_ns_hidden
    assert shell.user_ns_hidden["_2"] is mine
    assert "_3" in shell.user_ns_hidden


def test_only_hidden_names_of_what_is_gone_from_the_cache_are_forgotten(shell: Any) -> None:
    shown(shell, 1, 1)
    before = {"x": Thing(), **results(shell)}
    results(shell).pop(1)
    shell.user_ns_hidden["_x"] = before["x"]
    guards._forget_culled(shell, before)
    assert "_1" not in shell.user_ns_hidden
    assert {"_2", "_x"} <= set(shell.user_ns_hidden)
