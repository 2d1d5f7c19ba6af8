"""scikit-learn's trees, whose nodes are arrays of C structures."""

from __future__ import annotations

from typing import Any

from .adapter import Adapter, Owned

_basic = type.__dict__["__basicsize__"].__get__


def _sklearn_tree(module: Any) -> dict[type, Adapter]:
    tree = module.Tree
    capacity = tree.__dict__["capacity"].__get__
    outputs = tree.__dict__["n_outputs"].__get__
    classes = tree.__dict__["max_n_classes"].__get__

    def look(obj: Any) -> Owned:
        return Owned(_basic(type(obj)) + capacity(obj) * _tree_node(outputs(obj) * classes(obj)))

    return {tree: Adapter(look)}


def _tree_node(values: int) -> int:
    """Return the bytes of a node of scikit-learn's trees, with its values."""
    return 64 + 8 * values


ADAPTERS = {"sklearn.tree._tree": _sklearn_tree}
