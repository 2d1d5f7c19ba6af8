"""What an adapter is: a function that says what the objects of one type own, unseen by Python."""

from __future__ import annotations

from math import inf
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable, Iterator, Sequence

if TYPE_CHECKING:
    from ..blocks import Block


# By the thread, when its looks at objects are to end, however long these may take otherwise.
_ENDS: dict[int, float] = {}


def look_until(when: float | None) -> None:
    """Have adapters that read memory say by then, in this thread's time, what they have found.

    It holds until the next call in this thread.
    """
    _ENDS[get_ident()] = inf if when is None else when


def end_of_look(now: float, seconds: float) -> float:
    """Return when a look is to end that begins now and may take so many seconds."""
    return min(now + seconds, _ENDS.get(get_ident(), inf))


class Owned:
    """What an object owns beyond what the collector is shown.

    `estimate` is what the object is likely to have beside its size and blocks, but which cannot be
    shown.
    """

    __slots__ = (
        "blocks", "estimate", "mapped", "note", "references", "size", "slices", "total",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913
        self,
        size: int | None = None,
        blocks: Sequence[Block] = (),
        references: list[Any] | None = None,
        note: str = "",
        mapped: int = 0,
        *,
        estimate: int = 0,
    ) -> None:
        """Take the own bytes, None for what the type says; blocks; references; a note's code."""
        self.size = size
        self.mapped = mapped
        self.blocks = blocks
        self.references = references
        self.note = note
        self.estimate = estimate
        self.slices: Iterator[list[Any]] | None = None
        self.total = 0

    def take(self) -> list[Any]:
        """Return the references, once: nothing else holds them afterwards."""
        references, self.references = self.references, None
        return references or []


class Adapter:
    """How to look at one type.

    `all_references`: the adapter gives all of them, so the collector is not asked, which would give
    millions in one step.
    """

    __slots__ = ("all_references", "look")

    def __init__(self, look: Callable[[Any], Owned], *, all_references: bool = False) -> None:
        """Take the function that looks at one object."""
        self.all_references = all_references
        self.look = look
