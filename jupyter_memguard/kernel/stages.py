"""Which modules of this package a kernel has: the core from the start, the engine when needed.

The core has to be there before the first cell. The engine measures sizes; a page sends it when
somebody looks. docs/architecture.md describes the two stages, and scripts/kernel_bundle.py has the
list of their files. An installed copy has both stages. A copy that came as text compiles a module
when that module is first imported. The loader of bootstrap.py is in `sys.meta_path` only during
`importing()`.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ContextManager

from .protocol import WRONG_ENGINE, Refused

if TYPE_CHECKING:
    from types import ModuleType

_ENGINE = "sizing/__init__.py"


def _texts() -> Any:
    """Return the loader of a copy that came as text, or None for an installed copy."""
    loader = sys.modules[str(__package__)].__loader__
    return loader if hasattr(loader, "importing") else None


def importing() -> ContextManager[None]:
    """Return a context in which this package's modules can be imported."""
    texts = _texts()
    found: ContextManager[None] = nullcontext() if texts is None else texts.importing()
    return found


def module(name: str) -> ModuleType:
    """Return a module of this package by its dotted name, such as `retention.release`."""
    with importing():
        return importlib.import_module(f"{__package__}.{name}")


def digest() -> str:
    """Return the digest of this copy's build, or "" if it is not known."""
    found = getattr(sys.modules[str(__package__)], "DIGEST", None)
    return found if type(found) is str else ""


def has_engine() -> bool:
    """Return whether the engine's modules can be imported."""
    texts = _texts()
    return texts is None or _ENGINE in texts.files


def load_engine(wanted: str, text: str) -> bool:
    """Add the engine of the build with the digest `wanted`; return whether it is there now.

    `text` is the engine as scripts/kernel_bundle.py packs it. Raises `Refused("wrong_engine")` if
    this copy is of another build.
    """
    if wanted != digest():
        raise Refused(WRONG_ENGINE)
    texts = _texts()
    if texts is not None and not has_engine():
        texts.add(text)
    return has_engine()
