"""Figures of earlier measurements, for results that the present one has not reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..retention.sizes import Size

if TYPE_CHECKING:
    from .survey import Figures


class KnownFigures:
    """The last exact figure of each result, by its key. It holds no object of the user."""

    def __init__(self) -> None:
        """Begin with no figure."""
        self._known: dict[str, tuple[int, int]] = {}  # bytes, and the cell after which

    def best(
        self, keys: list[str], figures: Figures, count: int
    ) -> tuple[list[Size], dict[int, int]]:
        """Return each result's size now, or about the last one; and of which cell that one is.

        `count` is the execution count. An earlier figure is used where the measurement was cut
        and has not proven more.
        """
        sizes = list(figures.sizes)
        as_of: dict[int, int] = {}
        now: dict[str, tuple[int, int]] = {}
        for index, key in enumerate(keys):
            size = sizes[index]
            before = self._known.get(key)
            if "cut" not in size.notes:
                now[key] = size.likely_bytes, count - 1
            elif before is not None and before[0] >= size.freed_bytes:
                now[key] = before
                as_of[index] = before[1]
                sizes[index] = Size(
                    size.freed_bytes,
                    size.notes,
                    before[0],
                    size.device_bytes,
                    size.mapped_bytes,
                    size.shared_with,
                )
        self._known = now
        return sizes, as_of
