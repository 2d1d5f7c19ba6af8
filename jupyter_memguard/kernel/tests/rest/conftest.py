"""A kernel for each file, and what hoards are asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import Kernel, running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_MS = 20_000.0
# Part of what is left, between two readings of a kernel's resident memory.
NOISE_BYTES = 3_000_000


class Asked:
    """A kernel of which the rest is asked."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.comm = kernel.comm()

    def rest(self) -> dict[str, Any]:
        """Return the whole answer, whose parts add up."""
        rest: dict[str, Any] = self.comm.request("rest", budget_ms=LONG_MS)
        inside = sum(hoard["bytes"] for hoard in rest["hoards"] if hoard["part"] == "rest")
        assert inside + rest["remainder_bytes"] == rest["rest_bytes"]
        assert rest["left_out"] == []
        return rest

    def hoards(self, kind: str) -> list[dict[str, Any]]:
        """Return the hoards of a kind, the largest first."""
        return [hoard for hoard in self.rest()["hoards"] if hoard["kind"] == kind]

    def hoard(self, kind: str, name: str) -> dict[str, Any]:
        """Return the one hoard of a kind whose name has this in it."""
        hoards = self.hoards(kind)
        [found] = [hoard for hoard in hoards if name in hoard["name"]] or [{"none of": hoards}]
        return found

    def check(self, kind: str, name: str, size: float) -> dict[str, Any]:
        """Check that a hoard has this size, is gone after its remedy, and its memory with it."""
        hoard = self.hoard(kind, name)
        assert hoard["bytes"] == pytest.approx(size, rel=0.1), hoard
        before = self.rss()
        self.kernel.run(hoard["remedy"])
        assert not [each for each in self.hoards(kind) if name in each["name"]]
        assert before - self.rss() > size * 0.9 - NOISE_BYTES
        return hoard

    def rss(self) -> int:
        """Return the kernel's resident memory after free memory was given back."""
        code = "(__import__('ctypes').CDLL(None).malloc_trim(0),"
        code += "int(open('/proc/self/statm').read().split()[1]) * 4096)[1]"
        return int(self.kernel.value(code))


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    """Start one kernel for all hoards of a file."""
    with running_kernel() as kernel:
        assert kernel.inject() == support.VERSION
        yield Asked(kernel)
