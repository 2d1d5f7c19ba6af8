"""How the tables of `%memguard` say a size."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_memguard.magics.views import figure

MIB = 2**20
CUT: dict[str, Any] = {"freed_bytes": 80, "exact": False, "notes": ["cut"]}


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"freed_bytes": 80, "exact": True}, "80 bytes"),
        ({**CUT, "estimate_bytes": 9 * MIB}, "about 9.0 MiB"),
        ({**CUT, "freed_bytes": MIB}, "at least 1.0 MiB"),
        ({**CUT, "size_bytes": 9 * MIB}, "up to about 9.0 MiB"),
        ({**CUT, "size_bytes": 9 * MIB, "notes": []}, "up to 9.0 MiB"),
        ({**CUT, "size_bytes": 9 * MIB, "notes": ["opaque"]}, "size unknown"),
        (CUT, "size unknown"),
        ({**CUT, "estimate_bytes": 90_000, "seen_bytes": 9 * MIB}, "maybe 9.0 MiB"),
        ({**CUT, "freed_bytes": MIB, "seen_bytes": 9 * MIB}, "maybe 9.0 MiB"),
        ({**CUT, "estimate_bytes": 5 * MIB, "seen_bytes": None}, "about 5.0 MiB"),
    ],
)
def test_a_figure_is_told_as_what_it_is(found: dict[str, Any], text: str) -> None:
    assert figure(found) == text
