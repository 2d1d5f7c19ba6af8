"""The largest variables are in the overview, even if a cell has shown them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel


def test_a_variable_that_was_shown_counts_with_all_its_memory(kernel: Kernel) -> None:
    kernel.run("import numpy as np")
    kernel.run("shown = np.ones(2_000_000); shown")
    comm = kernel.comm()
    largest = comm.request("overview", budget_ms=5000)["largest"][0]
    assert (largest["name"], largest["results"]) == ("shown", ["Out[2]"])
    assert largest["size_bytes"] == pytest.approx(16e6, rel=0.01)
    assert largest["freed_bytes"] == 0  # deleting it: the result is left


@pytest.mark.parametrize(
    "cells",
    [
        ["table[:5]"],
        ["table", "table[:5]", "table[5:10]"],
        ["table[:5]", "other = table[:1]; del other"],
        ["{'part': table[:5]}"],
        ["import pandas as pd; frame = pd.DataFrame(table, copy=False); del table", "frame[:5]"],
    ],
    ids=["first rows", "all and some rows", "another name", "within a result", "data frame"],
)
def test_a_variable_of_which_a_part_was_shown_counts_with_all_its_memory(
    kernel: Kernel, cells: list[str]
) -> None:
    kernel.run("import numpy as np; table = np.ones((1_000_000, 2))")
    for cell in cells:
        kernel.run(cell)
    overview = kernel.comm().request("overview", budget_ms=20_000)
    assert overview["largest"][0]["size_bytes"] == pytest.approx(16e6, rel=0.01)
    assert overview["shared"]["bytes"] == pytest.approx(16e6, rel=0.01)
    assert overview["results"]["bytes"] < 1e5


def test_two_variables_that_share_free_nothing_alone_although_a_part_was_shown(
    kernel: Kernel,
) -> None:
    kernel.run("import numpy as np; table = np.ones((1_000_000, 2)); view = table[10:]")
    kernel.run("table[:5]")
    largest = kernel.comm().request("overview", budget_ms=20_000)["largest"]
    sizes = {each["name"]: each["freed_bytes"] for each in largest}
    assert max(sizes["table"], sizes["view"]) < 1e6


def test_a_variable_named_as_a_later_result_is_reported(kernel: Kernel) -> None:
    kernel.run("_ = [None] * 10**6; _9 = [None] * 10**6; _i = 5")
    largest = kernel.comm().request("overview")["largest"]
    assert {"_", "_9"} <= {variable["name"] for variable in largest}


@pytest.mark.parametrize("name", ["_500", "_0", "_007", "_i500", "_1"])
def test_a_variable_with_a_name_as_ipythons_is_the_users(kernel: Kernel, name: str) -> None:
    kernel.run("import numpy as np")
    kernel.run(f"{name} = np.ones(2_000_000)")
    comm = kernel.comm()
    assert comm.request("report")["results"] == []
    overview = comm.request("overview")
    assert overview["largest"][0]["name"] == name
    assert overview["variables"]["bytes"] == pytest.approx(16e6, rel=0.01)
    comm.request("release")
    assert kernel.value(f"len({name})") == 2_000_000


def test_ipythons_names_are_no_variables(kernel: Kernel) -> None:
    kernel.run("3, 4")
    kernel.run("%reset -f out")
    kernel.run("5, 6")
    kernel.run("get_ipython().user_ns_hidden.clear()")
    names = {each["name"] for each in kernel.comm().request("overview")["largest"]}
    assert names.isdisjoint({"_", "__", "___", "_1", "_3", "Out", "_oh", "In", "_ih"})


def test_tables_that_share_their_columns_are_listed_with_their_whole_sizes(kernel: Kernel) -> None:
    kernel.run("import numpy as np, pandas as pd\nrows = 1_000_000")
    kernel.run(
        "df = pd.DataFrame({'key': np.arange(rows), 'value': np.ones(rows)})\n"
        "other = pd.DataFrame({'key': np.arange(rows), 'weight': np.ones(rows)})\n"
        "merged = pd.concat([df, other['weight']], axis=1)"
    )
    kernel.run("merged")
    kernel.run("df[:10]")
    kernel.run("df.assign(extra=1)")
    comm = kernel.comm()
    listed = {each["name"]: each for each in comm.request("overview", budget_ms=20_000)["largest"]}
    for name, size in (("df", 16e6), ("merged", 24e6), ("other", 16e6)):
        assert listed[name]["size_bytes"] == pytest.approx(size, rel=0.01)
    for name in ("df", "merged"):
        assert listed[name]["freed_bytes"] < 100_000
        assert set(listed[name]["results"]) == {"Out[3]", "Out[4]", "Out[5]"}
    assert listed["df"]["shared_with"] == ["merged"]
    assert set(listed["merged"]["shared_with"]) == {"df", "other"}
    rows = {row["numbers"][0]: row for row in comm.request("report")["results"]}
    assert rows[3]["variables"] == ["merged"]
    assert set(rows[3]["shared_variables"]) == {"df", "other"}
    assert set(rows[5]["shared_variables"]) == {"df", "merged"}
    assert rows[5]["freed_bytes"] == pytest.approx(8e6, rel=0.01)
    assert rows[5]["size_bytes"] == pytest.approx(24e6, rel=0.01)


def test_what_a_class_of_the_notebook_keeps_is_in_variables(kernel: Kernel) -> None:
    kernel.run("import numpy as np\nclass Cfg: table = np.ones(20_000_000)")
    overview = kernel.comm().request("overview", budget_ms=20_000)
    assert overview["variables"]["bytes"] == pytest.approx(160e6, rel=0.01)
    assert overview["largest"][0]["name"] == "Cfg"
    assert overview["largest"][0]["freed_bytes"] == pytest.approx(160e6, rel=0.01)


def test_what_a_method_has_cached_is_in_variables_although_its_class_has_instances(
    kernel: Kernel,
) -> None:
    kernel.run(
        "import functools, numpy as np\n"
        "class Model:\n"
        "    weights = np.ones(2_500_000)\n"
        "    @functools.lru_cache(None)\n"
        "    def load(self, count): return np.ones(count)\n"
        "model = Model(); model.load(5_000_000);"
    )
    overview = kernel.comm().request("overview", budget_ms=20_000)
    assert overview["variables"]["bytes"] == pytest.approx(60e6, rel=0.01)
    sizes = {each["name"]: each["size_bytes"] for each in overview["largest"]}
    assert sizes["Model"] == pytest.approx(60e6, rel=0.01)


def test_the_value_of_the_last_cell_is_listed_without_a_name(kernel: Kernel) -> None:
    """With the guard on it is no result, and IPython holds it until the next cell has run."""
    comm = kernel.comm()
    comm.request("set_guard", mode="all")
    kernel.run("import numpy as np\nnp.ones(2_000_000)")
    overview = comm.request("overview", budget_ms=5000)
    largest = overview["largest"][0]
    assert (largest["name"], largest["type"]) == ("", "numpy.ndarray")
    assert largest["freed_bytes"] == pytest.approx(16e6, rel=0.01)
    assert overview["variables"]["bytes"] == pytest.approx(16e6, rel=0.01)
    kernel.run("1")
    overview = comm.request("overview", budget_ms=5000)
    assert all(each["size_bytes"] < 1e6 for each in overview["largest"])


def test_a_variable_keeps_the_size_that_was_known_until_a_new_one_is(kernel: Kernel) -> None:
    kernel.run("import gc\nwords = [f'word number {n}' for n in range(400_000)]")
    comm = kernel.comm()
    comm.request("report", budget_ms=20_000)
    known = comm.request("overview", budget_ms=20_000)["largest"][0]
    assert known["size_bytes"] > 20_000_000
    kernel.run("[(word, len(word)) for word in words], list(zip(words, words))")
    overview = comm.request("overview", budget_ms=5)
    assert not overview["final"]
    [now] = [each for each in overview["largest"] if each["name"] == "words"]
    assert now["size_bytes"] >= known["size_bytes"]
    kernel.run("words = words[:10]")
    [now] = [x for x in comm.request("overview", budget_ms=5)["largest"] if x["name"] == "words"]
    assert now["size_bytes"] < 1_000_000


def test_a_variable_whose_size_a_library_hides_is_listed(kernel: Kernel) -> None:
    kernel.run("import lzma; packer = lzma.LZMACompressor(); short = 'text'")
    kernel.run("numbers = [list(range(200)) for _ in range(99)]")
    kernel.run("for index in range(30): globals()[f'numbers_{index}'] = [*range(99)]")
    largest = kernel.comm().request("overview", budget_ms=5000)["largest"]
    assert [each["name"] for each in largest if each["hidden"]] == ["packer"]
    assert largest[0]["name"] == "numbers"


def test_at_most_five_variables_of_hidden_size_are_listed(kernel: Kernel) -> None:
    kernel.run("import lzma")
    kernel.run("for index in range(30): globals()[f'packer_{index}'] = lzma.LZMACompressor()")
    largest = kernel.comm().request("overview", budget_ms=5000)["largest"]
    assert [each["hidden"] for each in largest].count(True) == 5
