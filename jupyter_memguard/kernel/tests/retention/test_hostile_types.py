"""One object's error never spoils an answer: types of which everything raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jupyter_memguard.kernel.tests.support import running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.support import Comm, Kernel

# `make` makes an object whose type has the traps. It holds `inner`, in each way that its type has.
TRAPS = """
import functools, sys, types
class Trapped(Exception): pass
def trap(*args, **named): raise Trapped
class Descriptor:
    __get__ = __set__ = __delete__ = trap
class Plain:
    __slots__ = ("r", "__weakref__", "__dict__")
armed = []
def shadow(name):
    # A key with the hash of a name, so that a look-up of the name has to compare them.
    class Key:
        __hash__ = lambda self: hash(name)
        __eq__ = lambda self, other: trap() if armed else self is other
        __str__ = __repr__ = trap
    return Key()
class Text(str):
    __hash__ = str.__hash__
    __eq__ = __str__ = __format__ = __getitem__ = __len__ = __repr__ = trap
methods = (
    "__getattribute__", "__getattr__", "__setattr__", "__eq__", "__len__", "__iter__", "__bool__",
    "__repr__", "__str__", "__sizeof__", "__dir__", "__call__", "__contains__", "__getitem__",
    "__reduce__", "__reduce_ex__", "__instancecheck__", "__subclasscheck__", "__format__",
    "__array__", "__index__", "__next__", "keys", "items", "values", "__prepare__",
)
BODY = {
    "methods": lambda: {name: trap for name in methods},
    "descriptors": lambda: {
        name: Descriptor() for name in ("__class__", "__doc__", "__name__", "shape", "_mgr")
    },
    "a property of its dict": lambda: {"__dict__": property(trap)},
    "a descriptor of its dict": lambda: {"__dict__": Descriptor()},
    "another's dict": lambda: {"__slots__": ("r",), "__dict__": Plain.__dict__["__dict__"]},
    "another's slot as its dict": lambda: {"__slots__": (), "__dict__": Plain.__dict__["r"]},
    "a module's dict": lambda: {"__slots__": (), "__dict__": types.ModuleType.__dict__["__dict__"]},
    "a class's dict": lambda: {"__slots__": ("r",), "__dict__": type.__dict__["__dict__"]},
    "another's slots": lambda: {"__slots__": ("mine",), "other": Plain.__dict__["r"]},
    "no weak references": lambda: {"__slots__": ("r",)},
    "another's weak references": lambda: {
        "__slots__": ("r",), "__weakref__": Plain.__dict__["__weakref__"]},
    "a property as its module": lambda: {"__module__": property(trap)},
    "a text that raises as its module": lambda: {"__module__": Text("numpy")},
    "a text that raises as its name": lambda: {"__qualname__": Text("name")},
    "a known library as its module": lambda: {"__module__": "pandas.core.frame"},
    "a text that raises as a key": lambda: {Text("text"): 1},
}
class Meta(type):
    pass
def metaclass(traps):
    body = {}
    for each in traps:
        body.update(BODY[each]())
    body.pop("__slots__", None); body.pop("__qualname__", None)
    body = {name: value for name, value in body.items()
            if type(name) is str and name not in ("__prepare__", "__setattr__", "__call__")}
    return type("Meta", (type,), body)
def hold(obj, inner):
    for base, put in ((list, lambda: list.append(obj, inner)),
                      (dict, lambda: dict.__setitem__(obj, 1, inner))):
        if any(each is base for each in type.__dict__["__mro__"].__get__(type(obj))): put()
    for name in ("r", "mine", "args", "inner"):
        try: object.__setattr__(obj, name, inner)
        except Exception: pass
def attributes(obj, traps):
    try: held = object.__getattribute__(obj, "__dict__")
    except Exception: return
    if type(held) is not dict: return
    if "keys" in traps:
        dict.update(held, {shadow("__name__"): 1, Text("key"): 1})
    if "names" in traps:
        dict.update(held, {"__name__": Text("sys"), "__class__": trap})
def make(base, traps, of_class, in_dict, inner=None):
    armed.clear()
    base = {"object": object, "list": list, "dict": dict, "str": str, "int": int, "set": set,
            "tuple": tuple, "Exception": Exception, "Thread": __import__("threading").local,
            "function": object, "type": type}[base]
    body = {}
    for each in traps:
        body.update(BODY[each]())
    if base in (str, int, tuple, type) and body.get("__slots__"):
        body["__slots__"] = ()
    cls = type.__new__(metaclass(of_class), "Hostile", (base,), body)
    obj = type.__new__(cls, "Made", (), {}) if base is type else base.__new__(cls)
    if base is not type: hold(obj, inner)
    attributes(obj, in_dict)
    armed.append(1)
    return obj
get_ipython().display_formatter.active_types = []
"""
NAMES = [
    "methods",
    "descriptors",
    "a property of its dict",
    "a descriptor of its dict",
    "another's dict",
    "another's slot as its dict",
    "a module's dict",
    "a class's dict",
    "another's slots",
    "no weak references",
    "another's weak references",
    "a property as its module",
    "a text that raises as its module",
    "a text that raises as its name",
    "a known library as its module",
    "a text that raises as a key",
]
BASES = ["object", "list", "dict", "str", "int", "set", "tuple", "Exception", "Thread", "type"]
HOLD = [
    "kept = thing",
    "kept = [thing]",
    "kept = {thing_id: thing}",
    "kept = make('object', ('no weak references',), (), ()); kept.r = thing",
    "kept = (lambda x: (lambda: x))(thing)",
    "kept = functools.lru_cache(lambda: thing); kept()",
    "kept = type('Holder', (), {'thing': thing})",
    "kept = types.ModuleType('held'); kept.thing = thing",
    "kept = None",
]


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[Kernel, Comm]]:
    """Start a kernel that knows the traps, for all examples."""
    with running_kernel() as kernel:
        kernel.inject()
        comm = kernel.comm()
        comm.request("subscribe", cell_end=True)
        kernel.run(TRAPS)
        yield kernel, comm


def run(kernel: Kernel, code: str) -> None:
    """Run a cell. IPython itself asks what a cell's first word names, so that is a keyword."""
    kernel.run("if 1: " + code)


def asked_of_everything(kernel: Kernel, comm: Comm, made: tuple[Any, ...], hold: str) -> None:
    """Show an object, and healthy ones that it holds and that hold it; ask and release all."""
    run(kernel, "get_ipython().displayhook.flush(); get_ipython().user_ns_hidden.clear()")
    run(kernel, "get_ipython().last_execution_result = kept = None")
    run(kernel, "inner = [list(range(20_000))]")
    run(kernel, f"thing = make(*{made!r}, inner); thing_id = id(thing); {hold}")
    # The display hook puts the objects where results go, but does not write their repr.
    for shown in ("thing", "inner", "[thing, list(range(20_000))]"):
        run(kernel, f"get_ipython().displayhook.update_user_ns({shown})")
        run(kernel, "get_ipython().execution_count += 1")
    run(kernel, "del thing, inner")
    comm.events.clear()
    report = comm.request("report")
    assert report["count"] == 3
    for row in report["results"]:
        assert comm.request("explain", key=row["key"])["holders"]
    comm.request("overview")
    released = comm.request("release")
    assert released["released"] == 3
    for item in released["still_alive"]:
        assert item["held_by"]
    run(kernel, "kept = None")
    assert comm.request("report")["count"] == 0


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example takes a second
)
@given(
    st.sampled_from(BASES),
    st.lists(st.sampled_from(NAMES), max_size=4, unique=True),
    st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
    st.lists(st.sampled_from(["keys", "names"]), max_size=2, unique=True),
    st.sampled_from(HOLD),
)
def test_no_type_spoils_an_answer(  # noqa: PLR0913, PLR0917 - what Hypothesis draws
    hostile: tuple[Kernel, Comm],
    base: str,
    traps: list[str],
    of_class: list[str],
    in_dict: list[str],
    hold: str,
) -> None:
    asked_of_everything(*hostile, (base, traps, of_class, in_dict), hold)


@pytest.mark.parametrize("trap", NAMES)
def test_no_single_trap_spoils_an_answer(hostile: tuple[Kernel, Comm], trap: str) -> None:
    for base in ("object", "list"):
        asked_of_everything(*hostile, (base, [trap], [], []), "kept = thing")
