"""Our attribute on IPython's display hook, in the place of its method `update_user_ns`.

The attribute stands on that one hook object. Patches that other people make, before or after, on
the hook or on its class, stay in force.
"""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any, Callable

METHOD = "update_user_ns"
_mro_of = type.__dict__["__mro__"].__get__
_module_of = type.__dict__["__module__"].__get__
_name_of = type.__dict__["__qualname__"].__get__


class Hook:
    """Puts a function in the place of one shell's `update_user_ns`, and takes it away."""

    def __init__(self, shell: Any, ours: Callable[[Any], Any]) -> None:
        """Take the InteractiveShell and the function, which gets each result."""
        self.shell = shell
        self._ours = ours
        self._patched: Any = None
        self._below: Callable[[Any], Any] | None = None

    def install(self) -> None:
        """Put the function in place, unless it is there or under a patch that came later."""
        hook = self.shell.displayhook
        present = vars(hook).get(METHOD)
        if present is self._ours or (hook is self._patched and present is not None):
            return
        self.remove()
        self._patched, self._below = hook, present
        setattr(hook, METHOD, self._ours)

    def remove(self) -> None:
        """Take the function away if it is on top; under somebody else's patch it stays."""
        hook = self._patched
        if hook is None or vars(hook).get(METHOD) is not self._ours:
            return
        if self._below is None:
            delattr(hook, METHOD)
        else:
            setattr(hook, METHOD, self._below)
        self._patched = self._below = None

    def forward(self, result: Any) -> Any:
        """Do what the display hook would do without us, patches made meanwhile included."""
        if self._below is not None:
            return self._below(result)
        hook = self._patched if self._patched is not None else self.shell.displayhook
        return getattr(type(hook), METHOD)(hook, result)

    def who_answers(self, *, is_on: bool) -> tuple[str, str | None]:
        """Return "us", "nobody" or "other", and the name of another's patch.

        `is_on` tells whether our function does anything.
        """
        hook = self.shell.displayhook
        if vars(hook).get(METHOD) is not self._ours:
            return answers(hook)
        below = self._below if self._below is not None else _patched_class(type(hook))
        return ("us" if is_on else "nobody"), _callable_name(below)


def answers(hook: Any) -> tuple[str, str | None]:
    """Return "other" and the patch's name if the hook is patched, else "nobody" and None."""
    attribute = vars(hook).get(METHOD)
    patch = _patched_class(type(hook)) if attribute is None else attribute
    return ("nobody" if patch is None else "other"), _callable_name(patch)


def _patched_class(cls: type) -> Any | None:
    """Return the class's method if it is not the one that its module defines."""
    for base in _mro_of(cls):
        method = vars(base).get(METHOD)
        if method is not None:
            native = type(method) is FunctionType and method.__module__ == base.__module__
            return None if native else method
    return None


def _callable_name(method: Any) -> str | None:
    """Return module and name of a function or method, or of the type of another callable."""
    if method is None:
        return None
    function = method.__func__ if type(method) is MethodType else method
    if type(function) is FunctionType:
        module, name = function.__module__, str.__str__(function.__qualname__)
    else:
        name = str.__str__(_name_of(type(function))).rpartition(".")[2]
        try:
            module = _module_of(type(function))
        except AttributeError:  # as of classes that some extensions in C make
            module = None
    return (module if type(module) is str and module else "?") + "." + name
