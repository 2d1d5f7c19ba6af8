"""The kernel code under other Pythons than the one that runs the tests.

`MEMGUARD_PYTHONS` names the versions ("3.8 3.13"; "all" for every one that is supported). Without
it the oldest is tried; what is left out, or not on this machine, is said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.support import Kernel

ROOT = Path(__file__).resolve().parents[3]
SUPPORTED = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
ASKED = os.environ.get("MEMGUARD_PYTHONS", "3.8").replace("all", " ".join(SUPPORTED)).split()
MB = 10**6


def interpreter(version: str) -> str | None:
    """Find a Python by its version: on the path, or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in sorted(pyenv.glob(f"{version}.*/bin/python")):
        return str(found)
    on_path = shutil.which(f"python{version}")
    # pyenv's shims are there for versions that are not installed, too.
    return None if on_path is None or "shims" in on_path else on_path


@pytest.fixture(scope="module", params=SUPPORTED)
def environment(request: pytest.FixtureRequest) -> Path:
    """Make an environment with ipykernel and numpy for a Python, once."""
    version = request.param
    if version not in ASKED:
        pytest.skip(f"Python {version} is left out: MEMGUARD_PYTHONS={version} asks for it")
    base = interpreter(version)
    if base is None:
        pytest.skip(f"there is no Python {version} on this machine")
    place = ROOT / f".venv-python{version}"
    if not (place / "made").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([base, "-m", "venv", str(place)], check=True)
        subprocess.run(
            [str(place / "bin" / "python"), "-m", "pip", "install", "-q", "ipykernel", "numpy"],
            check=True,
        )
        (place / "made").touch()
    return place / "bin" / "python"


@pytest.fixture
def kernel(environment: Path) -> Iterator[Kernel]:
    """Start a kernel of that Python with the code injected."""
    with running_kernel(python=environment) as kernel:
        assert kernel.inject() == support.VERSION
        yield kernel


def test_a_shown_array_is_reported_and_released(kernel: Kernel) -> None:
    kernel.run("import gc, weakref; import numpy as np; arr = np.ones(10**7); w = weakref.ref(arr)")
    kernel.run("arr")
    kernel.run("del arr; gc.collect();")
    assert kernel.value("w() is None") is False
    comm = kernel.comm()
    [row] = comm.request("report", budget_ms=2000)["results"]
    assert row["freed_bytes"] == pytest.approx(80 * MB, rel=0.01)
    assert row["exact"] is True
    released = comm.request("release")
    assert released["still_alive"] == []
    assert kernel.value("w() is None") is True
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("_") == "7"


def test_small_objects_cycles_and_views_are_measured(kernel: Kernel) -> None:
    kernel.run("import numpy as np")
    kernel.run("[[i] for i in range(200_000)];")
    kernel.run("lists = [[i] for i in range(200_000)]\nlists")
    kernel.run("ring = [{'i': i} for i in range(100_000)]\nfor d in ring: d['all'] = ring\nring")
    kernel.run("live = np.ones(10**6); live[:5]")
    kernel.run("del lists, ring, d")
    comm = kernel.comm()
    rows = {
        tuple(row["numbers"])[-1]: row
        for row in comm.request("report", budget_ms=60_000)["results"]
    }
    of_lists, of_ring, of_view = (rows[number] for number in (3, 4, 5))
    # A list of one number: its head and its item array; small ints are shared.
    assert 200_000 * 64 < of_lists["freed_bytes"] < 200_000 * 160
    assert 100_000 * 180 < of_ring["freed_bytes"] < 100_000 * 450
    assert of_view["freed_bytes"] < MB


@pytest.mark.parametrize("mode", ["large", "last", "all"])
def test_a_withheld_result_is_free_in_the_very_next_cell(kernel: Kernel, mode: str) -> None:
    comm = kernel.comm()
    state = comm.request("set_guard", mode=mode, threshold_bytes=MB, keep_last=0)
    assert state["mode"] == mode
    kernel.run("import gc, weakref; import numpy as np; arr = np.ones(10**6); w = weakref.ref(arr)")
    kernel.run("arr")
    assert kernel.run("del arr; gc.collect(); print(w() is None)").strip() == "True"
    assert comm.request("set_guard", mode="off")["mode"] == "off"
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("_") == "7"


def test_what_the_debugger_stood_at_is_released_and_held_by_nobody(kernel: Kernel) -> None:
    kernel.run("import gc, weakref; import numpy as np")
    kernel.run(
        "def fail():\n    global w\n    arr = np.ones(10**6); w = weakref.ref(arr)\n    1 / 0\n"
        "get_ipython().kernel.raw_input = lambda prompt='': 'quit'"
    )
    kernel.execute("fail()")
    kernel.execute("%debug")
    kernel.run("gc.collect();")
    assert kernel.value("w() is None") is False
    comm = kernel.comm()
    assert comm.request("report", budget_ms=2000)["tracebacks"]["bytes"] > 8 * MB
    assert comm.request("release_tracebacks")["still_alive"] == []
    assert kernel.value("w() is None") is True


def test_what_a_traceback_keeps_is_reported_right_after_the_error(kernel: Kernel) -> None:
    # IPython leaves new garbage behind, unless the collector runs while IPython formats.
    kernel.run("import gc; gc.set_threshold(10**6)")
    kernel.run("import numpy as np\ndef fail():\n    arr = np.ones(10**6)\n    1 / 0")
    kernel.execute("fail()")
    comm = kernel.comm()
    assert comm.request("report", budget_ms=2000)["tracebacks"]["bytes"] > 8 * MB
    assert comm.request("release_tracebacks")["still_alive"] == []


def test_who_holds_a_result_is_found_to_the_end(kernel: Kernel) -> None:
    kernel.run("x = [5]; d = {'k': [x]}\nx")
    kernel.run("del x")
    comm = kernel.comm()
    key = comm.request("report")["results"][0]["key"]
    explained = comm.request("explain", key=key, budget_ms=60_000)
    assert (explained["paths"], explained["cut"]) == ([["[0]", "['k']", "d"]], False)


def test_who_holds_the_rest_is_told(kernel: Kernel) -> None:
    kernel.run(
        "import asyncio, atexit, functools, sys, threading, time\n"
        "@functools.lru_cache(None)\ndef load(n): return bytearray(n)\nload(30_000_000);\n"
        "async def poll():\n    data = bytearray(20_000_000)\n    await asyncio.sleep(10_000)\n"
        "asyncio.ensure_future(poll())\n"
        "begun = threading.Event()\n"
        "def work(given):\n    data = [bytearray(20_000_000)]\n    begun.set()\n"
        "    while True: time.sleep(0.01)\n"
        "given = (bytearray(20_000_000),)\n"
        "threading.Thread(target=work, args=given, name='worker', daemon=True).start()\n"
        "del given; begun.wait(); await asyncio.sleep(0)\n"
        "atexit.register(print, bytearray(10_000_000));"
    )
    rest = kernel.comm().request("rest", budget_ms=60_000)
    assert rest["left_out"] == []
    found = {(hoard["kind"], hoard["name"]): hoard["bytes"] for hoard in rest["hoards"]}
    assert found["lru_cache", "load"] == pytest.approx(30 * MB, rel=0.1)
    assert found["task", "poll"] == pytest.approx(20 * MB, rel=0.1)
    assert found["thread", "worker"] == pytest.approx(40 * MB, rel=0.1)
    # From Python 3.10 on nobody is shown what `atexit` will call.
    shown = kernel.value("sys.version_info < (3, 10)")
    assert found.get(("atexit", ""), 0) == pytest.approx(10 * MB * shown, rel=0.1)
