"""Attributes of the user's classes, and earlier versions of classes that something keeps."""

from __future__ import annotations

from typing import Any, Iterator

from ...retention.describe import module_name
from ..hoard import Hoard, Look, Root, exact_name
from ..users import is_cleared, users_modules, values_of

WANTS = (("builtins", "type"),)
_dict_of = type.__dict__["__dict__"].__get__
_MOST = 1000  # instances of earlier versions that are measured
_SEARCH = (
    "import gc; [setattr(found, name, None) for found in gc.get_objects() "
    "if type in type(found).__mro__ "
    "and (found.__module__, found.__qualname__) == {name!r} and found is not {path} "
    "for name, value in list(vars(found).items()) "
    "if not name.startswith('__') and not callable(value)];"
)
_FORGET = (
    "import gc; [vars(found).clear() for found in gc.get_objects() "
    "if (type(found).__module__, type(found).__qualname__) == {name!r} "
    "and type(found) is not {path}];"
)


def find(look: Look) -> Iterator[Hoard]:
    """Yield the attributes of each class of the notebook or of the user's modules."""
    modules = {"__main__", *(name for name, _ in users_modules())}
    earlier: dict[tuple[str, str], list[Any]] = {}
    for cls in look.instances("builtins", "type"):
        module = module_name(cls)
        if module not in modules:
            continue
        name = exact_name(cls)
        path = look.path_of(module, name, cls)
        if path is None and look.has_path(module, name):
            earlier.setdefault((module, name), []).append(cls)
            continue
        label = name if module == "__main__" else f"{module}.{name}"
        for attribute, value in values_of(_dict_of(cls)):
            code = None if path is None else f"{path}.{attribute}"
            if is_cleared(value) and look.name_of(value) is None:
                root = Root(value, 0, emptied=True)
                code = None if code is None else f"{code}.clear()"
            else:
                # The walk meets the reference of a class of the notebook, and enters no other.
                inside = module == "__main__"
                root = Root(value, 0, holder=cls) if inside else Root(value, 1)
                code = None if code is None else f"{code} = None"
            yield Hoard("class_attribute", f"{label}.{attribute}", [root], remedy=code)
    if earlier:
        yield from _earlier(look, earlier)


def _earlier(look: Look, earlier: dict[tuple[str, str], list[Any]]) -> Iterator[Hoard]:
    """Yield what earlier versions of classes have as attributes, and their instances hold."""
    kept: dict[int, list[Any]] = {id(cls): [] for classes in earlier.values() for cls in classes}
    for obj in look.instances_of(list(kept)):
        kept[id(type(obj))].append(obj)
    for (module, name), classes in earlier.items():
        path = look.has_path(module, name) or name
        values = [value for cls in classes for _, value in values_of(_dict_of(cls))]
        instances = [obj for cls in classes for obj in kept[id(cls)]]
        label = f"{name} (earlier)" if module == "__main__" else f"{module}.{name} (earlier)"
        head, _, last = path.rpartition("; ")
        fill = {"name": (module, name), "path": last}
        before = head + "; " if head else ""
        if values:
            yield Hoard(
                "old_class",
                label,
                [Root(value, 0, emptied=True) for value in values],
                count=len(classes),
                remedy=before + _SEARCH.format(**fill),
            )
        if instances:
            yield Hoard(
                "old_class",
                f"instances of {label}",
                [Root(obj, 0, emptied=True) for obj in instances[:_MOST]],
                count=len(instances),
                remedy=before + _FORGET.format(**fill),
                only=("rest",),
            )
