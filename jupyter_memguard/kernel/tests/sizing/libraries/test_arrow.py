from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import pytest

from jupyter_memguard.kernel.sizing import Root, measure
from jupyter_memguard.kernel.sizing.libraries import native, pyarrow
from jupyter_memguard.kernel.tests.sizing.libraries.nodes import freed, look

pa = pytest.importorskip("pyarrow")
pytestmark = pytest.mark.skipif(not native.is_readable(), reason="counts cannot be read here")

COUNT = 1_000_000


class Blocks(native.Memory):
    """Memory of which only the sizes of blocks are known, in words."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self.sizes = sizes

    def block(self, address: int) -> int:
        return self.sizes[address]


def numbers(count: int = COUNT) -> Any:
    return pa.array(range(count), pa.int64())


def table() -> Any:
    return pa.table({"a": numbers()})


def test_a_table_frees_its_buffers_if_it_is_alone() -> None:
    made = table()
    assert freed(made) == pytest.approx(8 * COUNT, rel=0.2)
    assert look(made).note == ""


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made.to_reader(),
        lambda made: made.column(0),
        lambda made: made.slice(5, 1),
        lambda made: made.to_batches(),
        lambda made: made.column(0).chunk(0).buffers()[1],
        lambda made: made.column(0).chunk(0).to_numpy(),
        lambda made: made.column(0).chunk(0).view(pa.uint64()),
    ],
)
def test_memory_in_use_elsewhere_is_not_freed(use: Any) -> None:
    made = table()
    kept = use(made)
    assert freed(made) == 0
    del kept
    assert freed(made) > 0


def test_objects_that_share_free_it_together() -> None:
    made = table()
    column, part = made.column(0), made.slice(3, 4)
    assert freed(made, column) == freed(part) == 0
    whole = freed(made, column, part)
    del made, column
    assert freed(part) == whole  # the part keeps all of it


@pytest.mark.parametrize(
    "make",
    [
        lambda: pa.array([{"x": 1, "y": "a"}] * 1000),
        lambda: pa.array([[1, 2, 3]] * 1000),
        lambda: pa.array([[1, 2]] * 1000, pa.list_(pa.int64(), 2)),
        lambda: pa.array([[("a", 1)]] * 1000, pa.map_(pa.string(), pa.int64())),
        lambda: pa.array(["x", "y"] * 1000).dictionary_encode(),
        lambda: pa.array(["a text that is long"] * 1000, pa.string_view()),
        lambda: pa.array([None, "a", "b"] * 1000),
        lambda: pa.record_batch({"a": numbers(1000), "b": pa.array(["x"] * 1000)}),
        lambda: pa.chunked_array([numbers(1000), numbers(10)]),
    ],
)
def test_every_kind_of_array_is_freed_whole(make: Any) -> None:
    made = make()
    total = made.get_total_buffer_size()
    assert freed(made) >= total
    assert freed(made) <= total + 64 * 64


def of_unknown_kind() -> Any:
    """Return an array of an extension type that Arrow itself does not know."""

    class Unknown(pa.ExtensionType):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__(pa.int64(), "memguard.unknown")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

        @classmethod
        def __arrow_ext_deserialize__(cls, *_: Any) -> Any:
            return cls()

    return pa.ExtensionArray.from_storage(Unknown(), numbers(1000))


def of_tensors() -> Any:
    kind = pa.fixed_shape_tensor(pa.int64(), (5, 2))
    return pa.ExtensionArray.from_storage(
        kind, pa.FixedSizeListArray.from_arrays(numbers(1000), 10)
    )


@pytest.mark.parametrize("make", [of_unknown_kind, of_tensors])
@pytest.mark.parametrize(
    "within",
    [
        lambda made: made,
        lambda made: made[5:7],
        lambda made: pa.chunked_array([made, made[1:]]),
        lambda made: pa.table({"a": made}),
        lambda made: pa.record_batch({"a": made}),
        lambda made: pa.StructArray.from_arrays([made], ["a"]),
        lambda made: pa.ListArray.from_arrays(pa.array([0, len(made)]), made),
    ],
)
def test_the_array_behind_one_of_an_extension_type_is_freed(make: Any, within: Any) -> None:
    held = make()
    made = within(held)
    if made is not held:
        assert freed(made) < 1000
        assert freed(made, held) >= 8000
    del held
    assert freed(made) >= 8000
    behind = make()
    kept = behind.storage
    assert freed(behind) < 8000
    del kept
    assert freed(behind) >= 8000


def test_arrays_that_were_made_of_parts_are_no_users() -> None:
    struct = pa.array([{"x": 1, "y": "a"}] * 1000)
    before = freed(struct)
    field = struct.field(0)
    assert freed(struct) < before
    del field
    assert freed(struct) == before
    batch = pa.record_batch({"a": numbers(1000)})
    before = freed(batch)
    batch.column(0)
    assert freed(batch) == before


def test_pandas_strings_have_counts() -> None:
    pandas = pytest.importorskip("pandas", minversion="3")
    series = pandas.Series(["a text"] * 1000)
    chunks = series.array._pa_array
    assert freed(chunks) > 0
    part = series.head()
    assert freed(chunks) == 0
    assert freed(chunks, part.array._pa_array) > 0


def test_what_a_numpy_array_holds_is_in_arrows_counts() -> None:
    pytest.importorskip("pandas")
    held = table().to_pandas()["a"].to_numpy()
    while type(held).__name__ != "PyCapsule":
        held = held.base
    assert freed(held) >= 8 * COUNT


def test_memory_of_pythons_objects_goes_if_arrow_alone_holds_them() -> None:
    numpy = pytest.importorskip("numpy")
    source = numpy.ones(COUNT)
    made = pa.array(source)
    assert freed(made) == 0
    assert look(made).note == "sharing-unknown"
    part = pa.array(source[5:])
    del source
    assert freed(made) == 0
    del made
    assert freed(part) == pytest.approx(8 * COUNT, abs=8192)
    text = pa.py_buffer(bytes([1]) * COUNT)
    assert freed(text) == COUNT


def scanner(made: Any) -> Any:
    return pytest.importorskip("pyarrow.dataset").dataset(made).scanner(columns=["a"])


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made.to_reader(),
        lambda made: pytest.importorskip("pyarrow.dataset").dataset(made),
        scanner,
    ],
)
@pytest.mark.parametrize("make", [table, lambda: pa.table({"a": [[1] * COUNT] * 9})])
def test_what_leads_to_buffers_in_ways_that_are_not_known(use: Any, make: Any) -> None:
    made = make()
    size = freed(made)
    unseen = use(made)
    assert look(unseen).note == "opaque"
    assert freed(unseen, check=False) == freed(made, check=False) == 0
    del made
    assert freed(unseen, check=False) == pytest.approx(size, rel=0.01)


def test_tensors_and_files_over_memory_of_python() -> None:
    numpy = pytest.importorskip("numpy")
    source = numpy.ones(COUNT)
    made = pa.Tensor.from_numpy(source)
    assert freed(made, check=False) == 0
    del source
    assert freed(made, check=False) == 8 * COUNT


def test_a_wide_table_takes_no_longer_than_some_milliseconds() -> None:
    made = pa.table({str(index): numbers(100) for index in range(5000)})
    owned = look(made)
    assert owned.note == "opaque"
    known = sum(block.size for block in flat(owned.blocks))
    assert known + owned.estimate == pytest.approx(5000 * 800, rel=0.2)


def flat(blocks: Any) -> list[Any]:
    return [part for block in blocks for part in (block, *flat(block.leads_to))]


def test_looking_at_arrow_imports_nothing() -> None:
    code = (
        "import sys, pyarrow\n"
        "from jupyter_memguard.kernel.sizing.libraries import loaded_adapters\n"
        "from jupyter_memguard.kernel.sizing.libraries import pyarrow as ours\n"
        "assert ours._layout(pyarrow.lib) is not None\n"
        "loaded_adapters()\n"
        "assert not {'pandas', 'numpy', 'polars'} & set(sys.modules) - before, sys.modules\n"
    )
    code = code.replace("from jup", "before = set(sys.modules)\nfrom jup", 1)
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_version_has_unknown_users(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_memguard.kernel.sizing.libraries import pyarrow as ours

    monkeypatch.setattr(ours, "_layout", lambda _: None)
    made = table()
    (block,) = ours._pyarrow(pa.lib)[pa.Table].look(made).blocks
    assert block.users == -1
    assert block.size >= 8 * COUNT


def test_beside_a_batch_whose_counts_cannot_be_read_no_figure_is_exact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, looked = pyarrow._Parts.data, itertools.count()

    def unreadable(parts: Any, place: int, control: int) -> Any:
        if next(looked) == 5:
            raise ValueError
        return read(parts, place, control)

    monkeypatch.setattr(pyarrow._Parts, "data", unreadable)
    size = measure([Root(table().to_batches(COUNT // 20), 0)], budget_ms=60_000)[0][0]
    assert not size.exact
    assert "sharing-unknown" in size.notes


def test_what_a_block_had_before_it_was_an_objects_is_no_part_of_it() -> None:
    with native.Memory() as memory:
        layout = pyarrow._Layout(pa, memory)
        sizes = {1: 24, 2: 22, 3: 25}  # words, by the addresses of objects of one kind
        blocks = Blocks(sizes)
        assert [layout.extent(blocks, control, 9) for control in sizes] == [22, 20, 20]


def test_few_parts_are_not_late_on_a_machine_that_stands_still() -> None:
    with native.Memory(seconds=-1.0) as memory:
        asked = [memory.late() for _ in range(100)]
    assert not any(asked[:16])
    assert all(asked[16:])
