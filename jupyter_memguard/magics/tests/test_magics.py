"""`%memguard` on real kernels: what it says, does, refuses, and leaves behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests.support import Kernel, running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20
LOAD = "%load_ext jupyter_memguard"
SHOW_80_MB = "import numpy as np; arr = np.ones(10**7); arr"


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with running_kernel() as kernel:
        kernel.run(LOAD)
        yield kernel


def shown(kernel: Kernel, code: str) -> dict[str, str]:
    """Run a cell; return the one bundle that it displays, and check that it is no result."""
    reply, published = kernel.execute(code)
    assert reply["status"] == "ok", reply
    assert not [m for m in published if m["msg_type"] == "execute_result"]
    [bundle] = [m["content"]["data"] for m in published if m["msg_type"] == "display_data"]
    return dict(bundle)


def text(kernel: Kernel, code: str) -> str:
    return shown(kernel, code)["text/plain"]


def refusal(kernel: Kernel, code: str) -> str:
    """Run a cell that fails with one sentence; return the sentence."""
    reply, published = kernel.execute(code)
    assert (reply["status"], reply["ename"]) == ("error", "UsageError")
    errors = "".join(m["content"]["text"] for m in published if m["msg_type"] == "stream")
    [line] = errors.splitlines()
    return str(line.replace("UsageError: ", ""))


def rss(kernel: Kernel) -> int:
    return int(kernel.value("__import__('psutil').Process().memory_info().rss"))


def test_the_table_names_each_result_in_text_and_html(kernel: Kernel) -> None:
    kernel.run(SHOW_80_MB)
    kernel.run("del arr")
    bundle = shown(kernel, "%memguard")
    assert "Out[2]  76.3 MiB  numpy.ndarray" in bundle["text/plain"]
    html = bundle["text/html"]
    assert "<td" in html
    assert "Out[2]" in html
    assert "<script" not in html
    assert "<style" not in html
    assert "--jp-" in html


def test_what_is_shown_is_kept_nowhere(kernel: Kernel) -> None:
    kernel.run(SHOW_80_MB)
    before = kernel.value("sorted(Out)")
    text(kernel, "%memguard")
    text(kernel, "%memguard rest")
    assert kernel.value("sorted(Out)") == before
    kept = "str(getattr(get_ipython().history_manager, 'outputs', {}))"
    assert "IPython keeps" not in kernel.value(kept)


def test_names_of_types_are_no_html(kernel: Kernel) -> None:
    kernel.run("class A: pass\nA.__qualname__ = '<b>A'\nA()")
    assert "&lt;b&gt;A" in shown(kernel, "%memguard")["text/html"]


def test_free_lets_go_of_large_results_and_tells_what_came_back(kernel: Kernel) -> None:
    kernel.run("'small'")
    kernel.run(SHOW_80_MB)
    kernel.run("del arr")
    before = rss(kernel)
    said = text(kernel, "%memguard free")
    assert before - rss(kernel) > 70 * MIB
    assert said.startswith("Freed 1 result: 7")
    assert "1 smaller result stayed" in said
    assert kernel.shown("Out[2]") == "'small'"
    text(kernel, "%memguard free all")
    assert "was freed" in str(kernel.shown("Out[2]"))


@pytest.mark.parametrize("words", ["3", "Out[3]", "_3"])
def test_free_takes_numbers(kernel: Kernel, words: str) -> None:
    kernel.run("'stays'")
    kernel.run("'goes'")
    assert text(kernel, f"%memguard free {words}").startswith("Freed 1 result")
    assert kernel.shown("Out[2]") == "'stays'"
    assert "was freed" in str(kernel.shown("Out[3]"))


def test_an_unknown_number_is_told_and_the_others_are_freed(kernel: Kernel) -> None:
    kernel.run("'goes'")
    said = text(kernel, "%memguard free 77 2")
    assert "Freed 1 result" in said
    assert "IPython keeps no Out[77]" in said
    assert "was freed" in str(kernel.shown("Out[2]"))


def test_who_holds_a_result_that_is_alive_is_told(kernel: Kernel) -> None:
    kernel.run(SHOW_80_MB)
    said = text(kernel, "%memguard free all")
    assert "Out[2] was let go but is still alive, held by arr" in said


@pytest.mark.parametrize("mode", ["large", "last", "all", "off"])
def test_the_guard_is_set_and_told(kernel: Kernel, mode: str) -> None:
    assert text(kernel, f"%memguard guard {mode}").startswith(f"Guard {mode}")
    assert text(kernel, "%memguard guard").startswith(f"Guard {mode}")


def test_the_guard_withholds_from_its_threshold_on(kernel: Kernel) -> None:
    assert "keeps 4.8 MiB alive" in text(kernel, "%memguard guard large --threshold 5MB")
    kernel.run("a = bytearray(6 * 10**6); a")
    kernel.run("a = bytearray(4 * 10**6); a")
    assert "was not kept" in str(kernel.shown("Out[3]"))
    assert kernel.value("type(Out[4]).__name__") == "bytearray"


def test_json_is_the_report(kernel: Kernel) -> None:
    kernel.run(SHOW_80_MB)
    report = json.loads(kernel.run("%memguard --json"))
    assert [row["numbers"] for row in report["results"]] == [[2]]
    assert report["rss_bytes"] > 80 * 10**6


def test_rest_tells_who_holds_it_and_what_lets_it_go(kernel: Kernel) -> None:
    kernel.run(
        "import functools, sys\n"
        "@functools.lru_cache\ndef load(n): return bytearray(n)\n"
        "load(30_000_000)\n"
        "def fails():\n    data = bytearray(40_000_000)\n    raise LookupError\n"
        "try: fails()\n"
        "except LookupError as error: sys.my_error = error"
    )
    said = text(kernel, "%memguard rest")
    assert "- the cache of a function load, 1 object: load.cache_clear()" in said
    assert "38.1 MiB  - kept exceptions LookupError, 1 object: import gc; [found.with" in said
    kernel.run("load.cache_clear(); del sys.my_error")
    assert "LookupError" not in text(kernel, "%memguard rest")


def test_rest_tells_where_the_memory_is(kernel: Kernel) -> None:
    kernel.run("big = bytearray(30 * 2**20)")
    said = text(kernel, "%memguard rest")
    assert "30.0 MiB  variables" in said
    assert "big (builtins.bytearray, 30.0 MiB)" in said or "big (bytearray, 30.0 MiB)" in said
    assert "the rest: Python" in said


def test_rest_names_the_variables_of_unknown_size(kernel: Kernel) -> None:
    kernel.run("import lzma; packer = lzma.LZMACompressor()")
    assert "Of unknown size: packer (_lzma.LZMACompressor)" in text(kernel, "%memguard rest")


WRONG = {
    "%memguard biggest": ("'biggest'", "free, guard, rest or --json"),
    "%memguard guard biggest": ("'biggest'", "off, large, last or all"),
    "%memguard free biggest": ("'biggest'", "numbers"),
    "%memguard free 2 biggest": ("'biggest'", "numbers"),
    "%memguard free -1": ("'-1'", "numbers"),
    "%memguard rest 5": ("'5'", "no more words"),
    "%memguard --json 5": ("'5'", "no more words"),
    "%memguard guard large --threshold": ("'--threshold'", "--threshold 10MB"),
    "%memguard guard large --threshold big": ("'big'", "10MB"),
    "%memguard guard large --limit 5MB": ("'--limit 5MB'", "--threshold 10MB"),
    "%%memguard 5\n1": ("'5'", "no words"),
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_word_gets_one_sentence_with_the_right_ones_and_changes_nothing(
    kernel: Kernel, code: str
) -> None:
    kernel.run("'stays'")
    said = refusal(kernel, code)
    for part in WRONG[code]:
        assert part in said
    assert kernel.shown("Out[2]") == "'stays'"
    assert text(kernel, "%memguard guard").startswith("Guard off")


def test_another_thread_is_told_why_it_may_not_free(kernel: Kernel) -> None:
    kernel.run("'stays'")
    said = kernel.run(
        "import threading\n"
        "shell = get_ipython()\n"
        "def free():\n"
        "    for line in ('free', 'guard all'):\n"
        "        try:\n"
        "            shell.run_line_magic('memguard', line)\n"
        "        except Exception as error:\n"
        "            print(type(error).__name__, error)\n"
        "thread = threading.Thread(target=free); thread.start(); thread.join()"
    )
    assert said.count("UsageError This cell runs in a subshell's thread") == 2
    assert kernel.shown("Out[2]") == "'stays'"


def test_a_subshell_is_told_why_it_may_not(kernel: Kernel) -> None:
    kernel.run("%unload_ext jupyter_memguard")
    client = kernel.client
    client.control_channel.send(client.session.msg("create_subshell_request", {}))
    reply = client.get_control_msg(timeout=30)
    if reply["msg_type"] != "create_subshell_reply":
        pytest.skip("this ipykernel has no subshells")
    for load in (True, False):
        if not load:
            kernel.run(LOAD)
            kernel.run("'stays'")
        content = {
            "code": LOAD if load else "%memguard free all",
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = client.session.msg("execute_request", content)
        message["header"]["subshell_id"] = reply["content"]["subshell_id"]
        client.shell_channel.send(message)
        answer = client.get_shell_msg(timeout=60)["content"]
        assert answer["ename"] == "UsageError"
        assert "only the main shell" in answer["evalue"]
    assert text(kernel, "%memguard free all").startswith("Freed 1 result")


def test_without_a_shell_it_is_said_that_there_is_none() -> None:
    from jupyter_memguard import load_ipython_extension

    with pytest.raises(RuntimeError, match="none runs here"):
        load_ipython_extension(None)


# What a cell left behind


def test_a_cell_is_told_its_peak_and_what_it_left(kernel: Kernel) -> None:
    kernel.run("import numpy as np")
    said = text(kernel, "%%memguard\nkept = np.ones(5 * 10**6)\nnp.ones(2 * 10**7).sum();")
    assert "This cell left +38." in said
    [left, peak] = [float(part.split()[0]) for part in said.split(": ")[1].split(", ")[:2]]
    assert peak - left > 150 + 38
    assert "+38.1 MiB  variables" in said
    assert "(read every" not in said


def test_a_cells_result_is_shown_kept_and_told(kernel: Kernel) -> None:
    kernel.run("import numpy as np")
    reply, published = kernel.execute("%%memguard\nnp.ones(5 * 10**6)")
    [result] = [m for m in published if m["msg_type"] == "execute_result"]
    assert result["content"]["execution_count"] == 3
    [told] = [m for m in published if m["msg_type"] == "display_data"]
    assert "+38.1 MiB  results    Out[3]" in told["content"]["data"]["text/plain"]
    assert reply["execution_count"] == 3
    assert kernel.value("Out[3].nbytes") == 40 * 10**6


def test_a_cell_that_fails_fails_once_on_its_own_line_and_is_told(kernel: Kernel) -> None:
    reply, published = kernel.execute("%%memguard\na = 1\na / 0")
    assert reply["ename"] == "ZeroDivisionError"
    assert "line 3" in "".join(reply["traceback"])
    assert len([m for m in published if m["msg_type"] == "error"]) == 1
    assert len([m for m in published if m["msg_type"] == "display_data"]) == 1


@pytest.mark.parametrize(
    "body",
    ["import asyncio\nawait asyncio.sleep(0)\n5", "%time 5", "%%time\n5", "# only this"],
)
def test_a_cell_may_hold_what_any_cell_holds(kernel: Kernel, body: str) -> None:
    reply, published = kernel.execute("%%memguard\n" + body)
    assert reply["status"] == "ok"
    told = [m for m in published if m["msg_type"] == "display_data"]
    assert "This cell left" in told[-1]["content"]["data"]["text/plain"]
    assert kernel.value("len(get_ipython().events.callbacks['post_run_cell'])") == kernel.value(
        "len([c for c in get_ipython().events.callbacks['post_run_cell']"
        " if 'memguard' not in str(type(getattr(c, '__self__', None)).__module__)])"
    )


def test_where_the_system_has_no_mark_of_the_peak_the_memory_is_read(kernel: Kernel) -> None:
    kernel.run("import numpy as np, jupyter_memguard.magics.cell as c; c._reset_mark = lambda: 0")
    said = text(
        kernel, "%%memguard\nbig = np.ones(2 * 10**7); __import__('time').sleep(.3)\ndel big"
    )
    assert "at the peak (read every 10 ms)" in said
    [before, peak] = [float(part.split()[0]) for part in said.split(": ")[1].split(", ")[:2]]
    assert peak - before > 140


def test_where_the_system_tells_no_memory_that_is_said(kernel: Kernel) -> None:
    kernel.run(
        "import jupyter_memguard.magics.cell as c\n"
        "c._reset_mark = lambda: 0\n"
        "c.rss_bytes = lambda: None"
    )
    assert "This system does not tell the kernel's memory" in text(kernel, "%%memguard\n1;")


# Completion, help, unloading


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%memguard ", ["--json", "free", "guard", "rest"]),
        ("%memguard fr", ["free"]),
        ("%memguard free ", ["all"]),
        ("%memguard guard l", ["large", "last"]),
        ("%memguard guard large --t", ["--threshold"]),
    ],
)
def test_its_words_are_completed(kernel: Kernel, line: str, words: list[str]) -> None:
    kernel.client.complete(line)
    found = kernel.client.get_shell_msg(timeout=30)["content"]["matches"]
    assert set(words) <= set(found)
    # Where a name of Python's may stand, IPython adds those that begin like it.
    if line[-1] != " " and "--" not in line:
        assert sorted(found) == words


def test_help_is_the_reference(kernel: Kernel) -> None:
    reply, _ = kernel.execute("%memguard?")
    [page] = reply["payload"]
    for words in ("free 5 7", "guard large --threshold 50MB", "rest", "--json", "%%memguard"):
        assert words in page["data"]["text/plain"]


# What a shell has: the parts that an extension can reach, by identity where it has one.
TRACES = """
def traces():
    shell = get_ipython()
    tables = shell.magics_manager
    manager = shell.input_transformer_manager
    hook = shell.strdispatchers.get('complete_command')
    return {
        'attributes': sorted(set(vars(shell)) - {'_last_input_line', '_trait_values'}),
        'magics': {kind: sorted(table) for kind, table in tables.magics.items()},
        'registry': sorted(tables.registry),
        'user_magics': sorted(vars(tables.user_magics)),
        'events': {name: len(calls) for name, calls in shell.events.callbacks.items()},
        'transforms': [len(manager.cleanup_transforms), len(manager.line_transforms)],
        'hooks': sorted(hook.strs) if hook else [],
        'strdispatchers': sorted(shell.strdispatchers),
        'display_hook': sorted(vars(shell.displayhook)),
        'display_pub': sorted(vars(shell.display_pub)),
        'namespace': sorted(set(shell.user_ns) - {'_i', '_ii', '_iii'} - {
            name for name in shell.user_ns if name.startswith('_i')}),
        'extensions': sorted(shell.extension_manager.loaded),
        'targets': sorted(shell.kernel.comm_manager.targets),
        'meta_path': len(__import__('sys').meta_path),
        'copy': '_jupyter_memguard' in __import__('sys').modules,
        'threads': [t.name for t in __import__('threading').enumerate()
                    if 'memguard' in str(getattr(t, '_target', ''))],
    }
"""


def _traces(kernel: Kernel) -> Any:
    return kernel.value("traces()")


def test_unloading_leaves_no_trace() -> None:
    with running_kernel() as kernel:
        kernel.run(TRACES)
        kernel.run("%unload_ext no_such")  # IPython itself makes its magic for this when first used
        before = _traces(kernel)
        kernel.run(LOAD)
        assert _traces(kernel) != before
        for code in ("%memguard guard large", "%%memguard\n1;", "%memguard free", "%memguard"):
            text(kernel, code)
        kernel.run("%unload_ext jupyter_memguard")
        assert _traces(kernel) == before
        kernel.run(LOAD)
        assert text(kernel, "%memguard guard").startswith("Guard off")


# One engine a kernel


def test_a_page_sees_the_guard_that_the_magic_set_and_the_other_way_round() -> None:
    with running_kernel() as kernel:
        kernel.inject()
        comm = kernel.comm()
        comm.event("hello")
        assert "took over from" in kernel.run(LOAD)
        # The copy that took over closed the comm; a page opens another at once.
        comm = kernel.comm()
        comm.event("hello")
        text(kernel, "%memguard guard last")
        assert comm.event("guard")["mode"] == "last"
        comm.request("set_guard", mode="all")
        assert text(kernel, "%memguard guard").startswith("Guard all")
        kernel.run("%unload_ext jupyter_memguard")
        assert comm.request("report")["guard"] == "all"


def test_the_same_build_from_a_page_is_the_same_copy(kernel: Kernel) -> None:
    text(kernel, "%memguard guard last")
    kernel.inject({"mode": "all"}, digest=kernel.value("__import__('_jupyter_memguard').DIGEST"))
    assert kernel.value("__import__('_jupyter_memguard').__name__") == "jupyter_memguard.kernel"
    assert text(kernel, "%memguard guard").startswith("Guard last")


def test_an_older_page_leaves_the_newer_copy_that_is_there(kernel: Kernel) -> None:
    kernel.run("import _jupyter_memguard; _jupyter_memguard.RELEASE = '999.0'")
    text(kernel, "%memguard guard last")
    kernel.inject({"mode": "all"})
    assert kernel.value("__import__('_jupyter_memguard').__name__") == "jupyter_memguard.kernel"
    comm = kernel.comm()
    assert comm.event("hello")["guard_state"]["mode"] == "last"
    assert comm.request("report")["count"] == 0


def test_a_newer_page_takes_over_with_the_guard_and_that_is_said_once(kernel: Kernel) -> None:
    kernel.run("import _jupyter_memguard; _jupyter_memguard.RELEASE = '0.0.1'")
    text(kernel, "%memguard guard last")
    kernel.inject({"mode": "all"})
    assert kernel.value("__import__('_jupyter_memguard').__name__") == "_jupyter_memguard"
    _reply, published = kernel.execute("%memguard guard")
    streams = [m["content"]["text"] for m in published if m["msg_type"] == "stream"]
    assert "took over in this kernel" in "".join(streams)
    assert text(kernel, "%memguard guard").startswith("Guard last")
    assert kernel.run("%memguard guard") == ""


def test_a_newer_page_stays_when_the_extension_is_loaded() -> None:
    with running_kernel() as kernel:
        kernel.inject({"mode": "last"})
        kernel.run("import _jupyter_memguard; _jupyter_memguard.RELEASE = '999.0'")
        assert "999.0 of the front end stays" in kernel.run(LOAD)
        assert text(kernel, "%memguard guard").startswith("Guard last")
        assert kernel.value("__import__('_jupyter_memguard').__name__") == "_jupyter_memguard"
