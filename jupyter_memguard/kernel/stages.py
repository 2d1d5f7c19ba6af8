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
from pathlib import Path
from typing import TYPE_CHECKING, Any, ContextManager

from .protocol import WRONG_ENGINE, Refused

if TYPE_CHECKING:
    from types import ModuleType

_ENGINE = "sizing/__init__.py"


# This copy's own package and loader, whatever another copy puts into `sys.modules` later.
_package = sys.modules[str(__package__)]
_loader: Any = __spec__.loader
# What was imported here. An import for each use would disturb those of other threads.
_imported: dict[str, ModuleType] = {}


def _texts() -> Any:
    """Return the loader of a copy that came as text, or None for an installed copy."""
    return _loader if hasattr(_loader, "importing") else None


def importing() -> ContextManager[None]:
    """Return a context in which this package's modules can be imported."""
    texts = _texts()
    found: ContextManager[None] = nullcontext() if texts is None else texts.importing()
    return found


def module(name: str) -> ModuleType:
    """Return a module of this package by its dotted name, such as `retention.release`."""
    found = _imported.get(name)
    if found is None:
        with importing():
            found = _imported[name] = importlib.import_module(f"{__package__}.{name}")
    return found


def digest() -> str:
    """Return the digest of this copy's build, or "" if it is not known."""
    found = getattr(_package, "DIGEST", None)
    return found if type(found) is str else ""


def has_engine(part: str = "reports") -> bool:
    """Return whether a package of the engine is there, and is of this copy's build.

    What was imported once stays, whatever happens to the files.
    """
    if hasattr(_package, part):
        return True
    texts = _texts()
    if texts is not None:
        return _ENGINE in texts.files
    # An installed copy may have been replaced while this kernel ran.
    return read_digest() == digest()


def read_digest() -> str:
    """Return the digest in the file that each build writes, or "" where there is none."""
    # A copy that came as text has no file; bootstrap.py sets its digest.
    try:
        return Path(str(_package.__file__)).with_name("digest.txt").read_text("ascii")
    except (AttributeError, OSError, ValueError):
        return ""


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
