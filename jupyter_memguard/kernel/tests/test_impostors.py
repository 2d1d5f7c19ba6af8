"""What the user has put under a library's name is never asked, and spoils no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_memguard.kernel.retention.describe import library, type_name

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

LIBRARIES = (
    "numpy", "pandas", "pandas._libs.hashtable", "pandas._libs.index", "pandas._libs.parsers",
    "polars", "polars._plr", "polars.polars", "pyarrow", "pyarrow.lib", "pyarrow._dataset",
    "torch", "psutil", "scipy",
    "scipy.sparse", "PIL._imaging", "sklearn.tree._tree", "sklearn.neighbors._ball_tree",
    "matplotlib.backends._backend_agg",
)  # fmt: skip
# What stands in the place of each library ends the process when it is asked for anything.
SETUP = f"""
import os, sys, types
LIBRARIES = {LIBRARIES!r}
def deadly(*args): os._exit(9)
class Fake:
    __getattribute__ = __bool__ = __eq__ = __call__ = __len__ = __iter__ = deadly
    __hash__ = None
def fake_module(name):
    made = types.ModuleType(name)
    made.__getattr__ = deadly
    return made
"""
KINDS = {
    "an object": "Fake()",
    "a class": "Fake",
    "a module that answers itself": "fake_module(name)",
    "a module's subclass": "type('Lazy', (types.ModuleType,), {'__getattribute__': deadly})(name)",
    "nothing": "None",
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_impostor_of_a_library_is_not_asked(kernel: Kernel, kind: str) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    comm.request("set_guard", mode="large", threshold_bytes=10**6)
    kernel.run(SETUP)
    kernel.run(f"for name in LIBRARIES: sys.modules[name] = {KINDS[kind]}")
    # Objects whose classes say that they are the libraries'.
    kernel.run(
        "for name in LIBRARIES:\n"
        "    thing = type('DataFrame', (), {'__module__': name})()\n"
        "    thing.large = [None] * 2 * 10**5\n"
        "    get_ipython().displayhook.update_user_ns(thing)\n"
        "    get_ipython().execution_count += 1\n"
        "kept = thing; del thing"
    )
    kernel.run("[[0] * 10**5]")
    report = comm.request("report", budget_ms=1000)
    assert report["count"] == 1
    assert comm.request("explain", key=report["results"][0]["key"])["holders"]
    assert comm.request("overview", budget_ms=1000)["rss_bytes"]
    assert comm.request("release")["released"] == 1
    assert kernel.value("1 + 1") == 2


def test_a_real_library_is_known_by_its_own_names() -> None:
    import numpy as np

    assert library("numpy").ndarray is np.ndarray
    assert vars(library("numpy")) is vars(np)
    assert library("a module that there is not") is None


def test_a_types_name_has_no_lone_surrogates() -> None:
    for name in ("\ud800", "a" * 99 + "\ud800", "x\udfff" * 100):
        cls = type("Odd", (), {})
        cls.__qualname__ = name
        cls.__module__ = "\udc00.inner"
        assert type_name(cls).encode()
    assert type_name(type("\u202eevil<b>", (), {"__module__": "__main__"})) == "\u202eevil<b>"


def test_a_result_of_an_odd_type_name_is_told(kernel: Kernel) -> None:
    comm = kernel.comm()
    # A kernel cannot send the usual representation.
    kernel.run("Odd = type('Odd', (), {'__repr__': lambda self: 'odd'})")
    kernel.run("Odd.__qualname__ = 'x' + chr(0xD800)")
    kernel.run("class Keeps: pass\nkeeps = Keeps(); keeps.odd = Odd()\nkeeps.odd")
    [row] = comm.request("report")["results"]
    assert row["type"] == r"x\ud800"
    [alive] = comm.request("release")["still_alive"]
    assert (alive["type"], alive["held_by"]) == (r"x\ud800", ["keeps.odd"])
