"""What runs or waits: tasks of asyncio, threads, and generators that no variable leads to."""

from __future__ import annotations

import sys
import threading
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType
from typing import Any, Iterator

from ...retention.describe import instance_dict, is_one_of, module_name
from ..hoard import Hoard, Look, Root
from ..users import KERNELS, values_of

WANTS = (
    ("asyncio.tasks", "Task"),
    ("asyncio.tasks", "_PyTask"),
    ("types", "GeneratorType"),
    ("types", "AsyncGeneratorType"),
)
_OPTIMIZED = 1
_MOST = 1000  # generators that are measured together
_ITS_REFERENCES = 3  # to a dict that only a frame has: the frame's, a name's and a call's
_CANCEL = (
    "import asyncio; [task.cancel() for task in asyncio.all_tasks() "
    "if getattr(task.get_coro(), '__qualname__', None) == {name!r}];"
)
_CLOSE = (
    "import gc; [found.close() for found in gc.get_objects() "
    "if type(found).__name__ == {kind!r} and found.gi_code.co_name == {name!r}];"
)
_CLOSE_ASYNC = (
    "import gc; [await found.aclose() for found in gc.get_objects() "
    "if type(found).__name__ == {kind!r} and found.ag_code.co_name == {name!r}];"
)
_END = (
    "import ctypes; ctypes.pythonapi.PyThreadState_SetAsyncExc("
    "ctypes.c_ulong({ident}), ctypes.py_object(SystemExit));"
)


def find(look: Look) -> Iterator[Hoard]:
    """Yield tasks, threads and generators."""
    yield from _tasks(look)
    yield from _threads()
    yield from _generators(look)


def _is_kernels(code: CodeType, space: Any) -> bool:
    name = space.get("__name__") if type(space) is dict else None
    if type(name) is not str:
        return code.co_filename.startswith("<frozen")
    return name.partition(".")[0] in KERNELS


def _tasks(look: Look) -> Iterator[Hoard]:
    tasks = look.instances("asyncio.tasks", "Task") or look.instances("asyncio.tasks", "_PyTask")
    found: dict[str, list[Any]] = {}
    module = look.library("asyncio.tasks")
    for task in tasks:
        cls = module.Task
        if cls.done(task):
            continue
        waiting = cls.get_coro(task)
        if type(waiting) is not CoroutineType or waiting.cr_running or waiting.cr_frame is None:
            continue
        if not _is_kernels(waiting.cr_code, waiting.cr_frame.f_globals):
            found.setdefault(waiting.__qualname__, []).append(task)
    for name, several in found.items():
        yield Hoard(
            "task",
            name,
            [Root(task, 0, emptied=True) for task in several],
            count=len(several),
            remedy=_CANCEL.format(name=name),
        )


def _threads() -> Iterator[Hoard]:
    threads = {thread.ident: thread for thread in _list(threading)}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - there is no other way
        thread = threads.get(ident)
        if ident in (threading.get_ident(), threading.main_thread().ident) or thread is None:
            continue
        if module_name(type(thread)).partition(".")[0] in KERNELS - {"threading"}:
            continue
        own = instance_dict(thread)
        # The thread's first call holds the arguments as well.
        kept = [thread, *(own[name] for name in ("_args", "_kwargs") if own.get(name))]
        roots = {id(each): Root(each, 0, emptied=True) for each in kept}
        inner: FrameType | None = frame
        kernels = False
        while inner is not None:
            kernels = kernels or (
                _is_kernels(inner.f_code, inner.f_globals) and not _is_base(inner)
            )
            for value in _values(inner):
                found = roots.setdefault(id(value), Root(value, 0))
                found.references += 1
            inner = inner.f_back
        name = own.get("_name")
        if not kernels:
            yield Hoard(
                "thread",
                name if type(name) is str else "",
                list(roots.values()),
                remedy=_END.format(ident=ident),
            )


def _list(module: Any) -> list[Any]:
    """Return the threads that are alive, without the lock that `threading.enumerate` takes."""
    return list(vars(module)["_active"].values())


def _is_base(frame: FrameType) -> bool:
    """Return whether a frame only leads to a thread's own function."""
    name = frame.f_globals.get("__name__")
    if name == "ipykernel.ipkernel":  # a hook in `Thread.run`
        return frame.f_code.co_name == "run_closure"
    return name == "threading" or (type(name) is str and name.startswith("concurrent."))


def _values(frame: FrameType) -> list[Any]:
    """Return the values of a frame's own variables that may be large."""
    if not frame.f_code.co_flags & _OPTIMIZED:
        return []  # the names of a module
    if frame.f_trace is not None:
        return []  # before Python 3.13 a debugger's frame takes its variables from the dict below
    names = frame.f_locals
    found = [value for _, value in values_of(dict(names))]
    # Before Python 3.13 this is a copy that the frame keeps, the same that `locals()` returns.
    # What a thread's own code has put there, as `exec` does, stays.
    if type(names) is dict and sys.getrefcount(names) <= _ITS_REFERENCES:
        code = frame.f_code
        for name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars):
            names.pop(name, None)
    return found


def _generators(look: Look) -> Iterator[Hoard]:
    found: dict[tuple[type, str], list[Any]] = {}
    for name, prefix in (("GeneratorType", "gi"), ("AsyncGeneratorType", "ag")):
        for each in look.instances("types", name):
            frame, code = getattr(each, prefix + "_frame"), getattr(each, prefix + "_code")
            if frame is None or getattr(each, prefix + "_running"):
                continue
            if not is_one_of(type(each), GeneratorType, AsyncGeneratorType):
                continue
            if not _is_kernels(code, frame.f_globals):
                found.setdefault((type(each), code.co_name), []).append(each)
    for (cls, name), several in found.items():
        remedy = _CLOSE if cls is GeneratorType else _CLOSE_ASYNC
        yield Hoard(
            "generator",
            name,
            [Root(each, 0, emptied=True) for each in several[:_MOST]],
            count=len(several),
            remedy=remedy.format(kind=cls.__name__, name=name),
            only=("rest",),
        )
