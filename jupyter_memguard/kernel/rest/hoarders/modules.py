"""Globals of the modules that the user wrote, and that a notebook has imported."""

from __future__ import annotations

from typing import Any, Iterator

from ..hoard import Hoard, Look, Root
from ..users import is_cleared, users_modules, values_of

_MOST = 2000  # globals that are measured


def find(look: Look) -> Iterator[Hoard]:
    """Yield a hoard for each object that a global of such a module stands for."""
    found: dict[int, tuple[Any, list[str]]] = {}
    for module, space in users_modules():
        for name, value in values_of(space):
            if len(found) < _MOST or id(value) in found:
                found.setdefault(id(value), (value, []))[1].append(f"{module}\n{name}")
    for value, places in found.values():
        names = [place.split("\n") for place in places]
        label = ", ".join(f"{module}.{name}" for module, name in names)
        if is_cleared(value) and look.name_of(value) is None:
            path, before = look.alias(names[0][0])
            remedy = f"{before}{path}.{names[0][1]}.clear()"
            yield Hoard("module", label, [Root(value, 0, emptied=True)], remedy=remedy)
            continue
        lines = []
        for module, name in names:
            path, before = look.alias(module)
            lines.append(f"{before}{path}.{name} = None")
        yield Hoard("module", label, [Root(value, len(names))], remedy="\n".join(lines))
