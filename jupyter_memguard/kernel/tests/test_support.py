"""What the tests' own kernels leave behind."""

from __future__ import annotations

import gc
import threading
import warnings

from jupyter_memguard.kernel.tests.support import running_kernel


def test_a_kernel_that_a_thread_uses_leaves_nothing_open() -> None:
    """What is open would fail the test in which it happens to be collected, or the run's end."""
    values: list[int] = []

    def use() -> None:
        with running_kernel() as kernel:
            values.append(kernel.value("1"))

    thread = threading.Thread(target=use)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResourceWarning)
        thread.start()
        thread.join()
        del thread
        gc.collect()
    assert values == [1]
    assert [str(each.message) for each in found] == []
