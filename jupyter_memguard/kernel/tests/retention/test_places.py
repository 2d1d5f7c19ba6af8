"""Where IPython holds a result, which entries are the user's, and what stands there afterwards."""

from __future__ import annotations

import ctypes
import gc
import signal
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.protocol import LARGEST_INT
from jupyter_memguard.kernel.retention import holders, still_alive, tracebacks
from jupyter_memguard.kernel.retention.holders import (
    Place,
    Retained,
    cached,
    find_last,
    find_variables,
    is_ipythons,
    is_users,
    last_results,
    object_under,
    results,
    retained,
    retained_under,
)
from jupyter_memguard.kernel.retention.keys import Keys
from jupyter_memguard.kernel.retention.placeholder import is_placeholder, placeholder
from jupyter_memguard.kernel.retention.release import drop, replace
from jupyter_memguard.kernel.retention.sizes import Size
from jupyter_memguard.kernel.tests.shells import Thing, quick_shell, show, shown

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shell() -> Iterator[Any]:
    with quick_shell() as made:
        yield made


def labels(entry: Retained) -> list[str]:
    return [place.label for place in entry.places]


def numbered(number: int) -> list[str]:
    return [f"Out[{number}]", f"_{number}", f"user_ns_hidden['_{number}']"]


def unders(name: str) -> list[str]:
    return [name, f"user_ns_hidden['{name}']", f"displayhook.{name}"]


STOOD_IN = placeholder(1, "list", "", Size())


# What is retained


def test_each_result_has_all_its_places(shell: Any) -> None:
    seen = shown(shell, 1, 1, 1, 1)
    found = retained(shell)
    assert [entry.obj for entry in found] == [alive() for alive in seen]
    assert [entry.numbers for entry in found] == [[1], [2], [3], [4]]
    assert [labels(entry) for entry in found] == [
        numbered(1),
        numbered(2) + unders("___"),
        numbered(3) + unders("__"),
        numbered(4) + unders("_"),
    ]
    for entry in found:
        assert [place.mapping[place.key] for place in entry.places] == [entry.obj] * len(
            entry.places
        )
        assert [place.number for place in entry.places][3:] == [None] * (len(entry.places) - 3)
        assert {place.number for place in entry.places[:3]} == set(entry.numbers)


def test_an_object_under_several_numbers_is_one_entry(shell: Any) -> None:
    thing = Thing()
    for _ in range(2):
        show(shell, thing)
    show(shell, Thing())
    first, second = retained(shell)
    assert (first.obj, first.numbers, second.numbers) == (thing, [1, 2], [3])
    assert labels(first) == numbered(1) + numbered(2) + unders("__") + unders("___")


def test_what_the_user_put_there_is_no_place(shell: Any) -> None:
    shown(shell, 1, 1, 1)
    mine = Thing()
    shell.user_ns["_1"] = mine
    results(shell)[2] = mine
    shell.user_ns_hidden["_3"] = STOOD_IN
    shell.user_ns["_"] = mine
    found = {tuple(entry.numbers): labels(entry) for entry in retained(shell)}
    assert found == {
        (1,): ["Out[1]", "user_ns_hidden['_1']", *unders("___")],
        (2,): ["_2", "user_ns_hidden['_2']", *unders("__")],
        (): ["user_ns_hidden['_']", "displayhook._"],
    }
    assert mine not in [entry.obj for entry in retained(shell)]


def test_with_numbers_only_those_and_the_newest_are_looked_at(shell: Any) -> None:
    shown(shell, 1, 1, 1, 1, 1)
    found = retained(shell, [2, 1])
    assert [entry.numbers for entry in found] == [[1], [2], [], [], []]
    assert labels(found[0]) == numbered(1)
    assert [labels(entry)[0] for entry in found[2:]] == ["_", "__", "___"]


def test_a_result_without_the_hidden_name_is_one_if_the_user_left_it(shell: Any) -> None:
    seen = shown(shell, 1, 1)
    for name in ("_1", "_2"):
        del shell.user_ns_hidden[name]
    shell.user_ns["_2"] = 5
    assert cached(shell, 1) is seen[0]()
    assert cached(shell, 2) is None
    assert cached(shell, 3) is None
    found = {tuple(entry.numbers): labels(entry) for entry in retained(shell)}
    assert found[1,] == ["Out[1]", "_1", *unders("__")]
    assert found[()] == unders("_")


def test_only_what_is_hidden_is_found_too(shell: Any) -> None:
    [first, _] = shown(shell, 1, 1)
    del results(shell)[1], shell.user_ns["_1"]
    [entry] = [each for each in retained(shell) if 1 in each.numbers]
    assert labels(entry) == ["user_ns_hidden['_1']", *unders("__")]
    assert object_under(shell, 1) is first()
    shell.user_ns_hidden["_1"] = STOOD_IN
    assert object_under(shell, 1) is None


def test_a_stand_in_is_nobodys_result(shell: Any) -> None:
    [first] = shown(shell, 1)
    results(shell)[1] = STOOD_IN
    assert object_under(shell, 1) is first()
    results(shell)[1] = shell.user_ns_hidden["_1"] = shell.user_ns["_1"] = STOOD_IN
    shell.user_ns["_"] = shell.user_ns_hidden["_"] = shell.displayhook._ = STOOD_IN
    assert retained(shell) == last_results(shell) == []
    assert object_under(shell, 1) is retained_under(shell, 1) is None


@pytest.mark.parametrize("key", [-1, LARGEST_INT + 1, True, "7", 7.0])
def test_an_odd_key_of_out_is_no_number(shell: Any, key: Any) -> None:
    results(shell)[key] = shell.user_ns[f"_{key}"] = Thing()
    assert retained(shell) == []


@pytest.mark.parametrize("key", [0, 7, LARGEST_INT])
def test_numbers_go_from_nothing_to_the_largest(shell: Any, key: int) -> None:
    results(shell)[key] = shell.user_ns[f"_{key}"] = Thing()
    [entry] = retained(shell)
    assert entry.numbers == [key]


def test_all_numbers_of_an_object_are_found_from_one(shell: Any) -> None:
    thing = Thing()
    for _ in range(3):
        show(shell, thing)
    shown(shell, 1)
    del results(shell)[2]
    shell.user_ns_hidden["_x"] = thing
    results(shell)["mine"] = thing
    entry = retained_under(shell, 1)
    assert entry is not None
    assert (entry.obj, entry.numbers) == (thing, [1, 2, 3])
    assert retained_under(shell, 9) is None


def test_the_last_results_are_ipythons_and_the_users(shell: Any) -> None:
    assert last_results(shell) == []
    [first] = shown(shell, 1)
    mine = Thing()
    shell.user_ns["__"] = mine
    shell.user_ns["___"] = STOOD_IN
    assert last_results(shell) == [first(), mine, first(), first()]
    shell.user_ns["_"] = None
    assert last_results(shell) == [mine, first(), first()]


def test_the_last_execution_and_variables_are_found_by_identity(shell: Any) -> None:
    [first, second] = shown(shell, 1, 1)
    shell.user_ns.update(a=first(), b=second(), c=first(), _x=first())
    shell.user_ns[5] = first()
    entries = retained(shell)
    find_last(shell, entries)
    find_variables(shell, entries)
    assert [labels(entry)[-1] == "last_execution_result.result" for entry in entries] == [
        False,
        True,
    ]
    place = entries[1].places[-1]
    assert (place.mapping, place.key, place.number) == (
        vars(shell.last_execution_result),
        "result",
        None,
    )
    assert [entry.variables for entry in entries] == [["a", "c", "_x"], ["b"]]


# Whose an entry is


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("x", True),
        ("_x", True),
        ("In", False),
        ("__name__", False),
        ("__file__", True),
        ("_i5", False),
        ("_0", True),
        ("_007", True),
        ("_5", True),
        ("_1", False),
        ("_", False),
        ("__", False),
        (5, False),
    ],
)
def test_whose_a_name_is(shell: Any, name: Any, *, users: bool) -> None:
    shown(shell, 1, 1)
    shell.user_ns_hidden["_i5"] = obj = "text"
    assert is_users(shell, name, shell.user_ns.get(name, obj)) is users


def test_what_the_user_assigned_to_ipythons_names_is_the_users(shell: Any) -> None:
    shown(shell, 1)
    mine = Thing()
    for name in ("_", "_1", "In", "_i1"):
        assert is_users(shell, name, mine)
    assert not is_users(shell, "_", "")
    del shell.user_ns_hidden["_"], shell.user_ns_hidden["_1"]
    assert not is_users(shell, "_", shell.displayhook._)
    assert is_users(shell, "_", mine)
    assert not is_users(shell, "_1", results(shell)[1])
    assert is_users(shell, "_1", mine)
    # `%reset out` empties `_`, but not what is hidden.
    shell.user_ns_hidden["_"] = mine
    assert not is_users(shell, "_", mine)


def test_which_entries_of_ipythons_mappings_hold_a_result_of_it(shell: Any) -> None:
    [alive] = shown(shell, 1)
    thing, mine = alive(), Thing()
    hidden, hook = shell.user_ns_hidden, vars(shell.displayhook)
    last = vars(shell.last_execution_result)
    cache = results(shell)
    cache["mine"] = mine
    held = [(cache, 1), (shell.user_ns, "_1"), (last, "result"), (hidden, "_1"), (hidden, "_")]
    held += [(hook, "_"), (hook, "___")]
    other = [(cache, "mine"), (cache, 2), (shell.user_ns, "x"), (last, "info"), (hidden, "_x")]
    other += [(hook, "_1"), (shell.user_ns, 5), (hidden, 5), (hook, "shell")]
    assert all(is_ipythons(shell, mapping, key, thing) for mapping, key in held)
    assert not any(is_ipythons(shell, mapping, key, thing) for mapping, key in other)
    assert not is_ipythons(shell, cache, 1, mine)
    assert not is_ipythons(shell, shell.user_ns, "_1", mine)


class Same:
    """Says that it equals everything."""

    def __eq__(self, _other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


def test_what_is_equal_is_not_the_same(shell: Any) -> None:
    show(shell, Same())
    kept, mine = results(shell)[1], Same()
    shell.user_ns["_1"] = shell.user_ns["_"] = mine
    shell.user_ns["a"] = Same()
    [entry] = retained(shell)
    assert entry.obj is kept
    assert labels(entry) == ["Out[1]", "user_ns_hidden['_1']", *unders("_")[1:]]
    assert is_users(shell, "_", mine)
    assert is_users(shell, "_1", mine)
    find_variables(shell, [entry])
    assert entry.variables == []
    shell.last_execution_result.result = Same()
    find_last(shell, [entry])
    assert len(entry.places) == 4
    results(shell)[1] = mine
    assert cached(shell, 1) is None
    assert not is_ipythons(shell, results(shell), 1, mine)
    assert object_under(shell, 1) is kept
    results(shell)[2] = Same()
    found = retained_under(shell, 1)
    assert found is not None
    assert (found.obj is kept, found.numbers) == (True, [1])
    assert len(replace(shell, entry, Size())) == 3
    assert results(shell)[1] is mine
    del shell.user_ns_hidden["_1"]
    results(shell)[1] = kept
    assert is_users(shell, "_1", mine)


def test_copies_of_ipythons_mappings_are_not_ipythons(shell: Any) -> None:
    shown(shell, 1)
    thing, last = results(shell)[1], vars(shell.last_execution_result)
    for mapping, key in ((results(shell), 1), (shell.user_ns, "_1"), (last, "result")):
        assert is_ipythons(shell, mapping, key, thing)
        assert not is_ipythons(shell, dict(mapping), key, thing)
    assert not is_ipythons(shell, dict(shell.user_ns_hidden), "_1", thing)


# Odd shells


def test_a_shell_without_a_history_has_no_results() -> None:
    assert results(SimpleNamespace(history_manager=None)) == {}
    odd = SimpleNamespace(history_manager=SimpleNamespace(output_hist=[1]))
    assert results(odd) == {}
    assert holders.own_dict(5) == {}


def test_a_mapping_that_changes_meanwhile_is_read_again() -> None:
    class Changing(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            self["x"] = self.get("x", 0) + 1
            if self["x"] < 3:
                raise RuntimeError
            return super().items()

    assert holders.snapshot(Changing()) == [("x", 3)]


def test_measurements_stop_at_ipythons_own_objects(shell: Any) -> None:
    found = holders.boundary(shell)
    ours = [shell, shell.user_ns, shell.user_ns_hidden, shell.displayhook, shell.history_manager]
    ours += [vars(shell.displayhook), results(shell)]
    assert list(map(id, found)) == list(map(id, ours))


# Replacing


def test_every_place_gets_the_stand_in_of_its_number(shell: Any) -> None:
    thing = Thing()
    show(shell, thing)
    show(shell, thing)
    first = shell.last_execution_result
    [entry] = retained(shell)
    find_last(shell, [entry])
    taken = replace(shell, entry, Size(2048))
    assert [obj is thing for obj in taken] == [True] * len(entry.places)
    assert len(entry.places) == 13
    for number in (1, 2):
        texts = {
            repr(mapping[key])
            for mapping, key in (
                (results(shell), number),
                (shell.user_ns, f"_{number}"),
                (shell.user_ns_hidden, f"_{number}"),
            )
        }
        [text] = texts
        assert text.startswith(f"<Out[{number}] was not kept: ")
        assert "Thing, 2.0 KiB." in text
    assert shell.user_ns["_"] is shell.user_ns["__"] is results(shell)[2]
    assert shell.last_execution_result is not first
    assert (first.result, shell.last_execution_result.result) == (thing, None)
    assert shell.last_execution_result.info is first.info
    assert retained(shell) == []


def test_with_numbers_only_their_places_change(shell: Any) -> None:
    thing = Thing()
    show(shell, thing)
    show(shell, thing)
    [entry] = retained(shell)
    assert len(replace(shell, entry, Size(), [1])) == 3
    assert is_placeholder(results(shell)[1])
    assert results(shell)[2] is shell.user_ns["_"] is shell.user_ns["__"] is thing


def test_what_has_no_number_is_a_result_all_the_same(shell: Any) -> None:
    show(shell, Thing(), Thing())
    [entry] = [each for each in retained(shell) if not each.numbers]
    replace(shell, entry, Size())
    assert repr(shell.user_ns["__"]).startswith("<This result was not kept")


def test_a_place_that_has_changed_meanwhile_stays_as_it_is(shell: Any) -> None:
    shown(shell, 1)
    [entry] = retained(shell)
    results(shell)[1] = mine = Thing()
    del shell.user_ns["_1"]
    assert len(replace(shell, entry, Size())) == len(entry.places) - 2
    assert results(shell)[1] is mine
    assert "_1" not in shell.user_ns


def test_what_only_the_hidden_names_have_is_deleted(shell: Any) -> None:
    shown(shell, 1, 1)
    del results(shell)[1], shell.user_ns["_1"]
    del results(shell)[2]
    shell.user_ns["_"] = shell.displayhook._ = ""
    for entry in retained(shell):
        replace(shell, entry, Size())
    hidden = shell.user_ns_hidden
    assert "_1" not in hidden
    assert is_placeholder(hidden["_2"])
    assert "_" not in hidden
    assert is_placeholder(hidden["__"])


@pytest.mark.parametrize(("user", "hook"), [("", "x"), ("x", "")])
def test_what_is_left_in_one_other_place_is_no_leftover(shell: Any, user: str, hook: str) -> None:
    shell.user_ns["_"], shell.displayhook._ = user, hook
    place = Place("", shell.user_ns_hidden, "_", None)
    assert not holders._is_leftover(shell, place, results(shell))
    shell.user_ns["_"] = shell.displayhook._ = ""
    assert holders._is_leftover(shell, place, results(shell))


def test_an_interrupt_comes_when_all_is_taken_and_before_it_is_dropped() -> None:
    order: list[Any] = []

    class Last:
        def __del__(self) -> None:
            order.append("dropped")

    def take() -> list[Any]:
        signal.raise_signal(signal.SIGINT)
        order.append("taken")
        return [Last()]

    def handler(number: int, frame: Any) -> None:
        order.append((number, frame is not None))

    before = signal.signal(signal.SIGINT, handler)
    try:
        drop(take)
        assert signal.getsignal(signal.SIGINT) is handler
        assert order == ["taken", (signal.SIGINT, True), "dropped"]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        drop(take)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert order[3:] == ["taken", "dropped"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_error_while_taking_leaves_the_handler_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)

    def take() -> list[Any]:
        raise LookupError

    with pytest.raises(LookupError):
        drop(take)
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_takes_without_a_handler() -> None:
    boxed = [[Thing()]]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            drop(boxed.pop)
        except BaseException as error:  # noqa: BLE001 - the test shows it
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (errors, boxed) == ([], [])


# Keys


def entry(obj: Any, *numbers: int) -> Retained:
    made = Retained(obj)
    made.numbers = list(numbers)
    return made


def test_an_object_keeps_its_key_and_another_gets_a_new_one() -> None:
    keys, thing = Keys(), Thing()
    assert keys.assign([entry(thing, 1), entry([], 2)], 3) == ["r1", "r2"]
    assert keys.assign([entry(thing, 5)], 9) == ["r1"]
    assert list(keys.state["known"]) == [id(thing)]
    assert keys.assign_one(entry([], 7), 9) != "r1"
    assert keys.assign([entry(thing, 1)], 9) == ["r1"]


def test_an_object_without_weak_references_is_known_by_a_number_or_the_execution() -> None:
    keys, thing = Keys(), [1]
    first = keys.assign_one(entry(thing, 1, 2), 3)
    assert keys.assign_one(entry(thing, 2, 3), 4) == first
    assert keys.assign_one(entry(thing, 2, 3), 5) == first
    second = keys.assign_one(entry(thing, 4), 5)
    assert second != first
    third = keys.assign_one(entry(thing), 1000)
    assert third != second
    assert keys.assign_one(entry(thing), int("1000")) == third
    fourth = keys.assign_one(entry(thing), 1001)
    assert fourth != third
    assert keys.assign_one(entry(thing, 9), 1001) != fourth


def test_another_object_with_the_same_id_is_another() -> None:
    keys, thing = Keys(), Same()
    for earlier in (None, Same()):
        first = keys.assign_one(entry(thing, 1), 1)
        keys.state["known"][id(thing)]["ref"] = lambda earlier=earlier: earlier
        assert keys.assign_one(entry(thing, 1), 1) != first


def test_another_copy_goes_on_with_the_keys() -> None:
    keys, thing = Keys(), Thing()
    keys.assign([entry(thing, 1)], 1)
    later = Keys(keys.state)
    assert later.assign([entry(thing, 1)], 2) == ["r1"]
    assert later.assign([entry([], 2)], 2) == ["r3"]


def test_what_another_thread_has_assigned_meanwhile_stays() -> None:
    keys, mine, other = Keys(), Thing(), Thing()

    class Entries(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            if not hasattr(self, "seen"):
                self.seen = True
                keys.assign([entry(other, 1)], 1)
            return super().__iter__()

    assert keys.assign(Entries([entry(mine, 2)]), 1) == ["r2"]
    assert set(keys.state["known"]) == {id(mine), id(other)}


# Tracebacks


def fail(shell: Any, code: str = "1 / 0") -> BaseException:
    shell.run_cell(code, store_history=True)
    found: BaseException = shell.last_execution_result.error_in_exec
    return found


def kept_everywhere(shell: Any) -> BaseException:
    """Let a cell fail; put its error where one release or another of Python and IPython does."""
    error, formatter = fail(shell), shell.InteractiveTB
    vars(sys).update(last_exc=error, last_value=error, last_traceback=error.__traceback__)
    formatter.etype, formatter.evalue = type(error), error
    formatter.etb = formatter.tb = error.__traceback__
    return error


def test_each_kept_exception_and_traceback_has_its_places_counted(shell: Any) -> None:
    for name in ("last_exc", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    assert tracebacks.kept(shell) == []
    error = kept_everywhere(shell)
    found = {type(obj).__name__: count for obj, count in tracebacks.kept(shell)}
    assert found == {"ZeroDivisionError": 4, "traceback": 3}
    assert tracebacks.exceptions_in([obj for obj, _ in tracebacks.kept(shell)]) == 1
    assert tracebacks.exceptions_in([error, error]) == 2
    assert tracebacks.exceptions_in([error.__traceback__] * 3) == 1
    assert tracebacks.exceptions_in([]) == 0


def test_let_go_takes_them_from_all_places(shell: Any) -> None:
    error = kept_everywhere(shell)
    execution = shell.last_execution_result
    taken = tracebacks.let_go(shell)
    assert (len(taken), sum(obj is error for obj in taken)) == (7, 4)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        assert name not in vars(sys)
    formatter = shell.InteractiveTB
    assert formatter.evalue is formatter.etb is formatter.tb is None
    stand_in = shell.last_execution_result.error_in_exec
    assert type(stand_in) is tracebacks.TracebackReleased
    assert str(stand_in) == "ZeroDivisionError"
    assert execution.error_in_exec is error
    assert shell.last_execution_result.error_before_exec is None
    assert tracebacks.kept(shell) == tracebacks.let_go(shell) == []
    assert shell.last_execution_result.error_in_exec is stand_in


def test_without_any_nothing_changes(shell: Any) -> None:
    fail(shell)
    tracebacks.let_go(shell)
    vars(sys)["last_type"] = kept = ValueError
    execution = shell.last_execution_result
    assert tracebacks.let_go(shell) == []
    assert vars(sys)["last_type"] is kept
    assert shell.last_execution_result is execution


def test_a_syntax_error_and_a_debuggers_frames_are_kept_ones(shell: Any) -> None:
    frame = sys._getframe()
    error = SyntaxError("x")
    shell.SyntaxTB.last_syntax_error = error
    own = {"here": 1}
    shell.InteractiveTB.pdb = SimpleNamespace(curframe=frame, curframe_locals=own, stack=[frame])
    found = [obj for obj, _ in tracebacks.kept(shell)]
    assert [id(obj) for obj in found] == [id(error), id(frame), id(own)]
    tracebacks.let_go(shell)
    debugger = shell.InteractiveTB.pdb
    assert debugger.curframe is debugger.curframe_locals is shell.SyntaxTB.last_syntax_error is None
    assert debugger.stack == [frame]
    debugger.curframe_locals = shell.user_ns
    assert tracebacks.kept(shell) == []


def test_the_objects_that_hold_tracebacks_are_given_with_their_dicts(shell: Any) -> None:
    debugger = SimpleNamespace(x=1)
    shell.InteractiveTB.pdb = debugger
    shell.run_cell("5")
    expected = [shell.InteractiveTB, debugger, shell.SyntaxTB, shell.last_execution_result]
    both = [each for obj in expected for each in (obj, vars(obj))]
    assert list(map(id, tracebacks.holders(shell))) == list(map(id, both))


def test_frames_of_an_exception_are_those_of_its_traceback_and_the_callers() -> None:
    def inner() -> None:
        raise ValueError

    try:
        inner()
    except ValueError as error:
        found = tracebacks.frames_of(error)
        trace = error.__traceback__
    assert trace is not None
    assert trace.tb_next is not None
    expected = [trace, trace.tb_frame, trace.tb_next, trace.tb_next.tb_frame]
    assert found[:4] == expected
    assert found[4] is sys._getframe().f_back
    assert found[-1].f_back is None
    assert tracebacks.frames_of(ValueError()) == tracebacks.frames_of(5) == []


def failed_with_a_result(shell: Any) -> Any:
    shell.ast_node_interactivity = "all"
    shell.user_ns["give"] = Thing
    shell.run_cell("give()\n1 / 0", store_history=True)
    return shell.last_execution_result


def test_a_failed_executions_result_is_forgotten_if_only_its_own_frames_have_it(shell: Any) -> None:
    failed_with_a_result(shell)
    gc.collect()
    tracebacks.forget_result(shell)
    assert shell.last_execution_result.result is None
    kept = failed_with_a_result(shell)
    tracebacks.forget_result(shell)
    assert type(kept.result) is Thing


def test_a_good_executions_result_is_not_forgotten(shell: Any) -> None:
    shown(shell, 1)
    tracebacks.forget_result(shell)
    assert type(shell.last_execution_result.result) is Thing


# What is still alive


def test_what_has_gone_is_watched_or_held() -> None:
    thing, items = Thing(), [1]
    watched, held = still_alive.Gone("r1", thing, 5), still_alive.Gone("r2", items, 6)
    assert (watched.key, watched.freed_bytes, held.type) == ("r1", 5, "list")
    assert (watched.get(), watched.strong) == ([thing], [])
    assert held.get() is held.strong == [items]
    del thing
    assert watched.get() == []
    assert [still_alive._turn(each) for each in (watched, held)] == [2, 0]
    text = still_alive.Gone("r3", "x" * 5000, 7)
    assert still_alive._turn(text) == 1


@pytest.mark.parametrize(
    ("obj", "is_constant"),
    [
        ((), True),
        (..., True),
        (frozenset(), True),
        (5, True),
        ("x" * (1024 - sys.getsizeof("")), True),
        ("x" * (1025 - sys.getsizeof("")), False),
        ([], False),
        ((1,), False),
    ],
)
def test_small_numbers_and_texts_may_be_the_interpreters(obj: Any, *, is_constant: bool) -> None:
    assert still_alive.Gone("r", obj, 0).strong == ([] if is_constant else [obj])


def test_what_only_we_hold_is_dropped_one_after_the_other() -> None:
    inner = [1]
    outer, other = [inner], ["x"]
    gone = [still_alive.Gone(str(n), obj, 0) for n, obj in enumerate((inner, outer, other))]
    del inner, outer
    still_alive._drop_unheld(gone)
    assert [each.strong for each in gone] == [[], [], [other]]


def test_of_what_is_alive_each_holder_is_told(shell: Any) -> None:
    items, thing, free = [1], Thing(), [2]
    cycle: list[Any] = [free]
    cycle.append(cycle)
    gone = [
        still_alive.Gone(f"r{n}", obj, n) for n, obj in enumerate((items, thing, cycle, Thing()))
    ]
    shell.user_ns.update(items=items, thing=thing)
    del items, thing, cycle, free
    found = still_alive.still_alive(shell, gone)
    assert found == [
        {"key": "r0", "type": "list", "freed_bytes": 0, "held_by": ["items"]},
        {"key": "r1", "type": gone[1].type, "freed_bytes": 1, "held_by": ["thing"]},
    ]
    assert [each.strong for each in gone] == [[]] * 4


def test_what_something_unseen_holds_is_told_and_what_is_only_in_a_cycle_is_not(
    shell: Any,
) -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    leaked = [["leaked"]]
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(leaked))
    gone = [still_alive.Gone("r0", cycle, 1), still_alive.Gone("r1", leaked, 2)]
    del cycle
    boxed = [leaked]
    del leaked
    try:
        address = id(boxed.pop())
        found = still_alive.still_alive(shell, gone)
        assert [(each["key"], each["held_by"]) for each in found] == [("r1", ["<unknown>"])]
    finally:
        ctypes.pythonapi.Py_DecRef(ctypes.cast(address, ctypes.py_object))
