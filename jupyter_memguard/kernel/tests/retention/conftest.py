"""A shell in the test's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests.shells import quick_shell

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shell() -> Iterator[Any]:
    with quick_shell() as made:
        yield made
