"""Which modules of this package a kernel has: the core from the start, the engine when needed.

The core is what has to be there before the first cell. The engine measures, and a page sends it
when somebody looks. docs/architecture.md says which file belongs to which; the list stands in
scripts/kernel_bundle.py. An installed copy has both. A copy that came as text compiles a module
when that module is first imported: the loader of bootstrap.py stands in `sys.meta_path` only
during `importing()`.
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
    """Return the digest of the build that this copy belongs to, or "" if none is known."""
    found = getattr(sys.modules[str(__package__)], "DIGEST", None)
    return found if type(found) is str else ""


def has_engine() -> bool:
    """Return whether the engine's modules can be imported."""
    texts = _texts()
    return texts is None or _ENGINE in texts.files


def load_engine(wanted: str, text: str | None) -> bool:
    """Add the engine of the build with the digest `wanted`; return whether it is there now.

    `text` is the engine as scripts/kernel_bundle.py packs it, or None to ask only. Raises
    `Refused("wrong_engine")` if this copy is of another build.
    """
    if wanted != digest():
        raise Refused(WRONG_ENGINE)
    texts = _texts()
    if texts is not None and text is not None and not has_engine():
        texts.add(text)
    return has_engine()
