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
    "the local of a thread": (
        THREAD,
        "threading.Thread(target=work, args=([g],), daemon=True).start(); begun.wait();",
        "<unknown>",
    ),
    "an object that something unseen holds": ("", "leak(g)", "<unknown>"),
    "an instance that something unseen holds": (
        "class Holder: pass",
        "holder = Holder(); holder.kept = g; leak(holder); del holder",
        "<Holder>.kept",
    ),
    "a list that something unseen holds": (
        "",
        "kept = [g]; leak(kept); del kept",
        "<unknown>",
    ),
}
# Adds a reference that nobody can find.
LEAK = "import ctypes\ndef leak(obj): ctypes.pythonapi.Py_IncRef(ctypes.py_object(obj))"


def still_alive(kernel: Kernel) -> Any:
    return kernel.comm().request("release")["still_alive"]


@pytest.mark.parametrize("how", UNSEEN)
def test_what_is_held_unseen_is_reported_as_held_by_somebody_unknown(
    kernel: Kernel, how: str
) -> None:
    before, hold, holder = UNSEEN[how]
    kernel.run(before)
    kernel.run(LEAK)
    kernel.run("g = [[1]]")
    kernel.run(hold)
    kernel.run("g")
    kernel.run("del g")
    assert [item["held_by"] for item in still_alive(kernel)] == [[holder]]


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


MINE = "import sys, types; mine = sys.modules['mine'] = types.ModuleType('mine')\n"
HELD = {
    "a module's name": (
        "import sys, types; sys.modules['mine'] = types.ModuleType('mine')",
        "sys.modules['mine'].kept = {'a': g}",
        "mine.kept['a']",
    ),
    "an instance in a module": (
        MINE + "class State: pass\nmine.state = State(); mine.state.views = {}",
        "mine.state.views['x'] = (g, 1); del mine",
        "mine.state.views['x'][0]",
    ),
    "a class in a module": (
        MINE + "exec('class Store:\\n    class Options: kept = []', vars(mine))",
        "mine.Store.Options.kept.append(g); del mine",
        "mine.Store.Options.kept[0]",
    ),
    "an array that a module's dict of arrays has": (
        "import numpy as np\n" + MINE + "mine.cache = {}",
        "g = np.ones(5); mine.cache['a'] = g; del mine",
        "mine.cache['a']",
    ),
    "a class attribute": ("class Config: pass", "Config.table = g", "Config.table"),
    "the only instance of a class": (
        "class Config: pass\nconfigs = [Config() for _ in range(20_000)]",
        "configs[5].table = g",
        "configs[5].table",
    ),
    "a slot": ("class Node:\n    __slots__ = ('r',)\nnode = Node()", "node.r = g", "node.r"),
    "a dict's subclass": (
        "from collections import defaultdict; kept = defaultdict(list)",
        "kept['a'].append(g)",
        "kept['a'][0]",
    ),
    "a closure": (
        "def keeping(thing): return lambda: thing",
        "keep = keeping(g)",
        "keep.__closure__[0].cell_contents",
    ),
    "a cache of a function": (
        "import functools\n@functools.lru_cache(maxsize=None)\ndef cached(boxed): return boxed()",
        "boxed = [g].pop; cached(boxed); del boxed",
        "<lru_cache cached>",
    ),
    "a cache of a method": (
        "import functools\nclass Maker: make = functools.lru_cache(5)(lambda self, box: box())",
        "boxed = [g].pop; Maker().make(boxed); del boxed",
        "<lru_cache Maker.<lambda>>",
    ),
    "an object array": (
        "import numpy as np",
        "held = np.array([g, None], dtype=object)",
        "held[0]",
    ),
    "an object array in a cycle": (
        "import numpy as np; held = np.array([None, None], dtype=object)",
        "cycle = {'g': g}; g.append(cycle); held[0] = cycle; del cycle",
        "held[0]['g']",
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


def test_a_view_names_the_variable_that_has_it(kernel: Kernel) -> None:
    kernel.run("import numpy as np; a = np.ones(10**6)")
    kernel.run("a")
    kernel.run("view = {'x': a[:5]}; del a")
    assert [item["held_by"] for item in still_alive(kernel)] == [["view['x'].base"]]


def test_a_variable_is_named_however_little_time_there_is(kernel: Kernel) -> None:
    kernel.run("class Thing: pass\nthings = [Thing() for _ in range(3)]")
    for index in range(3):
        kernel.run(f"model{index} = things[{index}]; model{index}")
    kernel.run("import _jupyter_memguard as m; m.report()\nm._stages.module('releases');")
    kernel.run("m._stages.module('retention.still_alive').SEARCH_MS = 0")
    alive = still_alive(kernel)
    assert [item["held_by"] for item in alive] == [["model0"], ["model1"], ["model2"]]


def test_many_are_searched_for_at_once(kernel: Kernel) -> None:
    kernel.run("class Thing: pass\nkept = {'a': [Thing() for _ in range(100)]}")
    kernel.run("heap = [[index] for index in range(100_000)]; things = [[5] for _ in range(50)]")
    kernel.run("hook = get_ipython().displayhook; hook.display = lambda *args: None")
    kernel.run(
        "for each in [*kept['a'], *things]:\n"
        "    hook.update_user_ns(each)\n    get_ipython().execution_count += 1"
    )
    kernel.run("del each, things")
    alive = still_alive(kernel)
    expected = [[f"kept['a'][{index}]"] for index in range(100)]
    assert [item["held_by"] for item in alive] == expected


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
