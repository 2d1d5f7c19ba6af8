"""The figures of one report, kept for its further pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from ..retention.sizes import Size
from .rows import size_of

if TYPE_CHECKING:
    from ..retention.holders import Retained


class Figures:
    """The sizes and the order of one report's rows. It holds no object of the user."""

    def __init__(self, keys: list[str], sort: str, execution_count: int) -> None:
        """Begin a report on the results with these keys, sorted by "freed_bytes" or "number"."""
        self.report: list[str | int] = [sort, execution_count, *keys]
        self.sizes: list[Size] = []
        self.together = Size()
        self.order: list[int] = []

    def are_of(self, keys: list[str], sort: str, execution_count: int) -> bool:
        """Return whether this report is on the same results, and no cell has run since."""
        return self.report == [sort, execution_count, *keys]

    def measure(self, shell: Any, entries: Sequence[Retained], budget_ms: float) -> None:
        """Measure all entries within the time limit, and sort them."""
        self.sizes, self.together = size_of(shell, entries, budget_ms)
        self.order = list(range(len(entries)))
        if self.report[0] == "freed_bytes":
            self.order.sort(key=lambda i: self.sizes[i].likely_bytes, reverse=True)

    def go_on(
        self, shell: Any, entries: Sequence[Retained], budget_ms: float, page: list[int]
    ) -> None:
        """Measure the entries of a further page again that were cut; the order stays."""
        cut = [i for i in page if "cut" in self.sizes[i].notes]
        if not cut:
            return
        found, _ = size_of(shell, [entries[i] for i in cut], budget_ms)
        for index, size in zip(cut, found):
            size.shared_with = tuple(cut[other] for other in size.shared_with)
            if size.exact or size.freed_bytes > self.sizes[index].freed_bytes:
                self.sizes[index] = size
