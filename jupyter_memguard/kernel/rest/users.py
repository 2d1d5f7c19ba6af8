"""Which modules, classes and values are the user's own, beside the notebook's variables."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Iterator

from ..retention.describe import has_base, instance_dict, is_one_of
from ..retention.holders import snapshot

# Code of these packages serves the kernel.
KERNELS = frozenset((
    "IPython", "_jupyter_memguard", "_pydevd_bundle", "asyncio", "concurrent", "debugpy",
    "ipykernel", "jupyter_client", "jupyter_memguard", "pydevd", "threading", "tornado",
    "traitlets", "zmq",
))  # fmt: skip
_STANDARD = str(Path(os.__file__).parent) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_OURS = __name__.rpartition(".rest.")[0]
# Values of these types are small, or code.
_SMALL = (
    type(None), bool, int, float, complex, type, ModuleType, FunctionType, BuiltinFunctionType,
    MethodType, property, staticmethod, classmethod, GetSetDescriptorType, MemberDescriptorType,
    WrapperDescriptorType,
)  # fmt: skip
_CLEARED = (dict, list, set)


def is_users_file(path: Any) -> bool:
    """Return whether a module's file is neither installed nor of the standard library."""
    return (
        type(path) is str
        and path.endswith(".py")
        and not path.startswith((_STANDARD, "<"))
        and not any(part in path for part in _INSTALLED)
    )


def users_modules() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and namespace of each module that the user wrote, apart from the notebook."""
    for name, module in snapshot(sys.modules):
        if type(name) is not str or not has_base(type(module), ModuleType):
            continue
        if name.partition(".")[0] in KERNELS or name.startswith((_OURS, "__m")):
            continue
        space = instance_dict(module)
        if is_users_file(space.get("__file__")):
            yield name, space


def values_of(space: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of a namespace that may be large: no code, no numbers."""
    for name, value in snapshot(space):
        if type(name) is not str or (name.startswith("__") and name.endswith("__")):
            continue
        kind = type(value)
        if not (is_one_of(kind, *_SMALL) or has_base(kind, type)):
            yield name, value


def is_cleared(value: Any) -> bool:
    """Return whether a value is of a plain type that has a method `clear`."""
    return is_one_of(type(value), *_CLEARED)
