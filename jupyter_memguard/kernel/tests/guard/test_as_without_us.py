"""With the guard on, IPython's features behave as without us, placeholders aside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import jupyter_memguard
from jupyter_memguard.kernel.tests.support import CellError

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

# Runs each feature in a shell of its own, forked so that IPython is imported once. Addresses,
# timings and a traceback's lines of source differ between two runs of a stock IPython too.
DRIVER = r"""
import contextlib, io, json, os, re, sys, traceback
from IPython.core.interactiveshell import InteractiveShell
import jupyter_memguard.kernel
features, guard = json.load(sys.stdin)
def run(cells):
    shell = InteractiveShell.instance(colors="nocolor")
    shell.history_manager.enabled = False
    if guard is not None:
        jupyter_memguard.kernel.start({"guard": guard})
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for cell in cells:
            shell.run_cell(cell, store_history=True)
    return said.getvalue()
outcomes = {}
for name, cells in features.items():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        try:
            text = run(cells)
        except BaseException:
            text = traceback.format_exc()
        with open(writer, "w") as pipe:
            text = re.sub(r"0x[0-9a-f]+|[0-9.]+ [nm\u03bcu]?s \S+ .*", "...", text)
            pipe.write(re.sub(r"(?m)^(-+>| +) *\d+ .*\n", "", text))
        os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        outcomes[name] = pipe.read()
    os.wait()
print(json.dumps(outcomes))
"""


def outcomes(guard: dict[str, Any] | None) -> dict[str, str]:
    """Return what every feature shows, prints or raises."""
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps([FEATURES, guard]),
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(jupyter_memguard.__file__).parent.parent,
    )
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


# Each is cells, the last of which shows or prints something that must be as in a stock kernel.
FEATURES: dict[str, list[str]] = {
    "reset of the output": ["[1]", "[2]", "%reset -f out", "print(Out, '_1' in globals(), _)"],
    "reset": ["x = [1]", "x", "%reset -f", "print(Out, [n for n in dir() if n == 'x'])"],
    "results after reset": ["[1]", "%reset -f", "[2]", "print(Out, _)"],
    "xdel": ["x = [1]", "x", "%xdel x", "print([v for v in Out.values()], '_2' in globals())"],
    "timeit": ["%timeit -n1 -r1 pass", "3", "%timeit -q -n1 -r1 5", "print(Out)"],
    "capture": ["%%capture out\n[5]", "print(out.outputs[0].data, Out)"],
    "history": ["[1]", "print(2)", "%history -o"],
    "display": ["display([5])", "print(Out)"],
    "semicolon": ["[5];", "print(Out, repr(_))"],
    "the user's _": ["[1]", "_ = 'mine'", "[2]", "print(_, __, Out)"],
    "the user's _1": ["[1]", "_1 = 'mine'", "[2]", "print(_1, Out)"],
    "the user's Out": ["[1]", "Out = 'mine'", "[2]", "print(Out, _oh, _)"],
    "gettext": [
        "import gettext; gettext.NullTranslations().install()",
        "[1]",
        "print(_('word'), Out, '_' in globals())",
    ],
    "nested run_cell": [
        "r = get_ipython().run_cell('[7]')",
        "print(r.result, r.success)",
    ],
    "async": ["import asyncio", "await asyncio.sleep(0, [5])", "print(Out, _)"],
    "an error in a repr": [
        "class Bad:\n    def __repr__(self): raise ValueError('bad')",
        "Bad()",
        "print(list(map(type, Out.values())))",
    ],
    "an error in a cell": ["[1]", "print(_)"],
    "several results": [
        "get_ipython().ast_node_interactivity = 'all'",
        "[1]\n[2]",
        "print(Out, _, __)",
    ],
    "last_expr_or_assign": [
        "get_ipython().ast_node_interactivity = 'last_expr_or_assign'",
        "x = [5]",
        "print(Out)",
    ],
    "user expressions": ["[1]", "print(get_ipython().user_expressions({'x': '_1'}))"],
    "Out itself": ["[1]", "Out", "print(list(Out))"],
    "the cache's end": ["get_ipython().displayhook.cache_size = 3", *["[5]"] * 6, "print(Out)"],
}


@pytest.fixture(scope="module")
def without_us() -> dict[str, str]:
    return outcomes(None)


@pytest.mark.parametrize(
    "guard", [None, {"mode": "off"}, {"mode": "large"}, {"mode": "last", "keep_last": 1000}]
)
def test_features_behave_as_without_us(
    without_us: dict[str, str], guard: dict[str, Any] | None
) -> None:
    assert outcomes(guard) == without_us


def test_the_users_own_values_are_never_replaced() -> None:
    found = outcomes({"mode": "all"})
    assert "mine" in found["the user's _"]
    assert "mine" in found["the user's _1"]
    assert "mine" in found["the user's Out"]
    assert found["gettext"].splitlines()[-1].startswith("word ")


def test_a_nested_run_cells_result_stays_the_callers(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.run("r = get_ipython().run_cell('[7]')")
    kernel.run("1")
    assert kernel.run("print(r.result)") == "[7]\n"


@pytest.mark.parametrize("mode", ["large", "last", "all"])
def test_cells_that_wait_in_the_queue_run_one_after_the_other(kernel: Kernel, mode: str) -> None:
    kernel.comm().request("set_guard", mode=mode, threshold_bytes=10**6, keep_last=0)
    kernel.run("import gc, weakref, numpy as np")
    for cell in (
        "arr = np.ones(10**6); ref = weakref.ref(arr)\narr",
        "del arr; gc.collect(); gone = ref() is None",
        "'shown'",
    ):
        kernel.client.execute(cell)
    assert kernel.run("print(gone, list(Out))") == "True [2, 4]\n"


def test_a_session_pickles_with_placeholders_as_texts(kernel: Kernel, tmp_path: Path) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.run("[5]")
    kernel.run(
        "import copy, pickle\ntext = pickle.loads(pickle.dumps(Out[1])); again = copy.deepcopy(Out)"
    )
    assert kernel.value("[type(text).__name__, text == repr(Out[1]), type(again[1]).__name__]") == [
        "str",
        True,
        "str",
    ]
    pytest.importorskip("dill")
    kernel.run(f"import dill; x = [5]; dill.dump_session({str(tmp_path / 'session')!r})")


def test_off_again_is_as_before(kernel: Kernel) -> None:
    state = """[
        sorted(vars(get_ipython().displayhook)),
        repr(type(get_ipython().displayhook).update_user_ns),
        {k: len(v) for k, v in get_ipython().events.callbacks.items()},
    ]"""
    before = kernel.value(state)
    comm = kernel.comm()
    for mode in ("large", "large", "last", "all"):
        comm.request("set_guard", mode=mode)
    assert kernel.value(state) != before
    callbacks = "get_ipython().events.callbacks['pre_run_cell']"
    assert kernel.value(f"sum('memguard' in repr(c) for c in {callbacks})") == 1
    comm.request("set_guard", mode="off")
    assert kernel.value(state) == before
    kernel.run("[5]")
    assert kernel.value("Out[1]") == [5]


PATCH = """
seen = []
hook = get_ipython().displayhook
kind = type(hook)
"""
# A patch on the class, as the article proposes, and one on the hook itself.
ON_CLASS = "kind.update_user_ns = lambda self, result: seen.append(result)"
ON_HOOK = "hook.update_user_ns = lambda result: seen.append(result)"
OVER_OURS = """
below = hook.update_user_ns
def over(result):
    seen.append(type(result).__name__)
    return below(result)
hook.update_user_ns = over
"""


@pytest.mark.parametrize("patch", [ON_CLASS, ON_HOOK])
def test_a_patch_from_before_us_is_called_and_stays(kernel: Kernel, patch: str) -> None:
    kernel.run(PATCH + patch)
    comm = kernel.comm()
    state = comm.event("hello")["guard_state"]
    assert (state["on_top"], state["other"]) == ("other", "__main__.<lambda>")
    state = comm.request("set_guard", mode="all")
    assert (state["on_top"], state["other"]) == ("us", "__main__.<lambda>")
    kernel.run("[5]")
    assert kernel.value("[type(s).__name__ for s in seen]") == ["Placeholder"]
    state = comm.request("set_guard", mode="off")
    assert state["on_top"] == "other"
    kernel.run("[6]")
    assert kernel.value("seen[1]") == [6]
    assert kernel.value("Out") == {}


def test_a_patch_on_the_class_from_after_us_is_called(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="all")
    kernel.run(PATCH + ON_CLASS)
    kernel.run("[5]")
    assert kernel.value("[type(s).__name__ for s in seen]") == ["Placeholder"]


def test_a_patch_over_ours_stays_when_we_go_and_come_back(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="all")
    kernel.run(PATCH + OVER_OURS)
    state = comm.request("report")["guard_state"]
    assert (state["on_top"], state["other"]) == ("other", "__main__.over")
    kernel.run("[5]")
    assert kernel.value("type(Out[2]).__name__") == "Placeholder"
    comm.request("set_guard", mode="off")
    kernel.run("[6]")
    assert kernel.value("Out[3]") == [6]
    comm.request("set_guard", mode="all")
    kernel.run("[7]")
    assert kernel.value("type(Out[4]).__name__") == "Placeholder"
    assert kernel.value("seen") == ["list"] * 3
    assert kernel.value("hook.update_user_ns is over")


def test_a_placeholder_says_what_it_was_and_refuses_to_be_used(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="all")
    kernel.run("import numpy as np")
    kernel.run("np.ones((1000, 500))")
    text = kernel.shown("Out[2]")
    assert text is not None
    assert text == kernel.shown("_2")
    assert text.startswith("<Out[2] was not kept: numpy.ndarray, 1000 x 500, float64, 3.8 MiB.")
    for use in (
        "bool(p)", "p.shape", "p + 1", "1 + p", "p * p", "-p", "list(p)", "len(p)", "p[0]",
        "p < 1", "3 in p", "float(p)", "int(p)", "np.asarray(p)", "p @ p", "sum(p)",
    ):  # fmt: skip
        with pytest.raises(CellError, match="was not kept: numpy"):
            kernel.run(f"p = Out[2]\n{use}")
    assert kernel.run("print(p == p, p is _2, hash(p) == hash(p), Out[2] is p)") == (
        "True True True True\n"
    )


def test_a_placeholder_is_never_a_row_and_never_replaced_again(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="all")
    kernel.run("[5]")
    kernel.run("Out[1]")
    assert comm.request("report")["count"] == 0
    assert kernel.value("Out[1] is Out[2]")
    assert comm.request("report")["guard_state"]["withheld"] == 1


def test_underscore_goes_on_working_after_a_release(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("[1]")
    comm.request("release")
    assert kernel.value("[type(x).__name__ for x in (_, _1, Out[1])]") == ["Placeholder"] * 3
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("_") == "7"
    # Also after `%reset out`, which stops it in a stock kernel.
    kernel.run("[2]")
    kernel.run("%reset -f out")
    comm.request("release")
    assert kernel.shown("4 + 4") == "8"
    assert kernel.shown("_") == "8"


def test_notebook_export_says_what_was_pruned(kernel: Kernel, tmp_path: Path) -> None:
    if not kernel.value("hasattr(get_ipython().history_manager, 'outputs')"):
        pytest.skip("this IPython keeps no outputs")
    kernel.comm().request("set_guard", mode="large", shown_bytes=1000)
    kernel.run("print('x' * 5000)")
    kernel.run("print('short')")
    kernel.run("1")
    path = tmp_path / "exported.ipynb"
    kernel.run(f"%notebook {path}")
    exported = path.read_text()
    assert "not kept by the memory guard" in exported
    assert "xxxxx" not in exported
    assert "short" in exported
