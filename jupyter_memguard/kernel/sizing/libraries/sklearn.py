"""scikit-learn's trees, with nodes in C structures or in views of Cython's, and its vectors."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Callable

from ...retention.describe import library
from ..blocks import Block
from .adapter import Adapter, Owned
from .native import POINTER, Memory

_VECTOR = 3  # the word at which the vector of C++ begins of which an array is: begin, end, room
_REFERENCES = 2  # that a view of Cython's has to its array
_ARRAYS = ("data", "idx_array", "node_data", "node_bounds", "sample_weight")

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


def _neighbors(module: Any) -> dict[type, Adapter]:
    """Return the adapters of trees of neighbours, which hold arrays without showing them."""
    found = {}
    for name in ("BinaryTree64", "BinaryTree32", "BinaryTree"):
        cls = vars(module).get(name)
        if cls is not None:
            parts = [vars(cls)[part].__get__ for part in _ARRAYS if part in vars(cls)]
            found[cls] = _arrays_of(parts)
    return found


def _arrays_of(parts: list[Callable[[Any], Any]]) -> Adapter:
    numpy = library("numpy")

    def look(obj: Any) -> Owned:
        arrays: list[Any] = []
        size = 0
        for part in parts:
            shown = part(obj)
            base = getattr(shown, "base", None)
            if type(base) is numpy.ndarray:
                arrays += [base] * _REFERENCES
            elif shown is not None:
                with suppress(TypeError), memoryview(shown) as view:
                    size += view.nbytes
        return Owned(references=arrays, note="opaque", estimate=size)

    return Adapter(look)


def _vectors(module: Any) -> dict[type, Adapter]:
    """Return the adapters of what keeps a vector of C++ for an array, as of hashed texts."""

    def look(obj: Any) -> Owned:
        with Memory() as memory:
            begin, end, room = memory.words(id(obj), _VECTOR + 3)[_VECTOR:]
            size = POINTER * memory.block(begin)
        if not begin <= end <= room <= begin + size:
            return Owned(note="opaque")
        return Owned(blocks=[Block(begin, room - begin, id(obj))])

    return {module.StdVectorSentinel: Adapter(look)}


ADAPTERS = {
    "sklearn.tree._tree": _sklearn_tree,
    "sklearn.neighbors._ball_tree": _neighbors,
    "sklearn.neighbors._kd_tree": _neighbors,
    "sklearn.utils._vector_sentinel": _vectors,
}
