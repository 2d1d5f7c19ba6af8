"""numpy's random generators, which show their state to C in a capsule."""

from __future__ import annotations

import gc
import sys
from typing import Any

import numpy as np
import pytest

from jupyter_memguard.kernel.sizing import Root, measure

BITS = ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"]


@pytest.mark.parametrize("name", BITS)
def test_the_size_of_a_generator_is_known(name: str) -> None:
    root = Root(None, 0)
    root.obj = np.random.Generator(getattr(np.random, name)(1))
    own = sys.getsizeof(root.obj) + sum(map(sys.getsizeof, parts(root.obj)))
    size = measure([root], budget_ms=20_000)[0][0]
    assert size.exact
    assert size.freed_bytes == pytest.approx(own, rel=0.2)


def test_a_subclass_of_a_generator_frees_its_own_arrays() -> None:
    class Own(np.random.RandomState):
        def __init__(self) -> None:
            super().__init__(1)
            self.table = np.ones(100_000)

    root = Root(None, 0)
    root.obj = Own()
    size = measure([root], budget_ms=20_000)[0][0]
    assert size.freed_bytes == pytest.approx(800_000, rel=0.01)


def parts(generator: Any) -> list[Any]:
    """Return the objects that a generator alone has."""
    bits = generator.bit_generator
    seed = bits.seed_seq
    capsule = bits.capsule
    return [bits, seed, capsule, *gc.get_referents(seed)]
