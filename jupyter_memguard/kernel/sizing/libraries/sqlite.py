"""What connections of sqlite3 have in memory, by SQLite's own count.

SQLite locks a connection for the count, and would wait where another thread runs a statement. So it
is asked only for a connection that this thread alone may use, and that shares no database with
another one. Both stand in structures that say by what they refer to what they are: those of
`connection.h` in CPython, and of `sqliteInt.h` and `btreeInt.h` in SQLite.
"""

from __future__ import annotations

import ctypes
from threading import get_ident
from typing import Any

from .adapter import Adapter, Owned
from .native import COUNT, POINTER, Memory, is_readable

_DATABASE = 2  # the word of Python's connection that refers to SQLite's
_TRUE = 1  # two values of 32 bits before its thread's: the thread is checked, and it is ready
_LIST, _NUMBER = 4, 5  # words of SQLite's connection: its databases, and how many
_ENTRY = 4  # words of a database in that list,
_TREE = 1  # of which this one refers to its tree
_FLAGS = 2  # the word of a tree that has bytes with its state,
_SHARABLE = 0xFF00  # of which this one says that others may have it
_MOST_DATABASES = 128
_USED = (1, 2, 3)  # SQLITE_DBSTATUS_CACHE_USED, _SCHEMA_USED and _STMT_USED

_basic = type.__dict__["__basicsize__"].__get__


def _sqlite(module: Any) -> dict[type, Adapter]:
    if not is_readable():
        return {}
    sqlite = ctypes.CDLL(module.__file__)
    version = ctypes.CFUNCTYPE(ctypes.c_char_p)(("sqlite3_libversion", sqlite))
    if version().decode() != module.sqlite_version:
        return {}  # another library than the module's own
    figure = ctypes.POINTER(ctypes.c_int)
    status = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_int, figure, figure, ctypes.c_int
    )(("sqlite3_db_status", sqlite))
    connection = module.Connection
    size = _basic(connection)

    def look(obj: Any) -> Owned:
        with Memory() as memory:
            words = memory.words(id(obj), size // POINTER)
            database = words[_DATABASE]
            if not database:  # closed
                return Owned()
            if not _is_of_this_thread(words) or not _has_its_own(memory, database):
                return Owned(note="opaque")
        used = 0
        for code in _USED:
            now, most = ctypes.c_int(), ctypes.c_int()
            if status(database, code, ctypes.byref(now), ctypes.byref(most), 0) == 0:
                used += now.value & COUNT  # of more than 2 GiB the sum is negative
        # What statements have, and functions of the user's, is not counted.
        return Owned(_basic(type(obj)) + used, note="opaque")

    return {connection: Adapter(look)}


def _is_of_this_thread(words: tuple[int, ...]) -> bool:
    """Return whether a connection with these words may be used in this thread alone."""
    try:
        thread = words.index(get_ident())
    except ValueError:
        return False
    before, ready = words[thread - 2 : thread]
    checked = before >> 32 if ready == _TRUE else ready & COUNT  # Python 3.12 has one more before
    return checked == _TRUE and _TRUE in (ready, ready >> 32)


def _has_its_own(memory: Memory, database: int) -> bool:
    """Return whether a connection shares none of its databases with another one."""
    words = memory.words(database, _NUMBER + 1)
    count = words[_NUMBER] & COUNT
    if not 0 < count <= _MOST_DATABASES:
        return False
    for entry in range(count):
        tree = memory.word(words[_LIST] + (entry * _ENTRY + _TREE) * POINTER)
        if not tree:  # of temporary tables, before there are any
            continue
        found = memory.words(tree, _FLAGS + 1)
        if found[0] != database or found[_FLAGS] & _SHARABLE:
            return False
    return True


ADAPTERS = {"_sqlite3": _sqlite}
