"""Assign a retained result to a new variable of the user."""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from typing import TYPE_CHECKING, Any

from ..protocol import BAD_NAME, NAME_TAKEN, UNKNOWN_KEY, Refused
from .holders import retained

if TYPE_CHECKING:
    from .keys import Keys

NAME_LENGTH = 100


def rescue(shell: Any, keys: Keys, key: str, name: str) -> dict[str, str]:
    """Bind the retained object with a key to a new variable.

    Returns the variable's name in the form that Python reads. Raises `Refused` with
    `unknown_key`, `bad_name` or `name_taken`.
    """
    if type(name) is not str:
        raise Refused(BAD_NAME)
    # Python normalises the names in code: code would never find a name in another form.
    name = unicodedata.normalize("NFKC", name)
    if (
        not name.isidentifier()
        or keyword.iskeyword(name)
        or name.startswith("_")
        or len(name) > NAME_LENGTH
    ):
        raise Refused(BAD_NAME)
    if name in shell.user_ns or name in vars(builtins):
        raise Refused(NAME_TAKEN)
    entries = retained(shell)
    known = keys.assign(entries, shell.execution_count)
    if key not in known:
        raise Refused(UNKNOWN_KEY, key)
    shell.user_ns[name] = entries[known.index(key)].obj
    return {"name": name}
