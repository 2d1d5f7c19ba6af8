"""Objects that raise, lie or hang when they are asked, and interrupts at bad moments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

# Any method of these objects ends the process when it runs.
HOSTILE = """
import os
def deadly(name):
    def method(*args, **kwargs):
        os.write(2, ("ran " + name).encode())
        os._exit(9)
    return method
class Meta(type):
    for name in ("__instancecheck__", "__subclasscheck__", "__eq__", "__len__", "__iter__",
                 "__getattr__", "__repr__", "__bool__"):
        locals()[name] = deadly("Meta." + name)
    __hash__ = type.__hash__
body = {name: deadly(name) for name in (
    "__sizeof__", "__getattr__", "__len__", "__iter__", "__eq__", "__hash__", "__bool__",
    "__str__", "__dir__", "__getitem__", "__contains__", "__reduce__", "__reduce_ex__",
    "__copy__", "__deepcopy__", "__index__", "__array__", "__format__", "__call__")}
body["__class__"] = property(deadly("__class__"))
body["shape"] = property(deadly("shape"))
body["nbytes"] = property(deadly("nbytes"))
body["__dict__"] = property(deadly("__dict__"))
class DeadlyList(list):
    __len__ = __iter__ = __getitem__ = __sizeof__ = __eq__ = deadly("list")
    __hash__ = None
get_ipython().display_formatter.active_types = ["text/plain"]
text = get_ipython().display_formatter.formatters["text/plain"]
"""


@pytest.mark.parametrize("mode", ["off", "large", "last", "all"])
def test_no_code_of_an_object_is_run(kernel: Kernel, mode: str) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode=mode, keep_last=1)
    comm.request("subscribe", cell_end=True)
    kernel.run(HOSTILE)
    # The display hook puts the object where results go, but does not write its repr.
    kernel.run(
        "Hostile = Meta('Hostile', (), body)\n"
        "kept = [Hostile(), DeadlyList(), Hostile]\n"
        "for thing in kept:\n"
        "    get_ipython().displayhook.update_user_ns(thing)\n"
        "    get_ipython().execution_count += 1\n"
        "del thing"
    )
    report = comm.request("report")
    for row in report["results"]:
        comm.request("explain", key=row["key"])
    comm.request("overview")
    released = comm.request("release")
    assert released["released"] == report["count"]
    assert kernel.value("1 + 1") == 2


def test_a_result_that_its_destructor_resurrects_is_reported_as_alive(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run(
        "saved = []\n"
        "class Undead:\n"
        "    def __del__(self): saved.append(self)\n"
        "class Loud:\n"
        "    def __del__(self): raise KeyboardInterrupt"
    )
    kernel.run("Undead()")
    kernel.run("Loud()")
    released = comm.request("release")
    assert released["released"] == 2
    assert kernel.value("len(saved)") == 1
    assert comm.request("report")["count"] == 0


def test_a_destructor_may_release_and_show_others(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run(
        "import _jupyter_memguard\n"
        "class Frees:\n"
        "    def __del__(self):\n"
        "        Out.clear(); _jupyter_memguard.release()"
    )
    for _ in range(3):
        kernel.run("Frees()")
    comm.request("release", numbers=[2])
    assert comm.request("report")["count"] == 0
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("_") == "7"


LOCKED = """
import threading
lock, inside = threading.Lock(), threading.Event()
gone = []
class Waits:
    def __del__(self):
        with lock:
            gone.append(1)
"""


def test_a_destructor_gets_the_lock_of_the_cell_that_runs_meanwhile(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run(LOCKED)
    kernel.run("Waits()")
    kernel.client.execute("with lock:\n    inside.set()\n    held = list(range(10**6))")
    # It waits for the cell's end, as everything that is asked does.
    assert comm.request("release")["released"] == 1
    assert kernel.value("gone") == [1]
    assert kernel.value("inside.is_set()")


@pytest.mark.parametrize("way", ["release", "guard"])
def test_an_interrupt_ends_a_destructors_wait_for_a_lock_that_is_never_freed(
    kernel: Kernel, way: str
) -> None:
    comm = kernel.comm()
    kernel.run(LOCKED)
    kernel.run(
        "import os, signal\n"
        "left = threading.Event()\n"
        "class Waits(Waits):\n"
        "    def __del__(self):\n"
        "        try:\n"
        "            inside.set()\n"
        "            lock.acquire()\n"
        "        finally:\n"
        "            left.set()\n"
        # It interrupts the kernel when the destructor waits, again should that have been too early.
        "def watch():\n"
        "    inside.wait()\n"
        "    while not left.wait(1): os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=watch).start()"
    )
    kernel.run("Waits()")
    kernel.run("lock.acquire(); None")  # and never freed
    if way == "guard":
        comm.request("set_guard", mode="last", keep_last=0)
        kernel.execute("'another'")
    else:
        assert comm.request("release")["released"] == 1
    assert comm.request("report")["count"] == 0
    kernel.run("lock.release()")
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("5 + 6") == "11"


def test_an_interrupt_while_places_change_comes_afterwards(kernel: Kernel) -> None:
    kernel.run(
        "import os, signal, _jupyter_memguard as m\nkept = []\n"
        "r = m._stages.module('retention.release')"
    )
    kernel.run(
        "def take():\n    os.kill(os.getpid(), signal.SIGINT)\n    return kept.append(1) or []"
    )
    kernel.run("try:\n    r.drop(take)\nexcept KeyboardInterrupt:\n    kept.append(2)")
    assert kernel.value("kept") == [1, 2]
    kernel.run("handler = signal.getsignal(signal.SIGINT)")
    assert kernel.value("handler is not None")


def test_an_interrupted_release_keeps_nothing_alive(kernel: Kernel) -> None:
    kernel.run(
        "import os, signal, sys, weakref\nclass Big: pass\nbig = [Big()]; w = weakref.ref(big[0])"
    )
    kernel.run("big")
    kernel.run("del big")
    kernel.run(
        "import _jupyter_memguard as m\n"
        "release = m._stages.module('retention.release')\nput = release.put\n"
        "def interrupted(*args):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return put(*args)\n"
        "release.put = interrupted"
    )
    reply, _published = kernel.execute("import _jupyter_memguard as m\nm.release()")
    assert reply["ename"] == "KeyboardInterrupt"
    assert kernel.value("str(Out[2])").startswith("<Out[2] was freed")
    assert kernel.value("w() is None")


def test_an_interrupted_search_keeps_nothing_alive(kernel: Kernel) -> None:
    kernel.run("import os, signal, sys, weakref\nclass Big: pass")
    kernel.run("big = [Big()]; w = weakref.ref(big[0]); big.append([big]); big")
    kernel.run("del big")
    kernel.run(
        "import _jupyter_memguard as m\n"
        "search = m._stages.module('retention.referrers')\nreferrers = search._referrers\n"
        "def interrupted(*args):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return referrers(*args)\n"
        "search._referrers = interrupted"
    )
    reply, _published = kernel.execute("import _jupyter_memguard as m\nm.release()")
    assert reply["ename"] == "KeyboardInterrupt"
    kernel.run("import gc; gc.collect();")
    assert kernel.value("w() is None")


def test_a_frames_name_of_its_module_is_not_run(kernel: Kernel) -> None:
    kernel.run(HOSTILE)
    kernel.run(
        "class Name(str): __str__ = startswith = deadly('name')\n"
        "class Big: pass\n"
        "def frame_in(name):\n"
        "    space = {'__name__': name}\n"
        "    exec('def f(big):\\n    try: 1 / 0\\n    except Exception as e: return e', space)\n"
        "    return space['f']\n"
        "big = Big(); big.names = None"
    )
    kernel.run("errors = [frame_in(name)(big) for name in (Name('x'), type('', (), body)())]; None")
    kernel.run("big")
    kernel.run("del big")
    released = kernel.comm().request("release")
    assert [item["held_by"] for item in released["still_alive"]] == [["<frame f>"]]


@pytest.mark.parametrize("library", ["scipy", "pandas"])
def test_a_class_that_says_it_is_of_a_known_library_is_not_run(
    kernel: Kernel, library: str
) -> None:
    kernel.run(HOSTILE)
    kernel.run(f"import {library}, sys\nThing = type('Thing', (), body)")
    kernel.run(f"Thing.__module__ = '{library}.thing'")
    kernel.run("get_ipython().displayhook.update_user_ns(Thing())")
    comm = kernel.comm()
    assert comm.request("report")["results"][0]["type"] == f"{library}.Thing"
    assert comm.request("release")["released"] == 1


def test_a_mode_of_torch_is_not_run(kernel: Kernel) -> None:
    pytest.importorskip("torch")
    kernel.run(
        "import torch\n"
        "from torch.overrides import TorchFunctionMode\n"
        "from torch.utils._python_dispatch import TorchDispatchMode\n"
        "calls = []\n"
        "class Functions(TorchFunctionMode):\n"
        "    def __torch_function__(self, *args): calls.append(1)\n"
        "class Dispatches(TorchDispatchMode):\n"
        "    def __torch_dispatch__(self, *args): calls.append(2)\n"
        "tensor = torch.ones(10**6)\n"
        "Functions().__enter__(); Dispatches().__enter__()\n"
        "None"
    )
    comm = kernel.comm()
    comm.request("set_guard", mode="large")
    kernel.run("get_ipython().displayhook.update_user_ns(tensor)")
    [row] = comm.request("report", budget_ms=2000)["results"]
    assert row["summary"] == "1000000, float32, cpu"
    comm.request("overview")
    comm.request("release")
    assert kernel.value("calls") == []


def test_an_error_of_ours_costs_no_result(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large")
    kernel.run("guard = get_ipython()._jupyter_memguard.guard\nguard._weigh = None")
    assert kernel.shown("[5]") == "[5]"
    assert kernel.value("Out[2]") == [5]


@pytest.mark.parametrize(
    "change",
    [
        "del Out",
        "del _oh",
        "Out = 5",
        "del _2",
        "Out.clear()",
        "Out['text'] = 5; Out[-1] = 6; Out[True] = 7",
        "get_ipython().user_ns_hidden.clear()",
        "del _, __, ___",
        "get_ipython().displayhook._ = None",
    ],
)
def test_a_changed_namespace_is_no_trouble(kernel: Kernel, change: str) -> None:
    comm = kernel.comm()
    kernel.run("1")
    kernel.run("[2]")
    kernel.run(change)
    found: Any = comm.request("report")
    comm.request("release", numbers=[2])
    comm.request("release")
    comm.request("set_guard", mode="last", keep_last=1)
    assert kernel.value("get_ipython().execution_count") == 4
    if change != "del _oh":  # which breaks IPython itself
        kernel.run("[3]")
    assert found["execution_count"] == 4
