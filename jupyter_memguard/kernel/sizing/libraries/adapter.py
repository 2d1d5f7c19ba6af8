"""What an adapter is: a function that says what the objects of one type own, unseen by Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterator, Sequence

if TYPE_CHECKING:
    from ..blocks import Block


class Owned:
    """What an object owns beyond what the collector is shown."""

    __slots__ = ("blocks", "mapped", "note", "references", "size", "slices", "total")

    def __init__(
        self,
        size: int | None = None,
        blocks: Sequence[Block] = (),
        references: list[Any] | None = None,
        note: str = "",
        mapped: int = 0,
    ) -> None:
        """Take the own bytes, None for what the type says; blocks; references; a note's code."""
        self.size = size
        self.mapped = mapped
        self.blocks = blocks
        self.references = references
        self.note = note
        self.slices: Iterator[list[Any]] | None = None
        self.total = 0

    def take(self) -> list[Any]:
        """Return the references, once: nothing else holds them afterwards."""
        references, self.references = self.references, None
        return references or []


class Adapter:
    """How to look at one type.

    `shares`: the type itself, where other objects may use the memory that its objects have.
    `counted`: its library has one reference to the wrapper while it uses what is wrapped itself.
    """

    __slots__ = ("counted", "look", "shares")

    def __init__(
        self, look: Callable[[Any], Owned], *, shares: type | None = None, counted: bool = False
    ) -> None:
        """Take the function that looks at one object."""
        self.look = look
        self.shares = shares
        self.counted = counted
