"""What an object has, or frees when it falls, that neither the collector nor its size shows."""

from __future__ import annotations

import gc
import sys
import weakref
from functools import partial
from types import (
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
)
from typing import Any, Callable

from ..retention.describe import is_one_of, module_name
from .known_types import HARMLESS_CALLBACKS, TRANSPARENT_PACKAGES

_dict = type.__dict__["__dict__"].__get__
_callback_of = weakref.ref.__dict__["__callback__"].__get__
_count_refs = weakref.getweakrefcount
_code_of = FunctionType.__dict__["__code__"].__get__

# What a class made by Python code has, and one made in C has not.
_PYTHONS = (FunctionType, staticmethod, classmethod, property, partial)
_MOST = 1 << 46  # bytes: what is more is no size
_STANDARD: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset()) | TRANSPARENT_PACKAGES


def own_attribute(cls: type, name: str) -> Any:
    """Return an attribute of a class's own namespace, or None.

    A key that is no text can have code of its own, which a look-up by name would run.
    """
    return next((v for key, v in _dict(cls).items() if type(key) is str and key == name), None)


def finalized(order: tuple[type, ...]) -> bool:
    """Return whether a class has a `__del__` in Python that may free what is not seen."""
    for cls in order:
        method = own_attribute(cls, "__del__")
        if method is not None:
            standard = module_name(cls).partition(".")[0] in _STANDARD
            return type(method) is FunctionType and not standard
    return False


def frees_by_callback(objects: list[Any]) -> bool:
    """Return whether something is freed by the callback of a weak reference to an object.

    So `weakref.finalize` frees its arguments, and a `WeakKeyDictionary` its values.
    """
    if not any(map(_count_refs, objects)):
        return False
    for obj in objects:
        for reference in weakref.getweakrefs(obj) if _count_refs(obj) else ():
            if not all(map(_harmless, _callbacks(reference))):
                return True
    return False


def _callbacks(reference: Any) -> list[Any]:
    """Return a weak reference's callback, if it has one."""
    if is_one_of(type(reference), *weakref.ProxyTypes):  # its attributes are those of its object
        return gc.get_referents(reference)
    callback = _callback_of(reference)
    return [] if callback is None else [callback]


def _harmless(callback: Any) -> bool:
    """Return whether a callback is known to free next to nothing."""
    if type(callback) is MethodType:
        callback = callback.__func__
    if type(callback) is not FunctionType:
        return type(callback) is not weakref.finalize and module_name(type(callback)) == "builtins"
    code = _code_of(callback)
    if code in _FREEING:
        return False
    module = dict.get(callback.__globals__, "__name__")
    return type(module) is str and module.partition(".")[0] in HARMLESS_CALLBACKS


def _freeing() -> frozenset[Any]:
    """Return the code of the callbacks that free a dictionary's values."""
    holder = type("_Holder", (), {})()
    weak: Any = weakref.WeakKeyDictionary({holder: None})
    return frozenset(
        _code_of(_callback_of(reference))
        for reference in weakref.getweakrefs(holder)
        if weak and type(_callback_of(reference)) is FunctionType
    )


_FREEING = _freeing()


def guesser(order: tuple[type, ...]) -> Callable[[Any], int] | None:
    """Return what asks an object of an unknown type in C how large it is, without Python's code."""
    for cls in order[:-1]:
        if any(type(value) in _PYTHONS for value in list(_dict(cls).values())):
            return None  # a class in Python: what it overrides would be run
        size = own_attribute(cls, "nbytes")
        if type(size) in (GetSetDescriptorType, MemberDescriptorType):
            return _read(size)
        method = own_attribute(cls, "__sizeof__")
        if method is not None and type(method) is not MethodDescriptorType:
            return None
        if method is not None or own_attribute(cls, "__buffer__") is not None:
            return _larger(_length, method)
    return _length if order[0] is not object else None


def _read(field: Any) -> Callable[[Any], int]:
    def size(obj: Any) -> int:
        return _checked(field.__get__(obj))

    return size


def _larger(one: Callable[[Any], int], method: Any) -> Callable[[Any], int]:
    def size(obj: Any) -> int:
        found = one(obj)
        return max(found, _checked(method(obj))) if method is not None else found

    return size


def _length(obj: Any) -> int:
    """Return the bytes of the buffer that an object shows, 0 if it shows none."""
    try:
        view = memoryview(obj)
    except TypeError:
        return 0
    with view:
        return view.nbytes


def _checked(size: Any) -> int:
    return size if type(size) is int and 0 <= size < _MOST else 0
