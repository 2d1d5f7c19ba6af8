"""What is reached from names: the paths to objects, found from the other end.

This walk goes through the heap once, whatever the length of the paths, and it enters what the
collector does not track, as a dict of arrays, or does not see, as the array behind a view.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from types import CodeType, ModuleType
from typing import Any, Callable, Iterator

from .describe import has_base, library
from .paths import steps_along

# The most objects that are looked at.
MOST_OBJECTS = 2_000_000
# The most items of an array of objects that are looked at.
MOST_ITEMS = 100_000
_BATCH = 256
_ATOMS = frozenset(
    map(id, (str, int, float, complex, bool, bytes, type(None), ModuleType, CodeType))
)


class Reach:
    """A walk from named objects to wanted ones. Each layer is what the one before refers to."""

    def __init__(
        self,
        starts: list[tuple[str, Any]],
        wanted: dict[int, Any],
        hidden: set[int],
        is_up: Callable[[], bool],
    ) -> None:
        """Walk from the starts until all that is `wanted`, by identity, is reached.

        The walk does not enter what is `hidden`, and ends when the time `is_up`.
        """
        self.names = {id(obj): name for name, obj in starts}
        self.wanted = wanted
        self.layers = [[obj for _name, obj in starts]]
        # In which layer each object that was reached would be.
        self.depths: dict[int, int] = {}
        self._arrays: dict[int, bool] = {}
        self._of_arrays: dict[int, list[Any]] = {}
        left = set(wanted)
        seen = hidden.union(self.names)
        while left and self.layers[-1] and len(seen) < MOST_OBJECTS:
            layer: list[Any] = []
            for batch in _batches(self.layers[-1]):
                if is_up():
                    return
                kids = self._referents(batch)
                by_id = dict(zip(map(id, kids), kids))
                new = by_id.keys() - seen
                seen |= new
                for key in left & new:
                    self.depths[key] = len(self.layers)
                    left.discard(key)
                layer += [kid for kid in map(by_id.__getitem__, new) if id(type(kid)) not in _ATOMS]
            self.layers.append(layer)

    def paths(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the identity of each object that was reached, and the path from it to a name."""
        chains = {key: [self.wanted[key]] for key in self.depths}
        for depth in range(max(self.depths.values(), default=0), 0, -1):
            tops: dict[int, list[int]] = {}
            for key, nodes in chains.items():
                if self.depths[key] >= depth:
                    tops.setdefault(id(nodes[-1]), []).append(key)
            for holder, kid in self._holders(self.layers[depth - 1], tops.keys()):
                for key in tops.pop(kid, ()):
                    chains[key].append(holder)
        for key, nodes in chains.items():
            name = self.names.get(id(nodes[-1]))
            if name is not None:
                yield key, steps_along(nodes, name)

    def _holders(self, layer: list[Any], wanted: Any) -> Iterator[tuple[Any, int]]:
        for batch in _batches(layer):
            if not wanted:
                return
            if not wanted.isdisjoint(map(id, self._referents(batch))):
                for holder in batch:
                    for kid in set(map(id, self._referents([holder]))) & wanted:
                        yield holder, kid

    def _referents(self, objects: list[Any]) -> list[Any]:
        found = gc.get_referents(*objects)
        numpy = library("numpy")
        if numpy is not None:
            for obj in objects:
                if self._is_array(type(obj), numpy):
                    found += self._in_array(obj, numpy.ndarray)
        return found

    def _is_array(self, cls: type, numpy: Any) -> bool:
        found = self._arrays.get(id(cls))
        if found is None:
            array = getattr(numpy, "ndarray", None)  # missing while it is imported
            found = self._arrays[id(cls)] = array is not None and has_base(cls, array)
        return found

    def _in_array(self, obj: Any, array: Any) -> list[Any]:
        """Return what an array refers to; the same list of its items each time."""
        found = self._of_arrays.get(id(obj))
        if found is None:
            found = self._of_arrays[id(obj)] = []
            with suppress(Exception):
                found.append(array.base.__get__(obj))
                if array.dtype.__get__(obj).hasobject and array.size.__get__(obj) <= MOST_ITEMS:
                    found.append(array.tolist(obj))
        return found


def _batches(objects: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(objects), _BATCH):
        yield objects[start : start + _BATCH]
