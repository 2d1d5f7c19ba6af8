"""What a measurement is asked and what it answers."""

from __future__ import annotations

from typing import Iterable

NOTES = frozenset((
    "callback", "cut", "device", "error", "mapped", "moving", "no-refcounts", "opaque",
    "shared-pages", "sharing-unknown", "untouched",
))  # fmt: skip
"""All that `Size.notes` can say."""

_INEXACT = NOTES - {"device", "untouched"}


class Root:
    """A retained object and how many references to it the holders have."""

    __slots__ = ("obj", "references")

    def __init__(self, obj: object, references: int) -> None:
        """Hold `obj`, to which the holders have so many `references`."""
        self.obj = obj
        self.references = references


class Size:
    """What comes back: bytes, whether that is all, and why not."""

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
        """Keep figures in bytes; `notes` are codes of `NOTES`."""
        self.freed_bytes = freed_bytes
        self.notes = tuple(sorted(notes)) if notes else ()
        self.exact = _INEXACT.isdisjoint(self.notes)
        self.estimate_bytes = estimate_bytes
        self.device_bytes = device_bytes
        self.mapped_bytes = mapped_bytes
        self.shared_with = shared_with

    @property
    def likely_bytes(self) -> int:
        """The best figure there is: the estimate where the proof was cut."""
        return max(self.freed_bytes, self.estimate_bytes or 0)
