"""The outputs of cells that IPython keeps: what they weigh, and which go first."""

from __future__ import annotations

import sys
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memguard.kernel.retention import outputs as module
from jupyter_memguard.kernel.retention.outputs import Outputs

WORTH = 400


class Output:
    def __init__(self, output_type: str, bundle: Any) -> None:
        self.output_type = output_type
        self.bundle = bundle


def text_of(size: int) -> str:
    return "x" * (size - sys.getsizeof(""))


def shell_with(sizes: dict[int, int], count: int | None = None) -> Any:
    """Return a shell whose cells have shown texts of these sizes, and the next is `count`."""
    manager = SimpleNamespace(
        outputs=defaultdict(list),
        output_hist_reprs={number: text_of(size) for number, size in sizes.items()},
        exceptions={},
    )
    return SimpleNamespace(
        history_manager=manager,
        execution_count=max(sizes, default=0) + 2 if count is None else count,
    )


def reprs(shell: Any) -> dict[int, str]:
    found: dict[int, str] = shell.history_manager.output_hist_reprs
    return found


def gone(shell: Any) -> list[int]:
    return [number for number, text in reprs(shell).items() if text.startswith("[Output of")]


def test_all_stores_count_and_each_text_counts_once() -> None:
    shell = shell_with({1: 1000, 2: 500})
    manager = shell.history_manager
    text = reprs(shell)[1]
    bundle = {"text/plain": text}
    manager.outputs[1] = [Output("execute_result", bundle), Output("none", None)]
    error = {"ename": "E", "traceback": ["line"], "at": 5}
    manager.exceptions[3] = error
    expected = 1500 + sys.getsizeof(bundle)
    expected += sys.getsizeof(error) + sys.getsizeof("E") + sys.getsizeof(["line"])
    assert Outputs(shell).total() == (expected + sys.getsizeof("line"), 3)
    assert list(manager.outputs) == [1]


def test_only_numbers_are_cells_and_only_dicts_are_stores() -> None:
    shell = shell_with({1: 1000})
    reprs(shell)["mine"] = text_of(500)  # type: ignore[index]
    reprs(shell)[True] = reprs(shell).pop(1)
    shell.history_manager.exceptions = [1, 2]
    del shell.history_manager.outputs
    assert Outputs(shell).total() == (0, 0)


@pytest.mark.parametrize("depth", [19, 20, 21])
def test_twenty_levels_of_lists_are_looked_into(depth: int) -> None:
    text: Any = text_of(1000)
    lists = 0
    for _ in range(depth):
        text = [text]
        lists += sys.getsizeof(text)
    expected = lists + 1000 if depth <= 20 else lists
    assert module._bytes(text, set()) == expected - (0 if depth <= 21 else 1)
    nested: Any = text_of(1000)
    dicts = 0
    for _ in range(depth):
        nested = {"a": nested}
        dicts += sys.getsizeof(nested)
    assert module._bytes(nested, set()) < dicts + 1000 or depth <= 20
    ring: list[Any] = []
    ring.append(ring)
    assert module._bytes({"a": ring, "b": b"1", "c": 5}, set()) == sum(
        map(sys.getsizeof, ({"a": 1, "b": 2, "c": 3}, ring, b"1"))
    )


def test_the_oldest_go_until_the_rest_is_allowed() -> None:
    shell = shell_with({1: 1000, 2: 1000, 3: 1000})
    kept = Outputs(shell)
    assert kept.prune(3000) == 0
    assert kept.prune(2999) == 1
    assert gone(shell) == [1]
    assert reprs(shell)[1] == "[Output of 1000 bytes not kept by the memory guard]"
    left = kept.total()[0]
    assert kept._bytes == left == 2000 + sys.getsizeof(reprs(shell)[1])
    assert kept.prune(left) == 0
    assert kept.prune(0) == 2
    assert gone(shell) == [1, 2, 3]
    assert kept.prune(0) == 0


def test_the_last_cell_and_the_running_one_stay_and_do_not_count() -> None:
    shell = shell_with({1: 1000, 2: 1000, 3: 1000, 4: 1000}, count=4)
    kept = Outputs(shell)
    assert kept.prune(2000) == 0
    assert kept.prune(0) == 2
    assert gone(shell) == [1, 2]
    shell.execution_count = 6
    assert kept.prune(0) == 2
    assert gone(shell) == [1, 2, 3, 4]


@pytest.mark.parametrize(("size", "goes"), [(WORTH, True), (WORTH - 1, False)])
def test_an_output_as_short_as_the_sentence_stays(size: int, *, goes: bool) -> None:
    shell = shell_with({1: size})
    assert Outputs(shell).prune(0) == int(goes)
    assert gone(shell) == ([1] if goes else [])


def test_an_execution_count_that_was_reset_is_counted_anew() -> None:
    shell = shell_with({1: 1000, 2: 1000})
    kept = Outputs(shell)
    assert kept.prune(5000) == 0
    shell.execution_count = 3
    assert kept.prune(5000) == 0
    assert (kept._bytes, list(kept._sizes), kept._next) == (1000, [1], 2)
    shell.execution_count = 4
    assert kept.prune(1999) == 1


def test_the_sentence_has_ipythons_shapes() -> None:
    shell = shell_with({1: 1000, 2: 1000})
    manager = shell.history_manager
    manager.outputs[1] = [Output("execute_result", {}), Output("out_stream", {})]
    manager.outputs[2] = []
    manager.exceptions.update({1: {"ename": ValueError, "evalue": "v"}, 2: "odd"})
    Outputs(shell).prune(0)
    sentence = reprs(shell)[1]
    [output] = manager.outputs[1]
    assert type(output) is Output
    assert (output.output_type, output.bundle) == ("out_stream", {"stream": [sentence + "\n"]})
    assert manager.outputs[2] == []
    assert manager.exceptions == {
        1: {"ename": str(ValueError), "evalue": sentence, "traceback": []},
        2: "odd",
    }


def test_stores_that_are_not_there_get_no_entry() -> None:
    shell = shell_with({})
    manager = shell.history_manager
    shell.execution_count = 3
    manager.exceptions[1] = {"ename": "E", "evalue": text_of(1000)}
    assert Outputs(shell).prune(0) == 1
    assert (dict(manager.outputs), manager.output_hist_reprs) == ({}, {})
    del manager.outputs, manager.output_hist_reprs
    manager.exceptions[2] = {"ename": "E", "evalue": text_of(1000)}
    shell.execution_count = 4
    assert Outputs(shell).prune(0) >= 1
    assert manager.exceptions[2]["traceback"] == []


def test_of_very_many_new_cells_only_those_with_entries_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stores: dict[str, dict[Any, Any]] = {"outputs": {4: [], 7: [], "x": []}, "exceptions": {2: {}}}
    assert module.MOST_AT_ONCE == 10_000
    monkeypatch.setattr(module, "MOST_AT_ONCE", 5)
    assert module._numbers(stores, range(2, 7)) == range(2, 7)
    assert module._numbers(stores, range(2, 8)) == [2, 4, 7]
    assert module._numbers(stores, range(3, 100)) == [4, 7]
