"""The steps of a path from an object to who holds it, written as in code."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import lru_cache
from types import (
    AsyncGeneratorType,
    CellType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MemberDescriptorType,
    ModuleType,
)
from typing import Any, Iterator, Sequence

from .describe import (
    exact_text,
    has_base,
    instance_dict,
    is_one_of,
    library,
    module_name,
    type_name,
)

KEY_LENGTH = 40
# Larger numbers are not written out: Python refuses to convert the largest to text.
KEY_BITS = 64
# The most steps that are written out in one text.
MOST_STEPS = 7
FRAME = "<frame "
CACHE = "<lru_cache "
# The step from an instance's dict to the instance, or from a class's dict to the class.
OF_OWNER = "."
# The step from the list that `reach.py` makes of an array's items to the array.
OF_ARRAY = ""
_CACHES: tuple[type, ...] = (type(lru_cache(maxsize=None)(len)), type(lru_cache(maxsize=1)(len)))
# Types with a frame inside: the attributes with its code and with whether it runs.
_CODES: tuple[tuple[type, str, str], ...] = (
    (GeneratorType, "gi_code", "gi_running"),
    (CoroutineType, "cr_code", "cr_running"),
    (AsyncGeneratorType, "ag_code", "ag_running"),
)
_dict_of = type.__dict__["__dict__"].__get__
_mro_of = type.__dict__["__mro__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__


def code_in(obj: Any) -> CodeType | None:
    """Return the code of a frame, or of a generator or coroutine with a frame inside, or None."""
    if type(obj) is FrameType:
        return obj.f_code
    for cls, attribute, _running in _CODES:
        if type(obj) is cls:
            code: CodeType = getattr(obj, attribute)
            return code
    return None


def runs_inside(obj: Any) -> bool:
    """Return whether a generator or coroutine is running."""
    return any(type(obj) is cls and getattr(obj, running) for cls, _code, running in _CODES)


def name_in(namespace: dict[Any, Any]) -> str:
    """Return the `__name__` in a module's namespace, or "" in any other dict."""
    try:
        name = dict.get(namespace, "__name__")
    except Exception:  # noqa: BLE001 - the look-up asked a key that is not a text
        return ""
    return name if type(name) is str else ""


def found_by_name(obj: Any) -> str:
    """Return the name under which code finds a module's dict, a class or a function, or "".

    An object that cannot be found under its own name can be garbage, or somebody else's.
    """
    with suppress(Exception):
        if type(obj) is dict:
            module = name_in(obj)
            return module if module and instance_dict(sys.modules.get(module)) is obj else ""
        if type(obj) is ModuleType:
            module = name_in(instance_dict(obj))
            return module if sys.modules.get(module) is obj else ""
        return _qualified(obj)
    return ""


def _qualified(obj: Any) -> str:
    if has_base(type(obj), type):
        module, name = module_name(obj), _qualname_of(obj)
    elif type(obj) is FunctionType:
        module, name = obj.__module__, obj.__qualname__
    elif is_one_of(type(obj), *_CACHES):
        attributes = instance_dict(obj)
        module, name = attributes.get("__module__", ""), attributes.get("__qualname__")
    else:
        return ""
    if type(module) is not str or type(name) is not str:
        return ""
    space: Any = instance_dict(sys.modules.get(module))
    found: Any = None
    for part in name.split("."):
        found = space.get(part)
        space = _dict_of(found) if has_base(type(found), type) else {}
    if found is not obj:
        return ""
    return name if module == "__main__" else module + "." + name


def step(holder: Any, target: Any) -> str:
    """Return the step from an object to one that refers to it.

    It is `[0]`, `['key']`, `.name`, or the name of the holder's type.
    """
    with suppress(Exception):
        found = _step(holder, target)
        if found is not None:
            return found
    return "<" + type_name(type(holder)) + ">"


def _step(holder: Any, target: Any) -> str | None:
    code = code_in(holder)
    if code is not None:
        return FRAME + exact_text(code.co_name) + ">"
    if is_one_of(type(holder), *_CACHES):
        name = instance_dict(holder).get("__qualname__")
        return CACHE + (name if type(name) is str else "?") + ">"
    if type(holder) is CellType:
        return ".cell_contents"
    if type(target) is dict and (has_base(type(holder), type) or instance_dict(holder) is target):
        return OF_OWNER
    for text, value in _labelled(holder):
        if value is target:
            return text
    return _step_of_array(holder, target)


def _step_of_array(holder: Any, target: Any) -> str | None:
    numpy = library("numpy")
    if numpy is None or not has_base(type(holder), numpy.ndarray):
        return None
    return ".base" if numpy.ndarray.base.__get__(holder) is target else OF_ARRAY


def _labelled(holder: Any) -> Iterator[tuple[str, Any]]:
    """Yield each step from a container or an instance, and the object that it leads to."""
    cls = type(holder)
    for base in (list, tuple):
        if has_base(cls, base):
            for position, item in enumerate(base.__iter__(holder)):
                yield f"[{position}]", item
    if has_base(cls, dict):
        for key, value in list(dict.items(holder)):
            yield key_text(key), value
    if not is_one_of(cls, list, tuple, dict):
        for name, value in list(instance_dict(holder).items()):
            yield attribute_text(name), value
        yield from _slots(holder)


def _slots(holder: Any) -> Iterator[tuple[str, Any]]:
    for base in _mro_of(type(holder)):
        for name, slot in list(_dict_of(base).items()):
            if type(slot) is MemberDescriptorType:
                with suppress(Exception):  # not set, or another class's
                    yield attribute_text(name), slot.__get__(holder)


def attribute_text(name: Any) -> str:
    """Write an attribute as a step."""
    return f".{name[:KEY_LENGTH]}" if type(name) is str else ".?"


def key_text(key: Any) -> str:
    """Write a key as a step."""
    if type(key) is str:
        return f"['{key[:KEY_LENGTH]}']"
    return f"[{key}]" if type(key) is int and key.bit_length() <= KEY_BITS else "[...]"


def steps_along(chain: Sequence[Any], end: str) -> list[str]:
    """Return the steps from the first object of a chain to its last, and the name of the last.

    Each object of the chain is held by the next. A class or a module has its attributes in a
    dict: the steps to the dict and to its owner are one.
    """
    found: list[str] = []
    for target, holder in zip(chain, chain[1:]):
        each = step(holder, target)
        if each == OF_ARRAY:
            continue
        if each != OF_OWNER:
            found.append(each)
        elif found and found[-1].startswith("['"):
            found[-1] = "." + found[-1][2:-2]
        else:
            found.append(".__dict__")
    if found and found[-1].startswith("['") and end and found_by_name(chain[-1]) == end:
        found[-1] = "." + found[-1][2:-2]  # the last is the dict of a module
    return [*found, end] if end else found


def holder_text(path: Sequence[str]) -> str:
    """Write a path as in code: `df`, `cache['a'][0]`.

    A frame or a cache on the path says more than the rest.
    """
    for code in (FRAME, CACHE):
        for each in path:
            if each.startswith(code):
                return each
    if len(path) > MOST_STEPS:
        path = ["...", *path[1 - MOST_STEPS :]]
    return "".join(reversed(path))
