"""What a release reports about objects without weak references, which others may hold unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

THREAD = """
import threading
stop, begun = threading.Event(), threading.Event()
def work(boxed):
    local = boxed.pop()
    begun.set(); stop.wait()
    return local
"""
UNSEEN = {
    "an object array": ("import numpy as np", "held = np.array([g, None], dtype=object)"),
    "the local of a thread": (
        THREAD,
        "threading.Thread(target=work, args=([g],)).start(); begun.wait()",
    ),
    "an object array in a cycle": (
        "import numpy as np; held = np.array([None, None], dtype=object)",
        "cycle = {'g': g}; g.append(cycle); held[0] = cycle",
    ),
}


def still_alive(kernel: Kernel) -> Any:
    return kernel.comm().request("release")["still_alive"]


@pytest.mark.parametrize("how", UNSEEN)
def test_what_is_held_unseen_is_reported_as_held_by_somebody_unknown(
    kernel: Kernel, how: str
) -> None:
    before, hold = UNSEEN[how]
    kernel.run(before)
    kernel.run("g = [[1]]")
    kernel.run(hold)
    kernel.run("g")
    kernel.run("del g; cycle = None")
    alive = still_alive(kernel)
    kernel.run("'stop' in globals() and stop.set()")
    assert [item["held_by"] for item in alive] == [["<unknown>"]]


RELEASED = {
    "a list in itself": "g = [1]; g.append(g); g",
    "a list in a cycle of instances": (
        "class N: pass\nn = N(); n.other = N(); n.other.back = [n]; n.other.back"
    ),
    "a dict in a cycle with a function": "d = {}; f = lambda: d; d['f'] = f; d",
    "a list in a cycle with a class": "l = []; c = type('C', (), {'l': l}); l.append(c); l",
    "a list in a cycle with a generator": "l = []; l.append(x for x in l); l",
    "a list in a cycle with a generator that has begun": (
        "def f(boxed):\n    yield boxed\nl = []; l.append(f(l)); next(l[0]); l"
    ),
    "a list in a cycle with a finished frame": (
        "import sys\ndef f():\n    l = []\n    l.append(sys._getframe())\n    return l\nf()"
    ),
    "a list in a cycle with an exception": (
        "def f():\n    l = []\n    try: 1 / 0\n    except Exception as e: l.append(e)\n"
        "    return l\nf()"
    ),
}


@pytest.mark.parametrize("what", RELEASED)
def test_what_nobody_holds_is_not_reported(kernel: Kernel, what: str) -> None:
    kernel.run(RELEASED[what])
    kernel.run("g = n = d = f = l = c = N = None")
    assert still_alive(kernel) == []


def test_results_that_hold_each_other_are_not_reported(kernel: Kernel) -> None:
    kernel.run("a = [1]; b = [a]; a.append(b)")
    for shown in ("a", "b", "[b]", "(a, b)"):
        kernel.run(shown)
    kernel.run("del a, b")
    assert still_alive(kernel) == []


@pytest.mark.parametrize("constant", ["()", "...", "NotImplemented", "frozenset()"])
def test_constants_of_the_interpreter_are_not_reported(kernel: Kernel, constant: str) -> None:
    kernel.run(constant)
    assert still_alive(kernel) == []


HELD = {
    "a module's name": (
        "import sys, types; sys.modules['mine'] = types.ModuleType('mine')",
        "sys.modules['mine'].kept = {'a': g}",
        "<module mine>",
    ),
    "a variable's module": (
        "import types; m = types.ModuleType('m')",
        "m.kept = g",
        "m.kept",
    ),
    "a variable named as a result to come": ("", "_9 = g", "_9"),
    "a variable named as the newest result": ("", "_ = g", "_"),
    "what the user put into Out": ("", "Out[99] = [g]", "Out[99][0]"),
    "a generator in a variable": (
        "def f(boxed):\n    yield boxed",
        "kept = f(g); next(kept)",
        "<frame f>",
    ),
    "the frame of an exception in a variable": (
        "def f(boxed):\n    try: 1 / 0\n    except Exception as e: return e",
        "kept = f(g)",
        "<frame f>",
    ),
    "a generator that something unseen holds": (
        "import numpy as np\ndef f(boxed):\n    yield boxed",
        "kept = np.array([f(g), None], dtype=object); next(kept[0])",
        "<frame f>",
    ),
    "a generator far from any name": (
        "def f(boxed):\n    yield boxed",
        "kept = f(g); next(kept)\nfor _ in range(15): kept = [kept]",
        "<frame f>",
    ),
}


@pytest.mark.parametrize("how", HELD)
def test_the_holder_is_reported_by_name(kernel: Kernel, how: str) -> None:
    before, hold, holder = HELD[how]
    kernel.run(before)
    kernel.run("g = [[1]]")
    kernel.run(hold)
    kernel.run("g")
    kernel.run("del g")
    assert [item["held_by"] for item in still_alive(kernel)] == [[holder]]


def test_another_result_that_stays_is_reported(kernel: Kernel) -> None:
    kernel.run("g = [[1]]; g")
    kernel.run("{'a': g}")
    kernel.run("del g")
    alive = kernel.comm().request("release", numbers=[1])["still_alive"]
    assert [item["held_by"] for item in alive] == [["Out[2]['a']"]]


TOGETHER = {
    "an instance and a list with it": ["class N: pass\nn = N(); n", "[n]"],
    "an instance and a list with it in a cycle": ["class N: pass\nn = N(); n.l = [n]; n", "n.l"],
    "a list with an instance that is in a cycle": [
        "class N: pass\nn = N(); n.me = n; n",
        "[n]",
    ],
    "a text and a dict with it": ["n = 'x' * 10**6; n", "{'n': n}"],
    "a text and tuples of it": ["n = 'x' * 10**6; n", "(n, 1)", "(_, 2)"],
    "a text and an instance with it": ["n = 'x' * 10**6; n", "class N: pass\nm = N(); m.n = n; m"],
}


@pytest.mark.parametrize("what", TOGETHER)
def test_what_only_another_released_result_holds_is_not_reported(kernel: Kernel, what: str) -> None:
    for cell in TOGETHER[what]:
        kernel.run(cell)
    kernel.run("n = m = None")
    assert still_alive(kernel) == []
