"""Check which modules import which: `python3 scripts/import_order.py`.

In the kernel package, and in the server package around it:

- No modules import each other in a circle.
- No module imports from a floor above its own (`FLOORS`).
- The engine is imported through its door alone, not from inside it.
- All imports within a package are relative, because a kernel may have it under another name.

An import counts wherever it stands: in a function, for type checkers alone, or by `stages.module`.
"""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).resolve().parent.parent / "jupyter_memguard"
KERNEL = SERVER / "kernel"

# Folders and modules of the kernel package, from the lowest floor up. A module may import those of
# its own floor and of the floors below. What is not listed is on the top floor.
FLOORS = (
    ("protocol", "messages", "stages", "cells"),
    ("retention",),
    ("sizing",),
    ("guard",),
    ("reports",),
    ("rest",),
)
DOORS = ("sizing",)


def modules_of(root: Path) -> dict[str, Path]:
    """Return a package's files by dotted names; the package's own name is "".

    Tests are left out, and so is the kernel package where it lies in another one.
    """
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if not {"tests", "kernel"}.intersection(parts):
            found[".".join(parts[:-1] if path.stem == "__init__" else parts)] = path
    return found


def imports_of(name: str, modules: dict[str, Path]) -> Iterator[tuple[str | None, int]]:
    """Yield each module of the package that a module imports, None if absolutely; and the line."""
    folder = name.split(".") if name else []
    if modules[name].stem != "__init__":
        folder.pop()
    for node in ast.walk(ast.parse(modules[name].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = folder[: len(folder) - node.level + 1]
            base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                yield (inner if inner in modules else base), node.lineno
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [getattr(node, "module", None), *(alias.name for alias in node.names)]
            if any(str(n).partition(".")[0] == "jupyter_memguard" for n in names):
                yield None, node.lineno
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if called == "module" and isinstance(first, ast.Constant) and first.value in modules:
                yield str(first.value), node.lineno


def floor_of(name: str) -> int:
    """Return the number of the floor that a module stands on."""
    first = name.partition(".")[0]
    return next((number for number, names in enumerate(FLOORS) if first in names), len(FLOORS))


def what_is_wrong(name: str, imported: str | None) -> str | None:
    """Return what is wrong with one import, or None."""
    if imported is None:
        return "imports the package by its name: imports must be relative"
    if floor_of(imported) > floor_of(name):
        return f"imports {imported or 'the package'}, which stands on a floor above"
    folder, _, inner = imported.partition(".")
    if folder in DOORS and inner and name.partition(".")[0] != folder:
        return f"imports {imported}: import from {folder} itself"
    return None


def problems(root: Path) -> list[str]:
    """Return what is wrong with the imports of a package, a line each."""
    modules = modules_of(root)
    found = []
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for imported, line in imports_of(name, modules):
            wrong = what_is_wrong(name, imported)
            if wrong:
                found.append(f"{path.relative_to(root)}:{line}: {wrong}")
            if imported is not None:
                graph[name].add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " <- ".join(name or "the package" for name in error.args[1])
        found.append(f"modules import each other in a circle: {circle}")
    return found


def main() -> int:
    """Print what is wrong; 0 if nothing is."""
    found = [*problems(KERNEL), *problems(SERVER)]
    print("\n".join(found) or "imports of the kernel and the server package: in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
