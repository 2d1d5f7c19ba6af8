"""Where the system or the interpreter does not tell, that is said, and nothing is made up."""

from __future__ import annotations

import array
import io
import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memguard import kernel
from jupyter_memguard.kernel import cells
from jupyter_memguard.kernel.protocol import BAD_NAME, NO_SHELL, Refused
from jupyter_memguard.kernel.reports import process_memory, python_allocator
from jupyter_memguard.kernel.retention import paths, process, referrers, rescue
from jupyter_memguard.kernel.sizing import Root, measure, memory_pages, other_threads
from jupyter_memguard.kernel.sizing.libraries import stdlib


def test_without_glibc_the_heaps_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_memory, "is_glibc", lambda: False)
    monkeypatch.setattr(process, "is_glibc", lambda: False)
    assert process_memory.handed_out_bytes() is None
    assert process_memory._free_in_heaps() is None
    process.trim()


def test_elsewhere_than_on_linux_the_allocator_and_the_clocks_tell_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = SimpleNamespace(platform="darwin")
    monkeypatch.setattr(python_allocator, "sys", elsewhere)
    monkeypatch.setattr(other_threads, "sys", elsewhere)
    monkeypatch.setattr(other_threads, "_CLOCKS", other_threads._clocks_are_right())
    assert python_allocator.read() is None
    assert other_threads._times() is None


def test_without_a_page_map_a_block_counts_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_CLOEXEC")
    pages = memory_pages.MemoryPages()
    assert pages.present(id(pages), 10**6) is None
    assert pages.present_if_large(id(pages), 10**6) == (10**6, 0, 0)
    assert not memory_pages.is_anonymous(1)


def test_a_buffer_of_texts_whose_places_are_not_known_is_an_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown() -> Any:
        raise LookupError

    monkeypatch.setattr(stdlib, "_string_io_places", unknown)
    written, closed = io.StringIO(), io.StringIO()
    written.write("x" * 1000)
    closed.close()
    look = stdlib._string_io()
    assert [(look(each).note, look(each).estimate) for each in (written, closed)] == [
        ("opaque", 1000),
        ("opaque", 0),
    ]


def test_an_empty_array_owns_no_block() -> None:
    [size], _ = measure([Root(array.array("d"), 0)], budget_ms=10_000)
    assert size.freed_bytes < 200


def test_in_a_process_without_a_shell_nothing_is_started_and_that_is_said() -> None:
    kernel.start({})
    with pytest.raises(Refused) as refused:
        kernel.report()
    assert refused.value.code == NO_SHELL


def test_what_is_no_name_is_refused_before_anything_is_looked_at() -> None:
    unknown: Any = None
    name: Any = 5
    with pytest.raises(Refused) as refused:
        rescue.rescue(unknown, unknown, "key", name)
    assert refused.value.code == BAD_NAME


def test_where_a_thread_cannot_be_interrupted_no_cell_is_interrupted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(signal, "pthread_kill")
    assert cells._interrupt_again() is None


def test_a_container_has_a_step_for_each_of_its_items_and_attributes() -> None:
    class Named(dict):  # type: ignore[type-arg]
        __slots__ = ("__dict__", "more")

    named = Named({"a": 1, 2: 3, 4.5: 6})
    named.own = 7  # type: ignore[attr-defined]
    named.more = 8  # type: ignore[attr-defined]
    assert list(paths._labelled([5, 6])) == [("[0]", 5), ("[1]", 6)]
    assert list(paths._labelled({"a": 1})) == [("['a']", 1)]
    steps = dict(paths._labelled(named))
    assert {"['a']", "[2]", "[...]", ".own", ".more"} <= set(steps)


def test_of_a_long_path_the_end_is_written() -> None:
    steps = [f".s{number}" for number in range(paths.MOST_STEPS + 5)]
    written = paths.holder_text([*steps, "name"])
    assert written.startswith("name.")
    assert written.endswith("...")
    assert written.count(".s") == paths.MOST_STEPS - 2


def test_what_refers_to_one_of_many_is_found_in_batches() -> None:
    many = tuple([number] for number in range(referrers._MANY))
    holder = [many[-1]]
    found = referrers._referrers(many)
    assert any(each is holder for each in found)
    assert any(each is many for each in found)
    no_time: Any = SimpleNamespace(is_up=lambda: True)
    assert referrers._referrers(many, no_time) == []
