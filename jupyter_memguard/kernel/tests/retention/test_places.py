"""Where IPython holds a result, which entries are the user's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memguard.kernel.protocol import LARGEST_INT
from jupyter_memguard.kernel.retention import holders
from jupyter_memguard.kernel.retention.holders import (
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
from jupyter_memguard.kernel.retention.placeholder import placeholder
from jupyter_memguard.kernel.retention.release import replace
from jupyter_memguard.kernel.retention.sizes import Size
from jupyter_memguard.kernel.tests.shells import Same, Thing, show, shown


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
