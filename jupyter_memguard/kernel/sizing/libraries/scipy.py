"""scipy's trees and factors, whose nodes and numbers lie in memory of C++ and C."""

from __future__ import annotations

from typing import Any

from .adapter import Adapter, Owned

_NODE = 72  # bytes of a tree's node
_ENTRY = 12  # bytes of a factor's entry: a number, and its row

_basic = type.__dict__["__basicsize__"].__get__


def _superlu(module: Any) -> dict[type, Adapter]:
    factors = module.SuperLU
    entries_of = factors.__dict__["nnz"].__get__

    def look(obj: Any) -> Owned:
        # numbers may be of half or double the size, and rows are stored for several columns at once
        return Owned(_basic(factors), note="opaque", estimate=_ENTRY * entries_of(obj))

    return {factors: Adapter(look)}


def _tree(module: Any) -> dict[type, Adapter]:
    tree = module.cKDTree
    nodes_of = tree.__dict__["size"].__get__

    def look(obj: Any) -> Owned:
        return Owned(_basic(tree) + _NODE * nodes_of(obj))

    return {tree: Adapter(look)}


ADAPTERS = {"scipy.sparse.linalg._dsolve._superlu": _superlu, "scipy.spatial._ckdtree": _tree}
