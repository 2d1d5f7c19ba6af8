"""Sizes as people write them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(i?)b?$", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LONGEST = 20  # more digits than any size has


def read_size(text: str) -> int:
    """Return a size in bytes: 10MB is ten million, 10MiB is ten times 1024 times 1024.

    Raises `ValueError` with a sentence.
    """
    found = _SIZE.match(text)
    if found is None or len(text) > _LONGEST:
        message = f"A size is a number and kB, MB, GB, KiB, MiB or GiB, as 10MB; there is {text!r}."
        raise ValueError(message)
    number, power, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[power.lower()])
