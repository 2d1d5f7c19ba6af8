"""What connections of sqlite3 have in memory."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Callable

import pytest

from jupyter_memguard.kernel.sizing.libraries import native
from jupyter_memguard.kernel.tests.sizing.libraries.nodes import look

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not native.is_readable(), reason="not readable here")

ROWS = 100_000


def filled(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("CREATE TABLE texts (number INTEGER, text TEXT)")
    rows = ((number, f"text number {number}") for number in range(ROWS))
    connection.executemany("INSERT INTO texts VALUES (?, ?)", rows)
    connection.commit()
    return connection


def in_pages(connection: sqlite3.Connection) -> int:
    """Return the bytes of a database's pages."""
    [[count]], [[size]] = (
        connection.execute(f"PRAGMA {name}").fetchall() for name in ("page_count", "page_size")
    )
    return int(count) * int(size)


def test_a_database_in_memory_is_told_with_its_pages() -> None:
    connection = filled(sqlite3.connect(":memory:"))
    size = in_pages(connection)
    assert size > 2_000_000
    owned = look(connection)
    assert owned.size is not None
    assert size <= owned.size <= 1.2 * size
    assert owned.note == "opaque"


def test_attached_databases_count_too(tmp_path: Path) -> None:
    connection = sqlite3.connect(str(tmp_path / "a file"))
    connection.execute("ATTACH ':memory:' AS beside")
    connection.execute("CREATE TABLE beside.texts AS SELECT zeroblob(3000000) AS text")
    assert (look(connection).size or 0) >= 3_000_000


def of_another_thread() -> sqlite3.Connection:
    made: list[sqlite3.Connection] = []
    thread = threading.Thread(target=lambda: made.append(filled(sqlite3.connect(":memory:"))))
    thread.start()
    thread.join()
    return made[0]


@pytest.mark.parametrize(
    "connect",
    [
        lambda: filled(sqlite3.connect(":memory:", check_same_thread=False)),
        lambda: filled(sqlite3.connect("file:ours?mode=memory&cache=shared", uri=True)),
        of_another_thread,
    ],
    ids=["for any thread", "shared by connections", "of another thread"],
)
def test_what_others_may_use_is_not_asked_for(connect: Callable[[], sqlite3.Connection]) -> None:
    """The answer would wait for their statements."""
    owned = look(connect())
    assert owned.note == "opaque"
    assert owned.size is None


def test_a_closed_connection_has_nothing() -> None:
    connection = filled(sqlite3.connect(":memory:"))
    connection.close()
    owned = look(connection)
    assert owned.note == ""
    assert owned.size is None
