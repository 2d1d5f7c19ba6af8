"""What Python itself keeps is told with its size, and goes with the code that is offered."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_memguard.kernel.tests.rest.conftest import Asked

MB = 10**6


@pytest.fixture(scope="module")
def folder(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder from which the kernel imports modules."""
    found = tmp_path_factory.mktemp("modules")
    asked.kernel.run(f"import sys; sys.path.insert(0, {str(found)!r})")
    return found


def module(folder: Path, name: str, text: str) -> None:
    folder.joinpath(f"{name}.py").write_text(textwrap.dedent(text), "utf-8")


def test_a_global_of_a_users_module(asked: Asked, folder: Path) -> None:
    module(folder, "tables", "TABLE = [bytearray(40_000_000)]\nOTHER = memoryview(bytes(1))")
    asked.kernel.run("import tables")
    hoard = asked.check("module", "tables.TABLE", 40 * MB)
    assert hoard["remedy"] == "tables.TABLE.clear()"
    assert hoard["part"] == "rest"


def test_a_global_that_two_modules_share(asked: Asked, folder: Path) -> None:
    module(folder, "one", "class Data: pass\nDATA = Data()\nDATA.it = bytearray(40_000_000)")
    module(folder, "two", "from one import DATA")
    asked.kernel.run("import two as second")
    asked.check("module", "one.DATA", 40 * MB)


def test_an_attribute_of_a_notebooks_class(asked: Asked) -> None:
    asked.kernel.run(
        "class Model:\n    cache = {}\n    weights = bytearray(30_000_000)\n"
        "Model.cache[1] = bytearray(40_000_000)"
    )
    assert asked.hoard("class_attribute", "Model.weights")["part"] == "variables"
    assert asked.check("class_attribute", "Model.cache", 40 * MB)["part"] == "variables"
    assert asked.check("class_attribute", "Model.weights", 30 * MB)["part"] == "variables"


def test_what_a_variable_and_a_class_share_is_the_variables(asked: Asked) -> None:
    asked.kernel.run("class Shares: data = bytearray(30_000_000)\nmine = Shares.data")
    assert not [
        hoard for hoard in asked.hoards("class_attribute") if hoard["name"] == "Shares.data"
    ]
    asked.kernel.run("del mine")
    asked.check("class_attribute", "Shares.data", 30 * MB)


def test_an_earlier_version_of_a_class_that_a_registry_keeps(asked: Asked, folder: Path) -> None:
    module(folder, "registry", "import weakref\nkept = lambda: 0\nkept.all = []")
    asked.kernel.run("import registry")
    for _ in range(3):
        asked.kernel.run(
            "class Step:\n    cache = {}\n"
            "    def __init__(self): self.data = bytearray(15_000_000)\n"
            "Step.cache[1] = bytearray(20_000_000)\n"
            "registry.kept.all.append(Step())"
        )
    hoard = asked.check("old_class", "instances of Step (earlier)", 30 * MB)
    assert hoard["count"] == 2
    [attributes] = [
        hoard for hoard in asked.hoards("old_class") if hoard["name"] == "Step (earlier)"
    ]
    assert attributes["bytes"] == pytest.approx(40 * MB, rel=0.1)
    before = asked.rss()
    asked.kernel.run(attributes["remedy"])
    assert before - asked.rss() > 36 * MB
    assert asked.kernel.value("len(Step.cache)") == 1


def test_tasks_that_wait(asked: Asked) -> None:
    asked.kernel.run(
        "import asyncio\n"
        "async def poll(n):\n    data = bytearray(20_000_000)\n    await asyncio.sleep(n)\n"
        "for _ in range(2): asyncio.ensure_future(poll(10_000));\n"
        "await asyncio.sleep(0)"
    )
    hoard = asked.hoard("task", "poll")
    assert hoard["count"] == 2
    asked.check("task", "poll", 40 * MB)


def test_a_thread_that_runs(asked: Asked) -> None:
    asked.kernel.run(
        "import threading, time\n"
        # Where branches are measured threads are traced, which are left to their debugger.
        "threading.settrace(None)\n"
        "begun = threading.Event()\n"
        "def work(given):\n"
        "    data = [bytearray(40_000_000)]\n"
        "    begun.set()\n"
        "    while True: time.sleep(0.01)\n"
        "threading.Thread(target=work, args=(bytearray(40_000_000),), name='worker').start()\n"
        "begun.wait();"
    )
    hoard = asked.hoard("thread", "worker")
    assert hoard["bytes"] == pytest.approx(80 * MB, rel=0.1)
    before = asked.rss()
    asked.kernel.run(hoard["remedy"])
    asked.kernel.run(
        "for each in threading.enumerate():\n    if each.name == 'worker': each.join()"
    )
    asked.kernel.run("del each")
    assert not [each for each in asked.hoards("thread") if each["name"] == "worker"]
    assert before - asked.rss() > 72 * MB


def test_generators_that_no_variable_leads_to(asked: Asked, folder: Path) -> None:
    module(folder, "streams", "def kept(): pass\nkept.all = []")
    asked.kernel.run(
        "import streams\n"
        "def rows():\n    data = bytearray(20_000_000)\n    yield 1\n    yield 2\n"
        "streams.kept.all += [rows(), rows()]\n"
        "[next(each) for each in streams.kept.all];"
    )
    asked.check("generator", "rows", 40 * MB)
    asked.kernel.run("mine = rows(); next(mine);")
    assert not [each for each in asked.hoards("generator") if each["name"] == "rows"]
    asked.kernel.run("del mine")


def test_exceptions_that_something_keeps(asked: Asked, folder: Path) -> None:
    module(folder, "errors", "def seen(): pass\nseen.all = []")
    asked.kernel.run(
        "import errors\n"
        "def fail():\n    data = bytearray(40_000_000)\n    raise LookupError\n"
        "try: fail()\n"
        "except LookupError as error: errors.seen.all.append(error)"
    )
    asked.check("exception", "LookupError", 40 * MB)


def test_an_exception_of_a_future(asked: Asked, folder: Path) -> None:
    module(folder, "pool", "def kept(): pass\nkept.all = []")
    asked.kernel.run(
        "import concurrent.futures, pool\n"
        "def fails():\n    data = bytearray(40_000_000)\n    raise ArithmeticError\n"
        "with concurrent.futures.ThreadPoolExecutor(1) as executor:\n"
        "    pool.kept.all.append(executor.submit(fails))\n"
        "del executor"
    )
    asked.check("exception", "ArithmeticError", 40 * MB)


def test_an_exception_that_is_kept_by_python_stays_a_traceback(asked: Asked) -> None:
    asked.kernel.execute("def fails():\n    data = bytearray(40_000_000)\n    1/0\nfails()")
    assert not asked.hoards("exception")
    overview = asked.comm.request("overview", budget_ms=5000)
    assert overview["tracebacks"]["bytes"] == pytest.approx(40 * MB, rel=0.1)
    asked.comm.request("release_tracebacks")


def test_a_debugger_that_stands_at_a_frame(asked: Asked, folder: Path) -> None:
    module(folder, "stood", "def at(): pass\nat.all = []")
    asked.kernel.run(
        "import pdb, stood, sys\n"
        "def stops():\n    data = bytearray(40_000_000)\n    return sys._getframe()\n"
        "debugger = pdb.Pdb(); debugger.curframe = stops()\n"
        "stood.at.all.append(debugger); del debugger"
    )
    asked.check("debugger", "Pdb", 40 * MB)


def test_the_buffer_of_a_logging_handler(asked: Asked) -> None:
    asked.kernel.run(
        "import logging.handlers\n"
        "handler = logging.handlers.MemoryHandler(10**6, flushLevel=100)\n"
        "log = logging.getLogger('mine'); log.propagate = False; log.addHandler(handler)\n"
        "for n in range(40): log.error('%s', bytearray(1_000_000))\n"
        "del handler, log"
    )
    hoard = asked.check("logging", "MemoryHandler.buffer", 40 * MB)
    assert hoard["count"] == 40


def test_registries_of_warnings(asked: Asked, folder: Path) -> None:
    module(
        folder,
        "warns",
        "import warnings\n"
        "def all():\n"
        "    with warnings.catch_warnings():\n"
        "        warnings.simplefilter('default')\n"
        "        warnings.showwarning = lambda *_: None\n"
        "        for n in range(300): warnings.warn(f'{n:0100000}')",
    )
    asked.kernel.run("import warns; warns.all()")
    asked.check("warnings", "", 30 * MB)


def test_lines_of_files(asked: Asked, folder: Path) -> None:
    # Of short lines other objects that live would keep Python's arenas.
    module(folder, "long_module", "\n".join(f"#{n:04000}" for n in range(7_000)))
    asked.kernel.run("import linecache; linecache.getlines(sys.path[0] + '/long_module.py');")
    asked.check("linecache", "", 28 * MB)


def test_arguments_of_finalizers(asked: Asked) -> None:
    asked.kernel.run(
        "import weakref\n"
        "class Thing: pass\n"
        "def close(data): pass\n"
        "thing = Thing()\n"
        "weakref.finalize(thing, close, bytearray(40_000_000));"
    )
    asked.check("finalize", "close", 40 * MB)


def test_what_a_finalizers_own_method_keeps(asked: Asked) -> None:
    asked.kernel.run(
        "import weakref\n"
        "class Reader:\n"
        "    def __init__(self):\n"
        "        self.data = bytearray(40_000_000)\n"
        "        weakref.finalize(self, self.close)\n"
        "    def close(self): pass\n"
        "Reader();"
    )
    asked.check("finalize", "Reader.close", 40 * MB)


def test_gc_garbage(asked: Asked) -> None:
    asked.kernel.run("import gc; gc.garbage.append(bytearray(40_000_000))")
    asked.check("garbage", "gc.garbage", 40 * MB)


def test_cycles_that_wait_for_the_collector(asked: Asked) -> None:
    asked.kernel.run("import gc\nclass Node: pass\ngc.collect(); gc.disable()")
    # Objects that have survived a full collection wait for the next one.
    asked.kernel.run(
        "nodes = []\n"
        "for _ in range(4):\n"
        "    node = Node(); node.it = node; node.data = bytearray(10_000_000); nodes.append(node)\n"
        "gc.collect(); del nodes, node"
    )
    assert asked.check("cycles", "Node", 40 * MB)["remedy"] == "import gc; gc.collect()"
    asked.kernel.run("gc.enable()")


def test_nothing_is_said_of_objects_that_are_alive(asked: Asked) -> None:
    asked.kernel.run("import gc; gc.collect()")
    assert not asked.hoards("cycles")
