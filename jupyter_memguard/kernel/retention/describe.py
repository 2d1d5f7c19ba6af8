"""Describe a result's type and shape in a few words, without running any of its own code.

Only exact types whose accessors are C code of a known library get a summary;
all other types are described by their name alone.
"""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any, Callable, Optional, Tuple

_name_of = type.__dict__["__qualname__"].__get__
_dict_of = type.__dict__["__dict__"].__get__
_module_of = type.__dict__["__module__"].__get__
_mro_of = type.__dict__["__mro__"].__get__
_get = object.__getattribute__

# The lengths of an array or a frame, None where one is not known.
_Lengths = Tuple[Optional[int], ...]

TEXT_LENGTH = 40
SUMMARY_LENGTH = 120
NAME_LENGTH = 100

_KINDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex", "O": "object"}
_SIZED: dict[type, Callable[[Any], int]] = {
    t: t.__len__ for t in (list, tuple, dict, set, frozenset, bytes, bytearray, str)
}


def is_one_of(cls: type, *types: type) -> bool:
    """Return whether the class is one of the types, compared by identity.

    `in`, or a look-up in a dict, would run the `__eq__` and `__hash__` of the metaclass.
    """
    for each in types:  # noqa: SIM110 - much quicker than `any`
        if each is cls:
            return True
    return False


def has_base(cls: type, base: type) -> bool:
    """Return whether the class is the base or derived from it, compared by identity."""
    for each in _mro_of(cls) or ():  # noqa: SIM110 - much quicker than `any`
        if each is base:
            return True
    return False


def instance_dict(obj: Any) -> dict[str, Any]:
    """Return an instance's dict, read by its type's own descriptor, or an empty dict.

    Plain attribute access could run the user's code: a class can define its own `__dict__`. The
    descriptor can be that of another class, which refuses.
    """
    for base in _mro_of(type(obj)) or ():
        descriptor = _dict_of(base).get("__dict__")
        # The `__dict__` of modules is a member descriptor.
        if is_one_of(type(descriptor), GetSetDescriptorType, MemberDescriptorType):
            with suppress(Exception):
                found = descriptor.__get__(obj)
                if type(found) is dict:
                    return found
    return {}


class Library:
    """The names of a library's module, in a dict that it shares with the module."""


def library(name: str) -> Any:
    """Return what a loaded module has under its names, or None if it is not a real module.

    The user may have put something else into `sys.modules`, or may have given a module a
    `__getattr__`. Neither is asked.
    """
    module = sys.modules.get(name)
    if type(module) is not ModuleType:
        return None
    found = Library()
    found.__dict__ = instance_dict(module)
    return found


def exact_text(text: str) -> str:
    """Return the same text as a plain str: a class derived from str may have its own methods."""
    return str.__str__(text)


def module_name(kind: type) -> str:
    """Return the name of a type's module, or "", without running the type's own code."""
    try:
        name = _module_of(kind)
    except Exception:  # noqa: BLE001
        return ""
    return name if type(name) is str else ""


def type_name(cls: type) -> str:
    """Return a type's name for people: `list`, `Thing`, `pandas.DataFrame`."""
    name = exact_text(_name_of(cls))
    module = module_name(cls)
    if module not in ("", "builtins", "__main__"):
        name = module.partition(".")[0] + "." + name
    return printable(name[:NAME_LENGTH])


def printable(text: str) -> str:
    """Return a text with its lone surrogates escaped, which no message can hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def summary(obj: Any) -> str:
    """Return a short description of an object, such as `10000 x 10000, float64`, or ""."""
    try:
        return _summary(obj)[:SUMMARY_LENGTH].encode("ascii", "backslashreplace").decode()
    except Exception:  # noqa: BLE001 - a version of a library that we do not know
        return ""


def _summary(obj: Any) -> str:
    cls = type(obj)
    if is_one_of(cls, bool, float, complex):
        return repr(obj)
    if cls is int:
        return repr(obj) if obj.bit_length() <= 64 else f"{obj.bit_length()} bits"  # noqa: PLR2004
    if cls is str and str.__len__(obj) <= TEXT_LENGTH:
        return repr(obj)
    for base, length in _SIZED.items():
        if has_base(cls, base):
            return _plural(length(obj), "character" if base is str else "item")
    shape, rest = _shape_and_rest(obj)
    return "" if shape is None else _shape(shape) + rest


def items(obj: Any) -> int | None:
    """Return how many items a container has, or an array or a frame in all; None if not known."""
    try:
        for base, length in _SIZED.items():
            if has_base(type(obj), base):
                return length(obj)
        shape, _ = _shape_and_rest(obj)
        known = [n for n in shape or () if type(n) is int]
        return math.prod(known) if shape is not None and len(known) == len(shape) else None
    except Exception:  # noqa: BLE001 - a version of a library that we do not know
        return None


def _shape_and_rest(obj: Any) -> tuple[_Lengths | None, str]:
    """Return the lengths of an array or a frame, and what else describes it; None if not known."""
    name = _library(type(obj))
    found = library(name) if name else None
    return (None, "") if found is None else _LIBRARIES[name](found, obj)


def _library(cls: type) -> str:
    """Return the first library among the bases' modules that we know, or ""."""
    for base in _mro_of(cls):
        name = module_name(base).partition(".")[0]
        if name in _LIBRARIES:
            return name
    return ""


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _shape(shape: _Lengths) -> str:
    return " x ".join(str(int(n)) if type(n) is int else "?" for n in shape) or "scalar"


def _dtype(dtype: Any) -> str:
    kind = str(dtype.kind)
    if kind in "biufc":
        return _KINDS[kind] + ("" if kind == "b" else str(dtype.itemsize * 8))
    return _KINDS.get(kind, "dtype " + kind)


def _numpy(np: Any, obj: Any) -> tuple[_Lengths | None, str]:
    if not has_base(type(obj), np.ndarray):
        return None, ""
    dtype = np.ndarray.dtype.__get__(obj)
    return np.ndarray.shape.__get__(obj), ", " + _dtype(dtype)


# Where an index of pandas, or an array in it, has its items.
_PARTS = ("_range", "_data", "_pa_array", "_left", "_codes")
_DEEPEST = 5


def _length(obj: Any) -> int | None:
    """Return the length of an index of pandas, found in its own attributes, or None."""
    np, arrow = library("numpy"), library("pyarrow")
    for _ in range(_DEEPEST):
        if type(obj) is np.ndarray:
            return int(np.ndarray.shape.__get__(obj)[0])
        if type(obj) is range or (arrow is not None and type(obj) is arrow.ChunkedArray):
            return len(obj)
        if _library(type(obj)) != "pandas":
            break
        obj = _items(obj)
    return None


def _items(obj: Any) -> Any:
    """Return what an index of pandas, or an array in it, has its items in, or None."""
    if has_base(type(obj), list):
        # One array of codes for each level; all have the same length.
        return list.__getitem__(obj, 0)
    for base in _mro_of(type(obj)):
        # Dates and categories have their array in an attribute of C code.
        if module_name(base) == "pandas._libs.arrays":
            return _dict_of(base)["_ndarray"].__get__(obj)
    values = instance_dict(obj)
    return next((values[part] for part in _PARTS if values.get(part) is not None), None)


def _pandas(pd: Any, obj: Any) -> tuple[_Lengths | None, str]:
    if type(obj) is pd.DataFrame:
        manager = instance_dict(obj)["_mgr"]
        columns = sum(len(block.mgr_locs) for block in manager.blocks)
        return (_length(manager.axes[1]), columns), ""
    if type(obj) is pd.Series:
        return (_length(instance_dict(obj)["_mgr"].axes[0]),), ""
    return None, ""


def is_view(obj: Any) -> bool:
    """Return whether an object shows memory that belongs to another object."""
    try:
        return _is_view(obj)
    except Exception:  # noqa: BLE001 - a version of a library that we do not know
        return False


def _is_view(obj: Any) -> bool:
    cls = type(obj)
    if cls is memoryview:
        return True
    name = _library(cls)
    found = library(name) if name else None
    if found is None:
        return False
    if name == "numpy":
        return has_base(cls, found.ndarray) and found.ndarray.base.__get__(obj) is not None
    if name == "pandas" and is_one_of(cls, found.DataFrame, found.Series):
        np = library("numpy")
        blocks = instance_dict(obj)["_mgr"].blocks
        arrays = [block.values for block in blocks if type(block.values) is np.ndarray]
        return any(np.ndarray.base.__get__(array) is not None for array in arrays)
    return False


def _polars(pl: Any, obj: Any) -> tuple[_Lengths | None, str]:
    if type(obj) is not pl.DataFrame:
        return None, ""
    frame = _get(obj, "_df")
    return (frame.height(), frame.width()), ""


def _pyarrow(pa: Any, obj: Any) -> tuple[_Lengths | None, str]:
    if not is_one_of(type(obj), pa.Table, pa.RecordBatch):
        return None, ""
    return (obj.num_rows, obj.num_columns), ""


def _torch(torch: Any, obj: Any) -> tuple[_Lengths | None, str]:
    if not is_one_of(type(obj), torch.Tensor, torch.nn.Parameter):
        return None, ""
    # A function mode that the user set would be called for each attribute.
    with torch._C.DisableTorchFunction():  # noqa: SLF001
        dtype = str(obj.dtype).partition(".")[2]
        return tuple(obj.shape), ", " + dtype + ", " + str(obj.device)


def _scipy(_scipy: Any, obj: Any) -> tuple[_Lengths | None, str]:
    shape = instance_dict(obj).get("_shape")
    return (shape, "") if type(shape) is tuple else (None, "")


_LIBRARIES: dict[str, Callable[[Any, Any], tuple[_Lengths | None, str]]] = {
    "numpy": _numpy,
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "scipy": _scipy,
    "torch": _torch,
}
