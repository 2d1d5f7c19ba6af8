"""The administrator's settings: ``c.Memguard...`` in jupyter_server_config.py."""

from __future__ import annotations

import math
import re
from typing import Any

from traitlets import Float, Integer, TraitError, TraitType, Unicode, Union, validate
from traitlets.config import LoggingConfigurable

from .limits import NO_LIMIT

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


def parse_bytes(text: str) -> int:
    """Read an amount of memory as JupyterHub writes it.

    Args:
        text: a whole number of bytes, or a number followed by K, M, G or T
            (powers of 1024), such as ``"8589934592"``, ``"512M"``, ``"1.5G"``.

    Returns:
        Bytes.

    Raises:
        ValueError: the text is no amount of memory, or names more than any machine has.

    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text.strip().upper())
    amount = float(match[1]) * _UNITS[match[2]] if match else math.inf
    if amount >= NO_LIMIT:
        message = f"not an amount of memory: {text!r} (write bytes, or a number with K, M, G or T)"
        raise ValueError(message)
    return int(amount)


class Memguard(LoggingConfigurable):
    """Settings of the server's half of jupyter-memguard."""

    mem_limit: TraitType[Any, Any] = Union(
        [Integer(), Unicode()],
        default_value=0,
        help="""The memory that one kernel may use: bytes, or a number with K, M, G or T.

        The limit is shown and warned about, not enforced. 0 means that no limit is set: then
        the environment variable MEM_LIMIT (which JupyterHub sets) counts, else the limit of
        the container, else the machine's memory.
        """,
    ).tag(config=True)

    sample_seconds = Float(
        0.5,
        min=0.05,
        help="Time in seconds between two samples of a kernel whose chart somebody looks at.",
    ).tag(config=True)

    samples_kept = Integer(
        1200,
        min=2,
        help="The most samples to keep for each kernel; the oldest are dropped first.",
    ).tag(config=True)

    sample_idle_seconds = Float(
        30.0,
        min=1.0,
        help="Sampling of a kernel ends when nobody has asked for this time, in seconds.",
    ).tag(config=True)

    metrics_seconds = Float(
        15.0,
        min=0.0,
        help="Time in seconds between two updates of the Prometheus gauges; 0 turns them off.",
    ).tag(config=True)

    @validate("mem_limit")
    def _mem_limit_is_an_amount(self, proposal: Any) -> int:
        try:
            return parse_bytes(str(proposal["value"]))
        except ValueError as error:
            raise TraitError(str(error)) from None
