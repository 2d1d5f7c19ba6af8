"""No code of the objects that are measured runs."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

import pytest

from jupyter_memguard.kernel.sizing import (
    Root,
    keeps_alive,
    measure,
)
from jupyter_memguard.kernel.sizing.allocation import qualified_name
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

ran: list[str] = []


def _recorded(name: str) -> Any:
    def method(*_: Any, **__: Any) -> Any:
        ran.append(name)
        raise RuntimeError(name)

    return method


SPECIAL = [
    "__getattribute__",
    "__getattr__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__hash__",
    "__len__",
    "__iter__",
    "__contains__",
    "__getitem__",
    "__bool__",
    "__repr__",
    "__str__",
    "__sizeof__",
    "__dir__",
    "__reduce__",
    "__reduce_ex__",
    "__copy__",
    "__deepcopy__",
    "__format__",
    "__index__",
    "__int__",
    "__array__",
    "__next__",
    "__call__",
    "keys",
    "values",
    "items",
]


class HostileMeta(type):
    """A metaclass whose every method records its call."""

    for _name in [
        "__instancecheck__",
        "__subclasscheck__",
        "__eq__",
        "__hash__",
        "__repr__",
        "mro_entries",
    ]:
        locals()[_name] = _recorded(f"meta {_name}")

    def __getattribute__(cls, name: str) -> Any:
        ran.append(f"meta {name}")
        return super().__getattribute__(name)


def hostile(base: type) -> Any:
    """Make an object whose own methods must not be run."""
    body: dict[str, Any] = {name: _recorded(name) for name in SPECIAL}
    body["__class__"] = property(_recorded("__class__"))
    body["__del__"] = lambda _: None
    if base is not list:
        body["__slots__"] = ()
    made = HostileMeta.__new__(HostileMeta, "Hostile", (base,), body)
    return base.__new__(made)  # type: ignore[call-overload]


BASES = [object, list, dict, set, tuple, str, int, bytes, bytearray, OSError, OrderedDict, deque]


@pytest.mark.parametrize("base", BASES)
def test_no_code_of_the_objects_runs(base: type) -> None:
    roots = [Root(hostile(base), 0), Root([hostile(base), {"k": hostile(base)}], 0)]
    ring: list[Any] = [hostile(base)]
    ring.append(ring)
    roots.append(Root(ring, 0))
    del ring
    ran.clear()
    sizes, _ = measure(roots, budget_ms=PLENTY)
    kept = keeps_alive(roots[1].obj, threshold_bytes=10**9, budget_ms=PLENTY)
    name = qualified_name(type(roots[0].obj))
    assert ran == []
    assert all(size.freed_bytes > 0 for size in sizes)
    assert kept.freed_bytes > 0
    assert type(name) is str


class HostileText(str):
    """A text whose every method records its call."""

    __slots__ = ()
    for _name in ["__format__", "__str__", "__hash__", "__eq__", "partition", "__repr__"]:
        locals()[_name] = _recorded(f"text {_name}")


def test_no_code_of_a_classs_names_runs() -> None:
    named = type(str(hash("")), (), {"__slots__": ("a",), "__qualname__": HostileText("int")})
    named.__module__ = "builtins"
    del named.a  # type: ignore[attr-defined]  # so it looks like a class with fields in C
    ran.clear()
    size = measure([Root(named(), 0)], budget_ms=PLENTY)[0][0]
    kept = keeps_alive(named(), threshold_bytes=10**9, budget_ms=PLENTY)
    name = qualified_name(type(named()))
    assert ran == []
    assert size.freed_bytes > 0
    assert kept.freed_bytes > 0
    assert name == "builtins.int"


def test_no_code_of_the_class_of_an_arrays_base_runs() -> None:
    numpy = pytest.importorskip("numpy")
    made = HostileMeta.__new__(HostileMeta, "Bytes", (bytearray,), {})
    base: Any = bytearray.__new__(made)  # type: ignore[arg-type]
    bytearray.extend(base, bytes(5))
    root = Root(numpy.ndarray((5,), "u1", base), 0)
    del base
    ran.clear()
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert ran == []
    assert size.exact
