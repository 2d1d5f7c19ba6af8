from __future__ import annotations

import ctypes
import mmap
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_memguard.kernel.sizing.libraries import native
from jupyter_memguard.kernel.sizing.libraries.mimalloc import Mimalloc
from jupyter_memguard.kernel.sizing.libraries.native import Memory
from jupyter_memguard.kernel.tests.sizing.libraries.nodes import freed

pa = pytest.importorskip("pyarrow")
pytestmark = [
    pytest.mark.skipif(not native.is_readable(), reason="memory cannot be read here"),
    pytest.mark.skipif(
        pa.default_memory_pool().backend_name != "mimalloc", reason="Arrow uses another allocator"
    ),
]

MEBIBYTE = 2**20


def cut_buffer(size: int, left: int) -> Any:
    """Return a buffer that was written to its end and then cut."""
    made = pa.allocate_buffer(size, resizable=True)
    ctypes.memset(made.address, 1, size)
    made.resize(left, shrink_to_fit=True)
    return made


def resident() -> int:
    pa.default_memory_pool().release_unused()
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


@pytest.mark.parametrize("size", [MEBIBYTE, 3 * MEBIBYTE, 10 * MEBIBYTE])
def test_a_buffer_that_was_cut_still_has_its_whole_block(size: int) -> None:
    made = cut_buffer(size, size * 5 // 8)
    assert made.size == size * 5 // 8
    assert size <= freed(made) <= size * 9 / 8


def test_the_whole_blocks_come_back() -> None:
    made = [cut_buffer(3 * MEBIBYTE, 2 * MEBIBYTE) for _ in range(20)]
    told = sum(map(freed, made))
    before = resident()
    made.clear()
    end = time.monotonic() + 10
    while before - resident() < 0.98 * told and time.monotonic() < end:
        time.sleep(0.1)
    assert before - resident() == pytest.approx(told, rel=0.05)


def test_blocks_that_share_a_page_have_one_of_a_few_sizes() -> None:
    made = [pa.allocate_buffer(size) for size in (300_000, 262_144, 262_145, 400_000) * 5]
    rooms = {buffer.size: freed(buffer) for buffer in made[4:]}
    assert rooms == {300_000: 327_680, 262_144: 262_144, 262_145: 327_680, 400_000: 458_752}


def test_small_blocks_and_those_of_others_are_told_as_they_were_asked_for() -> None:
    made = pa.allocate_buffer(MEBIBYTE)
    array = (ctypes.c_char * MEBIBYTE)()
    with Memory() as memory:
        arrows = Mimalloc(memory, made.address)
        assert arrows.room(memory, made.address, 1000) == 1000
        assert arrows.room(memory, ctypes.addressof(array), MEBIBYTE) == MEBIBYTE
        none = Mimalloc(memory, ctypes.addressof(array))
        assert none.room(memory, made.address, MEBIBYTE - 1) == MEBIBYTE - 1


def test_an_entry_that_does_not_say_its_own_place_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = cut_buffer(3 * MEBIBYTE, 2 * MEBIBYTE)
    words = Memory.words
    with Memory() as memory:
        arrows = Mimalloc(memory, made.address)
        assert arrows.room(memory, made.address, made.size) > made.size
        for at in (6, 11, 12):

            def changed(self: Memory, address: int, count: int, at: int = at) -> tuple[int, ...]:
                found = words(self, address, count)
                if count != 14:
                    return found
                return (*found[:at], found[at] + 1, *found[at + 1 :])

            monkeypatch.setattr(Memory, "words", changed)
            assert arrows.room(memory, made.address, made.size) == made.size
