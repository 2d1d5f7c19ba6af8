"""What is told of free memory where the C library tells less, and of sources of odd shapes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memguard.kernel.reports import process_memory
from jupyter_memguard.kernel.reports.rows import source_line


def library_that_says(free: int, used: int, chunks: int, *, is_old: bool) -> Any:
    def ask() -> SimpleNamespace:
        return SimpleNamespace(fordblks=free, uordblks=used, ordblks=chunks)

    return SimpleNamespace(**{"mallinfo" if is_old else "mallinfo2": ask})


@pytest.mark.parametrize("is_old", [True, False])
def test_an_older_c_library_is_asked_in_the_older_way(*, is_old: bool) -> None:
    library = library_that_says(5, 6, 7, is_old=is_old)
    assert process_memory._figures(library, 1000) == (5, 6, 7)
    # An int of the older function has overflowed.
    assert process_memory._figures(library_that_says(-5, 6, 7, is_old=is_old), 1000) is None


def test_heaps_beyond_an_ints_range_are_not_asked_for_in_the_older_way() -> None:
    library = library_that_says(5, 6, 7, is_old=True)
    assert process_memory._figures(library, 2**31 - 1) == (5, 6, 7)
    assert process_memory._figures(library, 2**31) is None
    assert process_memory._figures(library_that_says(5, 6, 7, is_old=False), 2**40) == (5, 6, 7)


def test_without_figures_free_memory_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_memory, "is_glibc", lambda: True)
    monkeypatch.setattr(process_memory, "_figures", lambda *_: None)
    assert process_memory.free_bytes() is None


@pytest.mark.parametrize(("backend", "expected"), [("system", 0), ("mimalloc", 77)])
def test_an_arrow_pool_of_the_systems_allocator_is_not_counted_twice(
    monkeypatch: pytest.MonkeyPatch, backend: str, expected: int
) -> None:
    pool = SimpleNamespace(backend_name=backend, bytes_allocated=lambda: 77)
    arrow = SimpleNamespace(default_memory_pool=lambda: pool)
    monkeypatch.setattr(process_memory, "library", lambda _name: arrow)
    assert process_memory._arrow_handed_out() == expected


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("a = 1\na", "a"),
        ("f(\n    1,\n)", "f("),
        ("a\n# said\n", "a"),
        ('text = """\nx\n"""', 'text = """'),
        ("a = '''\n'''\nshow('''\n  b\n''')", "show('''"),
        ("  indented", "indented"),
        ("# nothing", ""),
        ("", ""),
        (5, None),
    ],
)
def test_a_rows_source_is_where_its_last_statement_begins(cell: Any, line: str | None) -> None:
    shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=["", cell]))
    assert source_line(shell, 1) == line
    for number in (None, 0, 2):
        assert source_line(shell, number) is None
