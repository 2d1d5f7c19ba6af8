"""Calling a library's own functions in C, and nothing that stands in their place."""

from __future__ import annotations

from types import BuiltinFunctionType, WrapperDescriptorType
from typing import Any

from .hoard import own_entry

_name_of = type.__dict__["__qualname__"].__get__
_CYTHON = "cython_function_or_method"  # the type of Cython's functions, which names no module


def native_function(found: Any) -> Any:
    """Return a function of C code. A `LookupError` says that it is something else."""
    kind = type(found)
    is_cython = _name_of(kind) == _CYTHON and (
        type(own_entry(kind, "__call__")) is WrapperDescriptorType
    )
    if kind is not BuiltinFunctionType and not is_cython:
        raise LookupError
    return found
