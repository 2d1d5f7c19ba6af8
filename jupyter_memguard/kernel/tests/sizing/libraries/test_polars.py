from __future__ import annotations

import itertools
import random
import sys
from functools import reduce
from typing import Any, Callable

import pytest

from jupyter_memguard.kernel import sizing
from jupyter_memguard.kernel.sizing.blocks import total
from jupyter_memguard.kernel.sizing.libraries import native, polars
from jupyter_memguard.kernel.tests.sizing.libraries.nodes import freed, look

pl = pytest.importorskip("polars")
pytestmark = pytest.mark.skipif(not native.is_readable(), reason="counts cannot be read here")

COUNT = 1_000_000


def frame(count: int = COUNT) -> Any:
    return pl.select(pl.int_range(0, count).alias("a"))


def told(made: Any) -> Any:
    return sizing.measure([sizing.Root(made._ldf, 1)], budget_ms=20_000)[1]


def test_a_frame_frees_its_columns_if_it_is_alone() -> None:
    made = frame()
    assert freed(made._df) == 8 * COUNT
    assert look(made._df).note == ""


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made.lazy(),
        lambda made: made.lazy().filter(pl.col("a") > 5),
        lambda made: made.clone(),
        lambda made: made["a"],
        lambda made: made.head(),
        lambda made: made["a"].to_numpy(),
        lambda made: made.to_arrow(),
    ],
)
def test_memory_in_use_elsewhere_is_not_freed(use: Any) -> None:
    made = frame()
    kept = use(made)
    assert freed(made._df) == 0
    del kept
    assert freed(made._df) > 0


def test_a_slice_keeps_the_whole() -> None:
    made = frame().head()
    assert freed(made._df) == 8 * COUNT
    kept = sizing.keeps_alive(made, threshold_bytes=10**6)
    assert kept.likely_bytes >= 10**6


def test_a_list_of_columns_is_found_although_a_word_left_over_led_to_it_before() -> None:
    column, table, items, frame_at, plan, old = range(0x100000, 0x160000, 0x10000)
    stored = {
        column: (1, 1),
        items: (column, table),
        frame_at: (1, 1, 1, items, 1),
        plan: (1, 1, 7, frame_at),
        old: (1, 1, 8, items),
    }

    class Stored:
        def words(self, address: int, count: int) -> tuple[int, ...]:
            return (*stored.get(address, ()), *[0] * count)[:count]

        def late(self) -> bool:
            return False

    memory: Any = Stored()
    for words in ((frame_at,), (items, 0, frame_at), (old, 0, plan)):
        found = polars._Search(memory, table, polars._Entry(160, 0)).columns(words)
        assert set(found) == {(column, 0)}


def test_objects_that_share_free_it_together() -> None:
    made = frame()
    column, part = made["a"], made.slice(5, 3)
    assert freed(made._df, column._s) == 0
    assert freed(made._df, column._s, part._df) == 8 * COUNT


@pytest.mark.parametrize(
    ("values", "least"),
    [
        (["a text of some length"] * 1000, 1000 * (16 + 21)),
        (["short"] * 1000, 16_000),
        ([b"bytes of some length"] * 1000, 16_000),
        ([[1, 2]] * 1000, 16_000),
        ([[[1], [2]]] * 1000, 16_000),
        ([{"x": 1, "y": "a"}] * 1000, 24_000),
        ([1, None] * 1000, 16_000),
        ([True, None] * 1000, 500),
    ],
)
def test_every_kind_of_column_is_freed_whole(values: Any, least: int) -> None:
    made = pl.Series("a", values)
    assert least <= freed(made._s) <= 2 * least + 10_000
    assert look(made._s).note == ""
    part = made[100:300]
    assert freed(made._s) == 0
    assert freed(made._s, part._s) >= least


def test_what_is_made_for_export_has_an_estimate() -> None:
    made = pl.Series("a", ["x", "y"] * COUNT, dtype=pl.Categorical)
    owned = look(made._s)
    assert owned.note == "opaque"
    [column] = owned.blocks
    assert owned.estimate + total([column]) == 8 * COUNT
    assert sizing.measure([sizing.Root(made._s, 1)], budget_ms=20_000)[1].freed_bytes < COUNT


def test_a_lazy_frame_has_an_estimate_unless_its_columns_have_other_users() -> None:
    made = frame()
    assert told(made.lazy()).likely_bytes < COUNT
    lazy = made.lazy()
    del made
    assert look(lazy._ldf).note == "opaque"
    assert told(lazy).likely_bytes == pytest.approx(8 * COUNT, rel=0.01)
    assert told(lazy).freed_bytes < COUNT
    kept = sizing.keeps_alive(lazy, threshold_bytes=10**6)
    assert kept.likely_bytes >= 10**6


@pytest.mark.parametrize(
    "plans",
    [
        lambda lazy: [lazy],
        lambda lazy: [lazy.select(pl.col("a") * 2)],
        lambda lazy: [lazy, lazy.filter(pl.col("a") > 5), lazy.group_by("a").agg(pl.len())],
    ],
    ids=["a plan", "a longer plan", "plans of one frame"],
)
@pytest.mark.parametrize("first", ["frame", "plan"])
def test_a_frame_goes_with_the_plans_over_it(plans: Any, first: str) -> None:
    made = frame()
    held = plans(made.lazy())
    held = [made, *held] if first == "frame" else [*held, made]
    del made
    roots = [sizing.Root(held.pop(0), 0) for _ in range(len(held))]
    sizes, together = sizing.measure(roots, budget_ms=20_000)
    assert together.likely_bytes == pytest.approx(8 * COUNT, rel=0.02)
    assert together.freed_bytes < 100_000
    assert max(size.likely_bytes for size in sizes) < 100_000
    one = roots[0 if first == "frame" else -1]
    assert sizing.measure([one], budget_ms=20_000)[1].likely_bytes < 100_000


def test_a_plan_is_told_in_a_session_with_other_frames() -> None:
    chance = random.Random(0)  # noqa: S311 - the same frames again
    others: list[Any] = []
    for _ in range(60):
        others.append(pl.DataFrame({f"c{at}": [chance.random()] * 30 for at in range(9)}))
        if chance.random() < 0.5:
            others.pop(chance.randrange(len(others)))
        others[-1:] = [*others[-1:], pl.DataFrame({"a": ["x"] * 99}).lazy().unique().collect()]
        made = frame()
        plan = made.lazy().filter(pl.col("a") > 5).group_by("a").agg(pl.len()).sort("a")
        roots = [sizing.Root(made, 0), sizing.Root(plan, 0)]
        del made, plan
        together = sizing.measure(roots, budget_ms=20_000)[1]
        assert together.likely_bytes == pytest.approx(8 * COUNT, rel=0.02)
        assert together.freed_bytes < 100_000


def test_a_plan_of_a_wide_frame_is_an_estimate_by_the_columns_that_there_was_time_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = itertools.count()
    monkeypatch.setattr(native, "thread_time", lambda: next(looks) / 50_000)
    made = pl.DataFrame({f"c{at}": [float(at)] * 1000 for at in range(500)})
    plan = made.lazy()
    del made
    assert told(plan).likely_bytes == pytest.approx(500 * 8000, rel=0.02)
    assert next(looks) < 500


@pytest.mark.parametrize(
    "plan",
    [
        lambda one, other: one.join(other, on="a"),
        lambda one, other: one.filter(pl.col("a") > 5).join_asof(other.sort("a"), on="a"),
        lambda one, other: pl.concat([one, other, *[one.head(number) for number in range(20)]]),
        lambda one, other: pl.concat([one, other.rename({"a": "b"})], how="horizontal"),
        lambda one, other: one.cache().join(other.cache(), on="a"),
        lambda one, other: reduce(
            lambda before, number: before.with_columns(pl.lit(number).alias(f"c{number}")),
            range(30),
            one.join(other, on="a"),
        ),
    ],
    ids=["join", "join_asof", "concat", "horizontal", "cache", "many steps"],
)
def test_a_plan_over_two_frames_keeps_the_one_that_nobody_else_has(plan: Any) -> None:
    one, other = frame(), frame()
    made = plan(one.lazy(), other.lazy())
    assert told(made).likely_bytes < 100_000
    del other
    assert told(made).likely_bytes == pytest.approx(8 * COUNT, rel=0.02)
    roots = [sizing.Root(made, 0), sizing.Root(one, 0)]
    del made, one
    together = sizing.measure(roots, budget_ms=20_000)[1]
    assert together.likely_bytes == pytest.approx(2 * 8 * COUNT, rel=0.02)


COLUMNS: dict[str, Callable[[], Any]] = {
    "numbers": lambda: range(30_000),
    "texts": lambda: [f"a text of some length {at}" for at in range(30_000)],
    "lists": lambda: [[at, at + 1] for at in range(30_000)],
    "structs": lambda: [{"x": at, "y": at / 2} for at in range(30_000)],
    "dates": lambda: pl.Series(range(30_000)).cast(pl.Date),
    "times": lambda: pl.Series(range(30_000)).cast(pl.Datetime("us", "UTC")),
    "categories": lambda: pl.Series(["abc", "def", "ghi"] * 10_000, dtype=pl.Categorical),
    "decimals": lambda: pl.Series(range(30_000)).cast(pl.Decimal(10, 2)),
    "arrays": lambda: pl.Series([[at, at] for at in range(30_000)], dtype=pl.Array(pl.Int64, 2)),
    "chunks": lambda: pl.concat([pl.Series(range(15_000)), pl.Series(range(15_000))]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_any_kind_is_told_once_whether_a_frame_or_plans_have_it(name: str) -> None:
    made = pl.DataFrame({"a": COLUMNS[name](), "b": range(30_000)})
    whole = made.estimated_size()
    frames = [sizing.Root(made, 0)]
    plans = [sizing.Root(made.lazy().select("a", "b"), 0), sizing.Root(made.lazy().head(5), 0)]
    del made
    together = sizing.measure([*plans, *frames], budget_ms=20_000)[1].likely_bytes
    assert sizing.measure(plans, budget_ms=20_000)[1].likely_bytes < 0.1 * whole
    frames.clear()
    of_plans = sizing.measure(plans, budget_ms=20_000)[1].likely_bytes
    assert of_plans == pytest.approx(together, rel=0.05)
    assert 0.95 * whole < of_plans < (1.7 if name == "texts" else 1.1) * whole


def test_a_plan_that_nobody_sees_is_no_reason_to_say_that_a_frame_surely_goes() -> None:
    made = frame()
    lazy = made.lazy()
    hidden = lazy.select("a")
    roots = [sizing.Root(made, 0), sizing.Root(lazy, 0)]
    del made, lazy
    assert sizing.measure(roots, budget_ms=20_000)[1].freed_bytes < 100_000
    del hidden


def test_a_column_made_of_one_value_is_not_held() -> None:
    made = frame().with_columns(pl.lit(5).alias("b"))
    assert freed(made._df) == 8 * COUNT


def test_memory_of_numpy_goes_if_polars_alone_holds_it() -> None:
    numpy = pytest.importorskip("numpy")
    source = numpy.ones(COUNT)
    made = pl.DataFrame({"a": source})
    assert freed(made._df) == 0
    assert look(made._df).note == "sharing-unknown"
    del source
    assert freed(made._df) == 8 * COUNT
    assert look(made._df).note == ""


def test_another_version_has_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_memguard.kernel.sizing.libraries import polars as ours

    monkeypatch.setattr(ours, "_as_expected", lambda *_: False)
    made = frame()
    owned = ours._polars(pl)[type(made._df)].look(made._df)
    assert owned.note == "opaque"
    assert owned.estimate == 8 * COUNT


def test_objects_of_python_get_no_further_reference() -> None:
    entry = object()
    made = pl.DataFrame({"a": pl.Series([entry] * 3, dtype=pl.Object)})
    before = sys.getrefcount(entry)
    for owned in (look(made._df), look(made["a"]._s)):
        assert owned.note == "opaque"
        assert owned.estimate == 0  # of the objects nothing is known
    assert sys.getrefcount(entry) == before


def test_a_view_of_the_beginning_of_an_array_frees_the_whole() -> None:
    np = pytest.importorskip("numpy")
    root = sizing.Root(None, 0)
    root.obj = pl.Series("b", np.ones(5_000_000)[:100_000])
    size = sizing.measure([root], budget_ms=20_000)[0][0]
    assert size.freed_bytes == pytest.approx(40e6, rel=0.01)
