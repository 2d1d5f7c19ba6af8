"""Fixtures for the tests of the engine."""

from __future__ import annotations

import gc
from typing import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _frozen_heap() -> Iterator[None]:
    """Leave what is there already out of the many collections that follow."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
