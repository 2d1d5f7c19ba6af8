"""Memory that types of the standard library and numpy's arrays have beside their objects."""

from __future__ import annotations

import array
import io
import itertools
import mmap
import subprocess
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.sizing import (
    Root,
    measure,
)
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY

if TYPE_CHECKING:
    from pathlib import Path


def test_bytes_that_were_never_written_give_nothing_back() -> None:
    size = measure([Root(bytes(60_000_000), 0)], budget_ms=PLENTY)[0][0]
    assert size.notes == ("untouched",)
    assert size.freed_bytes < 1_000_000


FORKED = """
import os
from jupyter_memguard.kernel.sizing import Root, measure
def told(root):
    return measure([root], budget_ms=10_000)[0][0].freed_bytes
written = Root(bytearray(b"1") * 40_000_000, 0)
only_read = Root(bytes(40_000_000), 0)
only_read.obj.count(b"1")
alone = told(written), told(only_read)
answers, asks = os.pipe()
if os.fork() == 0:
    os.close(asks)
    os.read(answers, 1)  # until the parent ends
    os._exit(0)
print(*alone, told(written))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which pages are shared")
def test_pages_that_a_fork_shares_are_the_processs_own() -> None:
    answer = subprocess.run([sys.executable, "-c", FORKED], check=True, capture_output=True)
    alone, only_read, beside_a_fork = map(int, answer.stdout.split())
    assert alone == pytest.approx(40_000_000, rel=0.01)
    assert only_read < 1_000_000  # the one page of zeros
    assert beside_a_fork == alone


def _appended() -> list[Any]:
    # From the begin on so large that it is mapped on its own, in pages that nobody wrote before.
    made: list[Any] = [None] * 4_300_000
    while sys.getsizeof(made) - 8 * len(made) < 3_100_000:
        made.append(None)  # so that it has room for more
    return made


def _grown() -> bytearray:
    made = bytearray()
    for _ in range(50):
        made += b"x" * 10**6
    return made


@pytest.mark.parametrize("make", [_appended, _grown])
def test_room_for_more_items_is_not_counted_where_it_was_never_written(make: Any) -> None:
    held = make()
    used = len(held) * (8 if type(held) is list else 1)
    room = sys.getsizeof(held) - used
    roots = [Root(held, 0)]
    del held
    size = measure(roots, budget_ms=PLENTY)[0][0]
    assert room > 3_000_000
    assert size.freed_bytes == pytest.approx(used, abs=1_000_000)
    assert size.notes == ("untouched",)
    # A list may have the same as one of many.
    roots = [Root([make()], 0), Root([1], 0)]
    assert measure(roots, budget_ms=PLENTY)[0][0].freed_bytes == pytest.approx(used, rel=0.02)


def test_room_that_items_have_left_is_counted() -> None:
    held = [None] * 5_000_000
    del held[2_600_000:]
    room = sys.getsizeof(held)
    root = Root(held, 0)
    del held
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert 40_000_000 <= room <= size.freed_bytes


def test_mapped_memory_of_no_file_goes_and_that_of_a_file_stays(tmp_path: Path) -> None:
    page = mmap.PAGESIZE
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100 * page)
    anonymous = mmap.mmap(-1, 100 * page)
    anonymous[: 50 * page] = b"y" * 50 * page
    with file.open("r+b") as opened:
        private = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
        shared = mmap.mmap(opened.fileno(), 0)
        readable = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    private[: 30 * page] = b"z" * 30 * page
    assert shared[:1] == readable[:1] == b"x"
    closed = mmap.mmap(-1, page)
    closed.close()
    roots = [Root(obj, 0) for obj in (anonymous, private, shared, readable, closed)]
    del anonymous, private, shared, readable, closed
    sizes, _ = measure(roots, budget_ms=PLENTY)
    assert [size.freed_bytes // page for size in sizes] == [50, 30, 0, 0, 0]
    assert [size.notes for size in sizes] == [(), (), ("mapped",), ("mapped",), ()]
    again: Any = roots[0].obj
    again[:1] = b"a"  # it can still be written to, and closed
    again.close()


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_an_array_of_objects_holds_falls_in_whatever_order_it_lies(order: str) -> None:
    numpy = pytest.importorskip("numpy")
    texts = [[f"{row} {column}" * 50 for column in range(50)] for row in range(50)]
    own = sum(map(sys.getsizeof, itertools.chain.from_iterable(texts)))
    root = Root(numpy.array(texts, dtype=object, order=order), 0)
    texts.clear()
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert own < size.freed_bytes < own + 2_500 * 24 + 10_000


def test_one_text_written_to_a_buffer_again_and_again_is_not_counted_each_time() -> None:
    buffer = io.StringIO()
    for _ in range(10_000):
        buffer.write("word " * 200)
    root = Root(buffer, 0)
    del buffer
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.exact == (size.notes == ())
    assert size.freed_bytes < 1_000_000


def test_the_tail_of_a_buffer_that_grew_is_not_counted() -> None:
    buffer = io.BytesIO()
    for _ in range(50):
        buffer.write(b"x" * 10**6)
    numbers = array.array("d", bytes(51_200_000))
    roots = [Root(buffer, 0), Root(numbers, 0)]
    del buffer, numbers
    sizes, _ = measure(roots, budget_ms=PLENTY)
    assert 45_000_000 < sizes[0].freed_bytes <= 50_100_000
    assert 51_200_000 <= sizes[1].freed_bytes < 52_300_000


@pytest.mark.parametrize("make", [int, str, lambda number: (number, 1)])
def test_the_keys_of_an_ordered_dict_fall_with_it(make: Any) -> None:
    keys = [make(number + 10**6) for number in range(1_000)]
    own = sum(map(sys.getsizeof, keys))
    held = OrderedDict.fromkeys(keys)
    keys.clear()
    held_size = sys.getsizeof(held)
    root = Root(held, 0)
    del held
    size = measure([root], budget_ms=PLENTY)[0][0]
    assert size.freed_bytes >= held_size + own
    assert size.exact


def test_a_buffer_and_the_bytes_that_it_shares_are_counted_once() -> None:
    buffer = io.BytesIO(bytes(range(256)) * 20_000)
    both: list[Any] = [buffer, buffer.getvalue()]
    del buffer
    size = measure([Root(both, 1)], budget_ms=PLENTY)[0][0]
    assert 5_120_000 <= size.freed_bytes < 5_200_000
    shared = both[1]
    del both[1]
    size = measure([Root(both, 1)], budget_ms=PLENTY)[0][0]
    assert size.exact
    assert size.freed_bytes < 10_000
    assert len(shared) == 5_120_000


def test_a_closed_buffer_has_nothing() -> None:
    buffer = io.BytesIO(bytes(10_000_000))
    buffer.close()
    assert measure([Root(buffer, 1)], budget_ms=PLENTY)[0][0].freed_bytes < 10_000
