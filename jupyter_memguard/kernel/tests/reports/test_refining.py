"""A measurement goes on in slices, and is gone before anything of the user's runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Comm, Kernel

LONG_MS = 60_000.0
# Notes for each `refine` the processor time of the kernel's thread.
NOTE_TIMES = """
def note_times():
    from time import thread_time
    reporter = vars(get_ipython())["_jupyter_memguard"].reporter
    refine = reporter.refine
    def timed(**params):
        began = thread_time()
        answer = refine(**params)
        spent_ms.append((thread_time() - began) * 1000)
        return answer
    reporter.refine = timed
spent_ms = []
note_times(); del note_times
"""
# Notes for each `refine` how often the collector has looked at everything before.
NOTE_COLLECTIONS = """
def note_collections():
    import gc
    reporter = vars(get_ipython())["_jupyter_memguard"].reporter
    refine = reporter.refine
    def noted(**params):
        collections.append(gc.get_stats()[2]["collections"])
        return refine(**params)
    reporter.refine = noted
collections = []
note_collections(); del note_collections
"""
BIG = """
import gc, sys, weakref
class Big:
    def __init__(self): self.all = [[n] for n in range(300_000)]
big = Big(); seen = weakref.ref(big)
"""
# Notes for each `refine`, and for a report, whether the figures are final, and whether the
# measurement is held.
NOTE_HELD = """
def note_held():
    reporter = vars(get_ipython())["_jupyter_memguard"].reporter
    def noting(name):
        ask = getattr(reporter, name)
        def noted(**params):
            survey = reporter._survey
            asked = survey is not None and survey.figures.final
            held.append((name, asked, survey is not None and survey.measuring is not None))
            return ask(**params)
        setattr(reporter, name, noted)
    noting("refine"), noting("report")
held = []
note_held(); del note_held
"""
# What refers to `big` beside the notebook's own namespace.
OTHERS = "[x for x in gc.get_referrers(big) if x is not globals()]"


def begin(comm: Comm) -> None:
    """Begin a measurement that takes more than two slices."""
    assert not comm.request("report", budget_ms=20)["final"]
    assert not comm.request("refine", budget_ms=1)["final"]


def test_slices_make_a_result_of_many_small_objects_exact(kernel: Kernel) -> None:
    kernel.run(NOTE_TIMES)
    kernel.run("[{'n': n, 'text': str(n)} for n in range(500_000)]")
    comm = kernel.comm()
    first = comm.request("report", budget_ms=10)
    assert not first["final"]
    assert not first["results"][0]["exact"]
    slices = 1
    while not comm.request("refine")["final"]:
        slices += 1
    last, overview = comm.request("report"), comm.request("overview")
    assert slices > 2
    assert last["final"]
    assert overview["final"]
    row = last["results"][0]
    assert row["exact"]
    assert row["freed_bytes"] == overview["results"]["bytes"] > first["results"][0]["freed_bytes"]
    assert comm.request("refine") == {"final": True}
    spent = kernel.value("spent_ms")
    assert len(spent) == slices + 1
    assert max(spent) < sum(spent) / 3
    # As one measurement says it.
    assert (
        comm.request("report", budget_ms=LONG_MS)["results"][0]["freed_bytes"]
        == (row["freed_bytes"])
    )


def test_a_large_measurement_is_let_go_of_in_slices_too(kernel: Kernel) -> None:
    """To free all at once would hold the kernel for a tenth of a second."""
    kernel.run(NOTE_HELD)
    kernel.run("made = [[n] for n in range(250_000)]\nmade, list(made)")
    comm = kernel.comm()
    begin(comm)
    while not comm.request("refine")["final"]:
        pass
    assert comm.request("report")["final"]
    held = kernel.value("held")
    assert held[-1] == ["report", True, False]
    letting_go = [each for each in held if each == ["refine", True, True]]
    assert letting_go


def test_the_collector_does_not_look_at_everything_because_of_a_measurement(
    kernel: Kernel,
) -> None:
    # Some versions of Python begin with frozen objects of their own.
    kernel.run("import gc\ngc.unfreeze()")
    kernel.run(NOTE_COLLECTIONS)
    kernel.run("made = [[n] for n in range(250_000)]\nmade, list(made)")
    comm = kernel.comm()
    begin(comm)
    while not comm.request("refine")["final"]:
        pass
    noted = kernel.value("collections")
    assert len(noted) > 10
    assert noted[-1] == noted[0]
    assert kernel.run("import gc; print(gc.isenabled(), gc.get_freeze_count())") == "True 0\n"


def test_reports_make_the_collector_look_at_everything_no_sooner(kernel: Kernel) -> None:
    kernel.run("import gc\ngc.unfreeze()\ngc.collect()")
    kernel.run("made = [[n] for n in range(100_000)]\nmade, list(made)")
    comm = kernel.comm()
    looks = "gc.get_stats()[2]['collections']"
    kernel.run(f"gc.collect(); before = {looks}")
    for _ in range(12):
        assert not comm.request("report")["final"]
        comm.request("overview")
        kernel.run("None")
    assert kernel.run(f"print({looks} - before)") == "0\n"


def test_objects_that_the_user_has_frozen_stay_so(kernel: Kernel) -> None:
    kernel.run(BIG)
    frozen = int(kernel.run("gc.freeze(); print(gc.get_freeze_count())"))
    comm = kernel.comm()
    begin(comm)
    while not comm.request("refine")["final"]:
        pass
    assert int(kernel.run("print(gc.get_freeze_count())")) > frozen - 1000


def test_there_is_nothing_to_refine_before_a_report_or_after_a_cell(kernel: Kernel) -> None:
    kernel.run(BIG)
    comm = kernel.comm()
    assert comm.request("refine") == {"final": True}
    begin(comm)
    kernel.run("5")
    assert comm.request("refine") == {"final": True}


def test_no_cell_sees_what_a_measurement_holds(kernel: Kernel) -> None:
    kernel.run(BIG)
    comm = kernel.comm()
    kernel.run(f"def held(): return sys.getrefcount(big), len({OTHERS})")
    kernel.run("alone = held()")
    begin(comm)
    kernel.run("in_cell = held()")
    begin(comm)
    kernel.execute("in_silence = held()", silent=True)
    begin(comm)
    kernel.execute("unstored = held()", store_history=False)
    assert kernel.value("[alone, in_cell, in_silence, unstored]") == [kernel.value("alone")] * 4
    begin(comm)
    kernel.run("del big; gone = seen() is None")
    assert kernel.value("gone")
    assert (
        kernel.value(
            "[x for x in get_ipython().events.callbacks['pre_execute'] if 'memguard' in repr(x)]"
        )
        == []
    )


def test_no_other_comms_message_sees_what_a_measurement_holds(kernel: Kernel) -> None:
    kernel.run(BIG)
    kernel.run(
        "import comm\n"
        "def opened(its, _message):\n"
        "    @its.on_msg\n"
        "    def receive(_message):\n"
        "        global gone\n"
        f"        before = {OTHERS}\n"
        "        del globals()['big']\n"
        "        gone = (before, seen() is None)\n"
        "comm.get_comm_manager().register_target('of the user', opened)"
    )
    comm = kernel.comm()
    begin(comm)
    # As a widget does: the message is no cell.
    kernel.send("comm_open", {"comm_id": "user", "target_name": "of the user", "data": {}})
    kernel.send("comm_msg", {"comm_id": "user", "data": {}})
    assert comm.request("refine") == {"final": True}
    assert kernel.value("gone") == [[], True]


def test_a_report_within_a_cell_holds_nothing_afterwards(kernel: Kernel) -> None:
    kernel.run(BIG)
    kernel.run("import jupyter_memguard.kernel as memguard")
    kernel.run(
        "before = sys.getrefcount(big)\n"
        "report = memguard.report(budget_ms=10)\n"
        "after = sys.getrefcount(big)\n"
        "del big; gone = seen() is None"
    )
    assert kernel.value("[report['final'], after - before, gone]") == [False, 0, True]


def test_a_measurement_that_no_page_goes_on_with_is_dropped(kernel: Kernel) -> None:
    kernel.run(BIG)
    kernel.run(
        "import _jupyter_memguard as m; m._stages.module('reports.reporter').UNASKED_S = 0.2"
    )
    begin(kernel.comm())
    # Any other request would drop it, and so would a cell.
    time.sleep(2.0)
    assert kernel.value("vars(get_ipython())['_jupyter_memguard'].reporter._survey is None")
    assert kernel.value(f"len({OTHERS})") == 0


def test_nothing_keeps_the_measurements_that_cells_have_ended(kernel: Kernel) -> None:
    """A timer looks after each for ten seconds, in which many cells may run."""
    comm = kernel.comm()
    for _ in range(3):
        kernel.run("[5]")
        comm.request("report")
    kinds = "[type(each).__name__ for each in __import__('gc').get_objects()]"
    assert kernel.value(f"{kinds}.count('Survey')") <= 1


# A result that old garbage in a cycle holds, which no collection of what is new finds.
HELD_BY_GARBAGE = """
import gc
kept = bytearray(30_000_000)
ring = [kept]; ring.append(ring)
_ = gc.collect(); del _
"""
FULL_COLLECTIONS = "gc.get_stats()[2]['collections']"


def refined(comm: Comm) -> Any:
    """Return the report after refining."""
    while not comm.request("refine")["final"]:
        pass
    return comm.request("report")


@pytest.mark.parametrize("shown", ["kept", "[kept]", "{'all': [kept, 1]}"])
def test_what_only_old_garbage_holds_is_told_as_freed(kernel: Kernel, shown: str) -> None:
    kernel.run(HELD_BY_GARBAGE + shown)
    kernel.run("del ring, kept")
    comm = kernel.comm()
    first = comm.request("report")
    assert not first["final"]
    assert not comm.request("overview")["final"]
    assert first["freed_bytes_all"] < 1000
    last = refined(comm)
    assert last["final"]
    assert last["exact_all"]
    assert last["freed_bytes_all"] == pytest.approx(30_000_000, rel=0.01)


def test_old_garbage_that_has_much_itself_is_collected(kernel: Kernel) -> None:
    kernel.run(HELD_BY_GARBAGE + "del kept")
    comm = kernel.comm()
    refined(comm)
    before = comm.request("overview")
    assert before["final"]
    kernel.run("del ring")
    assert not comm.request("overview")["final"]
    refined(comm)
    after = comm.request("overview")
    assert after["final"]
    assert before["rss_bytes"] - after["rss_bytes"] > 25_000_000
    assert after["rest"]["bytes"] == pytest.approx(before["rest"]["bytes"], abs=5_000_000)


def test_what_an_import_takes_is_not_taken_for_garbage(kernel: Kernel) -> None:
    comm = kernel.comm()
    refined(comm)
    comm.request("overview")
    kernel.run("import gc, numpy")
    before = kernel.value(FULL_COLLECTIONS)
    assert refined(comm)["final"]
    assert comm.request("overview")["final"]
    assert kernel.value(FULL_COLLECTIONS) == before


def test_garbage_is_collected_once_for_a_result_that_something_else_holds(kernel: Kernel) -> None:
    kernel.run("import gc, sys\nsys.keeps_it = bytearray(30_000_000)\nsys.keeps_it")
    comm = kernel.comm()
    assert not comm.request("report")["final"]
    assert refined(comm)["freed_bytes_all"] < 1000
    before = kernel.value(FULL_COLLECTIONS)
    kernel.run("1")
    assert comm.request("report")["final"]
    assert comm.request("refine") == {"final": True}
    assert kernel.value(FULL_COLLECTIONS) == before


def test_a_result_that_a_variable_holds_has_no_garbage_collected(kernel: Kernel) -> None:
    kernel.run("import gc\nmine = [bytearray(30_000_000)]\nmine[0]")
    assert kernel.comm().request("report")["final"]


def test_garbage_stays_where_the_user_has_turned_the_collector_off(kernel: Kernel) -> None:
    kernel.run(HELD_BY_GARBAGE + "kept")
    kernel.run("gc.disable(); del ring, kept")
    comm = kernel.comm()
    assert refined(comm)["freed_bytes_all"] < 1000
    assert not kernel.value("gc.isenabled()")
