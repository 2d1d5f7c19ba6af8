"""The exceptions and tracebacks that keep frames, and so the frames' locals, alive."""

from __future__ import annotations

import sys
from gc import get_referents
from types import FrameType, TracebackType
from typing import Any

from .describe import has_base, type_name
from .holders import copy_with, own_dict, snapshot
from .refcounts import LISTED, counts

_SYS_NAMES = ("last_exc", "last_value", "last_traceback")
_TB_NAMES = ("etype", "evalue", "etb", "tb")
_EXECUTION_NAMES = ("error_before_exec", "error_in_exec")
_LOCALS = "curframe_locals"


class TracebackReleased(Exception):  # noqa: N818 - it stands for an exception, it is not raised
    """Stands in the last execution's result in the place of an exception that was released.

    Its text is the type name of that exception.
    """


def _holds_frames(obj: Any) -> bool:
    if type(obj) is TracebackType:
        return True
    # Compare the name, because another copy of this code may have made the stand-in.
    return is_exception(obj) and type_name(type(obj)).rpartition(".")[2] != "TracebackReleased"


def _places(shell: Any) -> list[tuple[dict[str, Any], str]]:
    """Return the dict entries that hold an exception, a traceback, or a frame or its locals."""
    formatter = own_dict(getattr(shell, "InteractiveTB", None))
    places = [(vars(sys), name) for name in _SYS_NAMES]
    places += [(formatter, name) for name in _TB_NAMES]
    places.append((own_dict(getattr(shell, "SyntaxTB", None)), "last_syntax_error"))
    places += [(own_dict(shell.last_execution_result), name) for name in _EXECUTION_NAMES]
    places = [place for place in places if _holds_frames(place[0].get(place[1]))]
    return places + _stood_at(own_dict(formatter.get("pdb")), shell.user_ns)


def holders(shell: Any) -> list[Any]:
    """Return IPython's objects that hold exceptions or tracebacks, and the dicts of these objects.

    A frame or a traceback can lead back to them. They stay when tracebacks are released, so
    measurements stop at them.
    """
    formatter = getattr(shell, "InteractiveTB", None)
    found = (
        formatter,
        own_dict(formatter).get("pdb"),
        getattr(shell, "SyntaxTB", None),
        shell.last_execution_result,
    )
    return [each for obj in found if obj is not None for each in (obj, own_dict(obj))]


def _stood_at(
    debugger: dict[str, Any], user_ns: dict[str, Any]
) -> list[tuple[dict[str, Any], str]]:
    """Return where the debugger of `%debug` and `%pdb` holds frames and locals.

    The debugger sets them anew at each use. If the locals are the user's namespace, as in
    the frame of a cell, they stay.
    """
    names = [name for name, obj in snapshot(debugger) if type(obj) is FrameType]
    if debugger.get(_LOCALS) is not None and debugger[_LOCALS] is not user_ns:
        names.append(_LOCALS)
    return [(debugger, name) for name in names]


def kept(shell: Any) -> list[tuple[Any, int]]:
    """Return each kept exception and traceback, with the number of places that hold it."""
    found: dict[int, tuple[Any, int]] = {}
    for mapping, name in _places(shell):
        obj = mapping[name]
        found[id(obj)] = (obj, found.get(id(obj), (obj, 0))[1] + 1)
    return list(found.values())


def is_exception(obj: Any) -> bool:
    """Return whether an object is an exception, by its type alone."""
    return has_base(type(obj), BaseException)


def frames_of(obj: Any) -> list[Any]:
    """Return an exception's tracebacks and frames, and the callers of the first frame.

    If one of these frames holds the exception, the two are a cycle: the frame does not keep
    the exception alive.
    """
    found: list[Any] = []
    trace = vars(BaseException)["__traceback__"].__get__(obj) if is_exception(obj) else None
    first = None if trace is None else trace.tb_frame.f_back
    while trace is not None:
        found += (trace, trace.tb_frame)
        trace = trace.tb_next
    while first is not None:
        found.append(first)
        first = first.f_back
    return found


def forget_result(shell: Any) -> None:
    """Drop the last execution's result if only frames of its own traceback hold the execution.

    These frames are IPython's own, and IPython keeps them until the next exception. If somebody
    else holds the execution, such as the caller of a nested `run_cell`, the result stays.
    """
    held = [shell.last_execution_result]
    attributes = own_dict(held[0])
    failed = [attributes[name] for name in _EXECUTION_NAMES if is_exception(attributes.get(name))]
    inside = [obj for error in failed for frame in frames_of(error) for obj in get_referents(frame)]
    times = sum(obj is held[0] for obj in inside)
    inside.clear()
    if LISTED is not None and times and counts(held)[0] == LISTED + 1 + times:
        attributes["result"] = None


def exceptions_in(objects: list[Any]) -> int:
    """Count the exceptions; if there are only tracebacks, they count as one."""
    return sum(map(is_exception, objects)) or min(len(objects), 1)


def let_go(shell: Any) -> list[Any]:
    """Remove the references to exceptions and tracebacks from their places, and return them.

    It does not call `frame.clear()`, which runs the user's `finally` blocks.
    """
    taken: list[Any] = []
    changed: dict[str, Any] = {}
    for mapping, name in _places(shell):
        taken.append(mapping[name])
        if mapping is vars(sys):
            del mapping[name]
        elif name in _EXECUTION_NAMES:
            changed[name] = TracebackReleased(type_name(type(mapping[name])))
        else:
            mapping[name] = None
    if taken:
        vars(sys).pop("last_type", None)
    if changed:
        shell.last_execution_result = copy_with(shell.last_execution_result, **changed)
    return taken
