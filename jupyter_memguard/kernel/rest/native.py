"""Calling a library's own functions in C, and nothing that stands in their place."""

from __future__ import annotations

from types import BuiltinFunctionType
from typing import Any

from ..retention.describe import module_name

_CYTHON = "_cython_"  # with its version, the module of the type of Cython's functions


def native_function(found: Any) -> Any:
    """Return a function of C code. A `LookupError` says that it is something else."""
    kind = type(found)
    if kind is not BuiltinFunctionType and not module_name(kind).startswith(_CYTHON):
        raise LookupError
    return found
