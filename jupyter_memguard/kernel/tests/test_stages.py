"""The two stages: what a kernel gets at its start, and what comes when somebody looks."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

import pytest

import jupyter_memguard.kernel
from jupyter_memguard.kernel.protocol import NO_ENGINE, WRONG_ENGINE
from jupyter_memguard.kernel.tests.support import VERSION, kernel_bundle, running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_memguard.kernel.tests.support import Comm, Kernel

COMPILED = (
    "sorted(name.partition('.')[2] for name in __import__('sys').modules"
    " if name.partition('.')[0] == '_jupyter_memguard' and '.' in name)"
)


@pytest.fixture
def core(stock: Kernel) -> Kernel:
    """Start a kernel that has the core alone, with the guard off."""
    assert stock.inject({"mode": "off"}, engine=False) == VERSION
    return stock


def refused(comm: Comm, method: str, **params: Any) -> str:
    """Return the error code of the answer to a request."""
    answer = comm.reply({"id": "1", "method": method, "params": params})
    assert not answer["ok"], answer
    return str(answer["error"]["code"])


def test_a_kernel_that_nobody_looks_at_compiles_a_few_modules(core: Kernel) -> None:
    hello = core.comm().event("hello")
    assert not hello["engine"]
    assert hello["digest"] == "test"
    assert core.value(COMPILED) == [
        "channel",
        "guard",
        "guard.hook",
        "handover",
        "protocol",
        "requests",
        "session",
        "stages",
    ]


def test_what_needs_the_engine_is_refused_until_it_is_there(core: Kernel) -> None:
    core.run("[5]")
    comm = core.comm()
    requests: list[tuple[str, dict[str, Any]]] = [
        ("report", {}),
        ("joint", {"keys": []}),
        ("overview", {}),
        ("rest", {}),
        ("explain", {"key": "r1"}),
        ("explain_variable", {"name": "x"}),
        ("release", {}),
        ("release_shown", {}),
        ("release_tracebacks", {}),
        ("set_guard", {"mode": "large"}),
    ]
    for method, params in requests:
        assert refused(comm, method, **params) == NO_ENGINE
    text = kernel_bundle.packed(kernel_bundle.stages()[1])
    assert comm.request("load_engine", digest="test", text=text) == {"engine": True}
    assert core.comm().event("hello")["engine"]
    assert comm.request("report")["count"] == 1
    assert comm.request("set_guard", mode="large")["mode"] == "large"


def test_the_engine_of_another_build_is_refused(core: Kernel) -> None:
    comm = core.comm()
    text = kernel_bundle.packed(kernel_bundle.stages()[1])
    assert refused(comm, "load_engine", digest="another", text=text) == WRONG_ENGINE
    assert refused(comm, "report") == NO_ENGINE


@pytest.mark.parametrize("mode", ["last", "all"])
def test_the_core_alone_withholds_where_no_size_is_needed(stock: Kernel, mode: str) -> None:
    stock.inject({"mode": mode, "keep_last": 1}, engine=False)
    stock.run("import weakref\nclass Result: pass")
    stock.run("made = Result(); seen = weakref.ref(made)")
    stock.run("made")
    stock.run("[6]")
    stock.run("del made")
    assert stock.value("seen() is None")
    assert stock.value("repr(Out[3])").startswith("<Out[3] was not kept: Result.")


def test_the_guard_of_the_start_is_set_when_the_engine_comes(stock: Kernel) -> None:
    stock.inject({"mode": "off", "threshold_bytes": 7}, engine=False)
    state = stock.comm().event("hello")["guard_state"]
    assert state["set"]
    assert state["settings"]["threshold_bytes"] == 7
    stock.inject({"mode": "all"})
    comm = stock.comm()
    assert comm.event("hello")["guard_state"] == state
    assert comm.request("report")["guard_state"] == state


def test_an_older_core_gives_way_to_the_newer_whole(core: Kernel) -> None:
    comm = core.comm()
    comm.event("hello")
    core.run("5")
    assert core.inject({"mode": "all"}, digest="newer") == VERSION
    assert comm.receive() == {"id": None, "closed": True}
    hello = core.comm().event("hello")
    assert hello["digest"] == "newer"
    assert hello["engine"]
    # The older one had set the guard.
    assert hello["guard_state"]["mode"] == "off"


def test_a_newer_core_keeps_a_guard_that_needs_the_engine(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="large", threshold_bytes=1000)
    assert kernel.inject({"mode": "off"}, engine=False, digest="newer") == VERSION
    comm = kernel.comm()
    hello = comm.event("hello")
    assert not hello["engine"]
    assert hello["guard_state"]["mode"] == "large"
    # Nothing is known to be large before the engine comes.
    assert kernel.shown("[5] * 1000") is not None
    text = kernel_bundle.packed(kernel_bundle.stages()[1])
    comm.request("load_engine", digest="newer", text=text)
    kernel.run("[6] * 1000")
    assert kernel.value("[type(Out[n]).__name__ for n in (1, 2)]") == ["list", "Placeholder"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Kernel]:
    """Start a kernel in another folder than that of the package."""
    with running_kernel(cwd=tmp_path) as kernel:
        yield kernel


def test_the_kernels_own_copy_of_the_same_build_is_imported(elsewhere: Kernel) -> None:
    stock = elsewhere
    kernel_bundle.main()
    digest = kernel_bundle.bundle()[0]["digest"]
    assert stock.inject({"mode": "off"}, engine=False, digest=digest) == VERSION
    assert stock.value("__import__('_jupyter_memguard').__name__") == "jupyter_memguard.kernel"
    comm = stock.comm()
    hello = comm.event("hello")
    assert hello["engine"]
    assert hello["digest"] == digest
    stock.run("[5]")
    assert comm.request("report")["count"] == 1
    # A copy of another build takes over the state of this one.
    key = comm.request("report")["results"][0]["key"]
    stock.inject({"mode": "off"}, digest="newer")
    assert stock.value("__import__('_jupyter_memguard').__name__") == "_jupyter_memguard"
    assert stock.comm().request("report")["results"][0]["key"] == key


def test_the_sizes_of_a_report_outlive_questions_about_some_of_its_results(kernel: Kernel) -> None:
    kernel.run("for n in range(40): get_ipython().run_cell(f'[{n}] * 10**3', store_history=True)")
    comm = kernel.comm()
    first = comm.request("report", limit=20, budget_ms=5000)
    keys = [row["key"] for row in first["results"]]
    assert comm.request("joint", keys=keys[:2], budget_ms=5000)["bytes"] > 16_000
    assert comm.request("report", numbers=[2], limit=1)["count"] == 1
    # Change it without a cell: a cell would begin a new report.
    rows = "__import__('_jupyter_memguard')._stages.module('reports.rows')"
    assert kernel.value(f"setattr({rows}, 'measure', None)") is None
    second = comm.request("report", offset=20, limit=20)
    assert len({*keys, *(row["key"] for row in second["results"])}) == first["count"]


def test_code_beside_the_notebook_is_not_taken_for_an_installed_copy(tmp_path: Path) -> None:
    folder = tmp_path / "jupyter_memguard" / "kernel"
    folder.mkdir(parents=True)
    for package in (folder.parent, folder):
        (package / "__init__.py").write_text("import builtins; builtins.ran = True")
    (folder / "digest.txt").write_text("test")
    with running_kernel(cwd=tmp_path) as kernel:
        assert kernel.inject({"mode": "off"}) == VERSION
        assert kernel.value("'ran' in vars(__import__('builtins'))") is False
        assert kernel.value("__import__('_jupyter_memguard').__name__") == "_jupyter_memguard"


def test_no_name_of_the_api_is_a_module_too() -> None:
    modules = {path.partition("/")[0].partition(".")[0] for path in kernel_bundle.files()}
    assert not modules & set(jupyter_memguard.kernel.__all__)
    assert "reports" in modules


def test_the_api_can_be_asked_again_and_again(kernel: Kernel) -> None:
    kernel.run("import _jupyter_memguard as m")
    for _ in range(2):
        assert kernel.value("m.report()['count']") == 0
        assert kernel.comm().request("report")["count"] == 0
        assert kernel.value("m.release()['released']") == 0


def test_the_api_of_an_installed_copy_works_beside_a_core_of_another_build(core: Kernel) -> None:
    core.run("[5]")
    core.run("import jupyter_memguard.kernel as api")
    assert core.value("api.report()['count']") == 1
    assert core.value("api.set_guard('large')['mode']") == "large"


def test_the_api_in_another_thread_takes_nothing_over(core: Kernel) -> None:
    core.run("[5]")
    core.run(
        "import threading, jupyter_memguard.kernel as api; codes = []\n"
        "def ask():\n"
        "    try: api.report()\n"
        "    except Exception as error: codes.append(error.code)\n"
        "thread = threading.Thread(target=ask); thread.start(); thread.join()"
    )
    assert core.value("codes") == [NO_ENGINE]
    assert core.value("api.release()['released']") == 1


def test_a_loaded_engine_stays_when_the_environment_is_updated(elsewhere: Kernel) -> None:
    elsewhere.run("import jupyter_memguard.kernel as api; api.start({}); api.report()")
    elsewhere.run("api._stages.read_digest = lambda: 'after the update'")
    assert elsewhere.value("api._stages.has_engine()") is True


def test_answers_leave_the_finders_alone_once_all_is_imported(kernel: Kernel) -> None:
    kernel.run("[5]")
    comm = kernel.comm()
    for again in (False, True):
        comm.request("report")
        comm.request("overview")
        comm.request("joint", keys=[])
        comm.request("release")
        if not again:
            kernel.run(
                "import _jupyter_memguard as m; imports = []; importing = m._stages.importing"
            )
            kernel.run("m._stages.importing = lambda: imports.append(1) or importing()")
    assert kernel.value("imports") == []


def test_a_copy_that_a_newer_one_replaces_imports_nothing_of_it(kernel: Kernel) -> None:
    files = kernel_bundle.stages()[0]
    newer = {name: text for name, text in files.items() if name != "guard/hook.py"}
    newer["guard/moved.py"] = files["guard/hook.py"]
    moved = {name: text.replace("guard.hook", "guard.moved") for name, text in newer.items()}
    moved["guard/guard.py"] = moved["guard/guard.py"].replace(".hook", ".moved")
    assert kernel.inject({"mode": "off"}, core=moved, digest="newer") == VERSION
    hello = kernel.comm().event("hello")
    assert hello["digest"] == "newer"
    modules = (
        "[name for name in __import__('sys').modules if name == '_jupyter_memguard.guard.hook']"
    )
    assert kernel.value(modules) == []


@pytest.mark.parametrize("route", ["request", "message"])
def test_results_from_before_the_engine_count_towards_the_total(stock: Kernel, route: str) -> None:
    stock.inject({"mode": "off"})
    stock.comm().request("set_guard", mode="large", total_bytes=2_000_000)
    stock.run("bytearray(b'x') * 900_000")
    stock.inject({"mode": "off"}, engine=False, digest="newer")
    stock.run("bytearray(b'x') * 900_000")
    if route == "request":
        text = kernel_bundle.packed(kernel_bundle.stages()[1])
        stock.comm().request("load_engine", digest="newer", text=text)
    else:
        stock.inject({"mode": "off"}, digest="newer")
    for _ in range(2):
        stock.run("bytearray(b'x') * 900_000")
    kinds = ["Placeholder", "Placeholder", "bytearray", "bytearray"]
    assert stock.value("[type(Out[n]).__name__ for n in range(1, 5)]") == kinds


def test_a_request_is_answered_although_nothing_can_be_imported(core: Kernel) -> None:
    core.run("import _jupyter_memguard as m; m._stages._loader.files.clear()")
    core.run("m._stages._loader.files['sizing/__init__.py'] = ''")
    answer = core.comm().reply({"id": "1", "method": "report", "params": {}})
    assert answer["error"]["code"] == "internal"


def test_a_copy_from_before_an_update_of_the_environment_is_not_taken(elsewhere: Kernel) -> None:
    stock = elsewhere
    kernel_bundle.main()
    digest = kernel_bundle.bundle()[0]["digest"]
    stock.run("import jupyter_memguard.kernel as old; old.DIGEST = 'before the update'")
    assert stock.inject({"mode": "off"}, engine=False, digest=digest) == VERSION
    assert stock.value("__import__('_jupyter_memguard').__name__") == "_jupyter_memguard"


def test_an_import_leaves_the_finder_to_another_that_goes_on(core: Kernel) -> None:
    core.run("import sys; before = list(sys.meta_path); import _jupyter_memguard as m")
    core.run(
        "with m._stages.importing():\n"
        "    m._stages.module('cells')\n"
        "    from _jupyter_memguard.retention import keys"
    )
    assert core.value("sys.meta_path == before")


def test_results_that_share_are_measured_together(kernel: Kernel) -> None:
    kernel.run("shared = b'x' * 10**6")
    kernel.run("[shared]")
    kernel.run("(shared, 1)")
    kernel.run("del shared")
    comm = kernel.comm()
    keys = [row["key"] for row in comm.request("report", budget_ms=5000)["results"]]
    assert comm.request("joint", keys=keys[:1])["bytes"] < 10**5
    together = comm.request("joint", keys=keys, budget_ms=5000)
    assert together["exact"]
    assert 10**6 <= together["bytes"] < 1.1 * 10**6
    assert refused(comm, "joint", keys=["r1", "none"]) == "unknown_key"


def test_every_file_of_the_package_is_in_one_stage() -> None:
    core, engine = kernel_bundle.stages()
    there = {
        path.relative_to(kernel_bundle.KERNEL).as_posix()
        for path in kernel_bundle.KERNEL.rglob("*.py")
        if "tests" not in path.relative_to(kernel_bundle.KERNEL).parts
    }
    assert not core.keys() & engine.keys()
    assert there - {*core, *engine} <= {"bootstrap.py", "messages.py"}
    for name in kernel_bundle.ENGINE:
        assert any(file.startswith(name) for file in engine), name
    for sent in (core, engine):
        for text in sent.values():
            text.encode("ascii")


def test_what_is_sent_is_the_code_line_for_line() -> None:
    # Names in the assertion, rather than two long texts that nobody could compare.
    changed = [
        name
        for sent in kernel_bundle.stages()
        for name, text in sent.items()
        if _code(text) != _code((kernel_bundle.KERNEL / name).read_text("ascii"))
    ]
    assert changed == []


class _Untyped(ast.NodeTransformer):
    """Takes the types away from names that get a value, but for those of a class."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        for each in node.body:
            if not isinstance(each, ast.AnnAssign):
                self.visit(each)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def _code(text: str) -> tuple[str, list[int]]:
    """Return a module's code, without what does not travel, and the line of each statement."""
    tree = _Untyped().visit(ast.parse(text))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            # Where a docstring is all there is, a 0 goes in its place.
            is_zero = [ast.dump(each) for each in node.body] == ["Expr(value=Constant(value=0))"]
            if is_zero or ast.get_docstring(node) is not None:
                del node.body[0]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body.clear()
    lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return ast.dump(tree), lines


def _imports(name: str) -> Iterator[str]:
    """Yield the package's files that a file imports as soon as it is imported itself."""
    source = (kernel_bundle.KERNEL / name).read_text("ascii")
    folder = name.split("/")[:-1]
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = folder[: len(folder) - node.level + 1]
            base += (node.module or "").split(".") if node.module else []
            for alias in node.names:
                for path in ("/".join([*base, alias.name]), "/".join(base)):
                    for file in (path + ".py", f"{path}/__init__.py".lstrip("/")):
                        if (kernel_bundle.KERNEL / file).is_file():
                            yield file


def test_the_core_imports_nothing_of_the_engine() -> None:
    core, engine = kernel_bundle.stages()
    assert {(name, file) for name in core for file in _imports(name) if file in engine} == set()
    assert "sizing/__init__.py" in set(_imports("reports/rows.py"))


def test_the_code_that_kernels_get_stays_small() -> None:
    core, engine = (len(json.dumps(part)) for part in kernel_bundle.bundle())
    assert core <= 64_000
    # What tells who holds the rest is compiled only when somebody asks.
    measures = kernel_bundle.stages()[1]
    rest = {name: measures.pop(name) for name in list(measures) if name.startswith("rest/")}
    assert core + len(kernel_bundle.packed(measures)) <= 130_000
    assert len(kernel_bundle.packed(rest)) <= 40_000
    assert engine <= 130_000


def test_an_installed_copy_that_was_replaced_says_that_it_has_no_engine(elsewhere: Kernel) -> None:
    kernel_bundle.main()
    digest = kernel_bundle.bundle()[0]["digest"]
    assert elsewhere.inject({"mode": "off"}, engine=False, digest=digest) == VERSION
    # As after an update in place: the files are of another build than what was imported.
    elsewhere.run("import _jupyter_memguard as m; m.DIGEST = 'older'")
    comm = elsewhere.comm()
    assert not comm.event("hello")["engine"]
    assert refused(comm, "report") == NO_ENGINE


def test_frames_of_a_refused_release_are_not_named_as_holders(kernel: Kernel) -> None:
    kernel.run("[5] * 1000")
    comm = kernel.comm()
    key = comm.request("report")["results"][0]["key"]
    before = comm.request("explain", key=key)["paths"]
    # The error's traceback keeps the frames of the release, and these the result.
    reply, _published = kernel.execute("__import__('_jupyter_memguard').release(keys=['none'])")
    assert reply["ename"] == "Refused"
    assert comm.request("explain", key=key)["paths"] == before == []
