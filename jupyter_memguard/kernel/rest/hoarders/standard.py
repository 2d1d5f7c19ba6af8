"""What modules of the standard library keep: buffers, registries, finalizers, garbage."""

from __future__ import annotations

import atexit
import gc
import sys
from types import FunctionType, MethodType, ModuleType
from typing import Any, Iterator

from ...retention.describe import has_base, instance_dict, type_name
from ...retention.holders import snapshot
from ..hoard import Hoard, Look, Root
from ..users import is_cleared

WANTS = (("logging", "Handler"),)
_MOST = 5000
_EMPTY_HANDLERS = (
    "import gc, logging; [found.{name}.clear() for found in gc.get_objects() "
    "if logging.Handler in type(found).__mro__ and {name!r} in vars(found)];"
)
_EMPTY_REGISTRIES = (
    "import sys; [getattr(each, '__dict__', {}).get('__warningregistry__', {}).clear() "
    "for each in list(sys.modules.values())];"
)
_DETACH = (
    "import weakref; [found.detach() for found in list(weakref.finalize._registry) "
    "if found.peek() and getattr(found.peek()[1], '__qualname__', None) == {name!r}];"
)


def find(look: Look) -> Iterator[Hoard]:
    """Yield what each of these modules keeps."""
    yield from _handlers(look)
    registries = [
        Root(found, 0, emptied=True)
        for _, module in snapshot(sys.modules)
        if has_base(type(module), ModuleType) and instance_dict(module) is not look.shell.user_ns
        for found in [instance_dict(module).get("__warningregistry__")]
        if type(found) is dict and found
    ]
    if registries:
        yield Hoard("warnings", "", registries, count=len(registries), remedy=_EMPTY_REGISTRIES)
    lines = getattr(look.library("linecache"), "cache", None)
    if type(lines) is dict:
        yield Hoard(
            "linecache",
            "",
            [Root(lines, 0, emptied=True)],
            count=len(lines),
            remedy="import linecache; linecache.clearcache()",
        )
    yield from _finalizers(look)
    # From Python 3.10 on the collector is not shown what `atexit` has registered.
    called = [
        obj for obj in gc.get_referents(atexit) if type(obj) in (tuple, dict, MethodType) and obj
    ]
    called = [obj for obj in called if obj is not instance_dict(atexit)]
    if called:
        yield Hoard(
            "atexit",
            "",
            [Root(obj, 1) for obj in called],
            count=len(called),
        )
    if gc.garbage:
        yield Hoard(
            "garbage",
            "gc.garbage",
            [Root(gc.garbage, 0, emptied=True)],
            count=len(gc.garbage),
            remedy="import gc; gc.garbage.clear()",
        )


def _handlers(look: Look) -> Iterator[Hoard]:
    """Yield the lists in handlers of `logging`, such as the buffer of a `MemoryHandler`."""
    found: dict[tuple[str, str], list[Any]] = {}
    for handler in look.instances("logging", "Handler"):
        for name, value in snapshot(instance_dict(handler)):
            if is_cleared(value) and value and type(name) is str and name.isidentifier():
                found.setdefault((type_name(type(handler)), name), []).append(value)
    for (kind, name), several in found.items():
        yield Hoard(
            "logging",
            f"{kind}.{name}",
            [Root(value, 0, emptied=True) for value in several],
            count=sum(map(len, several)),
            remedy=_EMPTY_HANDLERS.format(name=name),
        )


def _finalizers(look: Look) -> Iterator[Hoard]:
    finalize = getattr(look.library("weakref"), "finalize", None)
    registry = vars(finalize).get("_registry") if isinstance(finalize, type) else None
    if type(registry) is not dict:
        return
    found: dict[str, list[Any]] = {}
    for _, info in snapshot(registry)[:_MOST]:
        func, is_method = info.func, type(info.func) is MethodType
        func = func.__func__ if is_method else func
        name = func.__qualname__ if type(func) is FunctionType else type_name(type(func))
        if info.args or info.kwargs or is_method:
            found.setdefault(name, []).append(info)
    for name, several in found.items():
        yield Hoard(
            "finalize",
            name,
            # What a bound method keeps alive is mostly what it was to be called for.
            [Root(info, 1) for info in several],
            count=len(several),
            remedy=_DETACH.format(name=name),
        )
