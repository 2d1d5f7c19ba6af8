"""Kernels for the kernel tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.support import Kernel


@pytest.fixture
def stock() -> Iterator[Kernel]:
    """Start a kernel without us."""
    with running_kernel() as kernel:
        yield kernel


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    """Start a kernel with the code injected and the guard off."""
    with running_kernel() as kernel:
        assert kernel.inject() == support.VERSION
        yield kernel
