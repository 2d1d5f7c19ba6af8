"""Caches of functions are told with their size, and go with the code that is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.rest.conftest import Asked

CACHES = """
import functools
@functools.lru_cache(maxsize=None)
def load(n):
    return bytearray(n)
class Loader:
    @functools.lru_cache(maxsize=16)
    def load(self, n):
        return [bytearray(n) for _ in range(4)]
def made():
    @functools.lru_cache
    def inner(n):
        return bytearray(n)
    inner(30_000_000)
    return [inner]
kept = made()
for n in range(10):
    load(4_000_000 + n);
Loader().load(5_000_000);
"""


@pytest.fixture(scope="module", autouse=True)
def filled(asked: Asked) -> None:
    asked.kernel.run(CACHES)


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [("load", 40e6, 10), ("Loader.load", 20e6, 1), ("made.<locals>.inner", 30e6, 1)],
)
def test_a_cache_is_told_and_goes(asked: Asked, name: str, size: float, count: int) -> None:
    [hoard] = [each for each in asked.hoards("lru_cache") if each["name"] == name]
    assert hoard["count"] == count
    # The function is a variable, and so the overview has its cache there.
    assert hoard["part"] == "variables"
    assert hoard["exact"]
    assert hoard["freed_bytes"] == pytest.approx(size, rel=0.01)
    before = asked.rss()
    asked.kernel.run(hoard["remedy"])
    assert name not in [each["name"] for each in asked.hoards("lru_cache")]
    assert before - asked.rss() > 0.9 * size


def test_a_cache_of_a_module_is_of_the_rest_and_is_named_as_the_notebook_names_the_module(
    asked: Asked,
) -> None:
    asked.kernel.run(
        "import sys, types\n"
        "tools = sys.modules['my_tools'] = types.ModuleType('my_tools')\n"
        "code = 'import functools\\n@functools.lru_cache\\ndef big(n): return bytearray(n)'\n"
        "exec(code, vars(tools)); del tools, code\n"
        "sys.modules['my_tools'].big(25_000_000);"
    )
    assert asked.hoard("lru_cache", "my_tools.big")["part"] == "rest"
    assert (
        asked.hoard("lru_cache", "my_tools.big")["remedy"]
        == "import my_tools; my_tools.big.cache_clear()"
    )
    asked.kernel.run("import my_tools as mine")
    assert asked.hoard("lru_cache", "my_tools.big")["remedy"] == "mine.big.cache_clear()"
    asked.check("lru_cache", "my_tools.big", 25e6)


def test_what_a_variable_shares_with_a_cache_is_the_variables(asked: Asked) -> None:
    asked.kernel.run("mine_too = load(35_000_000)")
    assert not [each for each in asked.hoards("lru_cache") if each["name"] == "load"]
    asked.kernel.run("del mine_too")
    asked.check("lru_cache", "load", 35e6)


def test_an_overview_before_and_the_rest_agree(asked: Asked) -> None:
    asked.rest()  # whatever is imported for it is there
    overview = asked.comm.request("overview", budget_ms=5000)
    rest = asked.rest()
    assert rest["rest_bytes"] == pytest.approx(overview["rest"]["bytes"], abs=2_000_000)
