"""The object that stands in the place of a result that was withheld or released."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from .sizes import Size

# Another copy of this code may have made a placeholder, so a mark identifies it, not its class.
MARK = "_jupyter_memguard_placeholder"
_dict_of = type.__dict__["__dict__"].__get__


def size_text(size_bytes: int) -> str:
    """Write a size in bytes for people, in units of 1024."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":  # noqa: PLR2004 - the unit's step
            break
        size /= 1024
    return f"{size_bytes} bytes" if unit == "bytes" else f"{size:.1f} {unit}"


def is_placeholder(obj: object) -> bool:
    """Return whether an object is a placeholder of any copy, without running its code."""
    try:
        return MARK in _dict_of(type(obj))
    except Exception:  # noqa: BLE001 - the look-up asked a key of the class that is not a text
        return False


class _Shown:
    """A mixin of exceptions whose traceback is shown without the frames of this module.

    IPython hides no frame that is the last one, and has no source of one that came as text.
    """

    def _render_traceback_(self: Any) -> list[str]:
        """Return the traceback's lines. IPython asks exceptions for this method."""
        last = self.__traceback__
        while last is not None and last.tb_next is not None:
            if last.tb_next.tb_frame.f_globals is globals():
                last.tb_next = None
            last = last.tb_next
        shown: list[str] = (
            sys.modules["IPython"]
            .get_ipython()
            .InteractiveTB.structured_traceback(type(self), self, self.__traceback__)
        )
        return shown

    def __reduce__(self: Any) -> tuple[Any, ...]:
        """Pickle as the exception that it is for everybody else."""
        return type(self).__base__, self.args


def _named(kind: type[Exception]) -> type[Exception]:
    """Return a subclass with the same name that hides the frames of this module."""
    return type(kind.__name__, (_Shown, kind), {"__module__": "builtins"})


_TypeError, _AttributeError = _named(TypeError), _named(AttributeError)


def _refuse(self: Placeholder, *_args: object, **_kinds: object) -> NoReturn:
    raise _TypeError(str(self))


class Placeholder:
    """Says what a result was and how to keep such results. It holds only that text.

    A use in the result's place raises an error, so that code which needs the result
    does not go on with a wrong value. A pickle or a copy of it is a str.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Take the sentence to show."""
        object.__setattr__(self, "_text", text)

    def __repr__(self) -> str:
        """Return what the result was and how to keep it."""
        return self._text

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a str, so that it can be read without this package."""
        return str, (self._text,)

    def __getattr__(self, name: str) -> NoReturn:
        """Raise an error that says why the result's attributes are gone."""
        raise _AttributeError(name + ": " + self._text)

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        """Raise an error that says why no attribute can be set."""
        raise _AttributeError(name + ": " + self._text)

    _jupyter_memguard_placeholder = True

    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = _refuse
    __setitem__ = __delitem__ = __next__ = __reversed__ = __enter__ = __exit__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = _refuse
    __pow__ = __matmul__ = __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = _refuse
    __rpow__ = __rmatmul__ = __rand__ = __ror__ = __rxor__ = __rlshift__ = _refuse
    __rrshift__ = __divmod__ = __rdivmod__ = __neg__ = __pos__ = __abs__ = _refuse
    __invert__ = __int__ = __float__ = __complex__ = __index__ = __array__ = _refuse
    __round__ = __trunc__ = __floor__ = __ceil__ = _refuse


def placeholder(
    number: int, type_name: str, summary: str, size: Size, *, freed: bool = False
) -> Placeholder:
    """Make the placeholder of a result that was withheld, or `freed` later by a person.

    `number` is the n of its `Out[n]`, or -1.
    """
    name = "This result" if number < 0 else f"Out[{number}]"
    what = ", ".join(filter(None, (type_name, summary, _size_words(size))))
    keep = "To keep such a result, assign it to a variable"
    if freed:
        return Placeholder(f"<{name} was freed: {what}. {keep}.>")
    return Placeholder(
        f"<{name} was not kept: {what}. {keep} in its cell, or change the memory guard.>"
    )


def _size_words(size: Size) -> str:
    """Write how large a result was: exactly, about or at least; "" if that is not known."""
    if size.exact:
        return size_text(size.freed_bytes)
    if (size.estimate_bytes or 0) > size.freed_bytes:
        return "about " + size_text(size.estimate_bytes or 0)
    return "at least " + size_text(size.freed_bytes) if size.freed_bytes else ""
