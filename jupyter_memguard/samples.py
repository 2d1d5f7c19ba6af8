"""Samples of a kernel's memory over time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A kernel's memory at one time.

    Attributes:
        started: when the process started, in seconds since the epoch; a restarted kernel
            is another process.
        at: when the sample was taken, in seconds since the epoch.
        rss_bytes: the resident memory.
        high_water_bytes: the most that was ever resident, or None where the system does
            not report it.

    """

    started: float
    at: float
    rss_bytes: int
    high_water_bytes: int | None


class History:
    """The newest samples of one kernel's process.

    Args:
        kept: the most samples to keep.

    """

    def __init__(self, kept: int) -> None:
        """Begin empty."""
        self._samples: deque[Sample] = deque(maxlen=kept)

    def add(self, sample: Sample) -> None:
        """Keep a sample.

        Samples of an earlier process are dropped, and samples from the future: the clock
        was put back after they were taken.

        Args:
            sample: the newest sample.

        """
        if self._samples and self._samples[-1].started != sample.started:
            self._samples.clear()
        while self._samples and self._samples[-1].at >= sample.at:
            self._samples.pop()
        self._samples.append(sample)

    def since(self, at: float) -> list[Sample]:
        """List the samples taken after a time, oldest first.

        Args:
            at: the time, in seconds since the epoch.

        """
        return [sample for sample in self._samples if sample.at > at]
