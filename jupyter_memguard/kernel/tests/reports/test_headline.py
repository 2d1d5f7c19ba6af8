"""The headline is the sum of what is listed, and one press frees that much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

MIB = 2**20
SMALL = 1 << 16
LONG_MS = 60_000.0
SHOW = """
shell = get_ipython(); shell.displayhook.cache_size = 10**6
def show(things):
    for thing in things:
        shell.displayhook.update_user_ns(thing)
        shell.execution_count += 1
"""


def likely(entry: dict[str, Any], suffix: str = "") -> int:
    """Return the figure that a page takes for an entry, or for the headline."""
    return int(max(entry[f"freed_bytes{suffix}"], entry[f"estimate_bytes{suffix}"] or 0))


def entries(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a page lists: groups, and rows that are in none."""
    grouped = [key for group in report["groups"] for key in group["keys"]]
    assert len(grouped) == len(set(grouped)), "a row is in at most one group"
    singles = [row for row in report["results"] if row["key"] not in grouped]
    return [*report["groups"], *singles]


def check_sums(report: dict[str, Any]) -> None:
    listed = entries(report)
    assert report["freed_bytes_all"] == sum(each["freed_bytes"] for each in listed)
    assert likely(report, "_all") == sum(map(likely, listed))
    assert report["exact_all"] == all(each["exact"] for each in listed)


FRAMES = (
    "import numpy as np, pandas as pd",
    "pd.DataFrame(np.ones((500_000, 10)), columns=list('abcdefghij'))",
    "_2.head()",
    "_2[_2.a > 0]",
    "_4.values[:100]",
    "_4['a']",
)


def test_the_headline_is_the_sum_of_groups_and_rows_and_one_press_frees_it(kernel: Kernel) -> None:
    for cell in FRAMES:
        kernel.run(cell)
    comm = kernel.comm()
    report = comm.request("report", budget_ms=LONG_MS)
    assert report["final"]
    check_sums(report)
    [group] = report["groups"]
    rows = {row["key"]: row for row in report["results"]}
    assert group["freed_bytes"] == pytest.approx(40e6, rel=0.01)
    # Each of the group frees little alone, keeps all alive, and names the others.
    for key in group["keys"]:
        assert rows[key]["freed_bytes"] < 100_000
        assert rows[key]["size_bytes"] == pytest.approx(40e6, rel=0.01)
        assert {key, *rows[key]["shared_with"]} == set(group["keys"])
    released = comm.request("release", min_bytes=MIB)
    # What was free before the release is no part of what the results gave back.
    fell = released["before_rss_bytes"] - released["after_rss_bytes"] - released["trimmed_bytes"]
    assert fell == pytest.approx(report["freed_bytes_all"], rel=0.05, abs=1e6)
    after = comm.request("report", budget_ms=LONG_MS)
    check_sums(after)
    assert likely(after, "_all") < MIB
    assert comm.request("release", min_bytes=MIB)["released"] == 0


def test_many_small_results_that_are_large_together_go_with_one_press(kernel: Kernel) -> None:
    kernel.run(SHOW)
    kernel.run("show(bytes(20_000) for n in range(10_000))")
    comm = kernel.comm()
    report = comm.request("report", budget_ms=LONG_MS, limit=1)
    assert report["freed_bytes_all"] == pytest.approx(200e6, rel=0.01)
    released = comm.request("release", min_bytes=MIB)
    fell = released["before_rss_bytes"] - released["after_rss_bytes"] - released["trimmed_bytes"]
    assert fell == pytest.approx(report["freed_bytes_all"], rel=0.05)
    after = comm.request("report", budget_ms=LONG_MS, limit=1)
    assert likely(after, "_all") < MIB
    assert comm.request("release", min_bytes=MIB)["released"] == 0


def test_the_headline_is_the_sum_of_what_is_listed_while_figures_are_not_final(
    kernel: Kernel,
) -> None:
    kernel.run("import numpy as np; base = np.ones(10**6)")
    kernel.run("base[:5]")
    kernel.run("base[5:]")
    kernel.run("del base\n[[n] for n in range(500_000)]")
    comm = kernel.comm()
    report = comm.request("report", budget_ms=20)
    assert not report["final"]
    check_sums(report)
    while not comm.request("refine")["final"]:
        pass
    report = comm.request("report")
    assert report["final"]
    check_sums(report)
    assert [len(group["keys"]) for group in report["groups"]] == [2]


FIGURES = """
class Axes: pass
def figure():
    whole = Axes(); whole.parts = []
    for n in range(2000):
        axes = Axes(); axes.figure = whole; axes.data = bytearray(8000)
        axes.names = [[str(n + i)] for i in range(20)]
        axes.lines = [axes.names, [whole, axes.names]]
        whole.parts.append(axes)
    return whole.parts
"""


def test_what_refers_to_itself_is_not_said_to_be_small_before_it_is_followed(
    kernel: Kernel,
) -> None:
    kernel.run(FIGURES)
    for _ in range(6):
        kernel.run("figure()")
    comm = kernel.comm()
    reports = []
    for budget_ms in (1, 5, 10, 20, 40, 80, 160):
        kernel.run("None")  # ends what was measured
        reports.append(comm.request("report", budget_ms=budget_ms))
    while not comm.request("refine")["final"]:
        pass
    last = comm.request("report")
    assert last["final"]
    truth = {row["key"]: row["freed_bytes"] for row in last["results"]}
    assert min(truth.values()) > 16 * MIB
    in_doubt = 0
    for report in reports:
        told = [(row, "", truth[row["key"]]) for row in report["results"]]
        for each, suffix, true in [*told, (report, "_all", sum(truth.values()))]:
            seen = each[f"seen_bytes{suffix}"] or 0
            is_in_doubt = seen > 0
            assert not is_in_doubt or seen > max(SMALL, 2 * likely(each, suffix))
            in_doubt += is_in_doubt
            assert likely(each, suffix) < 1.1 * true
            assert seen < 1.1 * true
            is_estimate = each[f"estimate_bytes{suffix}"] is not None and not is_in_doubt
            assert not is_estimate or likely(each, suffix) > true / 2
    assert in_doubt > 0
    assert [row["seen_bytes"] for row in last["results"]] == [None] * 6
    assert last["seen_bytes_all"] is None


def test_a_known_figure_stays_where_a_later_measurement_was_cut(kernel: Kernel) -> None:
    kernel.run("[[n, str(n)] for n in range(300_000)]")
    comm = kernel.comm()
    [known] = comm.request("report", budget_ms=LONG_MS)["results"]
    assert (known["exact"], known["as_of"]) == (True, None)
    kernel.run("1 + 1")
    kernel.run("2 + 2")
    for _ in range(2):
        report = comm.request("report", budget_ms=5, sort="number")
        row = report["results"][0]
        assert (row["exact"], row["as_of"]) == (False, 1)
        assert row["estimate_bytes"] == known["freed_bytes"]
        assert row["freed_bytes"] < known["freed_bytes"]
        check_sums(report)
    # A report of some results forgets none of the others.
    comm.request("report", numbers=[2], budget_ms=5)
    assert comm.request("report", budget_ms=5, sort="number")["results"][0]["as_of"] == 1
    [row, *_] = comm.request("report", budget_ms=LONG_MS, sort="number")["results"]
    assert (row["as_of"], row["freed_bytes"]) == (None, known["freed_bytes"])


def test_the_pages_of_a_report_have_the_groups_of_their_rows_and_one_headline(
    kernel: Kernel,
) -> None:
    kernel.run(SHOW)
    kernel.run("import numpy as np\none = np.ones(10**6); two = np.ones(10**6)")
    kernel.run("show([one[:5], two[:5], one[5:], two[5:], [1]]); del one, two")
    comm = kernel.comm()
    pages = [comm.request("report", limit=1, offset=n, budget_ms=LONG_MS) for n in range(5)]
    rows = [page["results"][0] for page in pages]
    # The members of a group follow each other.
    assert [row["numbers"] for row in rows] == [[3], [5], [4], [6], [7]]
    keys = [row["key"] for row in rows]
    expected = [keys[:2], keys[:2], keys[2:4], keys[2:4]]
    assert [page["groups"][0]["keys"] for page in pages[:4]] == expected
    assert pages[4]["groups"] == []
    check_sums(comm.request("report"))
    assert len({page["freed_bytes_all"] for page in pages}) == 1


def test_a_number_is_known_however_little_was_followed_of_the_others(kernel: Kernel) -> None:
    kernel.run("big = [{'name': 'n%d' % n, 'numbers': [n]} for n in range(300_000)]")
    kernel.run("1")
    kernel.run("'a text'")
    kernel.run("[dict(each) for each in big[:150_000]]")
    rows = kernel.comm().request("report", budget_ms=100)["results"]
    assert {row["type"]: row["exact"] for row in rows} == {"list": False, "int": True, "str": True}
