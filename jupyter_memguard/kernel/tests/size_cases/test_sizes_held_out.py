"""Results shown in a real kernel: the sizes in the report against what their release gives back.

Each has a kernel of its own, but for large blocks of libraries that are slow to load: those come
and go one after the other in one kernel.
"""

from __future__ import annotations

import ast
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.size_cases.held_out_cases import CASES
from jupyter_memguard.kernel.tests.support import running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.size_cases.held_out_cases import Case
    from jupyter_memguard.kernel.tests.support import Kernel

HERE = Path(__file__).resolve().parent
MEGABYTE = 10**6
# Of pymalloc. What was garbage before may empty one, which gives it back in the case's time.
ARENA = 2**20
LONG_MS = 20_000  # enough on a busy machine
SHORT_MS = 100  # the default: its sizes must hold as well
SHARED = {"arrow", "numpy", "pandas", "polars", "torch"}

# The two counts in the kernel, under names that are not the user's. Resident: not of files. It is
# read when it has stopped falling: polars' allocator gives back up to 1.5 s later.
COUNTS = f"""
import importlib.util, re, sys, time
spec = importlib.util.spec_from_file_location("size_child", {str(HERE / "size_child.py")!r})
child = sys.modules["size_child"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
def resident():
    text = open("/proc/self/status").read()
    return sum(int(n) * 1024 for n in re.findall(r"Rss(?:Anon|Shmem):\\s+(\\d+)", text))
def counts():
    child.settle()
    window = 2 if "polars" in sys.modules else 0.1
    lowest, since = resident(), time.monotonic()
    end = since + 10
    while time.monotonic() < min(since + window, end):
        time.sleep(window / 10)
        now = resident()
        if now < lowest - 100_000:
            lowest, since = now, time.monotonic()
    child.allocated()
    return {{"allocator": child.allocated(), "resident": resident()}}
child.counts = counts
"""

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the truth is read from Linux and glibc"
)


@contextmanager
def counting_kernel() -> Iterator[Kernel]:
    """Start a kernel with our code and the counts."""
    with running_kernel() as kernel:
        assert kernel.inject() == support.VERSION
        kernel.execute(f"exec({COUNTS!r}, {{}})", silent=True)
        yield kernel


def measured(kernel: Kernel, case: Case) -> dict[str, Any]:
    """Show the case, report, release; return both rows and what came back."""
    if case.before:
        kernel.run(case.before)
    assert kernel.shown(case.show) is not None
    if case.drop:
        kernel.run(f"del {case.drop}")
    comm = kernel.comm()
    (short,) = comm.request("report", budget_ms=SHORT_MS)["results"]
    (row,) = comm.request("report", budget_ms=LONG_MS)["results"]
    counts = "__import__('size_child').counts()"
    kernel.value(counts)  # what a first call loads is no part of the case
    before = kernel.value(counts)
    comm.request("release")
    after = kernel.value(counts)
    comm.close()
    back = {count: before[count] - after[count] for count in before}
    return {"short": short, "row": row, "back": back, "truth": back[case.truth]}


def measure_all(answers: dict[str, Future[dict[str, Any]]]) -> None:
    """Measure these cases one after the other in one kernel."""
    try:
        with counting_kernel() as kernel:
            for name, answer in answers.items():
                answer.set_result(measured(kernel, CASES[name]))
    except Exception as error:  # noqa: BLE001 - raised again by the tests that wait
        for answer in answers.values():
            if not answer.done():
                answer.set_exception(error)


def place(name: str) -> str:
    """Return the name of the kernel that a case runs in."""
    library = name.partition("_")[0]
    return library if library in SHARED and CASES[name].truth == "resident" else name


def missing(case: Case) -> list[str]:
    """Return the libraries that a case needs and that are not installed."""
    libraries = set()
    for node in ast.walk(ast.parse(case.before)):
        if isinstance(node, ast.ImportFrom):
            libraries.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            libraries |= {alias.name.partition(".")[0] for alias in node.names}
    return [library for library in sorted(libraries) if find_spec(library) is None]


@pytest.fixture(scope="module")
def answers(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[dict[str, Any]]]]:
    """Start the cases that this run asks for, two at a time."""
    names = [
        item.callspec.params["name"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    names = [name for name in names if not missing(CASES[name])]
    support.injection()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        # Arrow's memory from malloc, which gives it back at once.
        patch.setenv("ARROW_DEFAULT_MEMORY_POOL", "system")
        patch.delenv("MPLBACKEND", raising=False)
        found: dict[str, Future[dict[str, Any]]] = {name: Future() for name in names}
        kernels: dict[str, dict[str, Future[dict[str, Any]]]] = {}
        for name, answer in found.items():
            kernels.setdefault(place(name), {})[name] = answer
        for together in sorted(kernels.values(), key=len, reverse=True):
            pool.submit(measure_all, together)
        yield found


def tolerance(truth: int, count: str) -> float:
    return max(0.05 * truth, MEGABYTE) + (ARENA if count == "resident" else 0)


@pytest.mark.parametrize("name", CASES)
def test_a_report_says_what_the_release_gives_back(
    name: str, answers: dict[str, Future[dict[str, Any]]]
) -> None:
    if name not in answers:
        pytest.skip(f"not installed: {', '.join(missing(CASES[name]))}")
    answer = answers[name].result()
    text = str(answer)  # pytest cuts short what is not a text
    truth = max(answer["truth"], 0)
    allowed = tolerance(truth, CASES[name].truth)
    for row in (answer["short"], answer["row"]):
        assert row["freed_bytes"] <= truth + allowed, text
        if row["exact"]:
            assert row["freed_bytes"] >= truth - allowed, text
        else:
            assert row["notes"], text
