"""The words of `%memguard`: reading a line, and completing one."""

from __future__ import annotations

import re
from typing import NamedTuple

from IPython.core.error import UsageError

from ..kernel.protocol import MODES
from ..size_words import read_size

COMMANDS = ("free", "guard", "rest", "--json")
THRESHOLD = "--threshold"
_NUMBER = re.compile(r"(?:Out\[(\d{1,9})\]|_?(\d{1,9})),?$")


class Line(NamedTuple):
    """A line that was read: which command, and what it names."""

    command: str
    numbers: list[int]
    mode: str
    settings: dict[str, int]


def read(text: str) -> Line:
    """Read the words after `%memguard`. Raises `UsageError` with one sentence."""
    command, *words = text.split() or [""]
    if command == "free":
        everything = words == ["all"]
        numbers = [] if everything else [_number(word) for word in words]
        return Line("free all" if everything else "free", numbers, "", {})
    if command == "guard":
        return _guard(words)
    if command not in ("", *COMMANDS):
        message = f"%memguard has no {command!r}: it takes {_either(COMMANDS)}, or nothing."
        raise UsageError(message)
    if words:
        message = f"%memguard {command} takes no more words, but there is {words[0]!r}."
        raise UsageError(message)
    return Line(command, [], "", {})


def _number(word: str) -> int:
    found = _NUMBER.match(word)
    if found is None:
        message = (
            "%memguard free takes numbers of results (5 for Out[5]), all, or nothing for those of "
            f"1 MiB and more; there is {word!r}."
        )
        raise UsageError(message)
    return int(found[1] or found[2])


def _guard(words: list[str]) -> Line:
    mode, *options = words or [""]
    if mode not in ("", *MODES):
        message = f"%memguard guard has no mode {mode!r}: it takes {_either(MODES)}."
        raise UsageError(message)
    settings: dict[str, int] = {}
    if options:
        name, equals, value = options[0].partition("=")
        values = ([value] if equals else []) + options[1:]
        if name != THRESHOLD or len(values) != 1:
            message = (
                f"%memguard guard {mode} takes {THRESHOLD} and one size, as {THRESHOLD} 10MB, "
                f"but there is {' '.join(options)!r}."
            )
            raise UsageError(message)
        try:
            settings["threshold_bytes"] = read_size(values[0])
        except ValueError as error:
            raise UsageError(str(error)) from None
    return Line("guard", [], mode, settings)


def _either(words: tuple[str, ...]) -> str:
    return ", ".join(words[:-1]) + " or " + words[-1]


def completions(line: str, symbol: str) -> list[str]:
    """Return the words that may stand at the end of a line that begins with `%memguard`.

    `symbol` is what IPython takes for the word that is being typed.
    """
    words = line.split()
    if line.endswith(tuple(symbol)) and words and symbol:
        words.pop()
    return [word for word in _next(words[1:]) if word.startswith(symbol)]


def _next(words: list[str]) -> tuple[str, ...]:
    following: dict[tuple[str, ...], tuple[str, ...]] = {
        (): COMMANDS,
        ("free",): ("all",),
        ("guard",): MODES,
        ("guard", "large"): (THRESHOLD,),
    }
    return following.get(tuple(words), ())


def in_words(code: str, detail: str | None = None) -> str:
    """Return a sentence for a request that the kernel code refused, by its code."""
    sentences = {
        "wrong_thread": (
            "This cell runs in a subshell's thread: only the main shell can free results or set "
            "the guard, so run it in a cell there. Nothing was changed."
        ),
        "no_shell": "No IPython shell runs here, so there is nothing that keeps results.",
        "no_engine": (
            "The package was replaced while this kernel ran, so nothing can be measured: "
            "restart the kernel."
        ),
    }
    more = "" if detail is None else f" ({detail})"
    return sentences.get(code, f"The kernel code refused that: {code}{more}.")
