"""Random graphs of objects, in which each node has bytes of its own number."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from hypothesis import strategies as st

from jupyter_memguard.kernel.sizing import (
    Root,
)

BLOCK = 8192


class Node:
    """A plain object that can be watched."""

    def link(self, other: Any) -> None:
        setattr(self, f"to{len(vars(self))}", other)


class ListNode(list):  # type: ignore[type-arg]
    def link(self, other: Any) -> None:
        self.append(other)


class DictNode(dict):  # type: ignore[type-arg]
    def link(self, other: Any) -> None:
        self[len(self)] = other


class TupleNode(Node):
    def link(self, other: Any) -> None:
        super().link((other, [other]))


class SetNode(set):  # type: ignore[type-arg]
    __hash__ = object.__hash__  # type: ignore[assignment]

    def link(self, other: Any) -> None:
        self.add(Holder(other))


class Holder:
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held


KINDS = (Node, ListNode, DictNode, TupleNode, SetNode)


@st.composite
def graphs(draw: Any) -> tuple[Any, ...]:
    """Draw up to seven nodes with edges, of which some are roots and some are held outside."""
    count = draw(st.integers(2, 7))
    index = st.integers(0, count - 1)
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=count, max_size=count))
    edges = draw(st.lists(st.tuples(index, index), max_size=14))
    roots = draw(st.lists(index, min_size=1, max_size=3, unique=True))
    outside = draw(st.lists(index, max_size=2, unique=True))
    holders = draw(st.lists(st.integers(1, 3), min_size=3, max_size=3))
    return kinds, edges, roots, outside, holders


class Graph:
    """A graph as drawn, in which each node has bytes of its own number."""

    def __init__(self, drawn: tuple[Any, ...]) -> None:
        kinds, edges, roots, outside, holders = drawn
        nodes = [kind() for kind in kinds]
        for number, node in enumerate(nodes):
            node.link(b"x" * (BLOCK << number))
        for start, end in edges:
            nodes[start].link(nodes[end])
        self.watched = [weakref.ref(node) for node in nodes]
        self.outside = [nodes[number] for number in outside]
        self.numbers = roots
        self.out: list[list[Any]] = [
            [nodes[number]] * times for number, times in zip(roots, holders)
        ]
        self.roots = [Root(held[0], len(held)) for held in self.out]
        # Nodes that no root and nothing outside holds are gone once the list of all is.
        nodes.clear()
        del node
        gc.collect()

    def alive(self) -> set[int]:
        return {number for number, ref in enumerate(self.watched) if ref() is not None}

    def let_go(self, positions: range | list[int]) -> set[int]:
        """Let roots go as a release does; return the numbers of the nodes that this freed."""
        before = self.alive()
        for position in positions:
            self.out[position].clear()
            self.roots[position].obj = None
        gc.collect()
        return before - self.alive()


def freed_nodes(size: Any) -> set[int]:
    """Read off a size which nodes' bytes are in it."""
    blocks = size.freed_bytes // BLOCK
    return {number for number in range(8) if blocks >> number & 1}
