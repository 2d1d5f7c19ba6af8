"""The types of a measurement: the roots that it takes, and the sizes that it returns."""

from __future__ import annotations

from typing import Iterable

# Notes with which a size is not exact; "device" and "untouched" are the others.
_INEXACT = frozenset(("cut", "mapped", "moving", "no-refcounts", "opaque", "sharing-unknown"))


class Root:
    """An object to measure, and the number of references that letting it go would drop."""

    __slots__ = ("emptied", "holder", "obj", "references")

    def __init__(
        self, obj: object, references: int, *, emptied: bool = False, holder: object = None
    ) -> None:
        """Hold `obj` and the number of `references` to it that would go with it.

        With `emptied`, the object stays and is emptied, as a registry or a cache: nobody's
        reference to it counts, and what it holds belongs to this root, not to who leads to it.
        With a `holder`, the object is let go by this holder, which stays and is followed: its
        references are not among these `references`.
        """
        self.obj = obj
        self.references = references
        self.emptied = emptied
        self.holder = holder


class Size:
    """What letting an object go would free: bytes, whether that is exact, and why not."""

    __slots__ = (
        "device_bytes", "estimate_bytes", "exact", "freed_bytes", "mapped_bytes", "notes",
        "shared_with",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        freed_bytes: int = 0,
        notes: Iterable[str] = (),
        estimate_bytes: int | None = None,
        device_bytes: int | None = None,
        mapped_bytes: int | None = None,
        shared_with: tuple[int, ...] = (),
    ) -> None:
        """Take figures in bytes, notes, and the indices of roots that share memory."""
        self.freed_bytes = freed_bytes
        self.notes = tuple(sorted(notes)) if notes else ()
        self.exact = _INEXACT.isdisjoint(self.notes)
        self.estimate_bytes = estimate_bytes
        self.device_bytes = device_bytes
        self.mapped_bytes = mapped_bytes
        self.shared_with = shared_with

    @property
    def likely_bytes(self) -> int:
        """The best known figure in bytes: the estimate, if it is higher than what is proven."""
        return max(self.freed_bytes, self.estimate_bytes or 0)
