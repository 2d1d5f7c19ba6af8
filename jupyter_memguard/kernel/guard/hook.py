"""Our attribute on IPython's display hook, which replaces its method `update_user_ns`.

Only that one hook object has the attribute. Patches by others, on the hook or on its class,
earlier or later, keep working.
"""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any, Callable

METHOD = "update_user_ns"
_mro_of = type.__dict__["__mro__"].__get__
_module_of = type.__dict__["__module__"].__get__
_name_of = type.__dict__["__qualname__"].__get__


class Hook:
    """Replaces one shell's `update_user_ns` by a function, and restores it."""

    def __init__(self, shell: Any, ours: Callable[[Any], Any]) -> None:
        """Take the InteractiveShell and the function, which gets each result."""
        self.shell = shell
        self._ours = ours
        self._patched: Any = None
        self._below: Callable[[Any], Any] | None = None

    def install(self) -> None:
        """Install the function, unless it is on the hook already, or under a later patch."""
        hook = self.shell.displayhook
        present = vars(hook).get(METHOD)
        if present is self._ours or (hook is self._patched and present is not None):
            return
        self.remove()
        self._patched, self._below = hook, present
        setattr(hook, METHOD, self._ours)

    def remove(self) -> None:
        """Remove the function if it is on top. Under somebody else's patch it stays."""
        hook = self._patched
        if hook is None or vars(hook).get(METHOD) is not self._ours:
            return
        if self._below is None:
            delattr(hook, METHOD)
        else:
            setattr(hook, METHOD, self._below)
        self._patched = self._below = None

    def forward(self, result: Any) -> Any:
        """Call what the display hook would call without us, including patches made later."""
        if self._below is not None:
            return self._below(result)
        hook = self._patched if self._patched is not None else self.shell.displayhook
        return getattr(type(hook), METHOD)(hook, result)

    def who_answers(self, *, is_on: bool) -> tuple[str, str | None]:
        """Return who handles results, "us", "nobody" or "other", and the name of another's patch.

        `is_on` says whether the guard is in a mode other than `off`.
        """
        hook = self.shell.displayhook
        if vars(hook).get(METHOD) is not self._ours:
            return answers(hook)
        below = self._below if self._below is not None else _patched_class(type(hook))
        return ("us" if is_on else "nobody"), _callable_name(below)


def answers(hook: Any) -> tuple[str, str | None]:
    """Return "other" and the name of the patch if the hook has one, else "nobody" and None."""
    attribute = vars(hook).get(METHOD)
    patch = _patched_class(type(hook)) if attribute is None else attribute
    return ("nobody" if patch is None else "other"), _callable_name(patch)


def _patched_class(cls: type) -> Any | None:
    """Return the class's method if somebody has patched it, else None."""
    for base in _mro_of(cls):
        method = vars(base).get(METHOD)
        if method is not None:
            native = type(method) is FunctionType and method.__module__ == base.__module__
            return None if native else method
    return None


def _callable_name(method: Any) -> str | None:
    """Return module and name of a function or method; of other callables, those of the type."""
    if method is None:
        return None
    function = method.__func__ if type(method) is MethodType else method
    if type(function) is FunctionType:
        module, name = function.__module__, str.__str__(function.__qualname__)
    else:
        name = str.__str__(_name_of(type(function))).rpartition(".")[2]
        try:
            module = _module_of(type(function))
        except AttributeError:  # some classes from extensions in C have no module
            module = None
    return (module if type(module) is str and module else "?") + "." + name
