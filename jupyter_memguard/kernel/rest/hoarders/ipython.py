"""What IPython keeps of the cells themselves: their source, and the texts of their results."""

from __future__ import annotations

from typing import Any, Iterator

from ...retention.holders import LIKE_NUMBERED, snapshot
from ..hoard import Hoard, Look, Root
from ..widgets import trait

_INPUTS = ("input_hist_raw", "input_hist_parsed")
_LAST = ("_i", "_ii", "_iii", "_i00")
# IPython's own names for the last inputs.
_NAMES = frozenset(("_i", "_ii", "_iii"))


def find(look: Look) -> Iterator[Hoard]:
    """Yield the history of inputs, and that of the texts of results."""
    manager = look.shell.history_manager
    texts: list[Any] = []
    for name in _INPUTS:
        kept = trait(manager, name)
        texts += kept if type(kept) is list else ()
    count = len(texts) // len(_INPUTS)
    texts += (trait(manager, name) for name in _LAST)
    for name, value in snapshot(look.shell.user_ns):
        if type(name) is str and (name in _NAMES or _is_input(name)):
            texts.append(value)
    yield _of_texts("history", texts, count, "get_ipython().run_line_magic('reset', '-f in')")
    shown = trait(manager, "output_hist_reprs")
    if type(shown) is dict:
        yield _of_texts(
            "history_outputs",
            [text for _, text in snapshot(shown)],
            len(shown),
            "get_ipython().history_manager.output_hist_reprs.clear()",
        )


def _is_input(name: str) -> bool:
    return name.startswith("_i") and LIKE_NUMBERED.fullmatch(name) is not None


def _of_texts(kind: str, texts: list[Any], count: int, remedy: str) -> Hoard:
    """Return a hoard of texts, each with as many references as the list has of it."""
    roots: dict[int, Root] = {}
    for text in texts:
        if type(text) is str and text:
            roots.setdefault(id(text), Root(text, 0)).references += 1
    return Hoard(kind, "", list(roots.values()), count=count, remedy=remedy)
