"""No state of the interpreter that we change outlives an interrupt, at whatever step it comes."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

from jupyter_memguard.kernel import sizing
from jupyter_memguard.kernel.retention.release import drop
from jupyter_memguard.kernel.sizing import (
    age_new_objects,
    collector_paused,
    keeps_alive,
    restore_collector,
)

if TYPE_CHECKING:
    from types import FrameType

    from jupyter_memguard.kernel.tests.support import Kernel

OURS = str(Path(sizing.__file__).parents[1])
TESTS = str(Path(__file__).parent)
CONTEXTS = "contextlib.py"
ENDS = 200


class AtStep:
    """Raises an interrupt at one of the steps that our code, or a `with` of ours, takes."""

    def __init__(self, step: int, raised: Callable[[], None]) -> None:
        self.left = step
        self.raised = raised
        self.did = False

    def trace(self, frame: FrameType, event: str, _arg: Any) -> Any:
        name = frame.f_code.co_filename
        if not name.endswith(CONTEXTS) and (not name.startswith(OURS) or name.startswith(TESTS)):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                self.did = True
                self.raised()
        return self.trace


def interrupt() -> None:
    raise KeyboardInterrupt


def steps_of(work: Callable[[], Any]) -> int:
    """Return how many steps our code takes for some work."""
    tracer = AtStep(0, interrupt)
    sys.settrace(tracer.trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return -tracer.left


def at_each_step(work: Callable[[], Any], check: Callable[[int], None]) -> int:
    """Interrupt `work` at its steps in turn, and check after each; return how many were tried.

    Of many steps these are the first and the last ones, and some between.
    """
    work()  # what is imported or made once, is so now
    count = steps_of(work)
    ends = {*range(1, count + 1)[:ENDS], *range(1, count + 1)[-ENDS:]}
    tried = sorted(ends.union(range(1, count + 1, 1 + count // ENDS)))
    for step in tried:
        tracer = AtStep(step, interrupt)
        sys.settrace(tracer.trace)
        try:
            work()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        check(step)
    return len(tried)


@pytest.fixture
def collector() -> Any:
    assert gc.isenabled()
    yield
    gc.enable()
    sizing._PAUSES.clear()
    sizing._AGEING.clear()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector")
def test_the_collector_is_on_after_an_interrupt_at_any_step_of_a_measurement() -> None:
    left = []

    def check(step: int) -> None:
        if not gc.isenabled():
            left.append(step)
        restore_collector()  # as the next cell's beginning does
        assert gc.isenabled(), step
        assert not sizing._PAUSES, step

    value = [[1, 2], {"a": 1}]
    tried = at_each_step(lambda: keeps_alive(value, threshold_bytes=2**30), check)
    assert tried > ENDS
    # A real interrupt does not come between the last steps of a pause, which are one call.
    assert len(left) <= 12, left


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector")
def test_nothing_stays_frozen_after_an_interrupt_at_any_step_of_a_slice() -> None:
    gc.unfreeze()  # some versions of Python begin with frozen objects of their own
    left = []

    def slice_of_a_measurement() -> None:
        with collector_paused():
            age_new_objects()

    def check(step: int) -> None:
        if gc.get_freeze_count():
            left.append(step)
        restore_collector()  # as the next cell's beginning does
        assert gc.isenabled(), step
        assert gc.get_freeze_count() == 0, step

    assert at_each_step(slice_of_a_measurement, check) > 10
    # As above: what comes between the last steps of a pause.
    assert len(left) <= 1, left


@pytest.mark.usefixtures("collector")
def test_the_users_garbage_waits_no_longer_for_the_collector_after_a_slice() -> None:
    gc.unfreeze()
    gc.collect()
    for _ in range(7):
        gc.collect(1)
    with collector_paused():
        age_new_objects()
        assert gc.get_count()[-1] == 7


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector")
def test_a_collector_that_the_user_turned_off_stays_off() -> None:
    gc.disable()
    at_each_step(lambda: keeps_alive([[1]], threshold_bytes=2**30), lambda _step: None)
    restore_collector()
    assert not gc.isenabled()


def test_the_handler_of_interrupts_is_back_after_an_interrupt_at_any_step_of_a_release() -> None:
    handler = signal.getsignal(signal.SIGINT)
    places: dict[int, Any] = {}

    def take() -> list[Any]:
        return [places.pop(1)]

    def work() -> None:
        places[1] = object()
        drop(take)

    def check(step: int) -> None:
        found, signal_handler = signal.getsignal(signal.SIGINT), handler
        signal.signal(signal.SIGINT, handler)
        if found is not signal_handler:
            left.append(step)

    left: list[int] = []
    assert at_each_step(work, check) > 20
    # The steps that put it back are one call, which no interrupt divides.
    assert len(left) <= 8, left


def test_another_signals_handler_that_raises_leaves_ours_nowhere() -> None:
    """A time limit of the user's is a signal whose handler raises, also within a release."""
    handler = signal.getsignal(signal.SIGINT)
    before = signal.signal(signal.SIGUSR1, lambda *_: interrupt())
    pid = os.getpid()

    def take() -> list[Any]:
        signal.raise_signal(signal.SIGUSR1)
        return []

    real = signal.signal
    calls = []

    def late(number: int, to_set: Any) -> Any:
        # The signal comes as the handler is about to be put back.
        calls.append(number)
        if len(calls) == 2:
            os.kill(pid, signal.SIGUSR1)
        return real(number, to_set)

    try:
        with pytest.raises(KeyboardInterrupt):
            drop(take)
        assert signal.getsignal(signal.SIGINT) is handler
        signal.signal = late  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt):
            drop(list)
    finally:
        signal.signal = real
        signal.signal(signal.SIGUSR1, before)
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupt_is_raised_although_taking_fails() -> None:
    def take() -> list[Any]:
        signal.raise_signal(signal.SIGINT)
        raise ValueError

    # Where the tests run in the background, interrupts are ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            drop(take)
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_leaves_the_handler_alone() -> None:
    handler = signal.getsignal(signal.SIGINT)
    seen: list[Any] = []

    def take() -> list[Any]:
        seen.append(signal.getsignal(signal.SIGINT))
        return []

    thread = threading.Thread(target=drop, args=(take,))
    thread.start()
    thread.join()
    assert seen == [handler]
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_next_cell_turns_on_what_an_interrupt_left_off(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large")
    kernel.run("import gc, sys, _jupyter_memguard as m\n[5]")
    kernel.run("sizing = m._stages.module('sizing')\nsizing._PAUSES.append(True); gc.disable()")
    assert kernel.run("print(gc.isenabled())") == "True\n"
    kernel.run("gc.disable()")
    assert kernel.run("print(gc.isenabled())") == "False\n"
