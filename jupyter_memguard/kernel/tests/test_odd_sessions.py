"""Odd sessions: lying names, lone surrogates, interrupts, counts that jump, shells without a cache.

What is asserted is what a person would notice: memory that comes back, answers that come, and
cells that run as they would without us.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import ALIVE, EACH_ALIVE, WATCH, CellError

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_memguard.kernel.tests.support import Kernel

MB = 10**6
SETUP = f"""{WATCH}
import os, signal, sys
class Deadly(str):
    def die(self, *args): os._exit(9)
    __str__ = __repr__ = __add__ = __radd__ = __getitem__ = __len__ = __format__ = die
    __eq__ = die
    __hash__ = str.__hash__
"""


def types(kernel: Kernel) -> Any:
    return kernel.value("[type(Out[n]).__name__ for n in sorted(Out)]")


# Names and texts of the user's that are not what they seem


def test_a_name_that_is_a_text_with_code_of_its_own_is_not_run(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="last", keep_last=1)
    kernel.run(SETUP)
    kernel.run("class Odd: pass\nOdd.__module__ = Deadly('m')")
    kernel.run("def f(x=None): pass\nf.__name__ = f.__qualname__ = Deadly('f')")
    kernel.run("get_ipython().displayhook.update_user_ns(Odd()); f.__defaults__ = (Out[4],)")
    row = comm.request("report")["results"][0]
    assert row["type"] == "Odd"
    assert comm.request("explain", key=row["key"])["paths"] != []
    comm.request("overview")
    assert comm.request("release")["still_alive"][0]["held_by"] != []
    kernel.run("hook = get_ipython().displayhook\nf.__module__ = Deadly('m')")
    kernel.run("hook.update_user_ns = f")
    assert comm.request("set_guard", mode="off")["other"] is not None
    assert kernel.value("1 + 1") == 2


def test_a_class_without_a_module_does_not_cost_the_answer(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large", threshold_bytes=10**6)
    # Some extensions in C make classes without a module.
    kernel.run("made = {}; exec(\"Odd = type('Odd', (), {'__call__': print})\", made)")
    kernel.run("x = made['Odd'](); x.large = [None] * 10**6; x")
    kernel.run("x = made['Odd'](); x")
    assert types(kernel) == ["Placeholder", "Odd"]
    assert [row["type"] for row in comm.request("report")["results"]] == ["Odd"]
    assert "Odd" in [variable["type"] for variable in comm.request("overview")["largest"]]
    assert [item["type"] for item in comm.request("release")["still_alive"]] == ["Odd"]
    kernel.run("get_ipython().displayhook.update_user_ns = x")
    assert comm.request("set_guard", mode="off")["other"] == "?.Odd"


def test_lone_surrogates_in_names_do_not_cost_the_answer(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("odd = chr(0xD800)\nclass Odd: pass")
    kernel.run("globals()[odd] = x = Odd(); x.pad = [0] * 10**5; d = {odd: [x]}\nx")
    assert [r["number"] for r in comm.event("cell_end")["results"]] == [2]
    row = comm.request("report")["results"][0]
    assert "x" in row["variables"]
    assert len(row["variables"]) == 2
    assert comm.request("explain", key=row["key"])["paths"]
    assert comm.request("overview")["largest"]
    assert len(comm.request("release")["still_alive"]) == 1


def test_very_long_names_and_keys_stay_under_the_limit_of_a_message(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("x = [5]; globals()['v' * 2 * 10**6] = x\nx")
    report = comm.request("report")
    assert len(json.dumps(report)) < 10**6
    key = report["results"][0]["key"]
    assert len(json.dumps(comm.request("explain", key=key))) < 10**6
    assert len(json.dumps(comm.request("release"))) < 10**6
    long = {"id": "1", "method": "report", "params": {"y" * 2 * 10**6: 1}}
    error = comm.reply(long)["error"]
    assert error["code"] == "bad_params"
    assert len(json.dumps(error)) < 10**6


def test_a_key_too_long_to_be_written_does_not_cost_the_answer(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("x = [5]; d = {10**5000: x}\nx")
    kernel.run("del x")
    key = comm.request("report")["results"][0]["key"]
    assert comm.request("explain", key=key)["paths"] == [["[...]", "d"]]
    assert comm.request("release")["still_alive"][0]["held_by"] == ["d[...]"]


def test_a_module_that_replaced_itself_is_not_asked(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run(SETUP)
    kernel.run(
        "import types\n"
        "class Proxy:\n"
        "    def __getattribute__(self, name): os._exit(9)\n"
        "real = types.ModuleType('lazy'); real.kept = [5]\n"
        "sys.modules['lazy'] = Proxy()\n"
        "real.kept"
    )
    key = comm.request("report")["results"][0]["key"]
    assert comm.request("explain", key=key)["holders"]
    assert comm.request("release")["released"] == 1
    assert kernel.value("1 + 1") == 2


@pytest.mark.parametrize("key", ["10**5000", "2**60", "-1", "'7'", "True"])
def test_a_key_of_the_users_in_out_does_not_cost_the_answer(kernel: Kernel, key: str) -> None:
    comm = kernel.comm()
    kernel.run(f"Out[{key}] = [6]")
    kernel.run("[5]")
    assert [row["numbers"] for row in comm.request("report")["results"]] == [[2]]
    comm.request("set_guard", mode="large")
    comm.request("overview")
    assert comm.request("release")["released"] == 1
    assert kernel.value(f"Out[{key}]") == [6]


def test_a_key_of_the_users_in_out_does_not_cost_the_cell_at_the_caches_end(
    kernel: Kernel,
) -> None:
    kernel.comm().request("set_guard", mode="large")
    kernel.run("get_ipython().displayhook.cache_size = 4; Out[10**5000] = 'mine'")
    for _ in range(6):
        assert kernel.shown("[5]") == "[5]"
    assert kernel.value("Out[10**5000]") == "mine"
    hidden = "[n for n in get_ipython().user_ns_hidden if n[1:].isdigit()]"
    assert kernel.value(f"sorted({hidden}) == sorted('_%d' % n for n in Out if n < 100)")


def test_what_the_user_put_into_out_is_the_users(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("[1]")
    kernel.run("[2]")
    kernel.run("Out[77] = Out[2] = mine = [3]")
    comm.request("set_guard", mode="last", keep_last=1)
    kernel.run("[4]")
    kernel.run("[5]")
    comm.request("release")
    assert kernel.value("Out[77] is mine")
    assert kernel.value("Out[2] is mine")
    assert types(kernel)[0] == "Placeholder"


# Interrupts


def test_an_interrupted_request_is_answered(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run(
        "import os, signal\n"
        "session = get_ipython()._jupyter_memguard\n"
        "real = session.report\n"
        "def report(**params):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(**params)\n"
        "session.report = report"
    )
    answer = comm.reply({"id": "1", "method": "report", "params": {}})
    assert answer["error"] == {"code": "internal", "detail": "KeyboardInterrupt"}
    kernel.run("session.report = real")
    assert comm.request("report")["count"] == 0


def test_an_interrupt_at_a_cells_end_prints_nothing_into_it(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large")
    kernel.run(
        "import os, signal\n"
        "guard = get_ipython()._jupyter_memguard.guard\n"
        "real = guard.after_cell\n"
        "def after_cell():\n"
        "    guard.after_cell = real\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "guard.after_cell = after_cell\n"
        "get_ipython()._jupyter_memguard.cells._after = lambda n: guard.after_cell()"
    )
    _reply, published = kernel.execute("5")
    assert not [m for m in published if m["msg_type"] in {"stream", "error"}]


def test_cells_ends_are_reported_after_an_interrupt_at_one(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run(
        "cells = get_ipython()._jupyter_memguard.cells\n"
        "class Interrupts(list):\n"
        "    def __len__(self): raise KeyboardInterrupt\n"
        "cells._running = Interrupts(cells._running)"
    )
    kernel.run("[5] * 10**5")
    kernel.run("[6] * 10**5")
    while comm.event("cell_end")["execution_count"] != 3:
        pass


def test_an_interrupt_while_the_oldest_go_leaves_nothing_uncounted(kernel: Kernel) -> None:
    kernel.run(SETUP)
    comm = kernel.comm()
    for _ in range(5):
        kernel.run("watch(np.ones(10**5))")
    comm.request("set_guard", mode="last", keep_last=1)
    kernel.run(
        "g = sys.modules['_jupyter_memguard']._stages.module('guard.guard')\nreal = g.drop\n"
        "def drop(take):\n"
        "    g.drop = real\n"
        "    raise KeyboardInterrupt\n"
        "g.drop = drop"
    )
    reply, _published = kernel.execute("watch(np.ones(10**5))")
    assert reply["status"] == "error"
    kernel.run("watch(np.ones(10**5))")
    kernel.run("gc.collect();")
    assert kernel.value(f"{ALIVE} <= 2")
    assert types(kernel)[:5] == ["Placeholder"] * 5


def test_an_interrupted_installation_leaves_nothing_and_says_nothing(stock: Kernel) -> None:
    assert stock.inject(core={"__init__.py": "raise KeyboardInterrupt"}) == -1
    names = "[n for n in __import__('sys').modules if 'memguard' in n]"
    assert stock.value(names) == []
    assert stock.inject() == support.VERSION


def test_cells_ends_are_reported_after_one_that_came_to_nothing(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    # ipykernel reports a cancelled cell in this way.
    kernel.run(
        "shell = get_ipython()\nfound = shell._jupyter_memguard.cells._running\n"
        "found.append('a cancelled cell')\n"
        "shell.events.trigger('post_run_cell', None)"
    )
    kernel.run("[5] * 10**5")
    kernel.run("[6] * 10**5")
    while comm.event("cell_end")["execution_count"] != 3:
        pass


# Counts and caches that are not the usual ones


def test_a_count_that_jumps_does_not_hang_the_cell(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large", shown_bytes=1000)
    kernel.run("print('x' * 5000)")
    kernel.run("get_ipython().execution_count = 10**12")
    kernel.run("print('y' * 5000)")
    kernel.run("print('z' * 5000)")
    assert comm.request("report")["shown"]["bytes"] < 20_000


def test_the_newest_are_kept_although_the_count_went_back(kernel: Kernel) -> None:
    kernel.run(SETUP)
    kernel.comm().request("set_guard", mode="last", keep_last=2)
    for _ in range(3):
        kernel.run("watch(np.ones(10**5))")
    kernel.run("get_ipython().execution_count = 1")
    for _ in range(2):
        kernel.run("watch(np.ones(10**5))")
    assert kernel.value(EACH_ALIVE) == [False] * 3 + [True] * 2


def test_several_results_of_one_cell_count_each(kernel: Kernel) -> None:
    kernel.run(SETUP + "\nget_ipython().ast_node_interactivity = 'all'")
    kernel.comm().request("set_guard", mode="last", keep_last=1)
    kernel.run("watch(np.ones(10**5))\nwatch(np.ones(10**5))\nwatch(np.ones(10**5))")
    assert kernel.value(ALIVE) == 1
    kernel.run("watch(np.ones(10**5))")
    kernel.run("gc.collect();")
    assert kernel.value(ALIVE) == 1
    assert kernel.value("_ is watched[-1]()")


def test_a_result_is_free_in_the_next_cell_without_a_cache(kernel: Kernel) -> None:
    kernel.run(SETUP + "\nget_ipython().displayhook.cache_size = 0")
    kernel.comm().request("set_guard", mode="all")
    kernel.run("arr = watch(np.ones(10**6)); arr")
    assert kernel.run(f"del arr; gc.collect(); print({ALIVE}, len(Out))") == "0 0\n"


def test_a_nested_cells_withheld_results_are_reported_with_the_outer_ones(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    comm.request("set_guard", mode="all")
    kernel.run(
        "import sys; sys.displayhook([1] * 10**5); get_ipython().run_cell('[2] * 10**5')\nNone"
    )
    assert len(comm.event("cell_end")["withheld"]) == 2


def test_very_many_results_of_one_cell_are_not_all_listed(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    comm.request("set_guard", mode="all")
    kernel.run("big = [None] * 10**5; show = get_ipython().displayhook.update_user_ns")
    kernel.run("for n in range(5000): show(big)")
    assert len(comm.event("cell_end")["withheld"]) <= 1000
    assert comm.request("report")["guard_state"]["withheld"] == 5000


def test_a_result_kept_by_the_user_in_an_execution_result_stays(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.run("[5]")
    kernel.run("mine = get_ipython().last_execution_result")
    kernel.run("again = [6]; again")
    kernel.run("both = get_ipython().run_cell('again')")
    kernel.run("1")
    assert kernel.value("[type(mine.result).__name__, both.result]") == ["NoneType", [6]]


def test_gettext_installed_in_mid_session_stays_gettexts(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="last", keep_last=1)
    kernel.run("[1]")
    kernel.run("import gettext; gettext.NullTranslations().install()")
    kernel.run("[2]")
    comm.request("release")
    assert kernel.run("print(_('word'))") == "word\n"
    assert kernel.value("'_' in globals()") is False


def test_a_result_assigned_to_underscore_by_the_user_is_not_taken(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("[1]")
    kernel.run("___ = mine = [2]")
    kernel.run("[3]")
    comm.request("set_guard", mode="last", keep_last=0)
    kernel.run("[4]")
    comm.request("release")
    assert kernel.value("___ is mine")
    assert kernel.value("mine") == [2]


def test_a_generator_and_a_coroutine_are_not_run(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large", threshold_bytes=1)
    kernel.run("ran = []\ndef g():\n    ran.append(1)\n    yield 1\nasync def c(): ran.append(2)")
    kernel.run("g()")
    kernel.run("import warnings; warnings.simplefilter('ignore')\nc()")
    comm.request("overview")
    comm.request("release")
    assert kernel.value("ran") == []


def test_objects_whose_finalizers_show_more_do_not_loop(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="last", keep_last=1)
    kernel.run(
        "class Shows:\n"
        "    left = 20\n"
        "    def __del__(self):\n"
        "        Shows.left -= 1\n"
        "        if Shows.left > 0: get_ipython().displayhook.update_user_ns(Shows())"
    )
    for _ in range(4):
        kernel.run("Shows()")
    comm.request("release")
    assert kernel.shown("3 + 4") == "7"


# Placeholders


@pytest.mark.parametrize(
    "use",
    [
        "p['a'] = 1", "del p['a']", "p.x = 1", "next(p)", "reversed(p)", "round(p)", "p += 1",
        "np.array(p, copy=None)", "np.ones(3) + p", "[*p]", "a, b = p", "divmod(p, 2)",
        "np.asarray(p, dtype=float)", "pd.DataFrame(p)", "import math; math.floor(p)",
        "with p: pass",
    ],
)  # fmt: skip
def test_every_use_of_a_placeholder_says_why_it_fails(placeholder: Kernel, use: str) -> None:
    with pytest.raises(CellError, match=r"Out\[2\] was not kept"):
        placeholder.run(f"p = Out[2]\n{use}")


@pytest.mark.parametrize(
    ("use", "kind"), [("p + 1", "TypeError"), ("p.shape", "AttributeError"), ("p.x = 1", "Attr")]
)
def test_a_placeholders_traceback_ends_in_the_users_code(
    placeholder: Kernel, use: str, kind: str
) -> None:
    source = f"p = Out[2]\ndef use_it():\n    {use}\nuse_it()"
    with pytest.raises(CellError) as raised:
        placeholder.run(source)
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(raised.value))
    assert "Could not get source" not in text
    assert "memguard" not in text
    assert f"----> 3     {use}" in text
    last = text.strip().splitlines()[-1]
    assert last.startswith(kind)
    assert last.endswith("or change the memory guard.>")
    # What a debugger opens is the user's frame, too.
    walk = "__import__('traceback').walk_tb(__import__('sys').last_traceback)"
    assert placeholder.value(f"[f.f_code.co_name for f, _ in {walk}][-1]") == "use_it"


def test_an_error_of_a_placeholder_can_be_caught_and_pickled(placeholder: Kernel) -> None:
    placeholder.run(
        "import pickle\n"
        "try:\n    Out[2] + 1\nexcept TypeError as error:\n    caught = pickle.dumps(error)\n"
        "try:\n    Out[2].x\nexcept AttributeError as error:\n    name = type(error).__name__"
    )
    assert placeholder.value("type(pickle.loads(caught)) is TypeError") is True
    assert placeholder.value("name") == "AttributeError"
    assert placeholder.value("getattr(Out[2], 'x', 5)") == 5


@pytest.fixture(scope="module")
def placeholder() -> Any:
    """Start one kernel with a placeholder for all of the uses."""
    from jupyter_memguard.kernel.tests.support import running_kernel

    with running_kernel() as kernel:
        kernel.inject({"mode": "all"})
        kernel.run("import numpy as np, pandas as pd")
        kernel.run("np.ones(3)")
        yield kernel


def test_a_placeholder_is_harmless_to_look_at(placeholder: Kernel) -> None:
    assert placeholder.value("callable(Out[2])") is False
    assert placeholder.value("[hash(_2) == hash(_2), _2 in [_2], {_2: 1}[_2]]") == [True, True, 1]
    placeholder.run("import copy; copy.copy(_2); dir(_2); f'{_2}'; '%s' % _2; isinstance(_2, str)")
    placeholder.run("%whos")
    placeholder.run("_2?")
    assert "was not kept" in placeholder.run("import pprint; pprint.pprint([_2])")


def test_a_stored_placeholder_comes_back_as_a_text(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(
        "from IPython.utils.tempdir import TemporaryDirectory\n"
        "%load_ext storemagic\n"
        "shell = get_ipython(); shell.db = type(shell.db)("
        f"{str(tmp_path)!r})"
    )
    kernel.comm().request("set_guard", mode="all")
    kernel.run("[5]")
    kernel.run("kept = Out[2]; mine = [6]")
    kernel.run("%store kept mine")
    kernel.run("%reset -f")
    kernel.run("%store -r kept mine")
    assert kernel.value("[type(kept).__name__, mine]") == ["str", [6]]
    assert "mine" in kernel.run("%store")


def test_a_session_dumped_with_dill_is_loaded_in_a_kernel_without_us(
    kernel: Kernel, stock: Kernel, tmp_path: Path
) -> None:
    path = str(tmp_path / "session")
    kernel.comm().request("set_guard", mode="last", keep_last=1)
    kernel.run("import dill")
    kernel.run("x = [5]; x")
    kernel.run("[6]")
    kernel.run(f"dill.dump_session({path!r})")
    stock.run(f"import dill; dill.load_session({path!r})")
    # dill also restores the kernel's own names, so `Out` itself may be another object.
    assert stock.value("x") == [5]
    assert "was not kept" in stock.value("str(_2)")
    assert stock.value("type(_2).__name__") == "str"
    assert stock.value("_3") == [6]
