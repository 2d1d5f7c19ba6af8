"""Measurements while other threads run."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from typing import Any

import pytest

from jupyter_memguard.kernel.sizing import (
    Root,
    measure,
)
from jupyter_memguard.kernel.sizing.heap import Heap
from jupyter_memguard.kernel.tests.sizing.objects import PLENTY


def test_a_heap_that_another_thread_changes_is_recorded() -> None:
    stop = threading.Event()
    live: list[Any] = [[i] for i in range(200_000)]

    def change() -> None:
        while not stop.is_set():
            live[0], live[-1] = live[-1], live[0]

    worker = threading.Thread(target=change)
    worker.start()
    gc.disable()
    try:
        sizes, _ = measure([Root([[i] for i in range(500_000)], 0)], budget_ms=PLENTY)
        left = [obj for obj in gc.get_objects() if type(obj) is Heap]
    finally:
        gc.enable()
        stop.set()
        worker.join()
    assert not sizes[0].exact
    assert "moving" in sizes[0].notes
    assert not left  # as when a frame, and all that was measured, is on a cycle


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the clocks of Linux")
@pytest.mark.parametrize(
    ("module", "notes"),
    [
        ("ipykernel.iostream", ()),
        ("ipykernel.subshell", ("moving",)),
        ("__main__", ("moving",)),
    ],
)
def test_the_kernels_threads_that_carry_messages_change_nothing(
    module: str, notes: tuple[str, ...]
) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            pass

    work.__module__ = module
    worker = threading.Thread(target=work)
    worker.start()
    try:
        sizes, _ = measure([Root([[i] for i in range(500_000)], 0)], budget_ms=PLENTY)
    finally:
        stop.set()
        worker.join()
    assert {*sizes[0].notes} - {"untouched"} == {*notes}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the clocks of Linux")
def test_a_thread_that_python_does_not_know_cannot_change_the_heap() -> None:
    libc = ctypes.CDLL(None)
    lock, thread = ctypes.c_int(), ctypes.c_ulong()
    libc.pthread_spin_init(ctypes.byref(lock), 0)
    libc.pthread_spin_lock(ctypes.byref(lock))
    libc.pthread_create(ctypes.byref(thread), None, libc.pthread_spin_lock, ctypes.byref(lock))
    try:
        before = time.process_time() - time.thread_time()
        sizes, _ = measure([Root([[i] for i in range(500_000)], 0)], budget_ms=PLENTY)
        spun = time.process_time() - time.thread_time() - before
    finally:
        libc.pthread_spin_unlock(ctypes.byref(lock))
        libc.pthread_join(thread, None)
    assert spun > 0
    assert sizes[0].exact, sizes[0].notes
