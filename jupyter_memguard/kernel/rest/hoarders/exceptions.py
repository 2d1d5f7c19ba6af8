"""Exceptions that somebody has stored, whose tracebacks keep frames and so what these hold.

Those that IPython and `sys` keep are a part of an overview of their own, with a button.
"""

from __future__ import annotations

from typing import Any, Iterator

from ...retention import tracebacks
from ...retention.describe import instance_dict
from ..hoard import Hoard, Look, Root, exact_name

WANTS = (("builtins", "BaseException"), ("bdb", "Bdb"))
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_MOST = 1000  # exceptions that are measured together
_FORGET = (
    "import gc; [found.with_traceback(None) for found in gc.get_objects() "
    "if BaseException in type(found).__mro__ and type(found).__name__ == {name!r}];"
)
_FORGET_FRAMES = (
    "import bdb, gc; [(found.reset(), "
    "vars(found).update(stack=[], curframe=None, curframe_locals=None)) "
    "for found in gc.get_objects() if bdb.Bdb in type(found).__mro__];"
)


def find(look: Look) -> Iterator[Hoard]:
    """Yield exceptions by their types, and debuggers that stand at a frame."""
    known = {id(obj) for obj, _ in tracebacks.kept(look.shell)}
    found: dict[str, list[Any]] = {}
    for error in look.instances("builtins", "BaseException"):
        if id(error) not in known and _traceback_of(error) is not None:
            found.setdefault(exact_name(type(error)), []).append(error)
    for name, several in found.items():
        yield Hoard(
            "exception",
            name,
            [Root(error, 0, emptied=True) for error in several[:_MOST]],
            count=len(several),
            remedy=_FORGET.format(name=name.rpartition(".")[2]),
            only=("rest", "variables", "results", "shared"),
        )
    ours = instance_dict(getattr(look.shell, "InteractiveTB", None)).get("pdb")
    debuggers = [each for each in look.instances("bdb", "Bdb") if each is not ours]
    if debuggers:
        yield Hoard(
            "debugger",
            exact_name(type(debuggers[0])),
            [Root(each, 0, emptied=True) for each in debuggers],
            count=len(debuggers),
            remedy=_FORGET_FRAMES,
        )
