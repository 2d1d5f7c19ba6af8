"""The outputs of cells: the texts and MIME bundles that IPython's history manager keeps.

`outputs` (IPython 9.1) and `exceptions` (IPython 9) need care. `outputs` is a
defaultdict: a look-up adds an entry, and IPython indexes the lists in it with `[-1]`.
IPython still writes to the entry of the running cell.
"""

from __future__ import annotations

import sys
from typing import Any, Sequence

from .describe import is_one_of
from .placeholder import size_text

NAMES = ("outputs", "output_hist_reprs", "exceptions")
# Outputs below this stay: the sentence in their place would be as long.
WORTH_BYTES = 400
# With more new cells than this, look at the entries instead of at each number.
MOST_AT_ONCE = 10_000
_NESTING = 20
_COUNTED = (str, bytes, list, dict)


def _bytes(value: Any, seen: set[int], depth: int = 0) -> int:
    """Return the bytes of texts, and of lists and dicts of texts; other objects count as 0."""
    if id(value) in seen or depth > _NESTING:
        return 0
    seen.add(id(value))
    total = sys.getsizeof(value) if is_one_of(type(value), *_COUNTED) else 0
    if type(value) is list:
        total += sum(_bytes(item, seen, depth + 1) for item in value)
    elif type(value) is dict:
        total += sum(_bytes(item, seen, depth + 1) for item in value.values())
    return total


class Outputs:
    """The outputs that one shell keeps. It remembers the sizes of ended cells' outputs."""

    def __init__(self, shell: Any) -> None:
        """Take the InteractiveShell."""
        self.shell = shell
        self._forget()

    def _forget(self) -> None:
        # The bytes of all ended cells' outputs, and of each that is worth dropping, oldest first.
        self._bytes = 0
        self._sizes: dict[int, int] = {}
        # The first execution count that is not counted yet.
        self._next = 0

    def _stores(self) -> dict[str, dict[int, Any]]:
        manager = self.shell.history_manager
        found = {name: getattr(manager, name, None) for name in NAMES}
        return {name: store for name, store in found.items() if isinstance(store, dict)}

    def total(self) -> tuple[int, int]:
        """Return the bytes of all kept outputs, and the number of cells that made them."""
        stores = self._stores()
        numbers = {n for store in stores.values() for n in list(store) if type(n) is int}
        return sum(_entry_bytes(stores, number) for number in numbers), len(numbers)

    def prune(self, allowed_bytes: int) -> int:
        """Drop the oldest outputs until at most `allowed_bytes` are kept.

        Returns the number of cells whose outputs were dropped. IPython can still write to
        the entries of the last cell and of a running cell, so these stay and do not count.
        """
        stores, settled = self._stores(), int(self.shell.execution_count) - 1
        if settled < self._next:
            # IPython's execution count was reset.
            self._forget()
        for number in _numbers(stores, range(self._next, settled)):
            size = _entry_bytes(stores, number)
            self._bytes += size
            if size >= WORTH_BYTES:
                self._sizes[number] = size
        self._next = settled
        gone = 0
        while self._sizes and self._bytes > allowed_bytes:
            number = next(iter(self._sizes))
            size = self._sizes.pop(number)
            self._replace(stores, number, size_text(size))
            self._bytes += _entry_bytes(stores, number) - size
            gone += 1
        return gone

    @staticmethod
    def _replace(stores: dict[str, dict[int, Any]], number: int, size: str) -> None:
        text = f"[Output of {size} not kept by the memory guard]"
        outputs = stores.get("outputs", {}).get(number)
        if type(outputs) is list and outputs:
            # In the shape that IPython writes: a late print appends to the list in the bundle.
            output = type(outputs[0])(output_type="out_stream", bundle={"stream": [text + "\n"]})
            stores["outputs"][number] = [output]
        if number in stores.get("output_hist_reprs", {}):
            stores["output_hist_reprs"][number] = text
        error = stores.get("exceptions", {}).get(number)
        if type(error) is dict:
            name = str(error.get("ename"))
            stores["exceptions"][number] = {"ename": name, "evalue": text, "traceback": []}


def _numbers(stores: dict[str, dict[int, Any]], among: range) -> Sequence[int]:
    """Return the numbers in a range that may have an entry."""
    if len(among) <= MOST_AT_ONCE:
        return among
    return sorted(
        {n for store in stores.values() for n in list(store) if type(n) is int}.intersection(among)
    )


def _entry_bytes(stores: dict[str, dict[int, Any]], number: int) -> int:
    """Return the bytes of the outputs of one execution count."""
    seen: set[int] = set()
    values: list[Any] = [stores[name].get(number) for name in NAMES[1:] if name in stores]
    outputs = stores.get("outputs", {}).get(number)
    if type(outputs) is list:
        values += [getattr(output, "bundle", None) for output in outputs]
    return sum(_bytes(value, seen) for value in values if value is not None)
