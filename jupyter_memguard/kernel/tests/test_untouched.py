"""The injected code leaves the kernel as it was."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import PATIENCE_S, injection, running_kernel

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_memguard.kernel.tests.support import Kernel

# An expression for all that a user can see of the kernel, as text. It needs no new cell.
STATE = """__import__('json').dumps({
    'names': sorted(get_ipython().user_ns),
    'hidden': sorted(get_ipython().user_ns_hidden),
    'values': {k: repr(get_ipython().user_ns[k]) for k in ('In', 'Out', '_', '__', '___', '_i')
               if k in get_ipython().user_ns},
    'count': get_ipython().execution_count,
    'callbacks': {k: [repr(f) for f in v] for k, v in get_ipython().events.callbacks.items()},
    'hook': sorted(vars(get_ipython().displayhook)),
    'inputs': list(get_ipython().history_manager.input_hist_raw),
    'outputs': sorted(get_ipython().history_manager.outputs)
               if hasattr(get_ipython().history_manager, 'outputs') else [],
    'reprs': dict(get_ipython().history_manager.output_hist_reprs),
    'sys': [hasattr(__import__('sys'), n) for n in ('last_type', 'last_value')],
    'meta_path': len(__import__('sys').meta_path),
    'executed': get_ipython().last_execution_succeeded,
})"""


def history(path: Path) -> list[Any]:
    with sqlite3.connect(path) as connection:
        return [
            connection.execute("SELECT line, source, source_raw FROM history").fetchall(),
            connection.execute("SELECT * FROM output_history").fetchall(),
        ]


def written(path: Path, cells: int) -> list[Any]:
    """Return the history once IPython's thread has written this number of cells."""
    end = time.monotonic() + PATIENCE_S
    while len(history(path)[0]) < cells:
        assert time.monotonic() < end
        time.sleep(0.05)
    return history(path)


@pytest.mark.parametrize("guard", [None, {"mode": "off"}])
def test_the_kernel_is_untouched(tmp_path: Path, guard: dict[str, Any] | None) -> None:
    path = tmp_path / "history.sqlite"
    options = [
        "--HistoryManager.enabled=True",
        f"--HistoryManager.hist_file={path}",
        "--HistoryManager.db_log_output=True",
        "--HistoryManager.db_cache_size=0",
    ]
    with running_kernel(*options) as kernel:
        for cell in ("a = 5", "a + 1", "print('text')", "_ + 1"):
            kernel.run(cell)
        before, lines = kernel.value(f"__import__('json').loads({STATE})"), written(path, 4)
        assert kernel.inject(guard) == support.VERSION
        assert kernel.inject(guard) == support.VERSION
        assert kernel.value(f"__import__('json').loads({STATE})") == before
        assert history(path) == lines
        assert kernel.shown("_ + 1") == "8"
        assert [line for line, *_source in written(path, 5)[0]] == [1, 2, 3, 4, 5]


def test_a_page_that_is_closed_for_good_leaves_hook_and_callbacks_as_they_were() -> None:
    with running_kernel() as kernel:
        for cell in ("a = 5", "a + 1"):
            kernel.run(cell)
        before = kernel.value(f"__import__('json').loads({STATE})")
        shell = kernel.value("sorted(vars(get_ipython()))")
        assert kernel.inject() == support.VERSION
        comm = kernel.comm()
        comm.request("subscribe", cell_end=True)
        comm.request("set_guard", mode="large")
        comm.request("report", budget_ms=1)
        comm.request("overview", budget_ms=1)
        comm.request("set_guard", mode="off")
        assert kernel.value(f"__import__('json').loads({STATE})") != before
        comm.close()
        assert kernel.value(f"__import__('json').loads({STATE})") == before
        # What waits for the next page: one attribute of the shell's.
        added = set(kernel.value("sorted(vars(get_ipython()))")) - set(shell)
        assert added == {"_jupyter_memguard"}


def test_names_of_builtins_in_the_notebook_do_not_matter(stock: Kernel) -> None:
    stock.run("from re import *\nexec = getattr = dict = None")
    assert stock.inject() == support.VERSION


@pytest.mark.parametrize(
    "broken",
    [
        {"core": {"__init__.py": "raise KeyError('broken')"}},
        {"core": {"__init__.py": "this is not python"}},
        {"core": {}},
        {"guard": {"mode": "nonsense"}},
    ],
    ids=["raises", "syntax", "empty", "options"],
)
def test_a_failing_installation_is_quiet_and_leaves_nothing(
    stock: Kernel, broken: dict[str, Any]
) -> None:
    stock.run("1 + 1")
    before = stock.value(f"__import__('json').loads({STATE})")
    version = stock.inject(**broken)
    assert version == (support.VERSION if "guard" in broken else -1)
    assert stock.value(f"__import__('json').loads({STATE})") == before
    if "core" in broken:
        assert not stock.value(
            "[n for n in __import__('sys').modules if n.startswith('_jupyter_memguard')]"
        )


def test_a_failing_update_leaves_the_old_copy_in_place(kernel: Kernel) -> None:
    kernel.inject({"mode": "all"})
    assert kernel.inject(core={"__init__.py": "1 / 0"}, digest="newer") == support.VERSION
    kernel.run("5")
    assert kernel.value("type(Out[1]).__name__") == "Placeholder"


def test_a_new_copy_goes_on_with_the_old_ones_guard_and_keys(kernel: Kernel) -> None:
    kernel.run("[1, 2]")
    first = kernel.comm()
    key = first.request("report")["results"][0]["key"]
    first.request("set_guard", mode="last", keep_last=2)
    assert kernel.inject({"mode": "off"}, digest="newer") == support.VERSION
    assert kernel.value("__import__('_jupyter_memguard').DIGEST") == "newer"
    second = kernel.comm()
    report = second.request("report")
    assert [row["key"] for row in report["results"]] == [key]
    assert report["guard"] == "last"
    assert report["guard_state"]["settings"]["keep_last"] == 2
    for _ in range(3):
        kernel.run("[3]")
    assert second.request("report")["count"] == 2
    callbacks = "get_ipython().events.callbacks['post_run_cell']"
    assert kernel.value(f"sum('_jupyter_memguard' in repr(f) for f in {callbacks})") == 1


def test_the_installed_copy_finds_the_injected_ones_state(kernel: Kernel) -> None:
    kernel.run("[1, 2]")
    comm = kernel.comm()
    key = comm.request("report")["results"][0]["key"]
    kernel.run("import jupyter_memguard.kernel as ours; state = ours.set_guard('last')")
    assert kernel.value("[row['key'] for row in ours.report()['results']]") == [key]
    assert comm.request("report")["guard"] == "last"
    assert kernel.value("ours.release()['released']") == 1
    assert comm.request("report")["count"] == 0


def test_reset_of_the_modules_is_survived(kernel: Kernel) -> None:
    kernel.inject({"mode": "last", "keep_last": 2})
    kernel.run("5")
    kernel.run("%reset -f --aggressive")
    kernel.inject()
    for _ in range(4):
        kernel.run("[5]")
    report = kernel.comm().request("report")
    assert (report["guard"], report["count"]) == ("last", 2)


def test_what_is_asked_runs_none_of_the_users_callbacks() -> None:
    with running_kernel() as kernel:
        kernel.inject({"mode": "all"})
        kernel.run(
            "called = []\n"
            "def tell():\n    called.append(1)\n    raise ValueError\n"
            "for event in ('pre_execute', 'post_execute', 'pre_run_cell', 'post_run_cell'):\n"
            "    get_ipython().events.register(event, lambda *_: tell())"
        )
        comm = kernel.comm()
        comm.event("hello")
        before = kernel.value("len(called)")
        after = kernel.value("len(called)")
        kernel.messages.clear()
        for method in ("report", "overview", "release"):
            comm.request(method)
        assert kernel.value("len(called)") - after == after - before
        assert {message["msg_type"] for message in kernel.messages} <= {"status"}


def test_no_comparison_of_the_users_callbacks_runs() -> None:
    with running_kernel() as kernel:
        kernel.inject()
        kernel.run(
            "compared = []\n"
            "class Callback:\n"
            "    def __call__(self, *args): pass\n"
            "    def __eq__(self, other):\n        compared.append(1)\n        return True\n"
            "for event in ('pre_run_cell', 'post_run_cell'):\n"
            "    get_ipython().events.callbacks[event].append(Callback())"
        )
        theirs = "[len(c) for c in get_ipython().events.callbacks.values()]"
        alone = kernel.value(theirs)
        comm = kernel.comm()
        comm.request("set_guard", mode="all")
        assert kernel.value(f"sum({theirs})") == sum(alone) + 2
        comm.request("set_guard", mode="off")
        assert kernel.value(theirs) == alone
        assert kernel.value("compared") == []


def test_without_an_ipython_shell_nothing_is_installed(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = injection({"mode": "all"}) + (
        "\nimport sys\nprint([n for n in sys.modules if 'memguard' in n], sorted(globals()))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-"],
        input="import sys\nprint([], sorted(globals()))\n" + code,
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path,
    )
    before, after = done.stdout.splitlines()
    assert after == before
    assert done.stderr == ""
