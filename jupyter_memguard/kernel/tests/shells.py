"""An IPython shell in the test's own process: quick, for what needs no kernel."""

from __future__ import annotations

import atexit
import builtins
import sys
import weakref
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAST = ("last_exc", "last_type", "last_value", "last_traceback")


class Thing:
    """A result that can be watched."""

    def __init__(self, size: int = 0) -> None:
        self.payload = bytes(size)


@contextmanager
def quick_shell() -> Iterator[Any]:
    """Make a shell that `get_ipython()` does not know, and leave nothing of it behind."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    modules, names = dict(sys.modules), dict(vars(builtins))
    last = {name: vars(sys)[name] for name in _LAST if name in vars(sys)}
    made: Any = InteractiveShell
    shell = made(config=config, user_module=ModuleType("things"), colors="nocolor")
    shell.user_ns["give"] = None
    try:
        yield shell
    finally:
        atexit.unregister(shell.atexit_operations)
        for name in set(sys.modules) - set(modules):
            if name == "things":
                del sys.modules[name]
        if "__main__" in modules:
            sys.modules["__main__"] = modules["__main__"]
        for name in set(vars(builtins)) - set(names):
            delattr(builtins, name)
        for name in _LAST:
            vars(sys).pop(name, None)
        vars(sys).update(last)


def show(shell: Any, *things: Any) -> int:
    """Show things in one cell, which no variable holds; return the cell's number."""
    waiting = list(things)
    del things
    number = int(shell.execution_count)
    shell.ast_node_interactivity = "all"
    shell.user_ns["give"] = lambda: waiting.pop(0)
    shell.run_cell("give()\n" * len(waiting), store_history=True)
    return number


def shown(shell: Any, *sizes: int) -> list[Any]:
    """Show a thing of each size, each in a cell of its own; return weak references to them."""
    seen = []
    for size in sizes:
        thing = Thing(size)
        seen.append(weakref.ref(thing))
        boxed = [thing]
        del thing
        show(shell, boxed.pop())
    return seen


class Same:
    """Says that it equals everything."""

    def __eq__(self, _other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1
