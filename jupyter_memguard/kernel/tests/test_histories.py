"""Random histories of cells, in an IPython shell with us and in one without us.

    MEMGUARD_HISTORIES=2000 python -m pytest --hypothesis-profile=random \
        jupyter_memguard/kernel/tests/test_histories.py

runs 2,000 new ones; without the variable it runs the same 200 each time. Things below 1000 are only
shown, those from 1000 on only put by the user into places such as `_` and `Out[77]`, those from
2000 on held by variables, and shown, too; those from 3000 on are in the frames of exceptions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF = int(os.environ.get("MEMGUARD_HISTORIES", "200")) // 2
# A history takes a third of a second, and some times as much beside much other work.
LONGEST_S = 60 + 5 * HALF
NAMES = st.sampled_from(["a", "b", "c"])
SMALL = st.integers(1, 9)
USERS, VARIABLES, FRAMES = 1000, 2000, 3000

shown = st.builds(lambda: "Thing({new})")
# `{new}` becomes another number in each cell.
CELLS = st.one_of(
    shown,
    shown,
    st.builds("{} = Thing({{var}})".format, NAMES),
    st.builds("{} = Thing({{var}})\n{}".format, NAMES, NAMES),
    st.builds("{}".format, NAMES),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} = [{}]".format, NAMES, NAMES),
    st.builds("[{}, Thing({{new}})]".format, NAMES),
    st.builds("del {}".format, NAMES),
    st.builds("%xdel {}".format, NAMES),
    st.sampled_from(
        [
            "boom({frame})",
            "boom({frame})",
            "1 / 0",
            "Thing({new});",
            "Thing({new})\nNone",
            "print('printed')",
            "get_ipython().run_cell('Thing({new})')\nNone",
            "get_ipython().ast_node_interactivity = 'all'",
            "get_ipython().ast_node_interactivity = 'last_expr'",
            "%reset -f out",
            "%reset -f in",
            "_ = Thing({user})",
            "__ = Thing({user})",
            "del _",
            "del Out",
            "Out = _oh",
            "Out[77] = Thing({user})",
            "_77 = Thing({user})",
            "import gettext; gettext.NullTranslations().install()",
            "del __import__('builtins')._",
        ]
    ),
    st.builds("_{} = Thing({{user}})".format, SMALL),
    st.builds("Out[{}] = Thing({{user}})".format, SMALL),
    st.builds("del Out[{}]".format, SMALL),
    st.builds("del _{}".format, SMALL),
    st.builds("get_ipython().displayhook.cache_size = {}".format, st.sampled_from([0, 3, 5, 1000])),
)
# Cells that read what IPython holds; these differ where it holds no longer what it held.
READS = st.one_of(
    st.sampled_from(["_", "__", "___", "Out", "len(Out)", "(_, __)", "a = _", "b = Out"]),
    st.builds("Out[{}]".format, SMALL),
    st.builds("_{}".format, SMALL),
    st.builds("c = _{}".format, SMALL),
)
LOOKS = st.sampled_from(
    [
        ["ask", "report", {}],
        ["ask", "report", {"sort": "number", "limit": 2}],
        ["ask", "overview", {}],
        ["ask", "refine", {}],
        ["ask", "set_guard", {"mode": "off"}],
        ["ask", "guard_state", {}],
    ]
)
RELEASES = st.sampled_from([["ask", "release", {}]])
GUARDS = st.sampled_from(
    [
        ["ask", "set_guard", {"mode": "all"}],
        ["ask", "set_guard", {"mode": "last", "keep_last": 1}],
        ["ask", "set_guard", {"mode": "last", "keep_last": 0}],
        ["ask", "set_guard", {"mode": "large", "threshold_bytes": 1000}],
        ["ask", "set_guard", {"mode": "large", "threshold_bytes": 10**6, "total_bytes": 10_000}],
        ["ask", "set_guard", {"mode": "off"}],
        ["ask", "release_shown", {}],
        ["ask", "release", {"min_bytes": 100}],
        ["ask", "release", {"numbers": [2, 3]}],
    ]
)


def cells(*of: Any) -> Any:
    return st.one_of(*of).map(lambda code: ["cell", code])


def numbered(steps: list[list[Any]]) -> list[list[Any]]:
    """Return the steps with a number of its own for each thing."""
    found = []
    for at, (kind, what, *rest) in enumerate(steps):
        numbers = {"new": at, "user": USERS + at, "var": VARIABLES + at, "frame": FRAMES + at}
        code = what
        for name, number in numbers.items():
            code = code.replace("{" + name + "}", str(number))
        found.append([kind, code, *rest])
    return found


QUIET = st.lists(cells(CELLS, CELLS, READS) | LOOKS, min_size=5, max_size=20).map(numbered)
CHANGED = st.lists(
    cells(CELLS, CELLS, CELLS) | cells(CELLS) | LOOKS | RELEASES | GUARDS, min_size=5, max_size=20
).map(numbered)


class Worker:
    """A process that runs histories."""

    def __init__(self, kind: str) -> None:
        file = Path(__file__).with_name("histories.py")
        self.process = subprocess.Popen(
            [sys.executable, str(file), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, history: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(history) + "\n")
        self.process.stdin.flush()

    def receive(self) -> list[dict[str, Any]]:
        assert self.process.stdout is not None
        found = json.loads(self.process.stdout.readline())
        assert type(found) is list, f"the history's process ended: {found}"
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def workers() -> Iterator[tuple[Worker, Worker]]:
    made = Worker("ours"), Worker("stock")
    yield made
    for worker in made:
        worker.end()


def both(workers: tuple[Worker, Worker], history: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Return each step, and what was to be seen after it with us and without us."""
    for worker in workers:
        worker.send(history)
    with_us, without_us = (worker.receive() for worker in workers)
    return iter(list(zip(history, with_us, without_us, strict=True)))


def between(numbers: list[int], least: int) -> set[int]:
    return {number for number in numbers if least <= number < least + 1000}


many = settings(max_examples=HALF, deadline=None, suppress_health_check=list(HealthCheck))


def of_cells(*codes: str) -> list[list[Any]]:
    return [["cell", code] for code in codes]


@many
@pytest.mark.timeout(LONGEST_S)
@given(history=QUIET)
# What is shown has an address in its text.
@example(history=of_cells("import gettext; gettext.NullTranslations().install()", "_"))
def test_who_only_looks_changes_nothing(workers: tuple[Worker, Worker], history: Any) -> None:
    for step, ours, stock in both(workers, history):
        if step[0] == "ask":
            assert ours["said"] == ""
        assert {**ours, "answer": None} == {**stock, "answer": None}, step


@many
@pytest.mark.timeout(LONGEST_S)
@given(history=CHANGED)
# Without a cache, a result is nowhere but with the last cell.
@example(
    history=[
        *of_cells("Thing(0)", "get_ipython().displayhook.cache_size = 0", "Thing(2)"),
        ["ask", "release", {}],
        *of_cells("None"),
        ["ask", "release", {}],
    ]
)
def test_what_goes_is_what_ipython_retained(workers: tuple[Worker, Worker], history: Any) -> None:
    for step, ours, stock in both(workers, history):
        # The user's variables, what cells print, and what is no result are as without us.
        for what in ("named", "said", "in", "last", "count", "collects"):
            assert ours[what] == stock[what], (step, what)
        for least in (USERS, FRAMES):
            assert between(ours["alive"], least) == between(stock["alive"], least), step
        assert set(ours["alive"]) <= set(stock["alive"]), step
        assert set(ours["named"]) <= set(ours["alive"]), step
        if step[:2] == ["ask", "release"] and step[2] == {}:
            # Exactly what IPython retained is gone, from wherever it was.
            left = set(ours["alive"]) - set(ours["until_next_cell"])
            assert between([*left], 0) <= set(ours["named"]), step
            assert between([*left], VARIABLES) <= set(ours["named"]), step
