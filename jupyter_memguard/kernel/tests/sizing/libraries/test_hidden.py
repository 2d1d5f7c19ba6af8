"""What types in C, finalizers and callbacks hide."""

from __future__ import annotations

import ctypes
import hashlib
import io
import mmap
import random
import re
import struct
import weakref
from contextlib import suppress
from typing import Any, Callable

import pytest

from jupyter_memguard.kernel.sizing import Root, measure
from jupyter_memguard.kernel.sizing.allocation import Kind
from jupyter_memguard.kernel.sizing.libraries import loaded_adapters, native
from jupyter_memguard.kernel.sizing.libraries import numpy as libraries_numpy
from jupyter_memguard.kernel.sizing.memory_pages import MemoryPages
from jupyter_memguard.kernel.tests.sizing.libraries.nodes import look

SIZE = 5_000_000

needs_reading = pytest.mark.skipif(not native.is_readable(), reason="not readable here")


def told(build: Callable[[], Any]) -> Any:
    """Return what the result of a function would free."""
    root = Root(None, 0)
    root.obj = build()
    return measure([root], budget_ms=20_000)[0][0]


class Plain:
    pass


class Finalized:
    def __init__(self) -> None:
        self.handle = 4711

    def __del__(self) -> None:
        self.handle = 0


def written(*texts: str) -> io.StringIO:
    made = io.StringIO()
    for text in texts:
        made.write(text)
    return made


def read() -> io.StringIO:
    made = io.StringIO("x" * SIZE)
    made.read(3)
    return made


@needs_reading
@pytest.mark.parametrize(
    ("build", "size"),
    [
        (lambda: written("x" * SIZE), SIZE),
        (lambda: written("x" * SIZE, "y"), SIZE),
        (lambda: written(*(f"text {number}" for number in range(200_000))), 2 * 10**6),
        (lambda: io.StringIO("x" * SIZE), 4 * SIZE),
        (read, 4 * SIZE),
        (lambda: re.finditer("x", "x" * SIZE), SIZE),
        (lambda: re.match("x+", "x" * SIZE), SIZE),
    ],
)
def test_texts_that_are_held_unseen_are_counted(build: Any, size: int) -> None:
    size_told = told(build)
    assert size_told.exact
    assert size_told.freed_bytes >= size


@pytest.mark.parametrize("build", [lambda: hashlib.sha256(b"x"), lambda: hashlib.shake_128(b"x")])
def test_a_digest_has_memory_of_openssl_that_nobody_tells(build: Any) -> None:
    assert not told(build).exact


def numpy_cases() -> list[Any]:
    numpy = pytest.importorskip("numpy")
    records = numpy.dtype("f8,f8")
    return [
        lambda: numpy.ones(SIZE // 16, records)[3],
        lambda: numpy.ones(SIZE // 16, records).view(numpy.recarray)[3],
        lambda: numpy.nditer(numpy.ones(SIZE // 8)),
        lambda: numpy.broadcast(numpy.ones(SIZE // 8), numpy.ones(1)),
        lambda: numpy.ones(SIZE // 8).flags,
        lambda: numpy.ones(SIZE // 8).flat,
    ]


@needs_reading
@pytest.mark.parametrize("index", range(6))
def test_what_numpy_holds_unseen_is_counted(index: int) -> None:
    size = told(numpy_cases()[index])
    assert size.exact
    assert size.freed_bytes == pytest.approx(SIZE, rel=0.05)


def test_texts_in_an_array_of_numpy_are_estimated() -> None:
    numpy = pytest.importorskip("numpy", minversion="2.0")
    texts = [f"a text that is longer than fits, number {number}" for number in range(10_000)]
    made = numpy.array(texts, dtype=numpy.dtypes.StringDType())
    assert look(made).note == "opaque"
    assert look(made).estimate == pytest.approx(sum(map(len, texts)), rel=0.1)
    assert look(numpy.array(["short"] * 100, dtype=numpy.dtypes.StringDType())).estimate == 0


def test_what_a_finalizer_or_pointer_may_free_is_not_told_as_exact() -> None:
    def pointer() -> list[Any]:
        return [ctypes.cast(ctypes.c_void_p(4096), ctypes.POINTER(ctypes.c_int))]

    for build in (Finalized, lambda: ctypes.c_void_p(4096), pointer):
        assert "opaque" in told(build).notes
    for harmless in (Plain, lambda: ctypes.c_void_p(None), lambda: ctypes.c_int(5)):
        assert told(harmless).exact
    numbers = (ctypes.c_int * 1000)()
    assert told(lambda: ctypes.pointer(numbers)).exact


def hides(*objects: Any) -> bool:
    return Kind(type(objects[0]), loaded_adapters()).hides(list(objects))


def test_what_dies_by_a_callback_is_known_to_be_hidden() -> None:
    plain, finalized, keyed, valued = Plain(), Plain(), Plain(), Plain()
    weakref.finalize(finalized, print).atexit = False
    of_key = weakref.WeakKeyDictionary({keyed: 1})
    of_value = weakref.WeakValueDictionary({1: valued})
    of_set = weakref.WeakSet([valued])
    reference = weakref.ref(plain)
    assert hides(plain, finalized)
    assert hides(keyed)
    assert not hides(plain)
    assert not hides(valued)
    del of_key, of_value, of_set, reference


class Called(Plain):
    def __call__(self) -> None: ...


@pytest.mark.parametrize("make", [Plain, Called])  # there is a type of proxy for each
def test_a_proxy_has_a_callback_like_any_weak_reference(make: type[Plain]) -> None:
    plain, finalized = make(), make()
    proxies = [weakref.proxy(plain), weakref.proxy(finalized, lambda _: None)]
    assert not hides(plain)
    assert hides(finalized)
    proxies.clear()


def test_an_unknown_type_says_how_large_its_buffer_is() -> None:
    pandas = pytest.importorskip("pandas._libs.parsers")
    kind = Kind(pandas.TextReader, {})
    assert kind.opaque
    assert kind.estimate(pandas) == 0
    array = pytest.importorskip("pyarrow").py_buffer(bytes(SIZE))
    assert Kind(type(array), {}).estimate(array) == pytest.approx(SIZE, rel=0.01)


class Mine(io.BytesIO):
    def __sizeof__(self) -> int:
        raise AssertionError


def test_code_of_a_class_in_python_is_not_asked() -> None:
    kind = Kind(type("Unknown", (Finalized,), {"__sizeof__": Mine.__sizeof__}), {})
    assert kind.estimate(object()) == 0


@needs_reading
def test_a_reader_of_texts_holds_what_it_reads_from() -> None:
    pandas = pytest.importorskip("pandas")
    size = told(lambda: pandas.read_csv(io.StringIO("a,b\n" + "1,2\n" * SIZE), chunksize=10))
    assert size.freed_bytes >= 16 * SIZE
    assert "opaque" in size.notes


def test_a_reader_that_was_read_to_its_end_leads_to_nothing() -> None:
    pandas = pytest.importorskip("pandas")
    reader = pandas.read_csv(io.StringIO("a,b\n" + "1,2\n" * 100), chunksize=10)
    for _ in reader:
        pass
    # Where it has freed what it read from, there is something else now.
    assert not look(reader._engine._reader).references


@pytest.mark.parametrize("length", [1, 1000])
def test_a_text_that_may_grow_is_given_to_nobody(length: int) -> None:
    made = written(*["text " * length] * 3)
    held = look(made).references or []
    assert all(type(each) is list for each in held)
    made.write("text " * 10_000)
    assert made.getvalue() == "text " * (3 * length + 10_000)


def test_an_object_whose_own_init_failed_is_measured() -> None:
    class Header(struct.Struct):
        def __init__(self) -> None:
            with suppress(struct.error):
                super().__init__("no format!")

    assert told(lambda: [Header()]).freed_bytes > 0


def test_an_image_beside_one_over_a_buffer_has_its_own_pixels() -> None:
    pil = pytest.importorskip("PIL.Image")
    chance = random.Random(0)  # noqa: S311
    images: list[Any] = []
    for _ in range(4000):
        side = chance.randrange(3, 12)
        pixels = bytes(4 * side * side)
        images.append(pil.new("RGBA", (side, side)))
        images.append(pil.frombuffer("RGBA", (side, side), pixels, "raw", "RGBA", 0, 1))
        if len(images) > 200:
            chance.shuffle(images)
            del images[:150]
        assert not any(look(each.im).references for each in images[-10:] if not each.readonly)


def test_texts_of_an_array_that_has_gone_are_not_read() -> None:
    assert libraries_numpy._texts(16, 160) <= 10  # what cannot be read is all zeros


def test_another_thread_can_close_a_mapping_that_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mapped = mmap.mmap(-1, SIZE)
    monkeypatch.setattr(MemoryPages, "present", lambda *_: mapped.close())
    assert look(mapped).mapped == SIZE


@needs_reading
def test_a_renderer_has_the_cells_of_what_it_drew() -> None:
    matplotlib = pytest.importorskip("matplotlib.figure")
    agg = pytest.importorskip("matplotlib.backends.backend_agg")

    def draw(points: int) -> int:
        figure = matplotlib.Figure()
        canvas = agg.FigureCanvasAgg(figure)
        figure.add_subplot().plot([0, 1] * points)
        canvas.draw()
        owned = look(canvas.get_renderer()._renderer)
        assert owned.note == ""
        return int(owned.size or 0)

    assert draw(20_000) > draw(10) + 10**6


def test_trees_and_factors_are_known_or_estimated() -> None:
    numpy = pytest.importorskip("numpy")
    spatial = pytest.importorskip("scipy.spatial")
    linalg = pytest.importorskip("scipy.sparse.linalg")
    sparse = pytest.importorskip("scipy.sparse")
    points = numpy.random.default_rng(0).random((10_000, 3))
    assert (look(spatial.cKDTree(points)).size or 0) > 10_000
    assert look(linalg.splu(sparse.csc_matrix(sparse.eye(1000)))).estimate == 12 * 2000


@pytest.mark.parametrize("name", ["BallTree", "KDTree"])
def test_the_arrays_of_trees_of_neighbours_are_known(name: str) -> None:
    numpy = pytest.importorskip("numpy")
    tree = getattr(pytest.importorskip("sklearn.neighbors"), name)
    points = numpy.random.default_rng(0).random((10_000, 3))
    held = tree(points)
    assert told(lambda: [held]).freed_bytes < 1000
    size = told(lambda: tree(points))
    assert 8 * 10_000 < size.freed_bytes < points.nbytes
    size = told(lambda: tree(points.copy()))
    assert size.freed_bytes > points.nbytes + 8 * 10_000
    assert size.notes == ("opaque",)
