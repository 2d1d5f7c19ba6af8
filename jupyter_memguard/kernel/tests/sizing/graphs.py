"""Random graphs of objects, in which each node has bytes of its own number."""

from __future__ import annotations

import gc
import weakref
from typing import Any, Iterable

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


GROUPS = range(3)  # as of results, tracebacks and variables


@st.composite
def graphs(draw: Any) -> tuple[Any, ...]:
    """Draw up to seven nodes with edges, groups of roots, and nodes that are held outside."""
    count = draw(st.integers(2, 7))
    index = st.integers(0, count - 1)
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=count, max_size=count))
    edges = draw(st.lists(st.tuples(index, index), max_size=14))
    groups = [draw(st.lists(index, min_size=1, max_size=3, unique=True))]
    groups += [draw(st.lists(index, max_size=2, unique=True)) for _ in GROUPS[1:]]
    outside = draw(st.lists(index, max_size=2, unique=True))
    holders = draw(st.lists(st.integers(1, 3), min_size=7, max_size=7))
    return kinds, edges, groups, outside, holders


class Graph:
    """A graph as drawn, in which each node has bytes of its own number.

    A root is named by its position among the roots of all groups.
    """

    def __init__(self, drawn: tuple[Any, ...]) -> None:
        kinds, edges, groups, outside, holders = drawn
        nodes = [kind() for kind in kinds]
        for number, node in enumerate(nodes):
            node.link(b"x" * (BLOCK << number))
        for start, end in edges:
            nodes[start].link(nodes[end])
        self.edges = edges
        self.watched = [weakref.ref(node) for node in nodes]
        self.numbers_outside = set(outside)
        self.outside = [nodes[number] for number in outside]
        self.numbers = [number for group in groups for number in group]
        self.out: list[list[Any]] = [
            [nodes[number]] * times for number, times in zip(self.numbers, holders)
        ]
        self.roots = [Root(held[0], len(held)) for held in self.out]
        left = iter(range(len(self.roots)))
        self.positions = [[next(left) for _ in group] for group in groups]
        self.groups = [[self.roots[at] for at in positions] for positions in self.positions]
        # Nodes that no root and nothing outside holds are gone once the list of all is.
        nodes.clear()
        del node
        gc.collect()

    def reached(self, start: Iterable[int]) -> set[int]:
        """Return the numbers of the nodes to which these lead."""
        found = set(start)
        waiting = list(found)
        while waiting:
            node = waiting.pop()
            new = {end for begin, end in self.edges if begin == node} - found
            found |= new
            waiting.extend(new)
        return found

    def falls(self, positions: Iterable[int]) -> set[int]:
        """Return the numbers of the nodes that fall if these roots are let go."""
        gone = set(positions)
        stay = [number for at, number in enumerate(self.numbers) if at not in gone]
        return self.reached(self.numbers) - self.reached([*stay, *self.numbers_outside])

    def alive(self) -> set[int]:
        return {number for number, ref in enumerate(self.watched) if ref() is not None}

    def let_go(self, positions: Iterable[int]) -> set[int]:
        """Let roots go as a release does; return the numbers of the nodes that this freed."""
        before = self.alive()
        for position in positions:
            self.out[position].clear()
            self.roots[position].obj = None
        gc.collect()
        return before - self.alive()


def nodes_in(size: int) -> set[int]:
    """Read off a number of bytes which nodes are in it."""
    blocks = size // BLOCK
    return {number for number in range(8) if blocks >> number & 1}


def freed_nodes(size: Any) -> set[int]:
    """Read off a size which nodes' bytes are in it."""
    return nodes_in(size.freed_bytes)
