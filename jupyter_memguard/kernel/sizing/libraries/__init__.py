"""What libraries' types own that the collector is not shown: one file of adapters for each library.

An adapter asks only C code of its library, through the library's own types, so that nothing that
a subclass overrides is run. It asks for nothing that the library would keep afterwards. A library
that the kernel has not imported is never imported, nor is the file of its adapters.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable, Dict

from ... import stages
from ...retention.describe import library

if TYPE_CHECKING:
    from .adapter import Adapter

    _Maker = Callable[[Any], Dict[type, Adapter]]

# The module in `sys.modules` that says that a library is there, and the file with its adapters.
# The file's `ADAPTERS` has, by the same name, a function that makes the adapters.
_FILES = {
    "builtins": "stdlib",
    "_ctypes": "stdlib",
    "array": "stdlib",
    "mmap": "stdlib",
    "zlib": "stdlib",
    "numpy": "numpy",
    "numpy.random": "numpy",
    "pandas._libs.hashtable": "pandas",
    "pandas._libs.index": "pandas",
    "pandas._libs.interval": "pandas",
    "pandas._libs.parsers": "pandas",
    "pandas._libs._cyutility": "cython",
    "scipy._cyutility": "cython",
    "sklearn._cyutility": "cython",
    "pyarrow.lib": "pyarrow",
    "pyarrow._dataset": "pyarrow",
    "polars": "polars",
    "torch": "torch",
    "PIL._imaging": "pillow",
    "matplotlib.backends._backend_agg": "matplotlib",
    "sklearn.tree._tree": "sklearn",
    "sklearn.neighbors._ball_tree": "sklearn",
    "sklearn.neighbors._kd_tree": "sklearn",
    "sklearn.utils._vector_sentinel": "sklearn",
    "scipy.sparse.linalg._dsolve._superlu": "scipy",
    "scipy.spatial._ckdtree": "scipy",
    "shapely": "shapely",
    "_sqlite3": "sqlite",
    "distributed.client": "distributed",
}

_made: dict[str, tuple[Any, dict[type, Adapter]]] = {}


def loaded_adapters() -> dict[int, Adapter]:
    """Return the adapters of the libraries that this kernel has imported, by types' identities.

    The types stay loaded with their libraries; a type itself as a key would run its metaclass.
    """
    found: dict[int, Adapter] = {}
    for name, file in _FILES.items():
        module = sys.modules.get(name)
        names = library(name)
        if names is None:
            continue
        made = _made.get(name)
        if made is None or made[0] is not module:
            try:
                adapters = _maker(name, file)(names)
            except Exception:  # noqa: BLE001, S112
                continue  # a version that looks different: its types are opaque then
            made = _made[name] = (module, adapters)
        found.update((id(cls), adapter) for cls, adapter in made[1].items())
    return found


def not_entered() -> list[dict[Any, Any]]:
    """Return the dicts of loaded libraries whose values adapters give to other objects."""
    found: list[dict[Any, Any]] = []
    for name in _made:
        find = vars(stages.module(f"sizing.libraries.{_FILES[name]}")).get("NOT_ENTERED")
        try:
            found += find() if find is not None else ()
        except Exception:  # noqa: BLE001, S112
            continue  # another version, whose adapters fail as well
    return found


def _maker(name: str, file: str) -> _Maker:
    """Return the function that makes a library's adapters; its file is imported if it was not."""
    found: _Maker = vars(stages.module(f"sizing.libraries.{file}"))["ADAPTERS"][name]
    return found
