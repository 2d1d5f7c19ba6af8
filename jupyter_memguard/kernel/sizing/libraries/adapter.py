"""What an adapter is: a function that says what the objects of one type own, unseen by Python."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator, Sequence

if TYPE_CHECKING:
    from ..blocks import Block


# When a look at an object is to end, in the thread's time, however long it may take otherwise.
_ENDS: list[float] = []


@contextmanager
def looking_until(when: float) -> Iterator[None]:
    """Have adapters that read memory say by then what they have found."""
    _ENDS.append(when)
    try:
        yield
    finally:
        _ENDS.remove(when)


def end_of_look(now: float, seconds: float) -> float:
    """Return when a look is to end that begins now and may take so many seconds."""
    return min([now + seconds, *_ENDS])


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
